// SPDX-License-Identifier: Apache-2.0
#include <xxhash.h>

#include "merge_forest_p.h"

enum { SLOTS_FIRST = 256 };

static struct forest_node **slot_of(const struct forest *forest, struct slice key)
{
    size_t slot = XXH3_64bits(key.at, key.length) & (forest->capacity - 1);
    while (forest->slots[slot] && !slice_equal(forest->slots[slot]->group.key, key))
        slot = (slot + 1) & (forest->capacity - 1);
    return &forest->slots[slot];
}

static void grow(struct forest *forest)
{
    struct forest_node **const old = forest->slots;
    size_t const old_capacity = forest->capacity;
    forest->capacity = old_capacity ? old_capacity * 2 : SLOTS_FIRST;
    forest->slots = memory_alloc(forest->capacity * sizeof *forest->slots);
    for (size_t i = 0; i < old_capacity; i++) {
        if (old[i]) *slot_of(forest, old[i]->group.key) = old[i];
    }
    free(old);
}

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
    if (forest->count * 2 >= forest->capacity) grow(forest);
    struct forest_node **const slot = slot_of(forest, key);
    struct forest_node *const known = *slot;
    if (known) return known;
    struct arena *const arena = &forest->merge->arena;
    struct forest_node *const node = ARENA_NEW(arena, struct forest_node);
    node->group.key = arena_copy(arena, key);
    if (exact.length) node->group.exact = arena_copy(arena, exact);
    if (!load(forest, node, err)) return NULL;
    *slot = node;
    forest->count++;
    return node;
}

void forest_touch(struct forest *forest, struct forest_node *node)
{
    if (node->touched) return;
    node->touched = true;
    node->levels =
        ARENA_ARRAY(&forest->merge->arena, struct forest_rows, forest->merge->view->forest->levels);
    if (forest->touched_count == forest->touched_capacity) {
        forest->touched_capacity =
            forest->touched_capacity ? forest->touched_capacity * 2 : SLOTS_FIRST;
        forest->touched =
            memory_resize(forest->touched, forest->touched_capacity * sizeof *forest->touched);
    }
    forest->touched[forest->touched_count++] = node;
}
