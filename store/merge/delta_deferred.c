// SPDX-License-Identifier: Apache-2.0
#include "merge/delta.h"

static bool has_postponed(const struct delta *delta)
{
    for (size_t i = 0; i < delta->schema->all_view_count; i++) {
        if (delta->views[i].is_postponed) return true;
    }
    return false;
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
        aggregate_merge(&leaf->view->aggregates[i], &same->states[i], &leaf->states[i],
                        delta_arena(kept, leaf->view));
}

static void keep_view(struct delta *kept, const struct delta_view *view)
{
    struct delta_leaf *const *const leaves = (const void *)view->leaves.at;
    struct delta_value *const *const values = (const void *)view->values.at;
    for (size_t i = 0; i < view->leaves.length / sizeof *leaves; i++)
        keep_leaf(kept, leaves[i]);
    for (size_t i = 0; i < view->values.length / sizeof *values; i++)
        delta_add_value(kept, same_leaf(kept, values[i]->leaf), values[i]->set,
                        delta_value_key(values[i]), values[i]->exact, values[i]->weight);
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
    kept.secret = delta->secret;
    kept.cutoffs = delta->cutoffs;
    kept.cycle = delta->cycle;
    for (size_t i = 0; i < delta->schema->all_view_count; i++) {
        if (delta->views[i].is_postponed) keep_view(&kept, &delta->views[i]);
    }
    delta_flush(&kept);
    delta_done(delta);
    *delta = kept;
    return true;
}
