// SPDX-License-Identifier: Apache-2.0
#include "merge_forest_p.h"

enum { TOUCHED_FIRST = 256 };

/* What is stored of the node. */
static bool load(struct forest *forest, struct forest_node *node, struct error *err)
{
    struct merge *const merge = forest->merge;
    struct arena *const arena = &merge->arena;
    struct group *const stored = &node->group.group;
    enum db_finding const found = forest_get(merge->txn, merge->view, node->group.key, stored, err);
    if (found == DB_FAILED) return false;
    if (found == DB_MISSING) {
        *stored = (struct group){.exact = node->group.exact};
        return true;
    }
    node->group.existed = node->exists = true;
    stored->exact = arena_copy(arena, stored->exact);
    stored->states = arena_copy(arena, stored->states);
    stored->text = arena_copy(arena, stored->text);
    stored->forest = arena_copy(arena, stored->forest);
    if (!forest_facts_unpack(merge->view, stored, &node->old, err)) return false;
    buffer_clear(&forest->key);
    if (!forest_parent_key(merge->view, &node->old, &forest->key)) return merge_lost_count(err);
    node->facts = node->old;
    node->old_parent = node->new_parent = arena_copy(arena, buffer_slice(&forest->key));
    return true;
}

struct forest_node *forest_node_of(struct forest *forest, struct slice key, struct slice exact,
                                   struct error *err)
{
    struct arena *const arena = &forest->merge->arena;
    bool is_new;
    struct forest_node *const node =
        key_table_find(&forest->nodes, key, sizeof *node, arena, &is_new);
    if (!is_new) return node;
    if (exact.length) node->group.exact = arena_copy(arena, exact);
    return load(forest, node, err) ? node : NULL;
}

void forest_touch(struct forest *forest, struct forest_node *node)
{
    if (node->touched) return;
    node->touched = true;
    node->levels =
        ARENA_ARRAY(&forest->merge->arena, struct forest_rows, forest->merge->view->forest->levels);
    if (forest->touched_count == forest->touched_capacity) {
        forest->touched_capacity =
            forest->touched_capacity ? forest->touched_capacity * 2 : TOUCHED_FIRST;
        forest->touched =
            memory_resize(forest->touched, forest->touched_capacity * sizeof *forest->touched);
    }
    forest->touched[forest->touched_count++] = node;
}
