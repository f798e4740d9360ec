/* The groups of all depths that a delta changes, from its leaves: step 1 of merge.c.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "base/radix_sort.h"
#include "merge/merge_p.h"

static struct slice leaf_key(const void *items, size_t i)
{
    return ((struct delta_leaf *const *)items)[i]->key;
}

/* What the delta has of the groups of one depth, sorted. */
struct own_leaves {
    struct delta_leaf **list;
    size_t count;
};

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

/* The delta's groups of the view. */
static void collect_leaves(struct merge *merge, struct own_leaves *ret_leaves)
{
    size_t const levels = merge->view->dimension_count + 1;
    const struct buffer *const all = &delta_view_of(merge->delta, merge->view)->leaves;
    struct delta_leaf *const *const list = (const void *)all->at;
    size_t const count = all->length / sizeof *list;
    for (size_t i = 0; i < count; i++)
        ret_leaves[list[i]->depth].count++;
    for (size_t depth = 0; depth < levels; depth++) {
        struct own_leaves *const leaves = &ret_leaves[depth];
        leaves->list = ARENA_ARRAY(&merge->arena, struct delta_leaf *, leaves->count);
        leaves->count = 0;
    }
    for (size_t i = 0; i < count; i++) {
        struct own_leaves *const leaves = &ret_leaves[list[i]->depth];
        leaves->list[leaves->count++] = list[i];
    }
    for (size_t depth = 0; depth < levels; depth++)
        sort_leaves(&merge->arena, &ret_leaves[depth]);
}

void merge_states(struct merge *merge, struct state *into, const struct state *delta, bool entities)
{
    for (size_t i = 0; i < merge->view->aggregate_count; i++) {
        const struct aggregate *const aggregate = &merge->view->aggregates[i];
        if (entities || !aggregate->entities)
            aggregate_merge(aggregate, &into[i], &delta[i], &merge->arena);
    }
}

/* The group with KEY, which is not before that of the level's last one. */
static struct merge_group *group_of(struct merge *merge, struct level *level, struct slice key,
                                    struct slice exact)
{
    struct merge_group *group = level->count ? &level->groups[level->count - 1] : NULL;
    if (group && slice_equal(group->key, key)) return group;
    group = &level->groups[level->count++];
    *group = (struct merge_group){.key = key};
    if (!slice_equal(exact, key)) group->exact = exact; /* none of its own dimensions was cut */
    group->states = ARENA_ARRAY(&merge->arena, struct state, merge->view->aggregate_count);
    return group;
}

static void add_leaf(struct merge *merge, struct level *level, struct delta_leaf *leaf)
{
    struct merge_group *const group = group_of(merge, level, leaf->key, leaf->exact);
    leaf->group = group;
    group->event_count += leaf->event_count;
    merge_states(merge, group->states, leaf->states, true);
}

static struct slice parent_key(const struct merge_group *child, unsigned depth)
{
    return slice_of(child->key.at, group_key_prefix(child->key, depth));
}

static void add_child(struct merge *merge, struct level *level, struct merge_group *child,
                      unsigned depth)
{
    struct slice const exact =
        child->exact.length ? slice_of(child->exact.at, group_key_prefix(child->exact, depth))
                            : (struct slice){0};
    struct merge_group *const parent = group_of(merge, level, parent_key(child, depth), exact);
    child->parent = parent;
    parent->event_count += child->event_count;
    merge_states(merge, parent->states, child->states, false);
}

/* The groups of DEPTH from those one deeper, and from what the delta has of them itself. */
static void collect_groups(struct merge *merge, const struct own_leaves *own, unsigned depth)
{
    bool const deepest = depth == merge->view->dimension_count;
    struct level *const level = &merge->levels[depth];
    const struct level *const children = deepest ? NULL : &merge->levels[depth + 1];
    size_t const child_count = children ? children->count : 0;
    size_t child = 0, leaf = 0;
    level->groups = ARENA_ARRAY(&merge->arena, struct merge_group, own->count + child_count);
    while (leaf < own->count || child < child_count) {
        struct merge_group *const next = child < child_count ? &children->groups[child] : NULL;
        bool const own_first =
            leaf < own->count &&
            (!next || slice_compare(own->list[leaf]->key, parent_key(next, depth)) <= 0);
        if (own_first) {
            add_leaf(merge, level, own->list[leaf++]);
        } else {
            add_child(merge, level, next, depth);
            child++;
        }
    }
}

void merge_collect(struct merge *merge)
{
    struct own_leaves own[SCHEMA_DIMENSIONS_MAX + 1] = {{.count = 0}};
    collect_leaves(merge, own);
    for (unsigned depth = (unsigned)merge->view->dimension_count + 1; depth > 0; depth--)
        collect_groups(merge, &own[depth - 1], depth - 1);
}
