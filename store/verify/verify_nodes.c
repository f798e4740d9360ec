// SPDX-License-Identifier: Apache-2.0
#include "verify/verify_nodes.h"

#include "types/pack.h"

bool verify_group_read(const struct view *view, struct slice key, unsigned depth,
                       const struct group *group, struct arena *arena,
                       struct tallied_group *ret_group, struct error *err)
{
    struct state *const states = ARENA_ARRAY(arena, struct state, view->aggregate_count);
    *ret_group =
        (struct tallied_group){.key = key,
                               .event_count = group->event_count,
                               .dimensions = ARENA_ARRAY(arena, struct value, depth),
                               .tallies = ARENA_ARRAY(arena, struct tally, view->aggregate_count)};
    if (!group_dimensions(key, group, depth, arena, ret_group->dimensions, err) ||
        !group_states(view, group, arena, states, err))
        return false;
    for (size_t i = 0; i < view->aggregate_count; i++)
        ret_group->tallies[i].state = states[i];
    return true;
}

/* Where it stands, and below what it says it does. */
static bool read_facts(const struct view *view, const struct group *group, struct verify_node *node,
                       struct error *err)
{
    AUTO_BUFFER struct buffer above = {0};
    struct hierarchy_facts facts;
    node->parent = (struct value){.kind = VALUE_NULL};
    if (!hierarchy_facts_unpack(view, group, &facts, NULL, err)) return false;
    struct slice named = facts.parent;
    if ((named.length && unpack_value(&named, &node->arena, &node->parent) != UNPACKED) ||
        !hierarchy_parent_key(view, &facts, &above)) {
        (void)error_set(err, ERROR_CORRUPT, "a node of a tree cannot be read");
        return error_remedy(err, "tally rebuild STORE");
    }
    node->above = arena_copy(&node->arena, buffer_slice(&above));
    return true;
}

enum db_finding verify_node_read(const struct snapshot *snapshot, const struct view *view,
                                 struct slice key, struct verify_node *node, struct error *err)
{
    struct group group;
    struct slice const nothing = {0};
    bool const root = hierarchy_is_root(key);
    arena_reset(&node->arena);
    enum db_finding const found = hierarchy_get(snapshot->txn, view, key, &group, err);
    if (found != DB_FOUND) return found;
    node->key = arena_copy(&node->arena, key);
    if (!verify_group_read(view, root ? nothing : node->key, root ? 0 : 1, &group, &node->arena,
                           &node->group, err) ||
        !read_facts(view, &group, node, err))
        return DB_FAILED;
    return DB_FOUND;
}

void verify_node_done(struct verify_node *node)
{
    arena_done(&node->arena);
}

bool verify_children_open(struct verify_children *children, const struct snapshot *snapshot,
                          const struct view *view, struct slice above, struct error *err)
{
    children->snapshot = snapshot;
    children->view = view;
    buffer_set(&children->above, above);
    return hierarchy_links_open(&children->links, snapshot->txn, view, HIERARCHY_EDGES, above,
                                (struct slice){0}, err);
}

enum db_finding verify_children_next(struct verify_children *children, struct verify_node *node,
                                     struct error *err)
{
    struct slice id;
    enum db_finding found;
    while ((found = hierarchy_links_next(&children->links, &id, NULL, err)) == DB_FOUND) {
        found = verify_node_read(children->snapshot, children->view, id, node, err);
        if (found == DB_FAILED) break;
        /* where the table of links is wrong, the directory lists what it should not */
        if (found == DB_FOUND && slice_equal(node->above, buffer_slice(&children->above))) break;
    }
    return found;
}

void verify_children_close(struct verify_children *children)
{
    hierarchy_links_close(&children->links);
    buffer_done(&children->above);
}
