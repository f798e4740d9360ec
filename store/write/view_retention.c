// SPDX-License-Identifier: Apache-2.0
#include "write/view_retention.h"

#include "tables/groups.h"
#include "tables/multisets.h"
#include "tables/view_history.h"
#include "write/event_retention.h"

/* One view that lets go. */
struct letting_go {
    struct write_txn *write;
    const struct view *view;
    struct value cutoff; /* the first bucket that stays */
    bool full;           /* the delta is: merge, and look again */
    struct error *err;
};

/* A leaf's values on their way out. */
struct values_out {
    struct delta *delta;
    struct delta_leaf *leaf;
    uint8_t set;
};

static void take_value(void *context, struct slice key, struct slice exact, uint64_t weight)
{
    const struct values_out *const out = context;
    delta_add_value(out->delta, out->leaf, out->set, key, exact, -(int64_t)weight);
}

/* Folds a leaf out of the delta: its events, states and values, each negative. */
static bool take_leaf(struct letting_go *going, struct slice key, const struct group *group)
{
    struct delta *const delta = &going->write->delta;
    const struct view *const view = going->view;
    struct delta_leaf *const leaf =
        delta_leaf_of(delta, view, (unsigned)view->dimension_count, key, group->exact);
    leaf->event_count -= (int64_t)group->event_count;
    if (!group_states(view, group, delta_arena(delta, view), leaf->states, going->err))
        return false;
    for (size_t i = 0; i < view->aggregate_count; i++)
        aggregate_negate(&view->aggregates[i], &leaf->states[i]);
    AUTO(multiset_reader_close) struct multiset_reader reader = {0};
    if (view->multiset_count == 0) return true;
    if (!multiset_reader_open(going->write->txn, &reader, going->err)) return false;
    for (size_t i = 0; i < view->multiset_count; i++) {
        struct multiset_place const place = {.group = group->id, .set = (uint8_t)i};
        struct values_out out = {.delta = delta, .leaf = leaf, .set = (uint8_t)i};
        if (!multiset_scan(&reader, place, take_value, &out, going->err)) return false;
    }
    return true;
}

/* Takes the old leaves under one group of the depth of the time. */
static bool take_under(struct letting_go *going, struct slice prefix)
{
    const struct view *const view = going->view;
    AUTO(groups_scan_close) struct groups_scan scan = {0};
    AUTO_ARENA struct arena arena = {0};
    struct value dimensions[SCHEMA_DIMENSIONS_MAX];
    struct slice key;
    struct group group;
    if (!groups_scan_open(&scan, going->write->txn, view, (unsigned)view->dimension_count, prefix,
                          (struct slice){0}, going->err))
        return false;
    enum db_finding found;
    while ((found = groups_scan_next(&scan, &key, &group, going->err)) == DB_FOUND) {
        if (!group_dimensions(key, &group, (unsigned)view->dimension_count, &arena, dimensions,
                              going->err))
            return false;
        const struct value *const time = &dimensions[view->time_dimension];
        if (!value_has_time(time)) continue; /* before all others, and never too old */
        if (value_compare(time, &going->cutoff) >= 0) return true;
        if (!take_leaf(going, key, &group)) return false;
        going->full = delta_bytes(&going->write->delta) > write_txn_delta_room(going->write);
        if (going->full) return true;
    }
    return found == DB_MISSING;
}

/* Under each group that has times below it: its leaves are in the order of time. */
static bool take_old(struct letting_go *going)
{
    const struct view *const view = going->view;
    AUTO(groups_scan_close) struct groups_scan scan = {0};
    struct slice key;
    struct group group;
    if (view->time_dimension == 0) return take_under(going, (struct slice){0});
    if (!groups_scan_open(&scan, going->write->txn, view, (unsigned)view->time_dimension,
                          (struct slice){0}, (struct slice){0}, going->err))
        return false;
    enum db_finding found;
    while ((found = groups_scan_next(&scan, &key, &group, going->err)) == DB_FOUND) {
        if (!take_under(going, key)) return false;
        if (going->full) return true;
    }
    return found == DB_MISSING;
}

/* The bucket that CUTOFF is in, or the time itself. */
static struct value first_kept(const struct write_txn *write, const struct view *view,
                               struct value cutoff)
{
    struct value_type const type = view->dimensions[view->time_dimension].type;
    if (cutoff.kind == VALUE_NULL || type.kind == VALUE_TIME) return cutoff;
    return (struct value){
        .kind = VALUE_BUCKET,
        .bucket = calendar_bucket(cutoff.time_ns, type.unit, write->schema->zone),
    };
}

bool view_retention_drop_of(struct write_txn *write, const struct view *view, struct error *err)
{
    struct value *const held = &write->cutoffs[view - write->schema->views];
    struct meta_stream meta;
    if (!meta_stream_load(write->txn, view_bottom(view)->stream->id, &meta, err)) return false;
    struct letting_go going = {
        .write = write,
        .view = view,
        .cutoff = first_kept(
            write, view, event_retention_cutoff(&meta, view->retain_seconds, write->schema->zone)),
        .err = err,
    };
    if (going.cutoff.kind == VALUE_NULL) return true;
    if (held->kind != VALUE_NULL && value_compare(&going.cutoff, held) <= 0) return true;
    do {
        going.full = false;
        if (!take_old(&going) || !write_txn_merge(write, err)) return false;
    } while (going.full);
    *held = going.cutoff;
    struct meta_view stored;
    if (!meta_view_load(write->txn, view->id, &stored, err)) return false;
    stored.retained_from = going.cutoff;
    return meta_view_save(write->txn, view->id, &stored, err);
}

bool view_retention_drop(struct write_txn *write, struct error *err)
{
    for (size_t i = 0; i < write->schema->all_view_count; i++) {
        const struct view *const view = write->schema->order[i];
        if (view->retain_seconds && !view_retention_drop_of(write, view, err)) return false;
    }
    return true;
}
