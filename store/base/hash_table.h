/* hash_table.h - entries found by their hashes: open addressing, linear probing, at most half full.
 *
 * Place    all tables of what comes from outside. fs/inodes.c has its own, as its entries are
 *          chained into two, and types/dictionary.c, which does not grow and is an arena's.
 * Promise  each hash stands beside its entry: a search looks at the entries with the wanted hash
 *          alone, and growing at none. Hashes are those of hash.h, so that no input makes
 *          searches long.
 * Memory   entries are the caller's and stay where they are; the table itself is on the heap.
 * Threads  one owner at a time.
 * Errors   none: without memory the program ends.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once
#include "base/arena.h"
#include "base/hash.h"
#include "base/touch.h"

struct hash_slot {
    uint64_t hash;
    void *entry; /* NULL: free */
};

/* Zeroed is empty. Whoever goes over the slots meets the entries in an order that means nothing. */
struct hash_table {
    struct hash_slot *slots;
    size_t count;
    size_t capacity; /* a power of two, or 0 */
};
void hash_table_done(struct hash_table *table);
/* Forgets the entries, and keeps the memory. */
void hash_table_clear(struct hash_table *table);
/* Adds an entry that is not there yet. */
void hash_table_add(struct hash_table *table, uint64_t hash, void *entry);

/* The entry with HASH that IS_SAME says is the wanted one, or NULL. In the header, so that
 * IS_SAME is compiled into the search. */
static inline void *hash_table_find(const struct hash_table *table, uint64_t hash,
                                    bool (*is_same)(const void *entry, const void *wanted),
                                    const void *wanted)
{
    if (table->capacity == 0) return NULL;
    for (size_t i = hash & (table->capacity - 1); table->slots[i].entry;
         i = (i + 1) & (table->capacity - 1)) {
        if (table->slots[i].hash == hash && is_same(table->slots[i].entry, wanted))
            return table->slots[i].entry;
    }
    return NULL;
}

/* Has the place where a search for HASH begins in the cache (touch.h). */
static inline void hash_table_touch(const struct hash_table *table, uint64_t hash)
{
    if (table->capacity) memory_touch(&table->slots[hash & (table->capacity - 1)]);
}

/* Likewise the entry that it meets first. */
static inline void hash_table_touch_entry(const struct hash_table *table, uint64_t hash)
{
    const void *const entry =
        table->capacity ? table->slots[hash & (table->capacity - 1)].entry : NULL;
    if (entry) memory_touch(entry);
}

/* Of entries whose first member is a `struct slice key`: the one with KEY, or NULL. */
void *hash_table_find_key(const struct hash_table *table, struct slice key);
/* The same, where there was none a new one of BYTES, zeroed but for its key. Entries and copies
 * of their keys live in ARENA. RET_IS_NEW may be NULL. */
void *hash_table_entry(struct hash_table *table, struct slice key, size_t bytes,
                       struct arena *arena, bool *ret_is_new);

/* How many slots searches for all the entries pass before they meet them: what the hashes are
 * worth, for tests. O(capacity). */
uint64_t hash_table_passed(const struct hash_table *table);
