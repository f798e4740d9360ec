// SPDX-License-Identifier: Apache-2.0
#include "base/hash_table.h"

#include <stdio.h>

#include "../support/test.h"

enum { KEYS = 40000, KEY_BYTES = 32 };

struct entry {
    struct slice key; /* first, see hash_table_entry */
    unsigned number;
};

/* Keys of 32 bytes that differ in the last eight. To XXH3 such an input is two products of two
 * words each; these keys have a third word that is zero once its secret is added, so that the
 * last one does not count: all of them have one hash. */
static struct slice write_key(char key[KEY_BYTES + 1], unsigned number)
{
    static const char zero[] = "\xde\xd4\x6d\xe9\x83\x90\x97\xdb";
    (void)snprintf(key, KEY_BYTES + 1, "aaaaaaaaaaaaaaaa%s%08u", zero, number % 100000000);
    return slice_of(key, KEY_BYTES);
}

static void add(struct hash_table *table, struct arena *arena, unsigned count)
{
    char key[KEY_BYTES + 1];
    for (unsigned i = 0; i < count; i++) {
        bool is_new;
        struct entry *const entry =
            hash_table_entry(table, write_key(key, i), sizeof *entry, arena, &is_new);
        assert_true(is_new);
        entry->number = i;
    }
}

static void entries_are_found_by_their_keys(void **state)
{
    (void)state;
    AUTO_ARENA struct arena arena = {0};
    struct hash_table table = {.slots = NULL};
    char key[KEY_BYTES + 1];
    assert_null(hash_table_find_key(&table, write_key(key, 1)));
    add(&table, &arena, KEYS);
    assert_int_equal(table.count, KEYS);
    for (unsigned i = 0; i < KEYS; i++) {
        const struct entry *const entry = hash_table_find_key(&table, write_key(key, i));
        assert_non_null(entry);
        assert_int_equal(entry->number, i);
    }
    assert_null(hash_table_find_key(&table, write_key(key, KEYS)));
    hash_table_clear(&table);
    assert_null(hash_table_find_key(&table, write_key(key, 1)));
    hash_table_done(&table);
}

/* In a table at most half full of random hashes a search passes half a slot on average. */
static void no_keys_make_searches_long(void **state)
{
    (void)state;
    AUTO_ARENA struct arena arena = {0};
    struct hash_table table = {.slots = NULL};
    add(&table, &arena, KEYS);
    assert_true(hash_table_passed(&table) < KEYS);
    hash_table_done(&table);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(entries_are_found_by_their_keys),
        cmocka_unit_test(no_keys_make_searches_long),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
