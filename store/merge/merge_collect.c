/* The groups of all depths that a delta changes, from its leaves, with what is stored of them:
 * steps 1 and 2 of merge.c.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "base/radix_sort.h"
#include "merge/merge_p.h"

/* So many leaves are loaded at a time. A portion may be larger by them. */
enum { LOADED_LEAVES = 64 };

static struct slice leaf_key(const void *items, size_t i)
{
    return ((struct delta_leaf *const *)items)[i]->key;
}

static void sort_leaves(struct arena *arena, struct own_leaves *leaves)
{
    if (leaves->count == 0) return;
    AUTO_FREE uint32_t *const order =
        radix_sort(leaves->list, leaf_key, leaves->count,
                   radix_sort_common(leaves->list, leaf_key, leaves->count));
    struct delta_leaf **const sorted = ARENA_ARRAY(arena, struct delta_leaf *, leaves->count);
    for (size_t i = 0; i < leaves->count; i++)
        sorted[i] = leaves->list[order[i]];
    leaves->list = sorted;
}

void merge_collect(struct merge *merge)
{
    size_t const levels = merge->view->dimension_count + 1;
    const struct buffer *const all = &delta_view_of(merge->delta, merge->view)->leaves;
    struct delta_leaf *const *const list = (const void *)all->at;
    size_t const count = all->length / sizeof *list;
    for (size_t i = 0; i < count; i++)
        merge->own[list[i]->depth].count++;
    for (size_t depth = 0; depth < levels; depth++) {
        struct own_leaves *const leaves = &merge->own[depth];
        leaves->list = ARENA_ARRAY(&merge->lists, struct delta_leaf *, leaves->count);
        leaves->count = 0;
    }
    for (size_t i = 0; i < count; i++) {
        struct own_leaves *const leaves = &merge->own[list[i]->depth];
        leaves->list[leaves->count++] = list[i];
    }
    for (size_t depth = 0; depth < levels; depth++)
        sort_leaves(&merge->lists, &merge->own[depth]);
}

/* The leaf that comes next in the order of keys, groups above in front of those under them;
 * NULL: none is left. */
static struct delta_leaf *next_leaf(const struct merge *merge)
{
    struct delta_leaf *first = NULL;
    for (size_t depth = 0; depth <= merge->view->dimension_count; depth++) {
        const struct own_leaves *const own = &merge->own[depth];
        if (own->next == own->count) continue;
        struct delta_leaf *const leaf = own->list[own->next];
        if (!first || slice_compare(leaf->key, first->key) < 0) first = leaf;
    }
    return first;
}

/* The copies are needed as the next put may move what the transaction has. */
static bool load(struct merge *merge, unsigned depth, struct merge_group *group, struct error *err)
{
    const struct view *const view = merge->view;
    struct arena *const arena = &merge->arena;
    struct group *const stored = &group->group;
    switch (groups_get(merge->txn, view, depth, group->key, stored, err)) {
    case DB_FOUND: break;
    case DB_MISSING:
        *stored = (struct group){.id = merge->meta->next_group_id++, .exact = group->exact};
        return true;
    case DB_FAILED: return false;
    }
    group->existed = true;
    stored->exact = arena_copy(arena, stored->exact);
    stored->states = arena_copy(arena, stored->states);
    stored->text = arena_copy(arena, stored->text);
    group->stored = ARENA_ARRAY(arena, struct state, view->aggregate_count);
    return group_states(view, stored, arena, group->stored, err);
}

/* The first DEPTH dimensions of the leaf's, which are PACKED. */
static struct slice prefix_of(const struct delta_leaf *leaf, struct slice packed, unsigned depth)
{
    if (packed.length == 0 || depth == leaf->depth) return packed;
    return slice_of(packed.at, group_key_prefix(packed, depth));
}

/* The leaf's group, which is not before the level's last one, and those above it. */
static struct merge_group *group_of(struct merge *merge, const struct delta_leaf *leaf)
{
    struct merge_group *child = NULL, *found = NULL;
    for (unsigned depth = leaf->depth;; depth--) {
        struct level *const level = &merge->levels[depth];
        /* a packed dimension is the beginning of no other one */
        bool const is_known = level->last && slice_starts(leaf->key, level->last->key);
        struct merge_group *const group =
            is_known ? level->last : ARENA_NEW(&merge->arena, struct merge_group);
        if (child) child->parent = group;
        if (!found) found = group;
        if (is_known) break;
        group->key = prefix_of(leaf, leaf->key, depth);
        struct slice const exact = prefix_of(leaf, leaf->exact, depth);
        if (!slice_equal(exact, group->key)) group->exact = exact; /* else nothing was cut */
        *(level->last ? &level->last->next : &level->first) = group;
        level->last = child = group;
        if (depth == 0) break;
    }
    return found;
}

/* The groups that came since the last time: level by level, as those of one stand side by side in
 * the table. */
static bool load_new(struct merge *merge, struct error *err)
{
    for (unsigned depth = 0; depth <= merge->view->dimension_count; depth++) {
        struct level *const level = &merge->levels[depth];
        struct merge_group *group = level->loaded ? level->loaded->next : level->first;
        for (; group; group = group->next) {
            if (!load(merge, depth, group, err)) return false;
            level->loaded = group;
        }
    }
    return true;
}

static struct state *states_of(struct merge *merge, struct merge_group *group)
{
    if (!group->states)
        group->states = ARENA_ARRAY(&merge->arena, struct state, merge->view->aggregate_count);
    return group->states;
}

/* ENTITIES: also what is over rows of entities, which are of one group alone. */
static void add_states(struct merge *merge, struct state *into, const struct state *delta,
                       bool entities)
{
    for (size_t i = 0; i < merge->view->aggregate_count; i++) {
        const struct aggregate *const aggregate = &merge->view->aggregates[i];
        if (entities || !aggregate->entities)
            aggregate_merge(aggregate, &into[i], &delta[i], &merge->arena);
    }
}

static void take_leaf(struct merge *merge, struct delta_leaf *leaf)
{
    struct merge_group *const group = group_of(merge, leaf);
    merge->own[leaf->depth].next++;
    leaf->group = group;
    group->event_count += leaf->event_count;
    if (leaf->depth == merge->view->dimension_count)
        group->states = leaf->states; /* it is used up with the delta */
    else
        add_states(merge, states_of(merge, group), leaf->states, true);
}

/* Each group's delta into that of the group above, and what is stored of it into its own. */
static void add_up(struct merge *merge)
{
    for (size_t above = merge->view->dimension_count + 1; above > 0; above--) {
        for (struct merge_group *group = merge->levels[above - 1].first; group;
             group = group->next) {
            struct merge_group *const parent = group->parent;
            if (parent) {
                parent->event_count += group->event_count;
                add_states(merge, states_of(merge, parent), group->states, false);
            }
            if (!group->stored) continue;
            add_states(merge, group->stored, group->states, true);
            group->states = group->stored;
        }
    }
}

/* The values of the portion's leaves: those of each depth that came with it. */
static void gather_values(struct merge *merge, const size_t *first, bool is_all)
{
    const struct buffer *const all = &delta_view_of(merge->delta, merge->view)->values;
    buffer_clear(&merge->gathered);
    for (size_t depth = 0; depth <= merge->view->dimension_count && !is_all; depth++) {
        const struct own_leaves *const own = &merge->own[depth];
        for (size_t i = first[depth]; i < own->next; i++) {
            struct delta_value *value = own->list[i]->values;
            for (; value; value = value->older)
                buffer_add(&merge->gathered, &value, sizeof value);
        }
    }
    const struct buffer *const list = is_all ? all : &merge->gathered;
    merge->values = (const void *)list->at;
    merge->value_count = list->length / sizeof *merge->values;
}

static bool has_room(const struct merge *merge, size_t value_bytes)
{
    return merge->arena.used_bytes + value_bytes < merge->portion_bytes;
}

/* The groups above LEAF, with which the next portion begins. */
static void mark_open(struct merge *merge, const struct delta_leaf *leaf)
{
    for (size_t depth = 0; leaf && depth <= merge->view->dimension_count; depth++) {
        struct merge_group *const group = merge->levels[depth].last;
        if (group) group->is_open = slice_starts(leaf->key, group->key);
    }
}

enum portion_step merge_next_portion(struct merge *merge, struct error *err)
{
    size_t first[SCHEMA_DIMENSIONS_MAX + 1], value_bytes = 0;
    struct delta_leaf *leaf = next_leaf(merge);
    bool is_all = true;
    if (!leaf) return PORTION_END;
    arena_reset(&merge->arena);
    memset(merge->levels, 0, sizeof merge->levels);
    for (size_t depth = 0; depth <= merge->view->dimension_count; depth++) {
        first[depth] = merge->own[depth].next;
        is_all &= first[depth] == 0;
    }
    do {
        size_t taken = 0;
        do {
            take_leaf(merge, leaf);
            value_bytes += (leaf->depth + 1) * leaf->value_bytes;
            leaf = next_leaf(merge);
        } while (leaf && ++taken < LOADED_LEAVES && has_room(merge, value_bytes));
        if (!load_new(merge, err)) return PORTION_FAILED;
    } while (leaf && has_room(merge, value_bytes));
    mark_open(merge, leaf);
    add_up(merge);
    gather_values(merge, first, is_all && !leaf);
    return PORTION_ONE;
}
