// SPDX-License-Identifier: Apache-2.0
#include "base/hash_table.h"

enum { SLOTS_FIRST = 256 };

void hash_table_done(struct hash_table *table)
{
    free(table->slots);
    *table = (struct hash_table){.slots = NULL};
}

void hash_table_clear(struct hash_table *table)
{
    if (table->capacity) memset(table->slots, 0, table->capacity * sizeof *table->slots);
    table->count = 0;
}

static void put(const struct hash_table *table, uint64_t hash, void *entry)
{
    size_t i = hash & (table->capacity - 1);
    while (table->slots[i].entry)
        i = (i + 1) & (table->capacity - 1);
    table->slots[i] = (struct hash_slot){.hash = hash, .entry = entry};
}

static void grow(struct hash_table *table)
{
    struct hash_table larger = {.count = table->count,
                                .capacity = table->capacity ? table->capacity * 2 : SLOTS_FIRST};
    larger.slots = memory_alloc(larger.capacity * sizeof *larger.slots);
    for (size_t i = 0; i < table->capacity; i++) {
        if (table->slots[i].entry) put(&larger, table->slots[i].hash, table->slots[i].entry);
    }
    free(table->slots);
    *table = larger;
}

void hash_table_add(struct hash_table *table, uint64_t hash, void *entry)
{
    if (table->count * 2 >= table->capacity) grow(table);
    put(table, hash, entry);
    table->count++;
}

static bool has_key(const void *entry, const void *wanted)
{
    const struct slice *const key = entry, *const other = wanted;
    return slice_equal(*key, *other);
}

void *hash_table_find_key(const struct hash_table *table, struct slice key)
{
    return hash_table_find(table, hash_bytes(0, key), has_key, &key);
}

void *hash_table_entry(struct hash_table *table, struct slice key, size_t bytes,
                       struct arena *arena, bool *ret_is_new)
{
    uint64_t const hash = hash_bytes(0, key);
    struct slice *entry = hash_table_find(table, hash, has_key, &key);
    if (ret_is_new) *ret_is_new = !entry;
    if (entry) return entry;
    entry = arena_alloc(arena, bytes);
    *entry = arena_copy(arena, key);
    hash_table_add(table, hash, entry);
    return entry;
}

uint64_t hash_table_passed(const struct hash_table *table)
{
    uint64_t passed = 0;
    for (size_t i = 0; i < table->capacity; i++) {
        if (table->slots[i].entry) passed += (i - table->slots[i].hash) & (table->capacity - 1);
    }
    return passed;
}
