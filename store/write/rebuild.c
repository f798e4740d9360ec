/* Views from the start: emptied, and filled again from what they are over. A view over a stream is
 * folded from its events, and hands its rows on to the views over it as they appear (merge.c). A
 * view over one that stays as it is is folded from the rows of that.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "write/rebuild.h"
#include "merge/rollup_cascade.h"
#include "tables/event_scan.h"
#include "tables/expiry.h"
#include "tables/hierarchy.h"
#include "tables/join.h"
#include "tables/multisets.h"
#include "tables/reference_index.h"
#include "tables/view_history.h"
#include "write/stream_union.h"
#include "write/view_retention.h"
#include "write/write_txn.h"

bool write_txn_clear_view(struct write_txn *write, const struct view *view, struct error *err)
{
    struct group whole;
    if (view_is_breakdown(view))
        return groups_clear(write->txn, view, err); /* its rows are not counted */
    switch (groups_get(write->txn, view, 0, (struct slice){0}, &whole, err)) {
    case DB_FOUND: break;
    case DB_MISSING: return true;
    case DB_FAILED: return false;
    }
    uint64_t rows = whole.row_count;
    if (view->hierarchy) {
        struct hierarchy_facts facts;
        if (!hierarchy_facts_unpack(view, &whole, &facts, NULL, err)) return false;
        rows = facts.node_count;
    }
    write->meta.row_count -= rows;
    write->meta.root_listing_commit_id = write->meta.commit_id;
    return groups_clear(write->txn, view, err);
}

enum { PROGRESS_EVENTS = 4096 };

static void emit_progress(const struct write_txn *write, uint64_t done)
{
    if (write->progress && done % PROGRESS_EVENTS == 0)
        write->progress(write->progress_context, done, write->meta.event_count);
}

/* Folds every stored event of a stream. *DONE counts them. The cursor stays good while the views'
 * tables are written, as the table of events is not. */
static bool fold_stream(struct write_txn *write, const struct stream *stream, uint64_t *done,
                        struct error *err)
{
    struct event_scan *scan;
    struct event event;
    write->join = join_open(write->txn);
    if (!event_scan_open(write->txn, stream, &scan, err)) {
        join_close(TAKE(write->join));
        return false;
    }
    enum event_step step;
    while ((step = event_scan_next(scan, &event, err)) == EVENT_ONE) {
        if (!write_txn_fold(write, stream, &event, +1, err)) break;
        emit_progress(write, ++*done);
    }
    event_scan_close(scan);
    join_close(TAKE(write->join));
    return step == EVENT_END && write_txn_merge(write, err);
}

/* Folds one row of SOURCE into the chosen views over it. */
static bool fold_row(struct write_txn *write, const struct view *source, struct slice key,
                     const struct group *group, struct arena *arena, struct error *err)
{
    struct value dimensions[SCHEMA_DIMENSIONS_MAX];
    struct state *const states = ARENA_ARRAY(arena, struct state, source->aggregate_count);
    if (!group_dimensions(key, group, (unsigned)source->dimension_count, arena, dimensions, err))
        return false;
    if (!group_states(source, group, arena, states, err)) return false;
    rollup_cascade_fold(&write->delta, source, write->folds.only, dimensions, states, key, +1,
                        arena);
    return true;
}

/* The rows are read in portions, each before it is merged: merging writes to the table
 * that they stand in. */
static bool fold_rows(struct write_txn *write, const struct view *source, struct error *err)
{
    AUTO_BUFFER struct buffer from = {0};
    enum db_finding found = DB_FOUND;
    while (found == DB_FOUND) {
        AUTO_ARENA struct arena arena = {0};
        AUTO(groups_scan_close) struct groups_scan scan = {0};
        struct slice key;
        struct group group;
        if (!groups_scan_open(&scan, write->txn, source, (unsigned)source->dimension_count,
                              (struct slice){0}, buffer_slice(&from), err))
            return false;
        while ((found = groups_scan_next(&scan, &key, &group, err)) == DB_FOUND) {
            if (from.length && slice_equal(key, buffer_slice(&from))) continue;
            if (!fold_row(write, source, key, &group, &arena, err)) return false;
            if (delta_bytes(&write->delta) + arena.used_bytes <= write_txn_delta_room(write))
                continue;
            buffer_clear(&from);
            buffer_add_slice(&from, key);
            break;
        }
        if (found == DB_FAILED || !write_txn_merge(write, err)) return false;
    }
    return true;
}

static size_t rebuild_place_of(const struct schema *schema, const struct view *view)
{
    return (size_t)(view - schema->views);
}

/* Whether some chosen view is directly over the stream. */
static bool rebuild_is_wanted(const struct schema *schema, const struct stream *stream,
                              const bool *chosen)
{
    for (size_t i = 0; i < schema->all_view_count; i++) {
        const struct view *const view = &schema->views[i];
        if (chosen[i] && (view->stream == stream || stream_union_counts(view, stream))) return true;
    }
    return false;
}

/* A view that is made now has not seen the events that were dropped before, and
 * has let nothing go. */
static bool start_view(struct write_txn *write, const struct view *view, struct error *err)
{
    struct meta_view meta = {.retained_from = {.kind = VALUE_NULL}};
    struct view_dropped dropped;
    if (!view_dropped(write->txn, view, &dropped, err)) return false;
    meta.complete_from = dropped.before;
    meta.missed_count = dropped.count;
    write->cutoffs[rebuild_place_of(write->schema, view)] = meta.retained_from;
    return write_txn_clear_view(write, view, err) &&
           meta_view_save(write->txn, view->id, &meta, err);
}

/* With a view go those over it, and those that feed it or that it feeds. Whether there were any. */
static bool choose_more(const struct schema *schema, bool *chosen)
{
    bool any = false;
    for (size_t i = 0; i < schema->all_view_count; i++) {
        const struct view *const view = &schema->views[i];
        bool *const source = view->source ? &chosen[rebuild_place_of(schema, view->source)] : NULL;
        bool *const owner = view->owner ? &chosen[rebuild_place_of(schema, view->owner)] : NULL;
        any |= (source && *source && !chosen[i]) || (owner && *owner != chosen[i]);
        if (source && *source) chosen[i] = true;
        if (owner) chosen[i] = *owner = *owner || chosen[i];
    }
    return any;
}

static bool has_all(const struct schema *schema, const bool *chosen)
{
    for (size_t i = 0; i < schema->all_view_count; i++) {
        if (!chosen[i]) return false;
    }
    return true;
}

bool rebuild_views(struct write_txn *write, bool *chosen, struct error *err)
{
    const struct schema *const schema = write->schema;
    while (choose_more(schema, chosen))
        ;
    /* also what is damaged, and cannot be cleared group by group */
    if (has_all(schema, chosen) && !multisets_clear_all(write->txn, err)) return false;
    for (size_t i = 0; i < schema->all_view_count; i++) {
        if (chosen[i] && !start_view(write, &schema->views[i], err)) return false;
    }
    write_txn_fold_only(write, chosen);
    uint64_t done = 0;
    bool good = true;
    for (size_t i = 0; i < schema->stream_count && good; i++) {
        if (rebuild_is_wanted(schema, &schema->streams[i], chosen))
            good = fold_stream(write, &schema->streams[i], &done, err);
    }
    for (size_t i = 0; i < schema->all_view_count && good; i++) {
        const struct view *const source = schema->order[i];
        if (!chosen[rebuild_place_of(schema, source)] &&
            rebuild_is_wanted(schema, source->rows, chosen))
            good = fold_rows(write, source, err);
    }
    write_txn_fold_only(write, NULL);
    write->log.count = CHANGE_LOG_MAX + 1; /* any of it may have changed */
    return good;
}

/* What events are found by. */
static bool remake_derived(struct write_txn *write, struct error *err)
{
    struct txn *const txn = write->txn;
    for (size_t i = 0; i < write->schema->stream_count; i++) {
        const struct stream *const stream = &write->schema->streams[i];
        if (stream->keep_seconds && !expiry_make(txn, stream, err)) return false;
        if (stream->reference_count && !reference_index_make(txn, stream, err)) return false;
    }
    return true;
}

static bool fill_rebuild(struct write_txn *write, void *context, struct error *err)
{
    const struct rebuild *const rebuild = context;
    const struct schema *const schema = write->schema;
    AUTO_FREE bool *const chosen = memory_alloc(schema->all_view_count * sizeof *chosen);
    for (size_t i = 0; i < schema->all_view_count; i++)
        chosen[i] = rebuild->view_count == 0;
    for (size_t i = 0; i < rebuild->view_count; i++)
        chosen[rebuild_place_of(schema, rebuild->views[i])] = true;
    for (size_t i = 0; i < schema->all_view_count && !rebuild->allow_loss; i++) {
        if (chosen[i] && !view_check_history(write->txn, &schema->views[i], err)) return false;
    }
    if (rebuild->view_count == 0 && !remake_derived(write, err)) return false;
    return rebuild_views(write, chosen, err) && view_retention_drop(write, err);
}

bool commit_rebuild(struct store *store, const struct rebuild *rebuild, uint64_t *ret_commit_id,
                    struct error *err)
{
    struct rebuild asked = *rebuild;
    struct write_txn_work work = {
        .resources = rebuild->resources, .fill = fill_rebuild, .context = &asked};
    return store_schema(store, &work.schema, err) &&
           write_txn_run(store, &work, ret_commit_id, err);
}
