/* undo.h - a batch is taken back: the store as if it had not come.
 *
 * What a key has is what the last batch in force left, of those that changed it. A batch is out of
 * force while another one undoes it, or has taken its place. So undoing changes which batches are
 * in force, and looks for each key that they have touched what it has by then.
 *
 * Place    `tally undo`; commit.c where a batch takes the place of another one.
 * Promise  one commit. Keys that a later batch in force has changed stay as they are. Events that
 *          "keep" has let go do not come back. A record that changed nothing when it came, as its
 *          event was there, is not known: its event goes with the batch that brought it.
 * Memory   about `resources`, and a byte a batch of the last ones.
 * Threads  as write_txn.h.
 * Errors   ERROR_INPUT: the batch cannot be undone, and why; those of event_edit.h.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once
#include "write/event_edit.h"
#include "write/write_txn.h"

/* The event of KEY, as in the table of events, stays as the batch BY left it. PACKED is empty where
 * that deleted it. */
struct undo_kept {
    void (*begin)(void *context); /* what was told is not so: it is told again */
    void (*tell)(void *context, const struct event *event, uint64_t by);
    void *context;
};
struct undo_options {
    uint64_t batch_id;
    bool dry_run; /* nothing is committed */
    struct undo_kept kept;
    struct resources resources;
};
struct undo_report {
    uint64_t removed_count;  /* events that went */
    uint64_t restored_count; /* keys that have an earlier event again */
    uint64_t kept_count;     /* keys that stay, as later batches have changed them */
};
/* UNDOING is the entry of the commit in the log, before and after. */
bool commit_undo(struct store *store, const struct undo_options *options, struct batch *undoing,
                 struct undo_report *ret_report, uint64_t *ret_commit_id,
                 struct error *err) MUST_CHECK;

/* At the begin of a transaction: takes batch REPLACED, which is in force, back for the one with
 * BATCH_ID, which is put next. The edit is to be finished behind that, and to be done. */
bool undo_replaced(struct write_txn *write, const struct stream *stream, uint64_t replaced,
                   uint64_t batch_id, struct event_edit *ret_edit, struct error *err) MUST_CHECK;
