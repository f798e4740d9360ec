// SPDX-License-Identifier: Apache-2.0
#include "base/hash_table.h"

#include <xxhash.h>

enum { SLOTS_FIRST = 256 };

/* Linear probing, at most half full. */
static struct slice **slot_of(const struct hash_table *table, struct slice key)
{
    size_t slot = XXH3_64bits(key.at, key.length) & (table->capacity - 1);
    while (table->slots[slot] && !slice_equal(*table->slots[slot], key))
        slot = (slot + 1) & (table->capacity - 1);
    return &table->slots[slot];
}

static void grow(struct hash_table *table)
{
    struct slice **const old = table->slots;
    size_t const old_capacity = table->capacity;
    table->capacity = old_capacity ? old_capacity * 2 : SLOTS_FIRST;
    table->slots = memory_alloc(table->capacity * sizeof *table->slots);
    for (size_t i = 0; i < old_capacity; i++) {
        if (old[i]) *slot_of(table, *old[i]) = old[i];
    }
    free(old);
}

void hash_table_done(struct hash_table *table)
{
    free(table->slots);
    *table = (struct hash_table){.slots = NULL};
}

void *hash_table_find(struct hash_table *table, struct slice key, size_t bytes, struct arena *arena,
                      bool *ret_is_new)
{
    if (table->count * 2 >= table->capacity) grow(table);
    struct slice **const slot = slot_of(table, key);
    bool const is_new = *slot == NULL;
    if (is_new) {
        *slot = arena_alloc(arena, bytes);
        **slot = arena_copy(arena, key);
        table->count++;
    }
    if (ret_is_new) *ret_is_new = is_new;
    return *slot;
}
