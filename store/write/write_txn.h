/* write_txn.h - one write transaction in the making: the LMDB transaction, what is folded and not
 * yet merged, the list of changed groups.
 *
 *   write_txn_run -> fill: { write_txn_fold, write_txn_merge, ... } -> committed
 *
 * Place    commit, commit_delete, rebuild and apply are such transactions; references and retention
 *          take part in them.
 * Promise  nothing is seen before write_txn_run returns true, and all of it afterwards.
 * Memory   about memory_bytes: LMDB's changed pages, and of what these leave a part for the delta
 *          and for merging it. Pages may be DB_CHANGED_BYTES_MAX even where that is more. The
 *          schema is borrowed.
 * Threads  one, under store_lock; it has others fold (fold_queue.h).
 * Errors   as each part has them; whatever failed, nothing is committed (db.h).
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once
#include "base/resources.h"
#include "database/store.h"
#include "kv/db.h"
#include "merge/delta.h"
#include "tables/batch_log.h"
#include "tables/change_log.h"
#include "tables/events.h"
#include "tables/meta.h"
#include "write/fold_queue.h"

struct join;

struct write_txn {
    const struct schema *schema;
    struct txn *txn;
    struct join *join; /* of what stored events refer to, while they are folded again; NULL: else */
    struct meta meta;
    struct delta delta;
    struct fold_queue folds; /* events that are not in the delta yet */
    struct change_log log;
    struct value *cutoffs; /* per view: what is older has been let go */
    struct resources resources;
    size_t kept_bytes; /* of the delta, which a merge has left: see has_cycle */
    bool has_cycle; /* what is folded so far makes a cycle in a hierarchy, and is not merged yet */
    void (*progress)(void *context, uint64_t done,
                     uint64_t total); /* of refolding; NULL: nobody asks */
    void *progress_context;
};

/* Begins one with the schema in force, has it filled, and commits. Where LMDB's map was too small
 * nothing has happened yet that could be seen: it is made larger, and FILL is called again, with
 * the same context and a new transaction. */
struct write_txn_work {
    const struct schema *schema;
    struct resources resources;
    bool (*fill)(struct write_txn *write, void *context, struct error *err);
    void *context;
    bool dry_run; /* nothing is committed */
};
bool write_txn_run(struct store *store, const struct write_txn_work *work, uint64_t *ret_commit_id,
                   struct error *err) MUST_CHECK;

/* How large the delta may grow before it is to be merged. */
size_t write_txn_delta_room(const struct write_txn *write);
/* Merges what is folded into the views. */
bool write_txn_merge(struct write_txn *write, struct error *err) MUST_CHECK;
/* Folds one event into the views over its stream, and merges when the delta has grown. That it
 * cannot be unpacked is told by one of the next calls. Not for streams that propagation.h concerns,
 * but with `join`. */
bool write_txn_fold(struct write_txn *write, const struct stream *stream, const struct event *event,
                    int64_t weight, struct error *err) MUST_CHECK;
/* The same with the event's values, also those that its references lead to; KEY as
 * event_own_key has it. */
bool write_txn_fold_values(struct write_txn *write, enum fold_views views,
                           const struct stream *stream, const struct value *values,
                           struct slice key, int64_t weight, struct error *err) MUST_CHECK;
/* From here on folds into some views alone: ONLY has one a view, and is borrowed until the next
 * call. NULL: into all. What is folded so far is merged. */
void write_txn_fold_only(struct write_txn *write, const bool *only);

/* The number of the batch: its own, or the one that it gets when its entry is put. */
uint64_t write_txn_batch_id(const struct write_txn *write, const struct batch *batch);
/* Puts the batch's entry into the log in this commit. */
bool write_txn_put_batch(struct write_txn *write, struct batch *batch,
                         struct error *err) MUST_CHECK;

/* Goes on with another schema; what is folded so far is merged. Then load the cutoffs. */
void write_txn_change_schema(struct write_txn *write, const struct schema *schema);
bool write_txn_load_cutoffs(struct write_txn *write, struct error *err) MUST_CHECK;
