/* A breakdown of a hierarchy has rows by [node, dimension…], each with the states of the events in
 * the node's subtree. A leaf of the delta is of the event's own node; from there it goes up as the
 * hierarchy's own delta does: for each touched node, children first, its rows are handed to those
 * of the node above with the same dimensions (but that depth() is one more). What a node takes
 * along when it moves are its stored rows, folded out of the old parent's and into the new one's.
 *
 * depth() ends at SCHEMA_DISTANCE_MAX: in a chain every node would else have a row for
 * each node below it.
 *
 * The group of [node] alone knows number and bytes of the rows under it, as inner groups do.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "merge/merge_breakdown_p.h"

#include "render/rows.h"

/* One row on its way into the store. */
struct breakdown_row {
    struct merge_group group;   /* its parent is the row of the node above */
    struct value *dimensions;   /* the node, and its own; strings in the arena */
    struct breakdown_row *next; /* of the same node */
};

/* One breakdown at work. */
struct breakdown {
    struct hierarchy *hierarchy;
    struct merge merge; /* of the hidden view */
    struct hash_table rows;
    struct buffer key; /* scratch, as is the next */
    struct buffer exact;
};

static struct value merge_breakdown_keep_value(struct arena *arena, struct value value)
{
    if (value.kind == VALUE_STRING) value.string = arena_copy(arena, value.string);
    return value;
}

/* The row of NODE with these dimensions. */
static struct breakdown_row *row_of(struct breakdown *breakdown, struct hierarchy_node *node,
                                    const struct value *dimensions)
{
    const struct view *const view = breakdown->merge.view;
    struct arena *const arena = &breakdown->merge.arena;
    breakdown_pack_key(view, dimensions, &breakdown->key, &breakdown->exact);
    bool is_new;
    struct breakdown_row *const row = hash_table_entry(
        &breakdown->rows, buffer_slice(&breakdown->key), sizeof *row, arena, &is_new);
    if (!is_new) return row;
    if (breakdown->exact.length)
        row->group.exact = arena_copy(arena, buffer_slice(&breakdown->exact));
    row->group.states = ARENA_ARRAY(arena, struct state, view->aggregate_count);
    row->dimensions = ARENA_ARRAY(arena, struct value, view->dimension_count);
    for (size_t i = 0; i < view->dimension_count; i++)
        row->dimensions[i] = merge_breakdown_keep_value(arena, dimensions[i]);
    row->next = node->breakdown;
    node->breakdown = row;
    return row;
}

static void add_states(struct breakdown *breakdown, struct breakdown_row *row,
                       const struct state *states, int64_t event_count)
{
    const struct view *const view = breakdown->merge.view;
    row->group.event_count += event_count;
    for (size_t i = 0; i < view->aggregate_count; i++)
        aggregate_merge(&view->aggregates[i], &row->group.states[i], &states[i],
                        &breakdown->merge.arena);
}

/* The delta's leaves, of the events' own nodes and of those that gave or took. */
static bool collect_rows(struct breakdown *breakdown, struct error *err)
{
    const struct view *const view = breakdown->merge.view;
    const struct buffer *const all = &delta_view_of(breakdown->merge.delta, view)->leaves;
    struct delta_leaf *const *const leaves = (const void *)all->at;
    for (size_t i = 0; i < all->length / sizeof *leaves; i++) {
        AUTO_ARENA struct arena arena = {0};
        struct delta_leaf *const leaf = leaves[i];
        struct value dimensions[SCHEMA_DIMENSIONS_MAX];
        if (!breakdown_read_key(view, leaf->key, leaf->exact, &arena, dimensions, err))
            return false;
        struct hierarchy_node *const node =
            breakdown_node_of(breakdown->hierarchy, &dimensions[0], err);
        if (!node) return false;
        struct breakdown_row *const row = row_of(breakdown, node, dimensions);
        leaf->group = &row->group;
        add_states(breakdown, row, leaf->states, leaf->event_count);
    }
    return true;
}

/* Each node's rows into those of the node above. */
static bool merge_breakdown_hand_up(struct breakdown *breakdown, struct error *err)
{
    const struct view *const view = breakdown->merge.view;
    struct value dimensions[SCHEMA_DIMENSIONS_MAX], above;
    for (size_t i = 0; i < breakdown->hierarchy->touched_count; i++) {
        AUTO_ARENA struct arena arena = {0};
        const struct hierarchy_node *const node = breakdown->hierarchy->touched[i];
        if (!node->parent || !node->breakdown) continue;
        if (!breakdown_node_value(node->parent, &arena, &above, err)) return false;
        for (struct breakdown_row *row = node->breakdown; row; row = row->next) {
            memcpy(dimensions, row->dimensions, view->dimension_count * sizeof *dimensions);
            breakdown_go_up(view, &above, dimensions);
            struct breakdown_row *const up = row_of(breakdown, node->parent, dimensions);
            row->group.parent = &up->group;
            add_states(breakdown, up, row->group.states, row->group.event_count);
        }
    }
    return true;
}

/* From the delta to what will be stored. */
static bool merge_breakdown_add_stored(struct breakdown *breakdown, struct breakdown_row *row,
                                       struct error *err)
{
    struct merge *const merge = &breakdown->merge;
    struct merge_group *const group = &row->group;
    struct group *const stored = &group->group;
    switch (groups_get(merge->txn, merge->view, breakdown_depth(merge->view), group->key, stored,
                       err)) {
    case DB_FOUND: break;
    case DB_MISSING:
        *stored = (struct group){.id = merge->meta->next_group_id++, .exact = group->exact};
        return true;
    case DB_FAILED: return false;
    }
    struct state *const totals =
        ARENA_ARRAY(&merge->arena, struct state, merge->view->aggregate_count);
    group->existed = true;
    stored->exact = arena_copy(&merge->arena, stored->exact);
    stored->states = arena_copy(&merge->arena, stored->states);
    stored->text = arena_copy(&merge->arena, stored->text);
    if (!group_states(merge->view, stored, &merge->arena, totals, err)) return false;
    for (size_t i = 0; i < merge->view->aggregate_count; i++)
        aggregate_merge(&merge->view->aggregates[i], &totals[i], &group->states[i], &merge->arena);
    group->states = totals;
    return true;
}

static bool merge_breakdown_render(struct breakdown *breakdown, struct breakdown_row *row,
                                   struct buffer *states, struct buffer *text, struct error *err)
{
    const struct view *const view = breakdown->merge.view;
    struct view const shown = view_shown(view);
    if (!group_pack_states(&breakdown->merge, &row->group, states, err)) return false;
    rows_text(&shown, breakdown->merge.zone, row->dimensions + 1, breakdown_depth(&shown),
              row->group.states, text);
    return true;
}

/* Writes one row; *ROWS and *CHANGED gather what the node's file changes by. */
static bool write_row(struct breakdown *breakdown, struct breakdown_row *row,
                      struct rows_delta *rows, bool *changed, struct error *err)
{
    AUTO_BUFFER struct buffer states = {0}, text = {0};
    struct merge *const merge = &breakdown->merge;
    struct group *const stored = &row->group.group;
    unsigned const depth = breakdown_depth(merge->view);
    int64_t const event_count = (int64_t)stored->event_count + row->group.event_count;
    if (event_count < 0) return merge_lost_count(err);
    if (event_count == 0 && !row->group.existed) return true;
    if (event_count > 0 && !merge_breakdown_render(breakdown, row, &states, &text, err))
        return false;
    if (event_count == 0 || !row->group.existed ||
        !slice_equal(stored->text, buffer_slice(&text))) {
        *changed = true;
        if (row->group.existed) merge_add_row(merge, rows, stored->text, -1);
        if (event_count > 0) merge_add_row(merge, rows, buffer_slice(&text), +1);
        stored->text_commit_id = merge->meta->commit_id;
    }
    if (event_count == 0) return groups_drop(merge->txn, merge->view, depth, row->group.key, err);
    struct rows_delta whole = {0};
    merge_add_row(merge, &whole, buffer_slice(&text), +1);
    for (unsigned i = 0; i < ROWS_FORMATS; i++)
        stored->bytes[i] = (uint64_t)whole.bytes[i];
    return group_write(merge, depth, row->group.key, &row->group, buffer_slice(&states),
                       buffer_slice(&text), err);
}

/* Where the node stands now, or stood. */
static void merge_breakdown_tell(struct breakdown *breakdown, const struct hierarchy_node *node,
                                 unsigned flags)
{
    struct buffer *const key = &breakdown->key;
    bool const root = hierarchy_is_root(node->group.key);
    buffer_clear(key);
    if (!root) {
        buffer_add_slice(key, node->exists ? node->new_parent : node->old_parent);
        buffer_add_slice(key, node->group.key);
    }
    struct change const change = {.view = breakdown->merge.view->id,
                                  .depth = root ? 0 : 1,
                                  .key = buffer_slice(key),
                                  .flags = flags};
    change_log_add(breakdown->merge.log, &change);
}

/* The group of the node alone. */
static bool merge_breakdown_write_node(struct breakdown *breakdown, struct hierarchy_node *node,
                                       const struct rows_delta *rows, struct error *err)
{
    AUTO_ARENA struct arena arena = {0};
    AUTO_BUFFER struct buffer key = {0};
    struct merge *const merge = &breakdown->merge;
    struct value id;
    struct group whole = {.row_count = 0};
    if (!breakdown_node_value(node, &arena, &id, err)) return false;
    (void)group_key_add(merge->view, &id, &key);
    enum db_finding const found =
        groups_get(merge->txn, merge->view, 1, buffer_slice(&key), &whole, err);
    if (found == DB_FAILED) return false;
    bool const existed = found == DB_FOUND;
    if (!existed) whole.id = merge->meta->next_group_id++;
    group_add_rows(&whole, rows);
    whole.rows_commit_id = merge->meta->commit_id;
    bool const exists = whole.row_count > 0;
    merge_breakdown_tell(breakdown, node, CHANGE_ROWS | (exists != existed ? CHANGE_EXISTS : 0));
    if (exists != existed) node->group.listing_changed = true;
    whole.exact = whole.states = whole.text = (struct slice){0};
    if (!exists)
        return !existed || groups_drop(merge->txn, merge->view, 1, buffer_slice(&key), err);
    return groups_put(merge->txn, merge->view, 1, buffer_slice(&key), &whole, err);
}

static bool write_rows(struct breakdown *breakdown, struct error *err)
{
    const struct hierarchy *const hierarchy = breakdown->hierarchy;
    for (size_t i = 0; i < hierarchy->touched_count; i++) {
        struct rows_delta rows = {0};
        bool changed = false;
        struct hierarchy_node *const node = hierarchy->touched[i];
        for (struct breakdown_row *row = node->breakdown; row; row = row->next) {
            if (!write_row(breakdown, row, &rows, &changed, err)) return false;
        }
        if (changed && !merge_breakdown_write_node(breakdown, node, &rows, err)) return false;
    }
    return true;
}

static bool add_all_stored(struct breakdown *breakdown, struct error *err)
{
    const struct hierarchy *const hierarchy = breakdown->hierarchy;
    for (size_t i = 0; i < hierarchy->touched_count; i++) {
        for (struct breakdown_row *row = hierarchy->touched[i]->breakdown; row; row = row->next) {
            if (!merge_breakdown_add_stored(breakdown, row, err)) return false;
        }
    }
    return true;
}

static bool merge_breakdown_merge_view(struct hierarchy *hierarchy, const struct view *view,
                                       void *context, struct error *err)
{
    (void)context;
    const struct merge *const owner = hierarchy->merge;
    struct breakdown breakdown = {.hierarchy = hierarchy,
                                  .merge = {.txn = owner->txn,
                                            .zone = owner->zone,
                                            .view = view,
                                            .meta = owner->meta,
                                            .log = owner->log,
                                            .delta = owner->delta,
                                            .portion_bytes = owner->portion_bytes}};
    for (size_t i = 0; i < hierarchy->touched_count; i++)
        hierarchy->touched[i]->breakdown = NULL;
    bool const good = collect_rows(&breakdown, err) && merge_breakdown_hand_up(&breakdown, err) &&
                      add_all_stored(&breakdown, err) && merge_all_values(&breakdown.merge, err) &&
                      write_rows(&breakdown, err);
    arena_done(&breakdown.merge.arena);
    hash_table_done(&breakdown.rows);
    buffer_done(&breakdown.key);
    buffer_done(&breakdown.exact);
    return good;
}

bool merge_breakdown(struct hierarchy *hierarchy, struct error *err)
{
    return breakdown_scan(hierarchy, merge_breakdown_merge_view, NULL, err);
}
