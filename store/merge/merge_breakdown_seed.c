/* What a breakdown of a hierarchy hands on when a node leaves or joins: its stored rows, as
 * leaves of the delta.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "merge/merge_breakdown_p.h"
#include "tables/multisets.h"
#include "types/pack.h"

bool breakdown_scan(struct hierarchy *hierarchy,
                    bool (*visit)(struct hierarchy *hierarchy, const struct view *view,
                                  void *context, struct error *err),
                    void *context, struct error *err)
{
    const struct schema *const schema = hierarchy->merge->delta->schema;
    for (size_t i = schema->view_count; i < schema->all_view_count; i++) {
        const struct view *const view = &schema->views[i];
        if (view->owner == hierarchy->merge->view && !visit(hierarchy, view, context, err))
            return false;
    }
    return true;
}

bool breakdown_read_key(const struct view *view, struct slice key, struct slice exact,
                        struct arena *arena, struct value *ret_dimensions, struct error *err)
{
    struct group const group = {.exact = exact};
    return group_dimensions(key, &group, breakdown_depth(view), arena, ret_dimensions, err);
}

struct hierarchy_node *breakdown_node_of(struct hierarchy *hierarchy, const struct value *id,
                                         struct error *err)
{
    AUTO_BUFFER struct buffer exact = {0};
    buffer_clear(&hierarchy->key);
    if (!group_key_add(hierarchy->merge->view, id, &hierarchy->key))
        (void)pack_value(&exact, id, PACK_NO_LIMIT);
    return hierarchy_node_of(hierarchy, buffer_slice(&hierarchy->key), buffer_slice(&exact), err);
}

static bool touch_leaves(struct hierarchy *hierarchy, const struct view *view, void *context,
                         struct error *err)
{
    (void)context;
    const struct buffer *const all = &delta_view_of(hierarchy->merge->delta, view)->leaves;
    struct delta_leaf *const *const leaves = (const void *)all->at;
    for (size_t i = 0; i < all->length / sizeof *leaves; i++) {
        AUTO_ARENA struct arena arena = {0};
        const struct delta_leaf *const leaf = leaves[i];
        struct value dimensions[SCHEMA_DIMENSIONS_MAX];
        if (!breakdown_read_key(view, leaf->key, leaf->exact, &arena, dimensions, err))
            return false;
        struct hierarchy_node *const node = breakdown_node_of(hierarchy, &dimensions[0], err);
        if (!node) return false;
        hierarchy_touch(hierarchy, node);
    }
    return true;
}

bool merge_breakdown_collect(struct hierarchy *hierarchy, struct error *err)
{
    return breakdown_scan(hierarchy, touch_leaves, NULL, err);
}

bool breakdown_node_value(const struct hierarchy_node *node, struct arena *arena,
                          struct value *ret_id, struct error *err)
{
    if (!hierarchy_is_root(node->group.key))
        return group_dimensions(node->group.key, &node->group.group, 1, arena, ret_id, err);
    *ret_id = (struct value){.kind = VALUE_NULL};
    return true;
}

void breakdown_go_up(const struct view *view, const struct value *above, struct value *dimensions)
{
    dimensions[0] = *above;
    for (size_t i = 1; i < view->dimension_count; i++) {
        if (view->dimensions[i].is_distance &&
            dimensions[i].number.coefficient < SCHEMA_DISTANCE_MAX)
            dimensions[i].number.coefficient++;
    }
}

void breakdown_pack_key(const struct view *view, const struct value *dimensions, struct buffer *key,
                        struct buffer *exact)
{
    buffer_clear(key);
    buffer_clear(exact);
    if (group_key_pack(view, dimensions, breakdown_depth(view), key)) return;
    for (size_t i = 0; i < view->dimension_count; i++)
        (void)pack_value(exact, &dimensions[i], PACK_NO_LIMIT);
}

/* A node that leaves or joins. */
struct seeding {
    const struct hierarchy_node *parent;
    const struct hierarchy_node *node;
    int sign;
};

/* Folds a stored row into the one of the node above. */
static bool seed_row(struct hierarchy *hierarchy, const struct view *view, struct slice key,
                     const struct group *row, const struct value *above, int sign,
                     struct error *err)
{
    AUTO_ARENA struct arena arena = {0};
    AUTO_BUFFER struct buffer up = {0}, exact = {0};
    struct delta *const delta = hierarchy->merge->delta;
    struct arena *const kept = delta_arena(delta, view);
    struct value dimensions[SCHEMA_DIMENSIONS_MAX];
    struct state *const states = ARENA_ARRAY(kept, struct state, view->aggregate_count);
    if (!group_dimensions(key, row, breakdown_depth(view), &arena, dimensions, err) ||
        !group_states(view, row, kept, states, err))
        return false;
    breakdown_go_up(view, above, dimensions);
    breakdown_pack_key(view, dimensions, &up, &exact);
    struct delta_leaf *const leaf =
        delta_leaf_of(delta, view, breakdown_depth(view), buffer_slice(&up), buffer_slice(&exact));
    leaf->event_count += sign * (int64_t)row->event_count;
    for (size_t i = 0; i < view->aggregate_count; i++) {
        aggregate_negate(&view->aggregates[i], &states[i]);
        /* a second time for what it leaves out: what is told by values */
        if (sign > 0) aggregate_negate(&view->aggregates[i], &states[i]);
        aggregate_merge(&view->aggregates[i], &leaf->states[i], &states[i], kept);
    }
    return hierarchy_seed_values(hierarchy, row->id, 0, leaf, sign, err);
}

static bool seed_view(struct hierarchy *hierarchy, const struct view *view, void *context,
                      struct error *err)
{
    const struct seeding *const seeding = context;
    AUTO_ARENA struct arena arena = {0};
    AUTO_BUFFER struct buffer prefix = {0};
    AUTO(groups_scan_close) struct groups_scan scan = {0};
    struct value id, above;
    struct slice key;
    struct group row;
    if (!breakdown_node_value(seeding->node, &arena, &id, err) ||
        !breakdown_node_value(seeding->parent, &arena, &above, err))
        return false;
    (void)group_key_add(view, &id, &prefix);
    if (!groups_scan_open(&scan, hierarchy->merge->txn, view, breakdown_depth(view),
                          buffer_slice(&prefix), (struct slice){0}, err))
        return false;
    enum db_finding found;
    while ((found = groups_scan_next(&scan, &key, &row, err)) == DB_FOUND) {
        if (!seed_row(hierarchy, view, key, &row, &above, seeding->sign, err)) return false;
    }
    return found == DB_MISSING;
}

bool merge_breakdown_seed(struct hierarchy *hierarchy, const struct hierarchy_node *parent,
                          const struct hierarchy_node *node, int sign, struct error *err)
{
    struct seeding seeding = {.parent = parent, .node = node, .sign = sign};
    return breakdown_scan(hierarchy, seed_view, &seeding, err);
}
