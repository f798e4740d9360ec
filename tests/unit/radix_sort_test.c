// SPDX-License-Identifier: Apache-2.0
#include "base/radix_sort.h"

#include <stdlib.h>

#include "../support/test.h"
#include "base/arena.h"

static struct slice key_of(const void *items, size_t i)
{
    return ((const struct slice *)items)[i];
}

static void check(const struct slice *keys, size_t count)
{
    size_t const common = radix_sort_common(keys, key_of, count);
    AUTO_FREE uint32_t *const order = radix_sort(keys, key_of, count, common);
    AUTO_FREE bool *const seen = memory_alloc(count * sizeof *seen);
    for (size_t i = 0; i < count; i++) {
        assert_true(slice_starts(keys[i], slice_of(keys[0].at, common)));
        assert_false(seen[order[i]]);
        seen[order[i]] = true;
        if (i == 0) continue;
        int const rise = slice_compare(keys[order[i - 1]], keys[order[i]]);
        assert_true(rise < 0 || (rise == 0 && order[i - 1] < order[i]));
    }
}

/* Lengths around the eight bytes that are sorted by digits, few letters, so that many keys begin
 * alike or are equal. */
static void any_keys_come_out_in_order(void **state)
{
    (void)state;
    enum { KEYS = 3000, LONGEST = 20 };
    static uint8_t bytes[KEYS][LONGEST];
    static struct slice keys[KEYS];
    uint32_t random = 1;
    for (unsigned letters = 1; letters <= 256; letters *= 4) {
        for (size_t i = 0; i < KEYS; i++) {
            for (size_t j = 0; j < LONGEST; j++) {
                random = random * 1664525 + 1013904223;
                bytes[i][j] = (uint8_t)(j < 3 ? 'k' : (random >> 16) % letters);
            }
            keys[i] = slice_of(bytes[i], 3 + (random >> 8) % (LONGEST - 3));
        }
        check(keys, KEYS);
        check(keys, 1);
    }
}

static void a_key_is_in_front_of_those_that_it_begins(void **state)
{
    (void)state;
    struct slice const keys[] = {slice_of("a\0\0", 3), slice_of("a", 1), slice_of("a\0", 2),
                                 slice_of("", 0), slice_of("a", 1)};
    static uint32_t const expected[] = {3, 1, 4, 2, 0};
    AUTO_FREE uint32_t *const order = radix_sort(keys, key_of, COUNT_OF(keys), 0);
    for (size_t i = 0; i < COUNT_OF(keys); i++)
        assert_int_equal(order[i], expected[i]);
}

int main(void)
{
    struct CMUnitTest const tests[] = {
        cmocka_unit_test(any_keys_come_out_in_order),
        cmocka_unit_test(a_key_is_in_front_of_those_that_it_begins),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
