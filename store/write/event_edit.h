/* event_edit.h - events of a stream changed by their keys, whatever its rule for records says.
 *
 *   event_edit_begin -> { event_edit_open -> { event_edit_find -> event_edit_set }...
 *                         -> event_edit_close }...
 *                    -> event_edit_count -> event_edit_finish -> event_edit_done
 *
 * Where a view cannot follow events that go, as its stream never promised any would, it is folded
 * again from those that are left.
 *
 * Place    commit_delete.c for deletes, undo.c for what takes a batch back.
 * Promise  what is changed is noted in the undo log, for the batch that it is done for.
 * Memory   of streams that refer to each other, the keys of what is folded again; else about as
 *          write_txn.h.
 * Threads  as the transaction.
 * Errors   ERROR_SCHEMA: a view cannot be folded again, as events that it counts are gone; those of
 *          write_txn.h.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once
#include "lsm/lsm_writer.h"
#include "tables/undo_log.h"
#include "write/propagation.h"
#include "write/write_txn.h"

struct event_edit {
    struct write_txn *write;
    const struct stream *stream;
    uint64_t batch_id;
    struct lsm_writer *writer; /* NULL: not open */
    struct meta_stream meta;
    struct value *fields; /* of an event at hand */
    struct arena texts;   /* of these */
    struct lsm_changes references;
    struct lsm_changes expiry;
    struct lsm_changes undo;
    struct propagation propagation;
    bool *refold;            /* per view: it is folded again */
    bool *follow;            /* per view: it is not */
    uint64_t removed_count;  /* keys whose event went */
    uint64_t restored_count; /* keys that got one, or another one */
    uint64_t appeared_count; /* of these, those that had none */
    uint64_t image_count;    /* for the undo log, kept or not */
};

bool event_edit_begin(struct event_edit *edit, struct write_txn *write, const struct stream *stream,
                      uint64_t batch_id, struct error *err) MUST_CHECK;
void event_edit_done(struct event_edit *edit); /* takes a zeroed one */

/* From here on in the order of keys, each once. */
bool event_edit_open(struct event_edit *edit, struct error *err) MUST_CHECK;
/* What the table has for KEY; empty: nothing. It borrows until the next one is looked for. */
bool event_edit_find(struct event_edit *edit, struct slice key, struct slice *ret_packed,
                     struct error *err) MUST_CHECK;
/* The EVENT that was found last becomes NEXT, if that is not older than the stream keeps. */
bool event_edit_set(struct event_edit *edit, const struct event *event, struct slice next,
                    enum undo_cause cause, struct error *err) MUST_CHECK;
bool event_edit_close(struct event_edit *edit, struct error *err) MUST_CHECK;
/* The stream, and the store, have the numbers of events that are left. */
bool event_edit_count(struct event_edit *edit, struct error *err) MUST_CHECK;
/* The views have it all, but for what is left to be merged. Other events of the stream may be put
 * and folded in front of this, if `propagation` has them and PUTS says so. */
bool event_edit_finish(struct event_edit *edit, bool puts, struct error *err) MUST_CHECK;
