/* ripple.h - events that have to be folded again because an event they refer to changes.
 *
 *   ripple_add ...  -> the events are written -> ripple_fold                 what a commit puts or deletes
 *   ripple_add ...  -> ripple_take_out -> the events are dropped -> ripple_put_back     what "keep" drops, and stays counted
 *
 * Place    commit.c, commit_delete.c and expiry.c, for streams whose values come from others or go to others.
 * Promise  an event is folded out with the values that its references led to before, and in with those of now, once,
 *          however many of its targets changed. It costs the events that refer to what changed.
 * Memory   the keys of these events are held.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once
#include "commit_p.h"

struct ripple {
    struct arena arena;
    struct ripple_event *events;
    size_t count;
    size_t capacity;
};
void ripple_done(struct ripple *ripple); /* takes a zeroed one */

/* Whether events of the stream have to go this way. */
bool ripple_concerns(const struct stream *stream);
/* The event with KEY, as in the table of events, changes: WAS_THERE: it is another or goes, else it appears. If both are said of
 * one, it was there. */
void ripple_add(struct ripple *ripple, const struct stream *stream, struct slice key,
                bool was_there);
/* The transaction has the events as they are now, what is committed as they were. Forgets the events. */
bool ripple_fold(struct work *work, struct ripple *ripple, struct error *err) MUST_CHECK;

/* Folds out the events that refer to those added. */
bool ripple_take_out(struct work *work, struct ripple *ripple, struct error *err) MUST_CHECK;
/* Folds them in again, with what their references lead to by now. Forgets the events. */
bool ripple_put_back(struct work *work, struct ripple *ripple, struct error *err) MUST_CHECK;
