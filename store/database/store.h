/* store.h - a store: a directory with an LMDB environment, and snapshots of it.
 *
 *   STORE/data.mdb lock.mdb   the environment; beside them *.new and *.old while it is compacted
 *                             (compact_swap.h)
 *   STORE/ingest.lock         held by the one process that writes
 *   STORE/mounts/ (sockets of live mounts)  STORE/rejects/ (refused records, a file a batch)
 *
 *   store_create
 *   store_open -> snapshot_open -> ... -> snapshot_close -> store_close
 *                 store_lock -> commit.h -> store_unlock
 *
 * Place    opened by each program's start; again, by a mount, where another directory has taken the
 *          store's place.
 * Memory   the store owns its environment and the newest schema, a snapshot its transaction; each
 *          lives until its close, and what a snapshot reads until that of the last snapshot.
 * Threads  a struct store may be shared; each snapshot is used by one thread at a time.
 * Errors   as each call says; ERROR_CORRUPT wherever something is read.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once
#include "base/error.h"
#include "base/hash.h"
#include "schema/schema.h"

struct store;
struct db;
struct txn;

enum store_mode { STORE_READ, STORE_WRITE };

/* Makes the directory PATH (parents must exist; an empty directory is taken as it is) and a store
 * in it with the checked schema of TEXT. On failure nothing is left. A directory with other things
 * in it is refused. */
bool store_create(const char *path, struct slice schema_text, struct error *err) MUST_CHECK;
/* ERROR_MISSING: no store there; ERROR_VERSION: another format; ERROR_CORRUPT: truncated or
 * no LMDB file; ERROR_DENIED also to a reader that may not write lock.mdb. On a read-only
 * medium it needs not. */
bool store_open(const char *path, enum store_mode mode, struct store **ret_store,
                struct error *err) MUST_CHECK;
void store_close(struct store *store);             /* snapshots keep what they read; takes NULL */
const char *store_path(const struct store *store); /* as given */
int store_directory(const struct store *store);    /* file descriptor of the directory, borrowed */
/* Whether another directory is at the path by now that the store was opened by. */
bool store_is_replaced(const struct store *store);
struct db *store_db(const struct store *store); /* for commit.c */

/* The lock of writers. STORE_LOCK_HELD: somebody else has it (not waiting);
 * *ret_holder is its pid. */
enum store_locking { STORE_LOCKED, STORE_LOCK_HELD, STORE_LOCK_FAILED };
enum store_locking store_lock(struct store *store, bool wait, int *ret_holder, struct error *err);
void store_unlock(struct store *store);

/* The schema in force. It lives while nobody changes it, so hold the lock of writers. */
bool store_schema(struct store *store, const struct schema **ret_schema,
                  struct error *err) MUST_CHECK;

/* Puts a copy of the data without its free pages in its place, under the lock of writers and
 * without a snapshot open. Snapshots of other processes stay good; their next one is of the new
 * file. On failure the old one stays, and a process that is killed leaves the old one too. */
bool store_compact(struct store *store, struct error *err) MUST_CHECK;

/* One commit, opened for reading. */
struct snapshot {
    struct store *store;
    struct txn *txn;
    const struct schema *schema; /* of this commit; lives as long as the snapshot */
    struct hash_key secret;      /* see meta.h */
    uint64_t commit_id;          /* 1: the empty store */
    uint64_t commit_nonce;       /* see snapshot_holds */
    int64_t commit_ns;           /* wall clock of the commit; strictly rising with commit_id */
    uint64_t schema_commit_id;   /* the commit that put this schema in force */
    uint64_t root_listing_commit_id;
    uint64_t last_batch_id;
    uint64_t event_count;
    uint64_t row_count; /* leaves of all views */
};

bool snapshot_open(struct store *store, struct snapshot **ret_snapshot,
                   struct error *err) MUST_CHECK;
void snapshot_close(struct snapshot *snapshot); /* takes NULL */
/* Whether commit COMMIT_ID is one of those that led here: the one with this nonce, and not another
 * one of that number, of another store or a copy that went on by itself. */
bool snapshot_holds(const struct snapshot *snapshot, uint64_t commit_id, uint64_t nonce,
                    bool *ret_holds, struct error *err) MUST_CHECK;
/* Whether it reads a file that the store has let go of since: then it is what keeps that file's
 * space on the disk. */
bool snapshot_is_superseded(const struct snapshot *snapshot);
/* The number of the newest commit, without opening it. */
bool store_newest_commit(struct store *store, uint64_t *ret_commit_id,
                         struct error *err) MUST_CHECK;
/* Wall-clock time of a commit up to this one. */
bool snapshot_commit_time(const struct snapshot *snapshot, uint64_t commit_id, int64_t *ret_ns,
                          struct error *err) MUST_CHECK;

/* About how many bytes of pages the last commit of this process changed: LMDB
 * held copies of them. */
size_t store_dirty_bytes(const struct store *store);

/* For statfs and `tally status`: as it is now, not as of the snapshot's commit. */
struct store_usage {
    uint64_t file_bytes; /* data.mdb */
    uint64_t free_bytes; /* inside it, reusable */
    uint64_t map_bytes;
};
bool store_usage(const struct snapshot *snapshot, struct store_usage *ret_usage,
                 struct error *err) MUST_CHECK;
