/* hash_table.h - entries found by their keys: a hash table over structs whose first member is a `struct slice key`.
 *
 * Memory   entries and copies of their keys live in the caller's arena, and stay where they are; the table itself is on the heap.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once
#include "base/arena.h"

/* Zeroed is empty. */
struct hash_table {
    struct slice **slots; /* each the first member of an entry, or NULL */
    size_t count;
    size_t capacity; /* a power of two, or 0 */
};
void hash_table_done(struct hash_table *table);
/* The entry with KEY; one of BYTES, zeroed but for its key, where there was none. RET_IS_NEW may be NULL. */
void *hash_table_find(struct hash_table *table, struct slice key, size_t bytes, struct arena *arena,
                      bool *ret_is_new);
