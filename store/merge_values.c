// SPDX-License-Identifier: Apache-2.0
#include "merge_p.h"
#include "multisets.h"

struct value_change {
    struct merge_group *group;
    const struct delta_value *value;
    int64_t weight;
};

static int compare_places(const struct value_change *left, const struct value_change *right)
{
    uint64_t const left_id = left->group->group.id, right_id = right->group->group.id;
    if (left_id != right_id) return left_id < right_id ? -1 : 1;
    return left->value->set - right->value->set;
}

static int compare_values(const void *a, const void *b)
{
    const struct value_change *const left = a, *const right = b;
    int const places = compare_places(left, right);
    return places ? places
                  : slice_compare(delta_value_key(left->value), delta_value_key(right->value));
}

bool merge_lost_count(struct error *err)
{
    (void)error_set(err, ERROR_CORRUPT, "a view has forgotten events that it counted");
    (void)error_place(err, "groups");
    return error_remedy(err, "tally rebuild STORE");
}

static struct multiset_place place_of(const struct merge *merge, const struct value_change *change)
{
    uint8_t const set = change->value->set;
    return (struct multiset_place){.group = change->group->group.id,
                                   .set = set,
                                   .is_ranked = merge->view->multisets[set].is_ranked};
}

/* Adds to the weight of one value of one group. */
static bool put_weight(struct merge *merge, const struct value_change *change, struct error *err)
{
    struct weights weights;
    const struct view *const view = merge->view;
    struct slice const key = delta_value_key(change->value);
    if (!multiset_add(merge->txn, place_of(merge, change), key, change->value->exact,
                      change->weight, &weights, err))
        return false;
    for (size_t i = 0; i < view->aggregate_count; i++) {
        const struct aggregate *const aggregate = &view->aggregates[i];
        struct state *const state = &change->group->states[i];
        if (aggregate->multiset != change->value->set) continue;
        if (aggregate->kind == AGGREGATE_UNIQ)
            state->count += (weights.new_weight > 0) - (weights.old_weight > 0);
        multiset_shift(aggregate, state, key, change->weight);
    }
    return true;
}

/* All weights of the change's multiset are put. */
static bool settle(struct merge *merge, const struct value_change *change, struct error *err)
{
    const struct view *const view = merge->view;
    for (size_t i = 0; i < view->aggregate_count; i++) {
        if (view->aggregates[i].multiset != change->value->set) continue;
        if (!multiset_settle(merge->txn, place_of(merge, change), &view->aggregates[i],
                             &change->group->states[i], &merge->arena, err))
            return false;
    }
    return true;
}

static bool put_weights(struct merge *merge, struct value_change *changes, size_t count,
                        struct error *err)
{
    qsort(changes, count, sizeof *changes, compare_values);
    for (size_t i = 0; i < count;) {
        struct value_change sum = changes[i];
        for (i++; i < count && compare_values(&sum, &changes[i]) == 0; i++)
            sum.weight += changes[i].weight;
        if (sum.weight != 0 && !put_weight(merge, &sum, err)) return false;
        bool const last = i == count || compare_places(&sum, &changes[i]) != 0;
        if (last && !settle(merge, &sum, err)) return false;
    }
    return true;
}

bool merge_values(struct merge *merge, const struct delta *delta, struct error *err)
{
    size_t const levels = merge->view->dimension_count + 1;
    struct value_change *const changes =
        memory_alloc((delta->values.count ? delta->values.count : 1) * levels * sizeof *changes);
    size_t count = 0;
    for (size_t i = 0; i < delta->values.capacity; i++) {
        const struct delta_value *const value = delta->values.slots[i].entry;
        if (!value || value->leaf->view != merge->view || value->weight == 0) continue;
        for (struct merge_group *group = value->leaf->group; group; group = group->parent)
            changes[count++] =
                (struct value_change){.group = group, .value = value, .weight = value->weight};
    }
    bool const good = count == 0 || put_weights(merge, changes, count, err);
    free(changes);
    return good;
}
