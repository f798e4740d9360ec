/* meta.h - the table of single facts: where the store stands, what it declares.
 *
 * Place    store.c at each snapshot, write_txn.c at each commit.
 * Memory   texts borrow from the transaction; the rest is in the caller's structs.
 * Threads  as the transaction.
 * Errors   ERROR_CORRUPT: a fact is missing or cannot be read.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once
#include "base/hash.h"
#include "kv/db.h"
#include "types/value.h"

/* Read at the start of every transaction, written at the end of every commit. */
struct meta {
    /* Drawn when the store is made: the key of what it hashes for good. No author of events may
     * know it. */
    struct hash_key secret;
    uint64_t commit_id;
    int64_t commit_ns;
    uint64_t commit_batch_id; /* the batch that this commit belongs to, or 0; not read back */
    uint64_t schema_commit_id;
    uint64_t root_listing_commit_id; /* that last made a view appear or disappear */
    uint64_t next_group_id;
    uint64_t last_batch_id;
    uint64_t event_count;
    uint64_t row_count;
};

/* ERROR_VERSION: a store of another format. */
bool meta_load(const struct txn *txn, struct meta *ret_meta, struct error *err) MUST_CHECK;
bool meta_save(struct txn *txn, const struct meta *meta, struct error *err) MUST_CHECK;
/* Starts the next commit: its number and a wall clock, in whole milliseconds, that is later
 * than the last one's, even if the machine's was set back, as readers tell versions of a
 * directory by it. */
void meta_next_commit(struct meta *meta);
struct meta_commit {
    int64_t ns;
    uint64_t batch_id; /* 0: of none */
    uint64_t nonce;    /* what tells it from every other commit: see commits.h */
};
bool meta_commit_load(const struct txn *txn, uint64_t commit_id, struct meta_commit *ret_commit,
                      struct error *err) MUST_CHECK;

struct meta_stream {
    uint64_t next_number; /* of the next event of a stream without key */
    uint64_t event_count;
    struct value newest;         /* event time seen, or null */
    uint64_t dropped_count;      /* events that "keep" has dropped */
    struct value dropped_before; /* they were all before this time; null: none was dropped */
    uint64_t last_batch_id;      /* that changed an event of it, or deleted one */
    struct value expired_before; /* no entry in the table of expiry is; null: nobody knows */
    uint64_t undo_from;          /* batches before this one have no before-images (undo_log.h) */
};
bool meta_stream_load(const struct txn *txn, uint16_t stream, struct meta_stream *ret_stream,
                      struct error *err) MUST_CHECK;
bool meta_stream_save(struct txn *txn, uint16_t stream, const struct meta_stream *meta,
                      struct error *err) MUST_CHECK;

struct meta_view {
    struct value retained_from; /* groups before it have been let go; null: none */
    /* Events before this time may be missing: it was made when "keep" had dropped
     * them; null: none. */
    struct value complete_from;
    uint64_t missed_count; /* how many of its streams' events had been dropped then */
};
bool meta_view_load(const struct txn *txn, uint16_t view, struct meta_view *ret_view,
                    struct error *err) MUST_CHECK;
bool meta_view_save(struct txn *txn, uint16_t view, const struct meta_view *meta,
                    struct error *err) MUST_CHECK;

/* Which names stand for what in the store; see catalog_ids.h. It borrows from the transaction. */
bool meta_catalog_ids_load(const struct txn *txn, struct slice *ret_layout,
                           struct error *err) MUST_CHECK;
bool meta_catalog_ids_save(struct txn *txn, struct slice layout, struct error *err) MUST_CHECK;

/* Texts borrow from the transaction. */
bool meta_schema_load(const struct txn *txn, struct slice *ret_schema, struct slice *ret_zone,
                      struct error *err) MUST_CHECK;
/* COMMIT_ID: that in which it comes into force. */
bool meta_schema_save(struct txn *txn, uint64_t commit_id, struct slice schema, struct slice zone,
                      struct error *err) MUST_CHECK;
/* Tells the commits in which a schema came into force, and their texts, which borrow, oldest first;
 * until TELL returns false. */
bool meta_schema_history(const struct txn *txn,
                         bool (*tell)(void *context, uint64_t commit_id, struct slice schema),
                         void *context, struct error *err) MUST_CHECK;
