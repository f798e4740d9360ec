// SPDX-License-Identifier: Apache-2.0
#include "delta.h"

static bool has_postponed(const struct delta *delta)
{
    for (size_t i = 0; i < delta->schema->all_view_count; i++) {
        if (delta->postponed[i]) return true;
    }
    return false;
}

static bool is_postponed(const struct delta *delta, const struct view *view)
{
    return delta->postponed[view - delta->schema->views];
}

static struct delta_leaf *same_leaf(struct delta *kept, const struct delta_leaf *leaf)
{
    return delta_leaf_of(kept, leaf->view, leaf->depth, leaf->key, leaf->exact);
}

static void keep_leaf(struct delta *kept, const struct delta_leaf *leaf)
{
    struct delta_leaf *const same = same_leaf(kept, leaf);
    same->event_count = leaf->event_count;
    for (size_t i = 0; i < leaf->view->aggregate_count; i++)
        measure_merge(&leaf->view->aggregates[i], &same->states[i], &leaf->states[i], &kept->arena);
}

bool delta_clear_merged(struct delta *delta)
{
    struct delta kept;
    if (!has_postponed(delta)) {
        delta_clear(delta);
        return false;
    }
    delta_flush(delta);
    delta_init(&kept, delta->schema);
    kept.cutoffs = delta->cutoffs;
    kept.cycle = delta->cycle;
    for (size_t i = 0; i < delta->leaves.capacity; i++) {
        const struct delta_leaf *const leaf = delta->leaves.slots[i].entry;
        if (leaf && is_postponed(delta, leaf->view)) keep_leaf(&kept, leaf);
    }
    for (size_t i = 0; i < delta->values.capacity; i++) {
        const struct delta_value *const value = delta->values.slots[i].entry;
        if (value && is_postponed(delta, value->leaf->view))
            delta_add_value(&kept, same_leaf(&kept, value->leaf), value->set,
                            delta_value_key(value), value->exact, value->weight);
    }
    delta_flush(&kept);
    delta_done(delta);
    *delta = kept;
    return true;
}
