/* commit_p.h - one write transaction in the making, shared by the files that commit.
 *
 *   work_begin -> work_fold, work_merge, ... -> work_commit     (store, schema, delta, list of changes)
 *              `-> work_done, whatever happened
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

struct work {
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

bool work_begin(struct work *work, struct store *store, const struct schema *schema,
                size_t memory_bytes, struct error *err) MUST_CHECK;
void work_done(struct work *work); /* takes a zeroed one */
bool work_commit(struct work *work, struct error *err) MUST_CHECK;
/* Merges what is folded into the views. */
bool work_merge(struct work *work, struct error *err) MUST_CHECK;
/* Folds one event into the views over its stream, and merges when the delta has grown. FIELDS is scratch for all values of an
 * event, and holds them afterwards; they borrow from the event. Not for streams that propagation.h concerns, but with `join`. */
bool work_fold(struct work *work, const struct stream *stream, const struct event *event,
               struct value *fields, int64_t weight, struct error *err) MUST_CHECK;
/* The same with the event's values, also those that its references lead to; KEY as event_own_key has it. */
enum work_views { VIEWS_ALL, VIEWS_FOLLOWING /* only those that follow references */ };
bool work_fold_values(struct work *work, enum work_views views, const struct stream *stream,
                      const struct value *values, struct slice key, int64_t weight,
                      struct error *err) MUST_CHECK;
/* Keeps the ledger's entry in this commit. */
bool work_put_batch(struct work *work, struct batch *batch, struct error *err) MUST_CHECK;
/* After a failed try: true when the map was full and is larger now, so that another try makes sense. */
bool work_try_again(struct work *work, struct store *store, struct error *err);

/* Goes on with another schema; what is folded so far is merged. Then load the cutoffs. */
void work_change_schema(struct work *work, const struct schema *schema);
bool work_load_cutoffs(struct work *work, struct error *err) MUST_CHECK;
bool work_clear_view(struct work *work, const struct view *view, struct error *err) MUST_CHECK;

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
bool work_refold(struct work *work, bool *chosen, struct error *err) MUST_CHECK;
/* Whether VIEW can follow an event of its stream that goes. */
bool view_can_retract(const struct view *view);
