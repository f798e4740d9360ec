/* All that one node of a hierarchy is, in files. They are looked up in the directory of its parent,
 * so that a deep one costs no more.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "verify/verify_hierarchy_p.h"

enum { ROOT_NAME_BYTES = 512 };

static void expect_row(struct nodes_check *nodes, enum kind kind)
{
    const struct placed *const node = &nodes->placed;
    struct buffer *const text = &nodes->check->expected;
    buffer_clear(text);
    if (kind == KIND_CSV) verify_node_header(nodes->view, text);
    verify_node_row(nodes->check, nodes->view, kind, node->group, &node->id, &node->parent, text);
    buffer_add_byte(text, '\n');
}

/* What the node is divided into. One that it has nothing of is not listed. */
static bool check_breakdowns(struct nodes_check *nodes, struct error *err)
{
    struct check *const check = nodes->check;
    for (size_t i = 0; i < nodes->breakdown_count; i++) {
        const struct tallied_view *const breakdown = &nodes->breakdowns[i];
        AUTO_BUFFER struct buffer stem = {0};
        size_t count;
        const struct tallied_group *const rows =
            verify_breakdown_rows(breakdown, &nodes->placed.id, &count);
        buffer_add_byte(&stem, '.');
        buffer_add_slice(&stem, breakdown->view->breakdown);
        for (enum kind kind = KIND_JSON; kind <= KIND_CSV && count > 0; kind++) {
            if (!breakdown->view->formats[kind]) continue;
            verify_breakdown_expect(check, breakdown->view, kind, rows, count);
            if (!verify_node_file(check, &nodes->placed.directory, buffer_slice(&stem),
                                  verify_extension(kind), err))
                return false;
        }
    }
    return true;
}

static bool next_breakdowns(const struct nodes_check *nodes, struct tree_listing *listing,
                            bool *good, struct error *err)
{
    for (size_t i = 0; i < nodes->breakdown_count && *good; i++) {
        AUTO_BUFFER struct buffer name = {0};
        size_t count;
        (void)verify_breakdown_rows(&nodes->breakdowns[i], &nodes->placed.id, &count);
        if (count == 0) continue;
        buffer_add_byte(&name, '.');
        buffer_add_slice(&name, nodes->breakdowns[i].view->breakdown);
        buffer_add_text(&name, ".json");
        if (!verify_next_name(listing, buffer_slice(&name), good, err)) return false;
    }
    return true;
}

static bool next_children(const struct nodes_check *nodes, struct tree_listing *listing, bool *good,
                          struct error *err)
{
    AUTO(verify_children_close) struct verify_children children = {0};
    AUTO(verify_node_done) struct verify_node node = {0};
    AUTO_BUFFER struct buffer name = {0};
    const struct snapshot *const snapshot = nodes->check->snapshot;
    enum db_finding found = DB_MISSING;
    if (!verify_children_open(&children, snapshot, nodes->view, nodes->placed.key, err))
        return false;
    while (*good && (found = verify_children_next(&children, &node, err)) == DB_FOUND) {
        buffer_clear(&name);
        verify_node_name(nodes->check, nodes->view, &node.group.dimensions[0], &node.parent, false,
                         &name);
        if (!verify_next_name(listing, buffer_slice(&name), good, err)) return false;
        buffer_add_text(&name, ".json");
        if (*good && !verify_next_name(listing, buffer_slice(&name), good, err)) return false;
    }
    return found != DB_FAILED;
}

/* The names in the node's directory. */
static bool check_listing(struct nodes_check *nodes, struct error *err)
{
    struct check *const check = nodes->check;
    AUTO(tree_listing_close) struct tree_listing *listing = NULL;
    struct tree_entry surplus;
    bool good = true;
    if (!tree_list(check->snapshot, &nodes->placed.directory, &listing, err) ||
        !verify_next_name(listing, slice_text(".total.json"), &good, err) ||
        !next_breakdowns(nodes, listing, &good, err) || !next_children(nodes, listing, &good, err))
        return false;
    enum tree_answer const end = good ? tree_listing_next(listing, &surplus, err) : TREE_FOUND;
    if (end == TREE_FAILED) return false;
    if (end != TREE_MISSING) verify_emit(check, "/", "lists other names than the events give");
    return true;
}

/* The directory that the node is in. It is found by names itself where that node is looked at. */
static bool find_above(const struct nodes_check *nodes, struct arena *arena, struct node *ret_above,
                       struct error *err)
{
    AUTO(verify_node_done) struct verify_node above = {0};
    AUTO_BUFFER struct buffer key = {0};
    const struct placed *const placed = &nodes->placed;
    *ret_above = (struct node){.kind = NODE_GROUP, .view = nodes->view->id};
    if (hierarchy_is_root(placed->above)) return true;
    enum db_finding const found =
        verify_node_read(nodes->check->snapshot, nodes->view, placed->above, &above, err);
    if (found == DB_FAILED) return false;
    buffer_set(&key, found == DB_FOUND ? above.above : hierarchy_root);
    buffer_add_slice(&key, placed->above);
    ret_above->depth = 1;
    ret_above->key = arena_copy(arena, buffer_slice(&key));
    return true;
}

/* ABOVE: the directory that it is in. */
static bool check_files(struct nodes_check *nodes, const struct node *above, struct slice stem,
                        struct error *err)
{
    struct check *const check = nodes->check;
    AUTO_ARENA struct arena arena = {0};
    AUTO_BUFFER struct buffer id = {0};
    struct node_stat stat;
    struct placed *const node = &nodes->placed;
    verify_node_name(check, nodes->view, &node->id, &node->parent, true, &id);
    for (enum kind kind = KIND_JSON; kind <= KIND_CSV; kind++) {
        if (!nodes->view->formats[kind]) continue;
        if (!verify_node_rows(nodes, kind, above, stem, err)) return false;
        expect_row(nodes, kind);
        if (!node->is_root &&
            !verify_node_file(check, &nodes->ids, buffer_slice(&id), verify_extension(kind), err))
            return false;
    }
    switch (tree_lookup(check->snapshot, above, stem, &arena, &node->directory, &stat, err)) {
    case TREE_FOUND: break;
    case TREE_FAILED: return false;
    case TREE_MISSING:
    case TREE_NEVER:
    case TREE_UNKNOWN: verify_emit(check, "/", "is missing"); return true;
    }
    expect_row(nodes, KIND_TOTAL);
    return verify_node_file(check, &node->directory, slice_text(""), ".total.json", err) &&
           check_breakdowns(nodes, err) && check_listing(nodes, err);
}

bool verify_node_files(struct nodes_check *nodes, struct error *err)
{
    AUTO_ARENA struct arena arena = {0};
    const struct placed *const placed = &nodes->placed;
    struct node above = {.kind = NODE_ROOT};
    STACK_BUFFER(stem, ROOT_NAME_BYTES);
    if (placed->is_root) {
        verify_set_path(nodes->check, NULL, 0);
        buffer_add_slice(&stem, buffer_slice(&nodes->check->path));
    } else {
        if (!find_above(nodes, &arena, &above, err)) return false;
        verify_node_name(nodes->check, nodes->view, &placed->id, &placed->parent, false, &stem);
    }
    return check_files(nodes, &above, buffer_slice(&stem), err);
}
