/* What a node of a hierarchy has of the nodes below it, where it is not told by all of their
 * events: what its children come to, as the store has it, is added to what its own events do.
 *
 *     a                  a: its own events + b + c
 *      |- b              b: its own events + d
 *      |   `- d          d: its own events
 *      `- c              c: its own events
 *
 * Each node is compared, so each is what the events give: those without children by themselves,
 * the others by their children. Nodes in a circle cannot pass, as the number of events of each
 * would have to be greater than its own. So any range of nodes can be proven alone, and an event
 * costs the same however deep it is.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "verify/verify_nodes.h"

static void merge_group(struct counting *counting, struct tallied_group *into,
                        const struct tallied_group *from, size_t first)
{
    const struct view *const view = counting->view->view;
    into->event_count += from->event_count;
    for (size_t i = first; i < view->aggregate_count; i++)
        tally_merge(counting, &view->aggregates[i], &into->tallies[i], &from->tallies[i].state);
}

/* The group of a node of a hierarchy, or NULL where no event is of it. A path is a node without
 * events, too, where it has something below. */
static struct tallied_group *group_of_node(struct counting *counting,
                                           const struct verify_node *node)
{
    const struct view *const view = counting->view->view;
    unsigned const depth = hierarchy_is_root(node->key) ? 0 : 1;
    buffer_set(&counting->key, node->group.key);
    if (depth == 0 || view->hierarchy->kind == HIERARCHY_PATHS)
        return counting_group(counting, depth, counting->key.length, node->group.dimensions);
    return counting_find(counting, depth, counting->key.length, node->group.dimensions);
}

static bool count_child(struct counting *counting, const struct snapshot *snapshot,
                        const struct verify_node *node, const struct verify_node *child,
                        struct error *err)
{
    (void)snapshot;
    (void)err;
    struct tallied_group *const group = group_of_node(counting, node);
    if (group)
        merge_group(counting, group, &child->group, counting->view->view->aggregate_count / 2);
    return true;
}

/* One row of the child, as it is in that of the node above. */
static void count_child_row(struct counting *counting, const struct value *node,
                            struct tallied_group *row)
{
    const struct view *const view = counting->view->view;
    unsigned const depth = (unsigned)view->dimension_count;
    row->dimensions[0] = *node;
    for (unsigned i = 1; i < depth; i++) {
        int64_t distance;
        if (!view->dimensions[i].is_distance ||
            !decimal_to_int(&row->dimensions[i].number, &distance))
            continue;
        if (distance < SCHEMA_DISTANCE_MAX)
            row->dimensions[i].number = decimal_from_int(distance + 1);
    }
    buffer_clear(&counting->key);
    (void)group_key_pack(view, row->dimensions, depth, &counting->key);
    merge_group(counting, counting_group(counting, depth, counting->key.length, row->dimensions),
                row, 0);
}

static bool count_child_rows(struct counting *counting, const struct snapshot *snapshot,
                             const struct verify_node *node, const struct verify_node *child,
                             struct error *err)
{
    AUTO(groups_scan_close) struct groups_scan scan = {0};
    AUTO_BUFFER struct buffer prefix = {0};
    const struct view *const view = counting->view->view;
    unsigned const depth = (unsigned)view->dimension_count;
    struct value const root = {.kind = VALUE_NULL};
    struct slice key;
    struct group group;
    enum db_finding found;
    (void)group_key_add(view, &child->group.dimensions[0], &prefix);
    if (!groups_scan_open(&scan, snapshot->txn, view, depth, buffer_slice(&prefix),
                          (struct slice){0}, err))
        return false;
    while (!counting->is_full &&
           (found = groups_scan_next(&scan, &key, &group, err)) != DB_MISSING) {
        AUTO_ARENA struct arena arena = {0};
        struct tallied_group row;
        if (found == DB_FAILED || !verify_group_read(view, key, depth, &group, &arena, &row, err))
            return false;
        count_child_row(counting, hierarchy_is_root(node->key) ? &root : &node->group.dimensions[0],
                        &row);
        counting_look_at_limit(counting);
    }
    return true;
}

static bool count_children(struct counting *counting, const struct snapshot *snapshot,
                           struct slice key, struct error *err)
{
    AUTO(verify_children_close) struct verify_children children = {0};
    AUTO(verify_node_done) struct verify_node node = {0}, child = {0};
    const struct view *const view = counting->view->view;
    const struct view *const hierarchy = view->hierarchy ? view : view->owner;
    enum db_finding found = verify_node_read(snapshot, hierarchy, key, &node, err);
    if (found != DB_FOUND) return found == DB_MISSING;
    if (!verify_children_open(&children, snapshot, hierarchy, key, err)) return false;
    while (!counting->is_full &&
           (found = verify_children_next(&children, &child, err)) == DB_FOUND) {
        if (!(view->hierarchy ? count_child : count_child_rows)(counting, snapshot, &node, &child,
                                                                err))
            return false;
        counting_look_at_limit(counting);
    }
    return found != DB_FAILED;
}

bool verify_children(struct counting *counting, const struct snapshot *snapshot, struct error *err)
{
    AUTO(groups_scan_close) struct groups_scan scan = {0};
    const struct verify_portion *const portion = counting->portion;
    const struct view *const view = counting->view->view;
    const struct view *const hierarchy = view_is_breakdown(view) ? view->owner : view;
    struct slice key;
    struct group group;
    enum db_finding found = DB_FOUND;
    if (!hierarchy->hierarchy || !portion) return true;
    if (portion->from.length == 0 && !count_children(counting, snapshot, hierarchy_root, err))
        return false;
    if (!groups_scan_open(&scan, snapshot->txn, hierarchy, 1, (struct slice){0}, portion->from,
                          err))
        return false;
    while (!counting->is_full && (found = groups_scan_next(&scan, &key, &group, err)) == DB_FOUND) {
        if (portion->to.length && slice_compare(key, portion->to) >= 0) break;
        if (!count_children(counting, snapshot, key, err)) return false;
    }
    return found != DB_FAILED;
}
