/* The second half of merge_hierarchy.c: the touched nodes are known, children first.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "merge/merge_breakdown.h"
#include "render/rows.h"
#include "tables/hierarchy_links.h"
#include "tables/multisets.h"
#include "types/pack.h"

/* What the facts of most nodes fit into. */
enum { FACTS_ROOM_BYTES = 256 };

static size_t half(const struct view *view)
{
    return view->aggregate_count / 2; /* the direct ones are in front of those of the subtree */
}

struct state *hierarchy_states(struct hierarchy *hierarchy, struct hierarchy_node *node)
{
    struct merge *const merge = hierarchy->merge;
    if (!node->group.states)
        node->group.states = ARENA_ARRAY(&merge->arena, struct state, merge->view->aggregate_count);
    return node->group.states;
}

static bool seed_states(struct hierarchy *hierarchy, struct hierarchy_node *parent,
                        const struct hierarchy_node *node, int sign, struct error *err)
{
    struct merge *const merge = hierarchy->merge;
    const struct view *const view = merge->view;
    struct state *const stored = ARENA_ARRAY(&merge->arena, struct state, view->aggregate_count);
    struct state *const states = hierarchy_states(hierarchy, parent);
    if (!group_states(view, &node->group.group, &merge->arena, stored, err)) return false;
    for (size_t i = half(view); i < view->aggregate_count; i++) {
        aggregate_negate(&view->aggregates[i], &stored[i]);
        /* a second time for what it leaves out: what is told by values */
        if (sign > 0) aggregate_negate(&view->aggregates[i], &stored[i]);
        aggregate_merge(&view->aggregates[i], &states[i], &stored[i], &merge->arena);
    }
    return true;
}

/* Values on their way from one node to another. */
struct values_seed {
    struct delta *delta;
    struct delta_leaf *leaf;
    uint8_t set;
    int sign;
};

static void merge_hierarchy_step_visit_value(void *context, struct slice key, struct slice exact,
                                             uint64_t weight)
{
    const struct values_seed *const seed = context;
    delta_add_value(seed->delta, seed->leaf, seed->set, key, exact, seed->sign * (int64_t)weight);
}

bool hierarchy_seed_values(struct hierarchy *hierarchy, uint64_t group, size_t first_set,
                           struct delta_leaf *leaf, int sign, struct error *err)
{
    AUTO(multiset_reader_close) struct multiset_reader reader = {0};
    struct values_seed seed = {.delta = hierarchy->merge->delta, .leaf = leaf, .sign = sign};
    size_t const sets = leaf->view->multiset_count;
    if (first_set == sets) return true;
    if (!multiset_reader_open(hierarchy->merge->txn, &reader, err)) return false;
    for (size_t i = first_set; i < sets; i++) {
        struct multiset_place const place = {.group = group, .set = (uint8_t)i};
        seed.set = (uint8_t)i;
        if (!multiset_scan(&reader, place, merge_hierarchy_step_visit_value, &seed, err))
            return false;
    }
    return true;
}

static bool seed_values(struct hierarchy *hierarchy, struct hierarchy_node *parent,
                        const struct hierarchy_node *node, int sign, struct error *err)
{
    struct merge *const merge = hierarchy->merge;
    const struct view *const view = merge->view;
    if (view->multiset_count == 0) return true;
    struct delta_leaf *const leaf =
        delta_leaf_of(merge->delta, view, 1, parent->group.key, parent->group.group.exact);
    leaf->group = &parent->group;
    return hierarchy_seed_values(hierarchy, node->group.group.id, view->multiset_count / 2, leaf,
                                 sign, err);
}

bool hierarchy_seed(struct hierarchy *hierarchy, struct hierarchy_node *parent,
                    const struct hierarchy_node *node, int sign, struct error *err)
{
    unsigned const levels = hierarchy->merge->view->hierarchy->levels;
    const struct group *const stored = &node->group.group;
    hierarchy_touch(hierarchy, parent);
    parent->group.listing_changed = true;
    for (unsigned i = 0; i < levels; i++)
        parent->level_changed[i] = true;
    if (!node->group.existed) return true; /* its delta is all there is */
    parent->group.event_count += sign * (int64_t)stored->event_count;
    merge_add_row(hierarchy->merge, &parent->levels[0], stored->text, sign);
    for (unsigned i = 1; i < levels; i++)
        rows_delta_add(&parent->levels[i], &node->old_levels[i - 1], sign);
    return seed_states(hierarchy, parent, node, sign, err) &&
           seed_values(hierarchy, parent, node, sign, err) &&
           merge_breakdown_seed(hierarchy, parent, node, sign, err);
}

/* Each node's delta of its subtree into that of the node above. */
static void add_up(struct hierarchy *hierarchy)
{
    struct merge *const merge = hierarchy->merge;
    const struct view *const view = merge->view;
    for (size_t i = 0; i < hierarchy->touched_count; i++) {
        struct hierarchy_node *const node = hierarchy->touched[i], *const parent = node->parent;
        if (!parent) continue;
        parent->group.event_count += node->group.event_count;
        if (!node->group.states) continue;
        struct state *const states = hierarchy_states(hierarchy, parent);
        for (size_t j = half(view); j < view->aggregate_count; j++)
            aggregate_merge(&view->aggregates[j], &states[j], &node->group.states[j],
                            &merge->arena);
    }
}

/* From deltas to what will be stored. */
static bool merge_hierarchy_step_add_stored(struct hierarchy *hierarchy,
                                            struct hierarchy_node *node, struct error *err)
{
    struct merge *const merge = hierarchy->merge;
    const struct view *const view = merge->view;
    struct state *const delta = hierarchy_states(hierarchy, node);
    if (!node->group.existed) {
        node->group.group.id = merge->meta->next_group_id++;
        return true;
    }
    struct state *const totals = ARENA_ARRAY(&merge->arena, struct state, view->aggregate_count);
    if (!group_states(view, &node->group.group, &merge->arena, totals, err)) return false;
    for (size_t i = 0; i < view->aggregate_count; i++)
        aggregate_merge(&view->aggregates[i], &totals[i], &delta[i], &merge->arena);
    node->group.states = totals;
    return true;
}

/* What readers call the node: where it stands, and its id. */
static void merge_hierarchy_step_tell(struct hierarchy *hierarchy,
                                      const struct hierarchy_node *node, struct slice parent,
                                      unsigned flags)
{
    struct merge *const merge = hierarchy->merge;
    bool const root = hierarchy_is_root(node->group.key);
    if (flags == 0) return;
    buffer_clear(&hierarchy->key);
    if (!root) {
        buffer_add_slice(&hierarchy->key, parent);
        buffer_add_slice(&hierarchy->key, node->group.key);
    }
    struct change const change = {.view = merge->view->id,
                                  .depth = root ? 0 : 1,
                                  .key = buffer_slice(&hierarchy->key),
                                  .flags = flags};
    change_log_add(merge->log, &change);
}

/* The node's row as it is now, as the rows of the nodes above have it; what it was is known there
 * of one that moved. */
static void merge_hierarchy_step_hand_up(struct hierarchy *hierarchy, struct hierarchy_node *node,
                                         struct slice text, bool text_changed)
{
    struct hierarchy_node *const parent = node->parent;
    if (!parent) return;
    if (text_changed) {
        if (node->group.existed)
            merge_add_row(hierarchy->merge, &parent->levels[0], node->group.group.text, -1);
        if (node->exists) merge_add_row(hierarchy->merge, &parent->levels[0], text, +1);
        parent->level_changed[0] = true;
    }
    if (node->exists != node->group.existed) parent->group.listing_changed = true;
    for (unsigned i = 1; i < hierarchy->merge->view->hierarchy->levels; i++) {
        rows_delta_add(&parent->levels[i], &node->levels[i - 1], +1);
        parent->level_changed[i] |= node->level_changed[i - 1];
    }
}

static void count_node(struct hierarchy *hierarchy, const struct hierarchy_node *node, int sign)
{
    struct meta *const meta = hierarchy->merge->meta;
    if (hierarchy_is_root(node->group.key)) {
        meta->root_listing_commit_id = meta->commit_id;
        return;
    }
    meta->row_count += (uint64_t)(int64_t)sign;
    hierarchy->node_count += sign;
    hierarchy->nodes_changed = true;
}

static bool drop(struct hierarchy *hierarchy, struct hierarchy_node *node, struct error *err)
{
    struct merge *const merge = hierarchy->merge;
    bool const root = hierarchy_is_root(node->group.key);
    if (!node->group.existed) return true;
    merge_hierarchy_step_hand_up(hierarchy, node, (struct slice){0}, true);
    count_node(hierarchy, node, -1);
    merge_hierarchy_step_tell(hierarchy, node, node->old_parent,
                              CHANGE_EXISTS | CHANGE_TEXT | CHANGE_ROWS);
    if (!root && merge->view->hierarchy->kind == HIERARCHY_PATHS)
        hierarchy_change_edge(hierarchy, node->old_parent, node, -1);
    return groups_drop(merge->txn, merge->view, root ? 0 : 1,
                       root ? slice_of(NULL, 0) : node->group.key, err);
}

/* The node's states, packed and rendered. */
static bool merge_hierarchy_step_render(struct hierarchy *hierarchy, struct hierarchy_node *node,
                                        struct buffer *states, struct buffer *text,
                                        struct error *err)
{
    struct merge *const merge = hierarchy->merge;
    const struct view *const view = merge->view;
    struct value id = {.kind = VALUE_NULL}, parent = {.kind = VALUE_NULL};
    struct slice packed = node->facts.parent;
    if (!group_pack_states(merge, &node->group, states, err)) return false;
    if (!hierarchy_is_root(node->group.key) &&
        !group_dimensions(node->group.key, &node->group.group, 1, &merge->arena, &id, err))
        return false;
    if (packed.length && unpack_value(&packed, &merge->arena, &parent) != UNPACKED)
        return merge_lost_count(err);
    hierarchy_row(view, merge->zone, &id, &parent, node->group.states, text);
    return true;
}

/* The rows below it, and which of its files are others. Returns what changed. */
static unsigned count_rows(struct hierarchy *hierarchy, struct hierarchy_node *node)
{
    uint64_t const commit_id = hierarchy->merge->meta->commit_id;
    struct group *const stored = &node->group.group;
    bool const is_new = !node->group.existed;
    struct rows_delta sum = {.count = 0};
    for (unsigned i = 0; i < hierarchy->merge->view->hierarchy->levels; i++) {
        if (node->old_levels) rows_delta_add(&node->levels[i], &node->old_levels[i], +1);
        rows_delta_add(&sum, &node->levels[i], +1);
        node->group.rows_changed |= node->level_changed[i];
    }
    stored->row_count = 0;
    memset(stored->bytes, 0, sizeof stored->bytes);
    group_add_rows(stored, &sum);
    if (is_new || node->group.rows_changed) stored->rows_commit_id = commit_id;
    if (is_new || node->group.listing_changed) stored->listing_commit_id = commit_id;
    if (hierarchy_is_root(node->group.key)) {
        node->facts.node_count += (uint64_t)hierarchy->node_count;
        if (is_new || hierarchy->nodes_changed) node->facts.nodes_commit_id = commit_id;
    }
    return (node->group.rows_changed ? CHANGE_ROWS : 0) |
           (node->group.listing_changed ? CHANGE_LISTING : 0);
}

static bool put(struct hierarchy *hierarchy, struct hierarchy_node *node, struct buffer *states,
                struct buffer *text, struct error *err)
{
    struct merge *const merge = hierarchy->merge;
    struct group *const stored = &node->group.group;
    bool const existed = node->group.existed, root = hierarchy_is_root(node->group.key);
    STACK_BUFFER(facts, FACTS_ROOM_BYTES);
    if (!merge_hierarchy_step_render(hierarchy, node, states, text, err)) return false;
    bool const text_changed = !existed || !slice_equal(stored->text, buffer_slice(text));
    if (text_changed) stored->text_commit_id = merge->meta->commit_id;
    merge_hierarchy_step_hand_up(hierarchy, node, buffer_slice(text), text_changed);
    if (!existed) count_node(hierarchy, node, +1);
    unsigned const flags = count_rows(hierarchy, node) | (text_changed ? CHANGE_TEXT : 0u);
    bool const moved = existed && !slice_equal(node->old_parent, node->new_parent);
    if (moved) merge_hierarchy_step_tell(hierarchy, node, node->old_parent, CHANGE_EXISTS);
    merge_hierarchy_step_tell(hierarchy, node, node->new_parent,
                              flags | (existed && !moved ? 0 : CHANGE_EXISTS));
    if (!existed && !root && merge->view->hierarchy->kind == HIERARCHY_PATHS)
        hierarchy_change_edge(hierarchy, node->new_parent, node, +1);
    node->facts.own_events = node->old.own_events + (uint64_t)node->own_events;
    hierarchy_facts_pack(merge->view, &node->facts, node->levels, &facts);
    stored->hierarchy = buffer_slice(&facts);
    return group_write(merge, root ? 0 : 1, root ? slice_of(NULL, 0) : node->group.key,
                       &node->group, buffer_slice(states), buffer_slice(text), err);
}

static bool merge_hierarchy_step_write_node(struct hierarchy *hierarchy,
                                            struct hierarchy_node *node, struct buffer *states,
                                            struct buffer *text, struct error *err)
{
    bool const by_links = hierarchy->merge->view->hierarchy->kind == HIERARCHY_LINKS;
    int64_t const count = (int64_t)node->group.group.event_count + node->group.event_count;
    if (count < 0 || (int64_t)node->old.own_events + node->own_events < 0)
        return merge_lost_count(err);
    if (!by_links || hierarchy_is_root(node->group.key)) node->exists = count > 0;
    if (!node->exists && count > 0) return merge_lost_count(err);
    if (!node->exists) return drop(hierarchy, node, err);
    buffer_clear(states);
    buffer_clear(text);
    return put(hierarchy, node, states, text, err);
}

/* The nodes that are committed. */
static bool merge_hierarchy_step_count_committed(const struct merge *merge, uint64_t *ret_count,
                                                 struct error *err)
{
    AUTO_TXN struct txn *txn = NULL;
    struct group root = {0};
    struct hierarchy_facts facts = {.node_count = 0};
    if (!txn_begin_beside(merge->txn, &txn, err)) return false;
    enum db_finding const found = hierarchy_get(txn, merge->view, hierarchy_root, &root, err);
    if (found == DB_FAILED ||
        (found == DB_FOUND && !hierarchy_facts_unpack(merge->view, &root, &facts, NULL, err)))
        return false;
    *ret_count = facts.node_count;
    return true;
}

/* As the rows of other views, see merge.c. */
static bool check_node_count(const struct hierarchy *hierarchy, struct error *err)
{
    const struct merge *const merge = hierarchy->merge;
    const struct view *const view = merge->view;
    uint64_t const now = hierarchy->root->facts.node_count;
    uint64_t committed;
    if (hierarchy->node_count <= 0 || now <= view->max_rows) return true;
    if (!merge_hierarchy_step_count_committed(merge, &committed, err)) return false;
    return now <= committed || merge_too_many_rows(view, now, err);
}

bool hierarchy_write(struct hierarchy *hierarchy, struct error *err)
{
    AUTO_BUFFER struct buffer states = {0}, text = {0};
    add_up(hierarchy);
    for (size_t i = 0; i < hierarchy->touched_count; i++) {
        if (!merge_hierarchy_step_add_stored(hierarchy, hierarchy->touched[i], err)) return false;
    }
    if (!merge_all_values(hierarchy->merge, err)) return false;
    for (size_t i = 0; i < hierarchy->touched_count; i++) {
        if (!merge_hierarchy_step_write_node(hierarchy, hierarchy->touched[i], &states, &text, err))
            return false;
    }
    return check_node_count(hierarchy, err);
}
