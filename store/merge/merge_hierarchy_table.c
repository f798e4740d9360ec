// SPDX-License-Identifier: Apache-2.0
#include "merge/merge_hierarchy_p.h"

enum { TOUCHED_FIRST = 256 };

/* What is stored of the node. */
static bool merge_hierarchy_table_load(struct hierarchy *hierarchy, struct hierarchy_node *node,
                                       struct error *err)
{
    struct merge *const merge = hierarchy->merge;
    struct arena *const arena = &merge->arena;
    struct group *const stored = &node->group.group;
    enum db_finding const found =
        hierarchy_get(merge->txn, merge->view, node->group.key, stored, err);
    if (found == DB_FAILED) return false;
    if (found == DB_MISSING) {
        *stored = (struct group){.exact = node->group.exact};
        return true;
    }
    node->group.existed = node->exists = true;
    stored->exact = arena_copy(arena, stored->exact);
    stored->states = arena_copy(arena, stored->states);
    stored->text = arena_copy(arena, stored->text);
    stored->hierarchy = arena_copy(arena, stored->hierarchy);
    node->old_levels = ARENA_ARRAY(arena, struct rows_delta, merge->view->hierarchy->levels);
    if (!hierarchy_facts_unpack(merge->view, stored, &node->old, node->old_levels, err))
        return false;
    buffer_clear(&hierarchy->key);
    if (!hierarchy_parent_key(merge->view, &node->old, &hierarchy->key))
        return merge_lost_count(err);
    node->facts = node->old;
    node->old_parent = node->new_parent = arena_copy(arena, buffer_slice(&hierarchy->key));
    return true;
}

struct hierarchy_node *hierarchy_node_of(struct hierarchy *hierarchy, struct slice key,
                                         struct slice exact, struct error *err)
{
    struct arena *const arena = &hierarchy->merge->arena;
    bool is_new;
    struct hierarchy_node *const node =
        hash_table_entry(&hierarchy->nodes, key, sizeof *node, arena, &is_new);
    if (!is_new) return node;
    if (exact.length) node->group.exact = arena_copy(arena, exact);
    return merge_hierarchy_table_load(hierarchy, node, err) ? node : NULL;
}

void hierarchy_touch(struct hierarchy *hierarchy, struct hierarchy_node *node)
{
    if (node->touched) return;
    node->touched = true;
    node->levels = ARENA_ARRAY(&hierarchy->merge->arena, struct rows_delta,
                               hierarchy->merge->view->hierarchy->levels);
    if (hierarchy->touched_count == hierarchy->touched_capacity) {
        hierarchy->touched_capacity =
            hierarchy->touched_capacity ? hierarchy->touched_capacity * 2 : TOUCHED_FIRST;
        hierarchy->touched = memory_resize(hierarchy->touched, hierarchy->touched_capacity *
                                                                   sizeof *hierarchy->touched);
    }
    hierarchy->touched[hierarchy->touched_count++] = node;
}

struct hierarchy_node *hierarchy_node_above(struct hierarchy *hierarchy,
                                            struct hierarchy_node *node, struct error *err)
{
    if (!node->above)
        node->above = hierarchy_node_of(hierarchy, node->new_parent, (struct slice){0}, err);
    return node->above;
}
