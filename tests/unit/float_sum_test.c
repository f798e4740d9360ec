// SPDX-License-Identifier: Apache-2.0
#include "sketch/float_sum.h"

#include <float.h>
#include <math.h>

#include "../support/test.h"

static double sum_of(const double *values, size_t count, struct arena *arena)
{
    struct float_sum sum = {.count = 0};
    for (size_t i = 0; i < count; i++)
        float_sum_add(&sum, values[i], 1, arena);
    return float_sum_to_double(&sum);
}

static void sums_are_exact_and_rounded_once(void **state)
{
    (void)state;
    static const struct {
        double values[4];
        double sum;
    } cases[] = {
        {{0.1, 0.2, 0.3}, 0.6},
        {{1e308, 1e308, -1e308, -1e308}, 0},
        {{1e308, 1e308, -1e308}, 1e308},
        {{1e300, 1, -1e300}, 1},
        {{DBL_MAX, DBL_MAX}, INFINITY},
        {{DBL_TRUE_MIN, DBL_TRUE_MIN}, 2 * DBL_TRUE_MIN},
        {{DBL_MIN, -DBL_TRUE_MIN}, DBL_MIN - DBL_TRUE_MIN},
        {{9007199254740992.0, 1}, 9007199254740992.0},         /* a tie goes to even */
        {{9007199254740992.0, 1, 1e-300}, 9007199254740994.0}, /* beyond the tie by a little */
        {{-9007199254740994.0, -1}, -9007199254740996.0},
    };
    struct arena arena = {0};
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        double const found = sum_of(cases[i].values, COUNT_OF(cases[i].values), &arena);
        if (found != cases[i].sum) fail_msg("case %zu: %a, not %a", i, found, cases[i].sum);
    }
    arena_done(&arena);
}

static double random_double(uint64_t *seed)
{
    uint64_t bits;
    double value;
    do {
        *seed = *seed * 6364136223846793005u + 1442695040888963407u;
        bits = *seed ^ *seed >> 29;
        memcpy(&value, &bits, sizeof value);
    } while (!isfinite(value));
    return value;
}

/* Inserted, merged and retracted in two orders, the packed bytes are the same; taken all away,
 * they are zero's. */
static void order_does_not_matter(void **state)
{
    (void)state;
    enum { VALUES = 500 };
    struct arena arena = {0};
    struct buffer left = {0}, right = {0}, zero = {0};
    static const struct float_sum nothing;
    static double values[VALUES];
    uint64_t seed = 7;
    for (size_t i = 0; i < VALUES; i++)
        values[i] = random_double(&seed);
    struct float_sum forward = {.count = 0}, odd = {.count = 0}, even = {.count = 0};
    for (size_t i = 0; i < VALUES; i++)
        float_sum_add(&forward, values[i], (int64_t)i + 1, &arena);
    for (size_t i = VALUES; i > 0; i--) {
        float_sum_add(i % 2 ? &odd : &even, values[i - 1], (int64_t)i + 3, &arena);
        float_sum_add(i % 2 ? &even : &odd, values[i - 1], -3, &arena);
    }
    float_sum_merge(&odd, &even, &arena);
    float_sum_pack(&forward, &left);
    float_sum_pack(&odd, &right);
    assert_true(slice_equal(buffer_slice(&left), buffer_slice(&right)));

    float_sum_negate(&odd);
    float_sum_merge(&forward, &odd, &arena);
    buffer_clear(&left);
    float_sum_pack(&forward, &left);
    float_sum_pack(&nothing, &zero);
    assert_true(slice_equal(buffer_slice(&left), buffer_slice(&zero)));
    buffer_done(&left);
    buffer_done(&right);
    buffer_done(&zero);
    arena_done(&arena);
}

static void packed_sums_come_back(void **state)
{
    (void)state;
    static double const values[] = {0, 1, -1, 0.1, -1e300, 5e-324, DBL_MAX, 65536, -65535.5};
    struct arena arena = {0};
    for (size_t i = 0; i < COUNT_OF(values); i++) {
        struct buffer packed = {0}, again = {0};
        struct float_sum sum = {.count = 0}, back;
        float_sum_add(&sum, values[i], 1, &arena);
        float_sum_pack(&sum, &packed);
        struct slice rest = buffer_slice(&packed);
        assert_true(float_sum_unpack(&rest, &arena, &back));
        assert_int_equal(rest.length, 0);
        assert_true(float_sum_to_double(&back) == values[i]);
        float_sum_pack(&back, &again);
        assert_true(slice_equal(buffer_slice(&packed), buffer_slice(&again)));
        for (size_t cut = 0; cut < packed.length; cut++) {
            rest = slice_of(packed.at, cut);
            assert_false(float_sum_unpack(&rest, &arena, &back));
        }
        buffer_done(&packed);
        buffer_done(&again);
    }
    static const uint8_t far[] = {0xff, 0x7f, 1, 1}; /* a limb that no double reaches */
    struct slice hostile = slice_of(far, sizeof far);
    struct float_sum back;
    assert_false(float_sum_unpack(&hostile, &arena, &back));
    arena_done(&arena);
}

static void variance_of(const double *values, size_t count, double expected_pop)
{
    struct arena arena = {0};
    struct float_sum sum = {.count = 0}, squares = {.count = 0};
    for (size_t i = 0; i < count; i++) {
        float_sum_add(&sum, values[i], 1, &arena);
        float_sum_add_product(&squares, values[i], values[i], 1, &arena);
    }
    double const found = float_sum_covariance(&sum, &sum, &squares, count, count);
    if (found != expected_pop) fail_msg("variance %a, not %a", found, expected_pop);
    arena_done(&arena);
}

/* Where a sum of squares in doubles loses everything. */
static void variances_do_not_cancel(void **state)
{
    (void)state;
    variance_of((const double[]){1e15, 1e15 + 1, 1e15 + 2}, 3, 2.0 / 3);
    variance_of((const double[]){5, 5, 5}, 3, 0);
    variance_of((const double[]){-1e200, 1e200}, 2, INFINITY);
    variance_of((const double[]){-1e150, 1e150}, 2, 1e150 * 1e150);
    variance_of((const double[]){1e-160, -1e-160}, 2, 1e-160 * 1e-160);
    variance_of((const double[]){0.1, 0.1}, 2, 0);
}

static void averages_are_rounded_once(void **state)
{
    (void)state;
    struct arena arena = {0};
    struct float_sum sum = {.count = 0};
    float_sum_add(&sum, DBL_MAX, 3, &arena); /* beyond the range of a double, unlike the average */
    assert_true(float_sum_ratio(&sum, 3) == DBL_MAX);
    struct float_sum third = {.count = 0};
    float_sum_add(&third, 1, 1, &arena);
    assert_true(float_sum_ratio(&third, 3) == 1.0 / 3);
    assert_true(float_sum_ratio(&third, UINT64_MAX) == 1 / 18446744073709551615.0);
    arena_done(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sums_are_exact_and_rounded_once),
        cmocka_unit_test(order_does_not_matter),
        cmocka_unit_test(packed_sums_come_back),
        cmocka_unit_test(variances_do_not_cancel),
        cmocka_unit_test(averages_are_rounded_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
