/* write_txn.h - one write transaction in the making, shared by the files that commit.
 *
 *   write_txn_begin -> write_txn_fold, write_txn_merge, ... -> write_txn_commit     (store, schema, delta, list of changes)
 *              `-> write_txn_done, whatever happened
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once
#include "kv/db.h"
#include "merge/delta.h"
#include "tables/change_log.h"
#include "tables/meta.h"
#include "write/commit.h"

struct join;

struct write_txn {
    const struct schema *schema;
    struct txn *txn;
    struct join *join; /* of what stored events refer to, while they are folded again; NULL: else */
    struct meta meta;
    struct delta delta;
    struct change_log log;
    struct value *cutoffs; /* per view: what is older has been let go */
    const bool *only;      /* per view: whether to fold into it; NULL: into all */
    size_t memory_bytes;
    bool has_cycle; /* what is folded so far makes a cycle in a hierarchy, and is not merged yet */
    void (*progress)(void *context, uint64_t done,
                     uint64_t total); /* of refolding; NULL: nobody asks */
    void *progress_context;
};

bool write_txn_begin(struct write_txn *write, struct store *store, const struct schema *schema,
                     size_t memory_bytes, struct error *err) MUST_CHECK;
void write_txn_done(struct write_txn *write); /* takes a zeroed one */
bool write_txn_commit(struct write_txn *write, struct error *err) MUST_CHECK;
/* Merges what is folded into the views. */
bool write_txn_merge(struct write_txn *write, struct error *err) MUST_CHECK;
/* Folds one event into the views over its stream, and merges when the delta has grown. FIELDS is scratch for all values of an
 * event, and holds them afterwards; they borrow from the event. Not for streams that propagation.h concerns, but with `join`. */
bool write_txn_fold(struct write_txn *write, const struct stream *stream, const struct event *event,
                    struct value *fields, int64_t weight, struct error *err) MUST_CHECK;
/* The same with the event's values, also those that its references lead to; KEY as event_own_key has it. */
enum write_txn_views { VIEWS_ALL, VIEWS_FOLLOWING /* only those that follow references */ };
bool write_txn_fold_values(struct write_txn *write, enum write_txn_views views,
                           const struct stream *stream, const struct value *values,
                           struct slice key, int64_t weight, struct error *err) MUST_CHECK;
/* Keeps the ledger's entry in this commit. */
bool write_txn_put_batch(struct write_txn *write, struct batch *batch,
                         struct error *err) MUST_CHECK;
/* After a failed try: true when the map was full and is larger now, so that another try makes sense. */
bool write_txn_try_again(struct write_txn *write, struct store *store, struct error *err);

/* Goes on with another schema; what is folded so far is merged. Then load the cutoffs. */
void write_txn_change_schema(struct write_txn *write, const struct schema *schema);
bool write_txn_load_cutoffs(struct write_txn *write, struct error *err) MUST_CHECK;
bool write_txn_clear_view(struct write_txn *write, const struct view *view,
                          struct error *err) MUST_CHECK;

/* The view over streams at the bottom of the views that VIEW is over. */
const struct view *view_bottom(const struct view *view);
/* What "keep" has dropped of the events of VIEW's streams. */
struct view_dropped {
    uint64_t count;
    struct value before; /* they were all before this time; null: there were none */
};
bool view_dropped(const struct txn *txn, const struct view *view, struct view_dropped *ret_dropped,
                  struct error *err) MUST_CHECK;
/* Fails where the view has counted events that are gone by now, so that it cannot be made again. */
bool view_check_history(const struct txn *txn, const struct view *view,
                        struct error *err) MUST_CHECK;
/* Empties the views and folds into them again what they are over. CHOSEN: one a view of the schema; the views over
 * a chosen one are chosen too. */
bool rebuild_views(struct write_txn *write, bool *chosen, struct error *err) MUST_CHECK;
/* Whether VIEW can follow an event of its stream that goes. */
bool view_can_retract(const struct view *view);
