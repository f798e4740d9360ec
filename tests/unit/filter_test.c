// SPDX-License-Identifier: Apache-2.0
#include "lsm/filter.h"

#include "../support/test.h"

enum { ASKED = 200000 };

static uint64_t hash_of(uint64_t seed, uint32_t number)
{
    return filter_hash(seed, slice_of(&number, sizeof number));
}

static void fill(uint64_t seed, struct buffer *filter)
{
    filter_begin(filter);
    assert_true(filter_is_whole(buffer_slice(filter)));
    for (uint32_t i = 0; !filter_is_full(filter); i++)
        filter_add(filter, hash_of(seed, i));
    assert_true(filter_is_whole(buffer_slice(filter)));
}

static void no_key_is_forgotten(void **state)
{
    (void)state;
    AUTO_BUFFER struct buffer filter = {0};
    fill(1, &filter);
    for (uint32_t i = 0; i < FILTER_KEYS_MAX; i++)
        assert_true(filter_may_have(buffer_slice(&filter), hash_of(1, i)));
}

/* Of those that are not there, one in a thousand is expected. */
static void few_others_look_as_if_they_were_there(void **state)
{
    (void)state;
    AUTO_BUFFER struct buffer filter = {0};
    unsigned found = 0;
    fill(2, &filter);
    for (uint32_t i = 0; i < ASKED; i++)
        found += filter_may_have(buffer_slice(&filter), hash_of(2, UINT32_MAX - i));
    assert_true(found < ASKED / 500);
}

/* Which those are, nobody can know without the seed. */
static void another_seed_finds_others(void **state)
{
    (void)state;
    AUTO_BUFFER struct buffer filter = {0};
    unsigned found = 0;
    fill(3, &filter);
    for (uint32_t i = 0; i < FILTER_KEYS_MAX; i++)
        found += filter_may_have(buffer_slice(&filter), hash_of(4, i));
    assert_true(found < FILTER_KEYS_MAX / 20 + 2);
}

static void other_bytes_are_no_filter(void **state)
{
    (void)state;
    AUTO_BUFFER struct buffer filter = {0};
    filter_begin(&filter);
    struct slice bytes = buffer_slice(&filter);
    assert_false(filter_is_whole(slice_of(bytes.at, bytes.length - 1)));
    assert_false(filter_is_whole((struct slice){0}));
    filter.at[1] = 0xff; /* more keys than it has room for */
    assert_false(filter_is_whole(bytes));
}

int main(void)
{
    struct CMUnitTest const tests[] = {
        cmocka_unit_test(no_key_is_forgotten),
        cmocka_unit_test(few_others_look_as_if_they_were_there),
        cmocka_unit_test(another_seed_finds_others),
        cmocka_unit_test(other_bytes_are_no_filter),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
