// SPDX-License-Identifier: Apache-2.0
#include "key_sort.h"
#include "merge_p.h"
#include "multisets.h"

enum { KEY_ROOM_BYTES = DB_KEY_BYTES_MAX };

/* What one leaf's value changes in one group, the leaf or one above it. */
struct value_change {
    struct merge_group *group;
    const struct delta_value *value;
    struct slice key; /* in the order of the table; it begins with group and set */
};

static struct slice change_key(const void *items, size_t i)
{
    return ((const struct value_change *)items)[i].key;
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

/* Adds WEIGHT to that of one value of one group. */
static bool put_weight(struct merge *merge, struct multiset_writer *writer,
                       const struct value_change *change, int64_t weight, struct error *err)
{
    struct weights weights;
    const struct view *const view = merge->view;
    struct slice const key = delta_value_key(change->value);
    if (!multiset_add(writer, place_of(merge, change), key, change->value->exact, weight, &weights,
                      err))
        return false;
    for (size_t i = 0; i < view->aggregate_count; i++) {
        const struct aggregate *const aggregate = &view->aggregates[i];
        struct state *const state = &change->group->states[i];
        if (aggregate->multiset != change->value->set) continue;
        if (aggregate->kind == AGGREGATE_UNIQ)
            state->count += (weights.new_weight > 0) - (weights.old_weight > 0);
        multiset_shift(aggregate, state, key, weight);
    }
    return true;
}

/* ORDER: the changes' numbers in the order of their keys. Several leaves may change one value of a group above them. */
static bool put_weights(struct merge *merge, const struct value_change *changes,
                        const uint32_t *order, size_t count, struct error *err)
{
    AUTO(multiset_writer_close) struct multiset_writer writer = {0};
    if (!multiset_writer_open(merge->txn, &writer, err)) return false;
    for (size_t i = 0; i < count;) {
        const struct value_change *const first = &changes[order[i]];
        int64_t weight = 0;
        for (; i < count && slice_equal(changes[order[i]].key, first->key); i++)
            weight += changes[order[i]].value->weight;
        if (weight != 0 && !put_weight(merge, &writer, first, weight, err)) return false;
    }
    return multiset_writer_finish(&writer, err);
}

static bool same_place(const struct value_change *left, const struct value_change *right)
{
    return left->group == right->group && left->value->set == right->value->set;
}

static bool settle(struct merge *merge, struct multiset_reader *reader,
                   const struct value_change *change, struct error *err)
{
    const struct view *const view = merge->view;
    for (size_t i = 0; i < view->aggregate_count; i++) {
        if (view->aggregates[i].multiset != change->value->set) continue;
        if (!multiset_settle(reader, place_of(merge, change), &view->aggregates[i],
                             &change->group->states[i], &merge->arena, err))
            return false;
    }
    return true;
}

/* Each multiset that changed, once. */
static bool settle_all(struct merge *merge, const struct value_change *changes,
                       const uint32_t *order, size_t count, struct error *err)
{
    AUTO(multiset_reader_close) struct multiset_reader reader = {0};
    if (!multiset_reader_open(merge->txn, &reader, err)) return false;
    for (size_t i = 0; i < count; i++) {
        const struct value_change *const change = &changes[order[i]];
        if (i > 0 && same_place(change, &changes[order[i - 1]])) continue;
        if (!settle(merge, &reader, change, err)) return false;
    }
    return true;
}

static void add_change(struct merge *merge, struct value_change *change, struct merge_group *group,
                       const struct delta_value *value, struct arena *keys)
{
    STACK_BUFFER(key, KEY_ROOM_BYTES);
    *change = (struct value_change){.group = group, .value = value};
    multiset_full_key(place_of(merge, change), delta_value_key(value), &key);
    change->key = arena_copy(keys, buffer_slice(&key));
}

bool merge_values(struct merge *merge, const struct delta *delta, struct error *err)
{
    AUTO_ARENA struct arena keys = {0};
    size_t const levels = merge->view->dimension_count + 1;
    const struct buffer *const all = &delta_view_of(delta, merge->view)->values;
    struct delta_value *const *const values = (const void *)all->at;
    size_t const value_count = all->length / sizeof *values;
    size_t count = 0;
    if (value_count == 0) return true;
    AUTO_FREE struct value_change *const changes =
        memory_alloc(value_count * levels * sizeof *changes);
    for (size_t i = 0; i < value_count; i++) {
        const struct delta_value *const value = values[i];
        if (value->weight == 0) continue;
        bool const own_alone = merge->view->multisets[value->set].entities != NULL;
        for (struct merge_group *group = value->leaf->group; group; group = group->parent) {
            if (merge->view->owner && !group->parent) break; /* entities as a whole show nothing */
            add_change(merge, &changes[count++], group, value, &keys);
            if (own_alone) break; /* the groups above have entities of their own */
        }
    }
    if (count == 0) return true;
    AUTO_FREE uint32_t *const order =
        key_sort(changes, change_key, count, key_sort_common(changes, change_key, count));
    return put_weights(merge, changes, order, count, err) &&
           settle_all(merge, changes, order, count, err);
}
