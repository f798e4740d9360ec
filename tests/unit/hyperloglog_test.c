// SPDX-License-Identifier: Apache-2.0
#include "sketch/hyperloglog.h"

#include <math.h>

#include "../support/test.h"

static uint64_t hash_of(uint64_t number)
{
    static struct hash_key const secret = {{1, 2}};
    return hyperloglog_hash(slice_of(&number, sizeof number), &secret);
}

/* Four standard errors of 1.6 %: one case in 16,000 is further off, and these are
 * always the same. */
static void estimates_are_near(void **state)
{
    (void)state;
    static uint64_t const sizes[] = {1, 10, 100, 1000, 1024, 5000, 20000, 100000, 1000000};
    for (size_t i = 0; i < COUNT_OF(sizes); i++) {
        struct arena arena = {0};
        struct hyperloglog sketch = {.count = 0};
        for (uint64_t number = 0; number < sizes[i]; number++)
            hyperloglog_add(&sketch, hash_of(number), &arena);
        double const apart = fabs((double)hyperloglog_estimate(&sketch) - (double)sizes[i]);
        if (apart > 0.065 * (double)sizes[i] + 0.5)
            fail_msg("%llu of %llu", (unsigned long long)hyperloglog_estimate(&sketch),
                     (unsigned long long)sizes[i]);
        arena_done(&arena);
    }
    struct hyperloglog const nothing = {.count = 0};
    assert_int_equal(hyperloglog_estimate(&nothing), 0);
}

static void pack(const struct hyperloglog *sketch, struct buffer *packed)
{
    buffer_clear(packed);
    hyperloglog_pack(sketch, packed);
}

/* In one, in two merged, backwards, and packed in between: the bytes are the same,
 * sparse and dense. */
static void parts_merge_to_the_whole(void **state)
{
    (void)state;
    for (uint64_t size = 100; size <= 10000; size *= 10) {
        struct arena arena = {0};
        struct buffer left = {0}, right = {0};
        struct hyperloglog whole = {.count = 0}, odd = {.count = 0}, even = {.count = 0}, back;
        for (uint64_t i = 0; i < size; i++)
            hyperloglog_add(&whole, hash_of(i), &arena);
        for (uint64_t i = size; i > 0; i--)
            hyperloglog_add(i % 2 ? &odd : &even, hash_of(i - 1), &arena);
        pack(&even, &left);
        struct slice rest = buffer_slice(&left);
        assert_true(hyperloglog_unpack(&rest, &arena, &back));
        assert_int_equal(rest.length, 0);
        hyperloglog_merge(&odd, &back, &arena);
        pack(&whole, &left);
        pack(&odd, &right);
        assert_true(slice_equal(buffer_slice(&left), buffer_slice(&right)));
        for (size_t cut = 0; cut < left.length; cut += 1 + cut / 7) {
            rest = slice_of(left.at, cut);
            assert_false(hyperloglog_unpack(&rest, &arena, &back));
        }
        buffer_done(&left);
        buffer_done(&right);
        arena_done(&arena);
    }
}

/* The registers as so many elements fill them on the average: that many are estimated, also where a
 * part of the registers cannot rise any further. */
static void estimates_are_near_up_to_64_bits(void **state)
{
    (void)state;
    enum { RANK_MAX = 53 };
    for (int bits = 20; bits <= 63; bits++) {
        struct arena arena = {0};
        AUTO_BUFFER struct buffer packed = {0};
        struct hyperloglog sketch;
        double const per_register = ldexp(1, bits) / HYPERLOGLOG_REGISTERS;
        buffer_add(&packed, (const uint8_t[]){0x81, 0x08}, 2); /* all registers follow */
        for (int i = 0; i < HYPERLOGLOG_REGISTERS; i++) {
            double const share = (i + 0.5) / HYPERLOGLOG_REGISTERS;
            unsigned rank = 0;
            while (rank < RANK_MAX && exp(-ldexp(per_register, -(int)rank)) < share)
                rank++;
            buffer_add_byte(&packed, (uint8_t)rank);
        }
        struct slice rest = buffer_slice(&packed);
        assert_true(hyperloglog_unpack(&rest, &arena, &sketch));
        double const ratio = (double)hyperloglog_estimate(&sketch) / ldexp(1, bits);
        if (fabs(ratio - 1) > 0.001) fail_msg("2^%d: %g", bits, ratio);
        arena_done(&arena);
    }
}

static void hostile_bytes_are_refused(void **state)
{
    (void)state;
    static const uint8_t cases[][7] = {
        {1, 0x10, 0x00, 1},       /* a place beyond the registers */
        {1, 0x00, 0x05, 0},       /* a register of nothing */
        {1, 0x00, 0x05, 54},      /* a rank beyond 64 bits */
        {2, 0, 5, 1, 0, 5, 1},    /* a place twice */
        {2, 0, 5, 1, 0, 4, 1},    /* places out of order */
        {0x82, 0x08, 0, 0, 0, 0}, /* a count beyond all */
    };
    struct arena arena = {0};
    struct hyperloglog back;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct slice rest = slice_of(cases[i], sizeof cases[i]);
        if (hyperloglog_unpack(&rest, &arena, &back)) fail_msg("case %zu", i);
    }
    arena_done(&arena);
}

/* Who does not know the secret does not know which values fill a sketch. */
static void another_secret_is_another_hash(void **state)
{
    (void)state;
    struct hash_key const one = {{1, 2}}, other = {{1, 3}};
    struct slice const value = slice_text("value");
    assert_true(hyperloglog_hash(value, &one) == hyperloglog_hash(value, &one));
    assert_true(hyperloglog_hash(value, &one) != hyperloglog_hash(value, &other));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(estimates_are_near),
        cmocka_unit_test(another_secret_is_another_hash),
        cmocka_unit_test(parts_merge_to_the_whole),
        cmocka_unit_test(estimates_are_near_up_to_64_bits),
        cmocka_unit_test(hostile_bytes_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
