// SPDX-License-Identifier: Apache-2.0
#include "sketch/ddsketch.h"

#include <float.h>
#include <math.h>

#include "../support/test.h"

static int compare_doubles(const void *a, const void *b)
{
    double const left = *(const double *)a, right = *(const double *)b;
    return (left > right) - (left < right);
}

/* A skewed set with negative values and zeros. */
static double value_at(size_t i)
{
    if (i % 10 == 0) return 0;
    double const value = exp((double)(i * 7919 % 1000) / 30);
    return i % 3 == 0 ? -value : value;
}

static void quantiles_are_within_one_percent(void **state)
{
    (void)state;
    enum { VALUES = 5000 };
    static double values[VALUES];
    static double const fractions[] = {0, 0.01, 0.25, 0.5, 0.75, 0.9, 0.99, 1};
    struct arena arena = {0};
    struct ddsketch sketch = {.count = 0};
    for (size_t i = 0; i < VALUES; i++) {
        values[i] = value_at(i);
        ddsketch_add(&sketch, values[i], 1, &arena);
    }
    qsort(values, VALUES, sizeof values[0], compare_doubles);
    for (size_t i = 0; i < COUNT_OF(fractions); i++) {
        double const right = values[(size_t)floor(fractions[i] * (VALUES - 1))];
        double const found = ddsketch_quantile(&sketch, fractions[i]);
        if (fabs(found - right) > 0.01 * fabs(right) + 1e-12 * fabs(right))
            fail_msg("%g: %g, not %g", fractions[i], found, right);
    }
    arena_done(&arena);
}

static void the_ends_of_the_range_have_buckets(void **state)
{
    (void)state;
    static double const values[] = {DBL_MAX, -DBL_MAX, DBL_TRUE_MIN, -DBL_TRUE_MIN, DBL_MIN, 1};
    struct arena arena = {0};
    for (size_t i = 0; i < COUNT_OF(values); i++) {
        struct ddsketch sketch = {.count = 0};
        ddsketch_add(&sketch, values[i], 1, &arena);
        double const found = ddsketch_quantile(&sketch, 0.5);
        /* The middle of the last bucket may be beyond the range, the least have no neighbours. */
        if (isfinite(found) && fabs(values[i]) >= DBL_MIN)
            assert_true(fabs(found - values[i]) <= 0.0101 * fabs(values[i]));
    }
    arena_done(&arena);
}

static void what_is_taken_out_leaves_nothing(void **state)
{
    (void)state;
    struct arena arena = {0};
    struct buffer left = {0}, right = {0};
    struct ddsketch all = {.count = 0}, some = {.count = 0}, gone = {.count = 0}, back;
    for (size_t i = 0; i < 1000; i++) {
        ddsketch_add(&all, value_at(i), 2, &arena);
        if (i % 2) ddsketch_add(&some, value_at(i), 2, &arena);
        if (i % 2 == 0) ddsketch_add(&gone, value_at(i), 2, &arena);
    }
    ddsketch_negate(&gone);
    ddsketch_merge(&all, &gone, &arena);
    ddsketch_pack(&all, &left);
    ddsketch_pack(&some, &right);
    assert_true(slice_equal(buffer_slice(&left), buffer_slice(&right)));
    struct slice rest = buffer_slice(&left);
    assert_true(ddsketch_unpack(&rest, &arena, &back));
    assert_int_equal(rest.length, 0);
    assert_true(ddsketch_quantile(&back, 0.5) == ddsketch_quantile(&some, 0.5));
    for (size_t cut = 0; cut < left.length; cut++) {
        rest = slice_of(left.at, cut);
        assert_false(ddsketch_unpack(&rest, &arena, &back));
    }
    struct ddsketch const nothing = {.count = 0};
    assert_true(isnan(ddsketch_quantile(&nothing, 0.5)));
    buffer_done(&left);
    buffer_done(&right);
    arena_done(&arena);
}

static void merging_is_adding(void **state)
{
    (void)state;
    for (size_t step = 1; step < 40; step++) {
        struct arena arena = {0};
        AUTO_BUFFER struct buffer left = {0};
        AUTO_BUFFER struct buffer right = {0};
        struct ddsketch one = {.count = 0}, other = {.count = 0}, both = {.count = 0};
        for (size_t i = 0; i < 400; i++) {
            int64_t const weight = i % 7 == 0 ? -1 : 1;
            ddsketch_add(i % step ? &one : &other, value_at(i), weight, &arena);
            ddsketch_add(&both, value_at(i), weight, &arena);
        }
        ddsketch_merge(&one, &other, &arena);
        ddsketch_pack(&one, &left);
        ddsketch_pack(&both, &right);
        assert_true(slice_equal(buffer_slice(&left), buffer_slice(&right)));
        arena_done(&arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(quantiles_are_within_one_percent),
        cmocka_unit_test(the_ends_of_the_range_have_buckets),
        cmocka_unit_test(what_is_taken_out_leaves_nothing),
        cmocka_unit_test(merging_is_adding),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
