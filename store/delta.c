/* Only leaves are folded: an inner group's delta is the sum of its leaves', which merge.c takes when the batch is
 * complete. So an event costs one look-up a view, however many dimensions the view has.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "delta.h"

#include <xxhash.h>

#include "groups.h"
#include "multisets.h"
#include "pack.h"

enum { TABLE_SLOTS_FIRST = 1024 };

void delta_init(struct delta *delta, const struct schema *schema)
{
    *delta = (struct delta){.schema = schema};
}

void delta_done(struct delta *delta)
{
    arena_done(&delta->arena);
    buffer_done(&delta->key);
    buffer_done(&delta->exact);
    buffer_done(&delta->element);
    free(delta->leaves.slots);
    free(delta->values.slots);
    *delta = (struct delta){0};
}

static void table_clear(struct delta_table *table)
{
    if (table->capacity) memset(table->slots, 0, table->capacity * sizeof *table->slots);
    table->count = 0;
}

void delta_clear(struct delta *delta)
{
    arena_reset(&delta->arena);
    table_clear(&delta->leaves);
    table_clear(&delta->values);
}

/* What is in use: a cleared delta keeps its memory for the next one, and must not seem full. */
size_t delta_bytes(const struct delta *delta)
{
    return delta->arena.used_bytes + (delta->leaves.count + delta->values.count) * sizeof(void *);
}

/* Both kinds of entry are found by a hash they carry; linear probing, at most half full. */
typedef uint64_t (*hash_of)(const void *entry);

static uint64_t leaf_hash(const void *entry)
{
    return ((const struct delta_leaf *)entry)->hash;
}

static uint64_t value_hash(const void *entry)
{
    return ((const struct delta_value *)entry)->hash;
}

static void table_grow(struct delta_table *table, hash_of hash)
{
    size_t const capacity = table->capacity ? table->capacity * 2 : TABLE_SLOTS_FIRST;
    void **const slots = memory_alloc(capacity * sizeof *slots);
    for (size_t i = 0; i < table->capacity; i++) {
        if (!table->slots[i]) continue;
        size_t slot = hash(table->slots[i]) & (capacity - 1);
        while (slots[slot])
            slot = (slot + 1) & (capacity - 1);
        slots[slot] = table->slots[i];
    }
    free(table->slots);
    table->slots = slots;
    table->capacity = capacity;
}

struct delta_leaf *delta_leaf_of(struct delta *delta, const struct view *view, struct slice key,
                                 struct slice exact)
{
    struct delta_table *const table = &delta->leaves;
    uint64_t const hash = XXH3_64bits_withSeed(key.at, key.length, view->id);
    if (table->count * 2 >= table->capacity) table_grow(table, leaf_hash);
    size_t slot = hash & (table->capacity - 1);
    for (struct delta_leaf *leaf; (leaf = table->slots[slot]);
         slot = (slot + 1) & (table->capacity - 1)) {
        if (leaf->hash == hash && leaf->view == view && slice_equal(leaf->key, key)) return leaf;
    }
    struct delta_leaf *const leaf =
        arena_alloc(&delta->arena, sizeof *leaf + view->aggregate_count * sizeof leaf->states[0]);
    leaf->view = view;
    leaf->hash = hash;
    leaf->key = arena_copy(&delta->arena, key);
    if (exact.length) leaf->exact = arena_copy(&delta->arena, exact);
    table->slots[slot] = leaf;
    table->count++;
    return leaf;
}

void delta_add_value(struct delta *delta, struct delta_leaf *leaf, uint8_t set, struct slice key,
                     struct slice exact, int64_t weight)
{
    struct delta_table *const table = &delta->values;
    uint64_t const hash =
        XXH3_64bits_withSeed(key.at, key.length, leaf->hash + set * 0x9e3779b97f4a7c15u);
    if (table->count * 2 >= table->capacity) table_grow(table, value_hash);
    size_t slot = hash & (table->capacity - 1);
    for (struct delta_value *entry; (entry = table->slots[slot]);
         slot = (slot + 1) & (table->capacity - 1)) {
        if (entry->hash != hash || entry->leaf != leaf || entry->set != set ||
            !slice_equal(entry->key, key))
            continue;
        entry->weight += weight;
        return;
    }
    struct delta_value *const entry = ARENA_NEW(&delta->arena, struct delta_value);
    *entry = (struct delta_value){.leaf = leaf,
                                  .hash = hash,
                                  .weight = weight,
                                  .key = arena_copy(&delta->arena, key),
                                  .set = set};
    if (exact.length) entry->exact = arena_copy(&delta->arena, exact);
    table->slots[slot] = entry;
    table->count++;
}

/* An event on its way into a leaf. */
struct fold {
    struct delta *delta;
    const struct value *fields;
    struct slice key;
    int64_t weight;
    struct delta_leaf *leaf;
};

static struct value eval(const struct fold *fold, const struct expr *expr)
{
    struct value value;
    if (!expr_eval(expr, fold->fields, fold->delta->schema->zone, &value)) value.kind = VALUE_NULL;
    return value;
}

/* Packs what stands for VALUE among the others: by what it is ordered, the event's key, the value. false:
 * without the first of what it is ordered by, it does not count. */
static bool pack_element(const struct fold *fold, const struct expr *const *order,
                         size_t order_count, const struct value *value)
{
    struct buffer *const element = &fold->delta->element;
    buffer_clear(element);
    for (size_t i = 0; i < order_count; i++) {
        struct value const rank = eval(fold, order[i]);
        if (i == 0 && rank.kind == VALUE_NULL) return false;
        (void)pack_value(element, &rank, PACK_NO_LIMIT);
    }
    if (order_count) {
        struct value const key = {.kind = VALUE_STRING, .string = fold->key};
        (void)pack_value(element, &key, PACK_NO_LIMIT);
    }
    (void)pack_value(element, value, PACK_NO_LIMIT);
    return true;
}

/* Puts the event's element into the multiset; false if it has none. */
static bool fold_multiset(const struct fold *fold, size_t index)
{
    struct delta *const delta = fold->delta;
    const struct multiset *const set = &fold->leaf->view->multisets[index];
    if (!expr_holds(set->where, fold->fields, delta->schema->zone)) return false;
    struct value const value = eval(fold, set->argument);
    if (value.kind == VALUE_NULL || !pack_element(fold, set->order, set->order_count, &value))
        return false;
    struct slice const element = buffer_slice(&delta->element);
    buffer_clear(&delta->key);
    bool const whole = multiset_key(element, &delta->key);
    delta_add_value(delta, fold->leaf, (uint8_t)index, buffer_slice(&delta->key),
                    whole ? (struct slice){0} : element, fold->weight);
    return true;
}

/* Whether the state without a multiset compares packed values, or hashes them. */
static bool wants_element(const struct aggregate *aggregate)
{
    return aggregate->kind == AGGREGATE_MIN || aggregate->kind == AGGREGATE_MAX ||
           aggregate->kind == AGGREGATE_ARG_MIN || aggregate->kind == AGGREGATE_ARG_MAX ||
           aggregate->kind == AGGREGATE_APPROX_UNIQ;
}

static void fold_aggregate(const struct fold *fold, size_t index)
{
    struct delta *const delta = fold->delta;
    const struct aggregate *const aggregate = &fold->leaf->view->aggregates[index];
    struct value value = {.kind = VALUE_NULL};
    if (!expr_holds(aggregate->where, fold->fields, delta->schema->zone)) return;
    if (aggregate->argument) {
        value = eval(fold, aggregate->argument);
        if (value.kind == VALUE_NULL) return;
    }
    buffer_clear(&delta->element);
    if (wants_element(aggregate) &&
        !pack_element(fold, aggregate->order, aggregate->order_count, &value))
        return;
    measure_apply(aggregate, &fold->leaf->states[index], &value, buffer_slice(&delta->element),
                  fold->weight, &delta->arena);
}

/* Whether the view has let the event's groups go. */
static bool is_gone(const struct delta *delta, const struct view *view,
                    const struct value *dimensions)
{
    if (view->retain_seconds == 0 || !delta->cutoffs) return false;
    const struct value *const cutoff = &delta->cutoffs[view - delta->schema->views];
    const struct value *const time = &dimensions[view->time_dimension];
    return cutoff->kind != VALUE_NULL && time->kind != VALUE_NULL &&
           value_compare(time, cutoff) < 0;
}

static void pack_exact_dimensions(struct delta *delta, const struct view *view,
                                  const struct value *dimensions)
{
    for (size_t i = 0; i < view->dimension_count; i++)
        (void)pack_value(&delta->exact, &dimensions[i], PACK_NO_LIMIT);
}

void delta_fold(struct delta *delta, const struct view *view, const struct value *fields,
                struct slice key, int64_t weight)
{
    struct value dimensions[SCHEMA_DIMENSIONS_MAX];
    bool present[SCHEMA_AGGREGATES_MAX];
    struct fold fold = {.delta = delta, .fields = fields, .key = key, .weight = weight};
    if (!expr_holds(view->where, fields, delta->schema->zone)) return;
    for (size_t i = 0; i < view->dimension_count; i++)
        dimensions[i] = eval(&fold, view->dimensions[i].expr);
    if (is_gone(delta, view, dimensions)) return;
    buffer_clear(&delta->key);
    buffer_clear(&delta->exact);
    if (!group_key_pack(view, dimensions, (unsigned)view->dimension_count, &delta->key))
        pack_exact_dimensions(delta, view, dimensions);
    fold.leaf = delta_leaf_of(delta, view, buffer_slice(&delta->key), buffer_slice(&delta->exact));
    fold.leaf->event_count += weight;
    for (size_t i = 0; i < view->multiset_count; i++)
        present[i] = fold_multiset(&fold, i);
    for (size_t i = 0; i < view->aggregate_count; i++) {
        const struct aggregate *const aggregate = &view->aggregates[i];
        if (aggregate->multiset < 0)
            fold_aggregate(&fold, i);
        else if (aggregate->kind != AGGREGATE_UNIQ && present[aggregate->multiset])
            fold.leaf->states[i].count += weight; /* merge.c counts the values of uniq */
    }
}
