// SPDX-License-Identifier: Apache-2.0
#include "base/radix_sort.h"
#include "merge/merge_p.h"
#include "schema/aggregate_table.h"
#include "tables/multisets.h"

enum { KEY_ROOM_BYTES = DB_KEY_BYTES_MAX };
/* About what a change takes with its key, and while it is sorted. */
enum { CHANGE_BYTES = 128, CHANGE_LOG_LEAST = 1024 };

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

static struct multiset_place merge_values_place_of(const struct merge *merge,
                                                   const struct value_change *change)
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
    if (!multiset_add(writer, merge_values_place_of(merge, change), key, change->value->exact,
                      weight, &weights, err))
        return false;
    for (size_t i = 0; i < view->aggregate_count; i++) {
        const struct aggregate *const aggregate = &view->aggregates[i];
        struct state *const state = &change->group->states[i];
        if (aggregate->multiset != change->value->set) continue;
        if (traits_of(aggregate)->multiset == MULTISET_SIZE)
            state->count += (weights.new_weight > 0) - (weights.old_weight > 0);
        multiset_shift(aggregate, state, key, &weights);
    }
    return true;
}

/* ORDER: the changes' numbers in the order of their keys. Several leaves may change one value of a
 * group above them. */
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

static bool merge_values_settle(struct merge *merge, struct multiset_reader *reader,
                                const struct value_change *change, struct error *err)
{
    const struct view *const view = merge->view;
    for (size_t i = 0; i < view->aggregate_count; i++) {
        if (view->aggregates[i].multiset != change->value->set) continue;
        if (!multiset_settle(reader, merge_values_place_of(merge, change), &view->aggregates[i],
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
        if (!merge_values_settle(merge, &reader, change, err)) return false;
    }
    return true;
}

static void add_change(struct merge *merge, struct value_change *change, struct merge_group *group,
                       const struct delta_value *value, struct arena *keys)
{
    STACK_BUFFER(key, KEY_ROOM_BYTES);
    *change = (struct value_change){.group = group, .value = value};
    multiset_full_key(merge_values_place_of(merge, change), delta_value_key(value), &key);
    change->key = arena_copy(keys, buffer_slice(&key));
}

/* Whether the value counts in the leaf alone: of a hierarchy those of a node's own events do, and
 * where the groups above have entities of their own. */
static bool is_own(const struct view *view, const struct delta_value *value)
{
    return (view->hierarchy && value->set < view->multiset_count / 2) ||
           view->multisets[value->set].entities != NULL;
}

/* How many groups the value counts in. 0: it is a link, or does not change. */
static size_t count_groups(const struct merge *merge, const struct delta_value *value)
{
    size_t count = 0;
    if (value->weight == 0 || value->set == DELTA_LINKS) return 0;
    for (const struct merge_group *group = value->leaf->group; group; group = group->parent) {
        if (merge->view->owner && !view_is_breakdown(merge->view) && !group->parent)
            break; /* entities as a whole show nothing */
        count++;
        if (is_own(merge->view, value)) break;
    }
    return count;
}

/* The changes that are not in the table yet; where there are many, as many at a time
 * as memory allows. */
struct portion {
    struct value_change *changes;
    size_t count;
    size_t capacity;
    bool is_all; /* there is no other one */
    struct arena keys;
    struct buffer groups; /* pointers to those that changed, where there are others */
};

static void note_groups(struct portion *portion)
{
    for (size_t i = 0; i < portion->count; i++) {
        struct merge_group *const group = portion->changes[i].group;
        if (!group->values_changed) buffer_add(&portion->groups, &group, sizeof group);
        group->values_changed = true;
    }
}

static bool put_portion(struct merge *merge, struct portion *portion, struct error *err)
{
    const struct value_change *const changes = portion->changes;
    size_t const count = portion->count;
    if (count == 0) return true;
    AUTO_FREE uint32_t *const order =
        radix_sort(changes, change_key, count, radix_sort_common(changes, change_key, count));
    if (!portion->is_all) note_groups(portion);
    bool const good = put_weights(merge, changes, order, count, err) &&
                      (!portion->is_all || settle_all(merge, changes, order, count, err));
    portion->count = 0;
    arena_reset(&portion->keys);
    return good;
}

static bool add_changes(struct merge *merge, struct portion *portion,
                        const struct delta_value *value, struct error *err)
{
    size_t left = count_groups(merge, value);
    for (struct merge_group *group = value->leaf->group; left > 0; group = group->parent, left--) {
        if (portion->count == portion->capacity && !put_portion(merge, portion, err)) return false;
        add_change(merge, &portion->changes[portion->count++], group, value, &portion->keys);
    }
    return true;
}

/* All sets of the groups that changed. */
static bool settle_groups(struct merge *merge, const struct portion *portion, struct error *err)
{
    AUTO(multiset_reader_close) struct multiset_reader reader = {0};
    const struct view *const view = merge->view;
    if (!multiset_reader_open(merge->txn, &reader, err)) return false;
    for (size_t at = 0; at < portion->groups.length; at += sizeof(struct merge_group *)) {
        struct merge_group *group;
        memcpy(&group, portion->groups.at + at, sizeof group);
        for (size_t i = 0; i < view->aggregate_count; i++) {
            const struct aggregate *const aggregate = &view->aggregates[i];
            if (aggregate->multiset < 0) continue;
            struct multiset_place const place = {
                .group = group->group.id,
                .set = (uint8_t)aggregate->multiset,
                .is_ranked = view->multisets[aggregate->multiset].is_ranked};
            if (!multiset_settle(&reader, place, aggregate, &group->states[i], &merge->arena, err))
                return false;
        }
    }
    return true;
}

/* What comes is put in front of what goes, lest a weight be below zero in between. */
static bool put_all(struct merge *merge, struct delta_value *const *values, size_t value_count,
                    struct portion *portion, struct error *err)
{
    for (unsigned pass = 0; pass < (portion->is_all ? 1u : 2u); pass++) {
        for (size_t i = 0; i < value_count; i++) {
            const struct delta_value *const value = values[i];
            if (count_groups(merge, value) == 0 ||
                (!portion->is_all && (value->weight > 0) != (pass == 0)))
                continue;
            if (!add_changes(merge, portion, value, err)) return false;
        }
    }
    return put_portion(merge, portion, err) &&
           (portion->is_all || settle_groups(merge, portion, err));
}

bool merge_values(struct merge *merge, struct delta_value *const *values, size_t count,
                  struct error *err)
{
    struct portion portion = {.count = 0};
    size_t total = 0, most = merge->portion_bytes / CHANGE_BYTES;
    for (size_t i = 0; i < count; i++)
        total += count_groups(merge, values[i]);
    if (total == 0) return true;
    if (most < CHANGE_LOG_LEAST) most = CHANGE_LOG_LEAST;
    portion.is_all = total <= most;
    portion.capacity = portion.is_all ? total : most;
    portion.changes = memory_alloc(portion.capacity * sizeof *portion.changes);
    bool const good = put_all(merge, values, count, &portion, err);
    free(portion.changes);
    arena_done(&portion.keys);
    buffer_done(&portion.groups);
    return good;
}

bool merge_all_values(struct merge *merge, struct error *err)
{
    const struct buffer *const all = &delta_view_of(merge->delta, merge->view)->values;
    return merge_values(merge, (const void *)all->at, all->length / sizeof(struct delta_value *),
                        err);
}
