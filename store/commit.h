/* commit.h - the write path: fold a chunk of events into the store, in one transaction.
 *
 * Place    ingest/batch calls it under store_lock. Afterwards the caller announces the commit
 *          (announce.h).
 * Promise  all or nothing: events, groups, rows, changes and the batch's checkpoint become visible
 *          and durable together when it returns true; on false the store is as before.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once
#include "events.h"
#include "ledger.h"
#include "store.h"

struct commit_result {
    uint64_t commit_id;
    uint64_t new_count;
    uint64_t duplicate_count;
};

/* CHUNK is sorted in place and may be cleared afterwards. BATCH has the counts up to this chunk but
 * for this chunk's new and duplicate, which are added, and its id, given at the first commit. BATCH
 * is changed only when true is returned. MEMORY_BYTES bounds the deltas held. */
bool commit_chunk(struct store *store, struct events_chunk *chunk, struct batch *batch,
                  size_t memory_bytes, struct commit_result *ret_result,
                  struct error *err) MUST_CHECK;
/* Counts what commit_chunk would find new and duplicate, and changes nothing. */
bool commit_preview(struct store *store, struct events_chunk *chunk,
                    struct commit_result *ret_result, struct error *err) MUST_CHECK;
/* Empties the views (all if VIEW_COUNT is 0) and folds every event again, in one commit. */
bool commit_rebuild(struct store *store, const struct view *const *views, size_t view_count,
                    size_t memory_bytes, uint64_t *ret_commit_id, struct error *err) MUST_CHECK;
