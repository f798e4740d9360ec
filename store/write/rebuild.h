/* rebuild.h - views made again from the stored events.
 *
 * Place    `tally rebuild`; other schemas and deletes make those views again that
 *          cannot follow them.
 * Promise  one commit: readers see the views as they were until all are made.
 * Memory   as write_txn.h.
 * Threads  one, under store_lock.
 * Errors   ERROR_SCHEMA: events that a view has counted are gone, and `allow_loss` is not given;
 *          else as commit.h.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once
#include "base/resources.h"
#include "database/store.h"

struct write_txn;

/* Which views to make again. */
struct rebuild {
    const struct view *const *views;
    size_t view_count; /* 0: all, and the table of references */
    bool allow_loss;   /* also those that have counted events which are gone by now */
    struct resources resources;
};
/* Empties the views, and those over them, and folds every event again, in one commit. */
bool commit_rebuild(struct store *store, const struct rebuild *rebuild, uint64_t *ret_commit_id,
                    struct error *err) MUST_CHECK;

/* Empties the views and folds into them again what they are over. CHOSEN: one a view of the schema;
 * the views over a chosen one are chosen too. */
bool rebuild_views(struct write_txn *write, bool *chosen, struct error *err) MUST_CHECK;
/* Empties one view. */
bool write_txn_clear_view(struct write_txn *write, const struct view *view,
                          struct error *err) MUST_CHECK;
