/* Everything of a view that is a hierarchy: its nodes in ranges of ids, each as large as fits, with
 * what each of them is divided into. Of a node are compared what the store has of it, which
 * others are then proven by (verify_children.c), and all that it shows.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "verify/verify_hierarchy_p.h"
#include "verify/verify_ranges.h"

enum { PATH_NODES_MAX = 1 << 14 }; /* more than a tree is deep */

/* The path of the node at hand, by the store: it is told, and proves nothing. */
static void set_path(struct check *check)
{
    AUTO_BUFFER struct buffer names = {0}, ends = {0};
    AUTO(verify_node_done) struct verify_node node = {0};
    const struct nodes_check *const nodes = check->at;
    const struct placed *const placed = &nodes->placed;
    AUTO_BUFFER struct buffer key = {0};
    struct error err;
    verify_set_path(check, NULL, 0);
    if (placed->is_root) return;
    verify_node_name(check, nodes->view, &placed->id, &placed->parent, false, &names);
    buffer_add(&ends, &names.length, sizeof names.length);
    buffer_set(&key, placed->above);
    for (size_t i = 0; i < PATH_NODES_MAX && !hierarchy_is_root(buffer_slice(&key)); i++) {
        if (verify_node_read(check->snapshot, nodes->view, buffer_slice(&key), &node, &err) !=
            DB_FOUND)
            break;
        verify_node_name(check, nodes->view, &node.group.dimensions[0], &node.parent, false,
                         &names);
        buffer_add(&ends, &names.length, sizeof names.length);
        buffer_set(&key, node.above);
    }
    for (size_t i = ends.length / sizeof(size_t); i > 0; i--) {
        size_t start = 0, end;
        memcpy(&end, ends.at + (i - 1) * sizeof end, sizeof end);
        if (i > 1) memcpy(&start, ends.at + (i - 2) * sizeof start, sizeof start);
        buffer_add_byte(&check->path, '/');
        buffer_add(&check->path, names.at + start, end - start);
    }
}

/* Whether a stored group has what was counted: the bytes of a state are a function of it. */
static bool is_same(const struct view *view, const struct tallied_group *counted,
                    const struct tallied_group *stored)
{
    AUTO_BUFFER struct buffer a = {0}, b = {0};
    if (counted->event_count != stored->event_count) return false;
    for (size_t i = 0; i < view->aggregate_count; i++) {
        const struct aggregate *const aggregate = &view->aggregates[i];
        if (!tally_can_merge(aggregate)) continue; /* then nothing is made of it */
        aggregate_pack(aggregate, &counted->tallies[i].state, &a);
        aggregate_pack(aggregate, &stored->tallies[i].state, &b);
    }
    return slice_equal(buffer_slice(&a), buffer_slice(&b));
}

/* What rows of the nodes above are made of is what the node itself shows. */
static bool has_same_row(struct nodes_check *nodes, const struct verify_node *stored)
{
    AUTO_BUFFER struct buffer a = {0}, b = {0};
    const struct placed *const placed = &nodes->placed;
    if (placed->is_root) return true;
    verify_node_row(nodes->check, nodes->view, KIND_JSON, placed->group, &placed->id,
                    &placed->parent, &a);
    verify_node_row(nodes->check, nodes->view, KIND_JSON, &stored->group,
                    &stored->group.dimensions[0], &stored->parent, &b);
    return slice_equal(buffer_slice(&a), buffer_slice(&b));
}

static bool check_state(struct nodes_check *nodes, struct error *err)
{
    AUTO(verify_node_done) struct verify_node stored = {0};
    const struct placed *const placed = &nodes->placed;
    enum db_finding const found =
        verify_node_read(nodes->check->snapshot, nodes->view, placed->key, &stored, err);
    if (found != DB_FOUND) return found == DB_MISSING; /* as its files */
    if (!placed->is_root && !slice_equal(stored.above, placed->above))
        verify_emit(nodes->check, "/", "does not stand where the events say");
    if (!is_same(nodes->view, placed->group, &stored.group) || !has_same_row(nodes, &stored))
        verify_emit(nodes->check, verify_extension(KIND_TOTAL),
                    "has a state that the events do not give");
    return true;
}

/* Those of its rows in a breakdown, which rows of the nodes above are made of. */
static bool check_rows_states(struct nodes_check *nodes, const struct tallied_view *breakdown,
                              struct error *err)
{
    const struct view *const view = breakdown->view;
    unsigned const depth = (unsigned)view->dimension_count;
    bool same = true;
    size_t count;
    const struct tallied_group *const rows =
        verify_breakdown_rows(breakdown, &nodes->placed.id, &count);
    for (size_t i = 0; i < count && same; i++) {
        AUTO_ARENA struct arena arena = {0};
        struct group group;
        struct tallied_group stored;
        enum db_finding const found =
            groups_get(nodes->check->snapshot->txn, view, depth, rows[i].key, &group, err);
        if (found == DB_MISSING) continue; /* which the file lacks */
        if (found == DB_FAILED ||
            !verify_group_read(view, rows[i].key, depth, &group, &arena, &stored, err))
            return false;
        same = is_same(view, &rows[i], &stored);
    }
    if (same) return true;
    AUTO_BUFFER struct buffer name = {0};
    buffer_add_text(&name, "/.");
    buffer_add_slice(&name, view->breakdown);
    buffer_add_text(&name, verify_extension(KIND_JSON));
    buffer_add_byte(&name, '\0');
    verify_emit(nodes->check, (char *)name.at, "has a state that the events do not give");
    return true;
}

/* Where the node stands by the events. */
static bool place(struct nodes_check *nodes, const struct tallied_group *group, struct arena *arena,
                  struct placed *placed, struct error *err)
{
    AUTO_BUFFER struct buffer above = {0};
    const struct view *const view = nodes->view;
    struct group parent;
    *placed = (struct placed){
        .group = group, .key = group->key, .above = hierarchy_root, .id = group->dimensions[0]};
    if (!verify_hierarchy_parent(nodes->check->view, group, &above, &placed->parent)) return true;
    enum db_finding const found =
        groups_get(nodes->check->snapshot->txn, view, 1, buffer_slice(&above), &parent, err);
    if (found == DB_FOUND || view->hierarchy->kind == HIERARCHY_PATHS)
        placed->above = arena_copy(arena, buffer_slice(&above));
    return found != DB_FAILED;
}

static bool check_node(struct nodes_check *nodes, struct error *err)
{
    if (!check_state(nodes, err)) return false;
    for (size_t i = 0; i < nodes->breakdown_count; i++) {
        if (!check_rows_states(nodes, &nodes->breakdowns[i], err)) return false;
    }
    return verify_node_files(nodes, err);
}

/* The name of the node among those of all. */
static bool next_id(struct nodes_check *nodes, struct error *err)
{
    AUTO_BUFFER struct buffer name = {0};
    const struct placed *const placed = &nodes->placed;
    if (!nodes->lists_same) return true;
    verify_node_name(nodes->check, nodes->view, &placed->id, &placed->parent, true, &name);
    buffer_add_text(&name, ".json");
    return verify_next_name(nodes->listing, buffer_slice(&name), &nodes->lists_same, err);
}

static bool check_range(struct nodes_check *nodes, struct error *err)
{
    const struct tallied_view *const counted = nodes->check->view;
    struct placed root = {.group = counted->levels[0].groups,
                          .is_root = true,
                          .key = hierarchy_root,
                          .above = hierarchy_root};
    nodes->placed = root;
    if (counted->levels[0].count > 0 &&
        (!check_node(nodes, err) ||
         !tree_list(nodes->check->snapshot, &nodes->ids, &nodes->listing, err)))
        return false;
    for (size_t i = 0; i < counted->levels[1].count; i++) {
        AUTO_ARENA struct arena arena = {0};
        if (!place(nodes, &counted->levels[1].groups[i], &arena, &nodes->placed, err)) return false;
        if (!next_id(nodes, err) || !check_node(nodes, err)) return false;
    }
    return true;
}

/* Whether what is below a node can be added to what it has, of the view and what divides it. */
static bool can_merge(const struct schema *schema, const struct view *view)
{
    for (size_t i = 0; i < schema->all_view_count; i++) {
        const struct view *const counted = &schema->views[i];
        if (counted != view && counted->owner != view) continue;
        for (size_t j = 0; j < counted->aggregate_count; j++) {
            if (!tally_can_merge(&counted->aggregates[j])) return false;
        }
    }
    return true;
}

static void counted_done(struct nodes_check *nodes, struct tallied_view *tree)
{
    for (size_t i = 0; i < nodes->breakdown_count; i++)
        tallied_view_done(&nodes->breakdowns[i]);
    nodes->breakdown_count = 0;
    tallied_view_done(tree);
}

/* The nodes of PORTION, NULL: all, and what they are divided into. */
static bool count_nodes(struct nodes_check *nodes, const struct verify_portion *portion,
                        struct tallied_view *ret_tree, bool *ret_fits, struct error *err)
{
    const struct snapshot *const snapshot = nodes->check->snapshot;
    const struct schema *const schema = snapshot->schema;
    if (!tallied_portion_count(snapshot, nodes->view, portion, ret_tree, ret_fits, err))
        return false;
    if (!*ret_fits) return true;
    for (size_t i = schema->view_count; i < schema->all_view_count; i++) {
        const struct view *const view = &schema->views[i];
        if (view->owner != nodes->view) continue;
        bool const good = tallied_portion_count(
            snapshot, view, portion, &nodes->breakdowns[nodes->breakdown_count], ret_fits, err);
        if (!good || !*ret_fits) {
            counted_done(nodes, ret_tree);
            return good;
        }
        nodes->breakdown_count++;
    }
    return true;
}

/* As many nodes as fit, from where the range begins; at first all are tried. */
static bool count_range(struct nodes_check *nodes, struct verify_ranges *ranges,
                        struct tallied_view *ret_tree, struct error *err)
{
    const struct schema *const schema = nodes->check->snapshot->schema;
    size_t views = 1;
    for (size_t i = schema->view_count; i < schema->all_view_count; i++)
        views += schema->views[i].owner == nodes->view;
    for (;;) {
        bool fits;
        if (!verify_ranges_find_end(ranges, err)) return false;
        struct verify_portion const portion =
            verify_ranges_portion(ranges, nodes->check->memory_bytes / 2 / views);
        if (!count_nodes(nodes, &portion, ret_tree, &fits, err)) return false;
        if (fits) return true;
        if (ranges->names < SIZE_MAX)
            verify_ranges_halve(ranges);
        else if (!verify_ranges_count(ranges, err))
            return false;
    }
}

static bool check_counted(struct nodes_check *nodes, struct tallied_view *tree, struct error *err)
{
    nodes->links += tree->links;
    nodes->check->view = tree;
    bool const good = check_range(nodes, err);
    nodes->check->view = NULL;
    counted_done(nodes, tree);
    return good;
}

static bool check_ranges(struct nodes_check *nodes, struct error *err)
{
    AUTO(verify_ranges_done)
    struct verify_ranges ranges = {
        .snapshot = nodes->check->snapshot, .view = nodes->view, .names = SIZE_MAX};
    struct tallied_view tree;
    do {
        if (!count_range(nodes, &ranges, &tree, err) || !check_counted(nodes, &tree, err))
            return false;
    } while (verify_ranges_next(&ranges));
    return true;
}

static bool check_all(struct nodes_check *nodes, struct error *err)
{
    struct tallied_view tree;
    bool fits;
    return count_nodes(nodes, NULL, &tree, &fits, err) && check_counted(nodes, &tree, err);
}

/* That nothing is left of the names of all nodes, and who is named as whose parent. */
static bool check_ends(struct nodes_check *nodes, struct error *err)
{
    struct placed const root = {.is_root = true};
    struct check *const check = nodes->check;
    struct tree_entry surplus;
    nodes->placed = root;
    enum tree_answer const end =
        nodes->lists_same ? tree_listing_next(nodes->listing, &surplus, err) : TREE_FOUND;
    if (end == TREE_FAILED) return false;
    if (end != TREE_MISSING)
        verify_emit(check, "/.node/", "lists other names than the events give");
    check->locate = NULL;
    return verify_links(check, nodes->links, err);
}

bool verify_hierarchy(struct check *check, const struct view *view, struct error *err)
{
    struct tallied_view const uncounted = {.view = view};
    AUTO_FREE struct nodes_check *const nodes = memory_alloc(sizeof *nodes);
    nodes->check = check;
    nodes->view = view;
    nodes->ids = (struct node){.kind = NODE_IDS, .view = view->id};
    nodes->lists_same = true;
    check->locate = set_path;
    check->at = nodes;
    bool good = (can_merge(check->snapshot->schema, view) ? check_ranges : check_all)(nodes, err);
    check->view = &uncounted;
    if (good) good = nodes->listing ? check_ends(nodes, err) : verify_absent(check, err);
    check->locate = NULL;
    check->view = NULL;
    check->at = NULL;
    tree_listing_close(&nodes->listing);
    return good;
}
