/* commit.h - the write path: fold a chunk of events into the store, in one transaction.
 *
 * Place    ingest/load/commit_job.c and commands call it under store_lock. Afterwards the caller
 *          announces the commit (announce.h).
 * Promise  all or nothing: events, groups, rows, changes and the batch's checkpoint become visible
 *          and durable together when it returns true; on false the store is as before.
 * Memory   about `resources.memory_bytes` beside the chunk, as write_txn.h has it.
 * Threads  one, under store_lock; a commit_job's thread, too.
 * Errors   ERROR_FULL: the disk, or `max_rows`; ERROR_INPUT: a cycle; ERROR_CORRUPT. On each,
 *          nothing has changed.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once
#include "base/resources.h"
#include "database/store.h"
#include "tables/batch_log.h"
#include "tables/events.h"

struct chunk_commit {
    struct events_chunk *chunk;  /* sorted in place, and may be cleared afterwards */
    const struct schema *schema; /* the chunk's: that in force, or the same with dictionaries */
    struct slice layout;         /* with these, to be saved (catalog_ids.h); empty once it is */
    /* It also lets go what is older than the schema's "keep" and "retain"; of the records that are
     * bound by then none may be too old. */
    bool expires;
    uint64_t replaces; /* the batch that is taken back in the same commit; 0: none */
    bool dry_run;      /* nothing is committed */
    struct resources resources;
};
/* BATCH has the counts up to this chunk but for what the chunk's records do (new, duplicate, ...),
 * which is added, and its id, given at the first commit. It is changed only when true is
 * returned. */
bool commit_chunk(struct store *store, const struct chunk_commit *commit, struct batch *batch,
                  uint64_t *ret_commit_id, struct error *err) MUST_CHECK;
/* Adds to BATCH's counts what commit_chunk would, and changes nothing. */
bool commit_preview(struct store *store, struct events_chunk *chunk, struct batch *batch,
                    struct error *err) MUST_CHECK;

/* The keys of events that are to be deleted, handed out in portions: they may be more than fit into
 * memory. */
struct key_source {
    /* Goes to the first key: before the first portion, and where a transaction is begun again. */
    bool (*rewind)(void *context, struct error *err);
    /* Adds the next keys to CHUNK, which is empty, until it takes MOST_BYTES. None added: there are
     * no more. */
    bool (*read)(void *context, size_t most_bytes, struct events_chunk *chunk, struct error *err);
    void *context;
};
/* Which events to delete: those with the keys, or those that came with the batch and of which WHERE
 * holds. */
struct deletion {
    const struct stream *stream;
    uint64_t batch_id;        /* 0: of any batch */
    const struct expr *where; /* NULL: all; where there is no batch either, by keys */
    struct key_source keys;
    bool dry_run; /* they are counted, and nothing is committed */
};
/* Deletes them all in one commit. BATCH gets the counts: deleted, and duplicate for keys
 * without an event. Of streams that refer to each other, the keys of what is folded again are held
 * beside RESOURCES. */
bool commit_delete(struct store *store, const struct deletion *deletion, struct batch *batch,
                   const struct resources *resources, uint64_t *ret_commit_id,
                   struct error *err) MUST_CHECK;

/* Lets go what is older than "keep" and "retain" say; a commit even where there is nothing. */
bool commit_expire(struct store *store, const struct resources *resources, uint64_t *ret_commit_id,
                   struct error *err) MUST_CHECK;
