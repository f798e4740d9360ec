// SPDX-License-Identifier: Apache-2.0
#include "lsm/key_rest.h"

#include "../support/test.h"

static size_t shared_length(struct slice a, struct slice b)
{
    size_t shared = 0;
    while (shared < a.length && shared < b.length && a.at[shared] == b.at[shared])
        shared++;
    return shared;
}

/* Writes KEY behind BEFORE and reads it back; how many bytes that took. */
static size_t there_and_back(struct slice before, struct slice key)
{
    AUTO_BUFFER struct buffer form = {0}, read = {0};
    size_t const shared = shared_length(before, key);
    key_rest_write(before, key, shared, &form);
    buffer_add_text(&form, "what follows");
    struct slice from = buffer_slice(&form);
    buffer_set(&read, before);
    assert_true(key_rest_read(&from, shared, &read));
    if (!slice_equal(buffer_slice(&read), key))
        fail_msg("%.*s instead of %.*s", (int)read.length, (const char *)read.at, (int)key.length,
                 (const char *)key.at);
    assert_true(slice_is(from, "what follows"));
    return form.length - from.length;
}

static void digits_take_half_and_all_else_is_kept(void **state)
{
    (void)state;
    static const struct {
        const char *before, *key;
        size_t bytes;
    } cases[] = {
        {"7c9e6679-7425-40de-944b-e07fc1f90ae7", "7d0a41b2-0c1f-4e5b-8e0b-4a1f6d2c9b10", 1 + 16},
        {"order-000099", "order-000100", 1 + 2},
        {"0f", "1a", 1 + 1},
        {"1", "2", 1 + 1},         /* one digit is as long either way */
        {"0a1b", "0a1b2c", 1 + 2}, /* another length */
        {"00-11", "001-1", 1 + 3}, /* something else where the dash was */
        {"00-11", "00x11", 1 + 3}, /* and another sign in its place */
        {"aaa", "bbG", 1 + 3},     /* no digit */
        {"AAAA", "BBBB", 1 + 4},   /* a capital is none */
        {"", "abc", 1 + 3},
        {"abc", "b", 1 + 1},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++)
        assert_int_equal(there_and_back(slice_text(cases[i].before), slice_text(cases[i].key)),
                         cases[i].bytes);
}

/* Keys of a few signs, so that each form and each length comes. */
static void any_two_keys_that_rise_are_read_back(void **state)
{
    (void)state;
    static const char signs[] = "0189af-g";
    uint32_t random = 1;
    for (unsigned round = 0; round < 100000; round++) {
        char texts[2][12];
        struct slice keys[2];
        for (unsigned k = 0; k < 2; k++) {
            size_t length = 0;
            do {
                random = random * 1664525 + 1013904223;
                texts[k][length++] = signs[random >> 24 & 7];
            } while (length < sizeof texts[k] && (random >> 20 & 15) != 0);
            keys[k] = slice_of(texts[k], length);
        }
        int const order = slice_compare(keys[0], keys[1]);
        if (order != 0) (void)there_and_back(keys[order > 0], keys[order < 0]);
    }
}

static void other_bytes_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *before;
        size_t shared;
        uint8_t bytes[4];
        size_t length;
    } cases[] = {
        {"ab", 3, {2, 'x'}, 2},                   /* shares more than there is */
        {"ab", 1, {2, 'b'}, 2},                   /* the same key */
        {"ab", 1, {2, 'a'}, 2},                   /* one in front of it */
        {"ab", 2, {0}, 1},                        /* nothing more */
        {"ab", 1, {4, 'c'}, 2},                   /* ends early */
        {"ab", 1, {0x80}, 1},                     /* likewise */
        {"0000", 0, {4 << 1 | 1, 0x12}, 2},       /* likewise */
        {"0000", 0, {3 << 1 | 1, 0x12, 0x30}, 3}, /* digits for another length */
        {"5000", 0, {4 << 1 | 1, 0x49, 0x99}, 3}, /* in front */
        {"x000", 0, {4 << 1 | 1, 0x12, 0x30}, 3}, /* begins with what the key before begins with */
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        AUTO_BUFFER struct buffer key = {0};
        struct slice from = slice_of(cases[i].bytes, cases[i].length);
        buffer_set(&key, slice_text(cases[i].before));
        if (key_rest_read(&from, cases[i].shared, &key)) fail_msg("case %zu is taken", i);
    }
}

int main(void)
{
    struct CMUnitTest const tests[] = {
        cmocka_unit_test(digits_take_half_and_all_else_is_kept),
        cmocka_unit_test(any_two_keys_that_rise_are_read_back),
        cmocka_unit_test(other_bytes_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
