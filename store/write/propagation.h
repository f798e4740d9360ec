/* propagation.h - events that have to be folded again because an event they refer to changes.
 *
 *   what a commit puts or deletes:
 *      propagation_add ... -> the events are written -> propagation_fold
 *   what "keep" drops, and stays counted:
 *      propagation_add ... -> propagation_retract -> the events are dropped
 *                          -> propagation_put_back
 *
 * Place    commit.c, commit_delete.c and event_retention.c, for streams whose values come from
 *          others or go to others.
 * Promise  an event is folded out with the values that its references led to before, and in with
 *          those of now, once, however many of its targets changed. It costs the events that refer
 *          to what changed.
 * Memory   the keys of these events are held.
 * Threads  as the transaction.
 * Errors   those of db.h; ERROR_CORRUPT: an event cannot be read.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once
#include "write/write_txn.h"

struct propagation {
    struct arena arena;
    struct propagation_event *events;
    size_t count;
    size_t capacity;
};
void propagation_done(struct propagation *propagation); /* takes a zeroed one */

/* Whether events of the stream have to go this way. */
bool propagation_concerns(const struct stream *stream);
/* The event with KEY, as in the table of events, changes: WAS_THERE: it is another or goes, else it
 * appears. If both are said of one, it was there. */
void propagation_add(struct propagation *propagation, const struct stream *stream, struct slice key,
                     bool was_there);
/* The transaction has the events as they are now, what is committed as they were.
 * Forgets the events. */
bool propagation_fold(struct write_txn *write, struct propagation *propagation,
                      struct error *err) MUST_CHECK;

/* Folds out the events that refer to those added. */
bool propagation_retract(struct write_txn *write, struct propagation *propagation,
                         struct error *err) MUST_CHECK;
/* Folds them in again, with what their references lead to by now. Forgets the events. */
bool propagation_put_back(struct write_txn *write, struct propagation *propagation,
                          struct error *err) MUST_CHECK;
