/* Only leaves are folded: an inner group's delta is the sum of its leaves', which merge.c takes when the batch is
 * complete. So an event costs one look-up a view, however many dimensions the view has.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "delta.h"

#include <assert.h>
#include <xxhash.h>

#include "groups.h"
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

size_t delta_bytes(const struct delta *delta)
{
    return delta->arena.held_bytes +
           (delta->leaves.capacity + delta->values.capacity) * sizeof(void *);
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

static struct delta_leaf *find_leaf(struct delta *delta, const struct view *view, bool exact,
                                    const struct value *dimensions)
{
    struct delta_table *const table = &delta->leaves;
    struct slice const key = buffer_slice(&delta->key);
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
    if (!exact) {
        buffer_clear(&delta->exact);
        for (size_t i = 0; i < view->dimension_count; i++)
            (void)pack_value(&delta->exact, &dimensions[i], PACK_NO_LIMIT);
        leaf->exact = arena_copy(&delta->arena, buffer_slice(&delta->exact));
    }
    table->slots[slot] = leaf;
    table->count++;
    return leaf;
}

static void fold_value(struct delta *delta, struct delta_leaf *leaf, uint8_t aggregate,
                       const struct value *value, int64_t weight)
{
    struct delta_table *const table = &delta->values;
    buffer_clear(&delta->key);
    bool const whole = pack_value(&delta->key, value, DELTA_VALUE_BYTES_MAX);
    struct slice const packed = buffer_slice(&delta->key);
    uint64_t const hash = XXH3_64bits_withSeed(packed.at, packed.length,
                                               leaf->hash + aggregate * 0x9e3779b97f4a7c15u);
    if (table->count * 2 >= table->capacity) table_grow(table, value_hash);
    size_t slot = hash & (table->capacity - 1);
    for (struct delta_value *entry; (entry = table->slots[slot]);
         slot = (slot + 1) & (table->capacity - 1)) {
        if (entry->hash != hash || entry->leaf != leaf || entry->aggregate != aggregate ||
            !slice_equal(entry->packed, packed))
            continue;
        entry->weight += weight;
        return;
    }
    struct delta_value *const entry = ARENA_NEW(&delta->arena, struct delta_value);
    *entry = (struct delta_value){.leaf = leaf,
                                  .hash = hash,
                                  .weight = weight,
                                  .packed = arena_copy(&delta->arena, packed),
                                  .aggregate = aggregate};
    if (!whole) {
        buffer_clear(&delta->exact);
        (void)pack_value(&delta->exact, value, PACK_NO_LIMIT);
        entry->exact = arena_copy(&delta->arena, buffer_slice(&delta->exact));
    }
    table->slots[slot] = entry;
    table->count++;
}

static void fold_aggregate(struct delta *delta, struct delta_leaf *leaf, size_t index,
                           const struct value *fields, int64_t weight)
{
    const struct aggregate *const aggregate = &leaf->view->aggregates[index];
    const struct zone *const zone = delta->schema->zone;
    struct value value = {.kind = VALUE_NULL};
    if (!expr_holds(aggregate->where, fields, zone)) return;
    if (aggregate->argument) {
        bool const fits = expr_eval(aggregate->argument, fields, zone, &value);
        assert(fits);
        if (value.kind == VALUE_NULL) return;
    }
    if (aggregate->kind == AGGREGATE_UNIQ)
        fold_value(delta, leaf, (uint8_t)index, &value, weight);
    else
        measure_apply(aggregate, &leaf->states[index], &value, weight, &delta->arena);
}

void delta_fold(struct delta *delta, const struct view *view, const struct value *fields,
                int64_t weight)
{
    const struct zone *const zone = delta->schema->zone;
    struct value dimensions[SCHEMA_DIMENSIONS_MAX];
    if (!expr_holds(view->where, fields, zone)) return;
    for (size_t i = 0; i < view->dimension_count; i++) {
        bool const fits = expr_eval(view->dimensions[i].expr, fields, zone, &dimensions[i]);
        assert(fits);
    }
    buffer_clear(&delta->key);
    bool const exact =
        group_key_pack(view, dimensions, (unsigned)view->dimension_count, &delta->key);
    struct delta_leaf *const leaf = find_leaf(delta, view, exact, dimensions);
    leaf->event_count += weight;
    for (size_t i = 0; i < view->aggregate_count; i++)
        fold_aggregate(delta, leaf, i, fields, weight);
}
