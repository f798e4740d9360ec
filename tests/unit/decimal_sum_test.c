// SPDX-License-Identifier: Apache-2.0
#include "types/decimal_sum.h"

#include <stdlib.h>

#include <math.h>

#include "../support/test.h"

static struct decimal_sum read_number(const char *text)
{
    struct decimal number;
    assert_int_equal(decimal_read(slice_text(text), &number), DECIMAL_READ);
    return decimal_sum_from_decimal(&number);
}

static void check_text(const struct decimal_sum *number, const char *expected)
{
    char text[DECIMAL_SUM_TEXT_BYTES + 1];
    text[decimal_sum_write(number, text)] = '\0';
    assert_string_equal(text, expected);
}

static void add(struct decimal_sum *sum, const char *text, int64_t weight)
{
    struct decimal number;
    assert_int_equal(decimal_read(slice_text(text), &number), DECIMAL_READ);
    decimal_sum_add(sum, &number, weight);
}

static void sums_do_not_depend_on_order_or_detours(void **state)
{
    (void)state;
    struct decimal_sum sum = {0}, other = {0};
    add(&sum, "19.99", 1);
    add(&sum, "0.00000000000000000000000000000000000001", 1);
    add(&sum, "99999999999999999999999999999999999999", 1);
    add(&sum, "0.00000000000000000000000000000000000001", -1);
    add(&sum, "99999999999999999999999999999999999999", -1);
    add(&sum, "0.01", 1);
    add(&other, "20", 1);
    uint8_t left[DECIMAL_SUM_PACKED_BYTES], right[DECIMAL_SUM_PACKED_BYTES];
    size_t const length = decimal_sum_pack(&sum, left);
    assert_int_equal(length, decimal_sum_pack(&other, right));
    assert_memory_equal(left, right, length);
    check_text(&sum, "20");
}

static void the_largest_sum_fits(void **state)
{
    (void)state;
    struct decimal_sum sum = {0};
    add(&sum, "99999999999999999999999999999999999999", INT64_MAX);
    add(&sum, "-0.00000000000000000000000000000000000001", INT64_MAX);
    check_text(&sum, "922337203685477580699999999999999999990776627963145224192"
                     ".99999999999999999990776627963145224193");
    add(&sum, "99999999999999999999999999999999999999", -INT64_MAX);
    add(&sum, "-0.00000000000000000000000000000000000001", -INT64_MAX);
    assert_true(decimal_sum_is_zero(&sum));
}

/* The sum of squares of any decimals fits, and a variance cancels nothing. */
static void variances_are_rounded_once(void **state)
{
    (void)state;
    static const struct {
        const char *values[3];
        uint64_t count, divisor;
        double variance;
    } cases[] = {
        {{"1", "2", "3"}, 3, 2, 1},
        {{"1", "2", "3"}, 3, 3, 2.0 / 3},
        {{"0.1", "0.1", "0.1"}, 3, 3, 0},
        {{"1000000000000000000", "1000000000000000001", "1000000000000000002"}, 3, 2, 1},
        {{"99999999999999999999999999999999999999", "-99999999999999999999999999999999999999", "0"},
         3,
         2,
         1e76},
        {{"0.00000000000000000000000000000000000001", "0", "0"}, 3, 3, 2.0 / 9 * 1e-76},
        {{"99999999999999999999999999999999999999", "0.00000000000000000000000000000000000001",
          "0"},
         3,
         3,
         2.0 / 9 * 1e76},
        /* sums that have fewer digits than what they are of */
        {{"0.5", "0.5", "0"}, 3, 3, 1.0 / 18},
        {{"0.1", "0.2", "0.7"}, 3, 3, 0.62 / 9},
        {{"0.00000000000000000001", "0.99999999999999999999", "0"}, 3, 3, 2.0 / 9},
        {{"-0.5", "0.5", "0"}, 3, 2, 0.25},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct decimal_sum sum = {0}, squares = {0};
        for (size_t j = 0; j < COUNT_OF(cases[i].values); j++) {
            struct decimal number;
            assert_int_equal(decimal_read(slice_text(cases[i].values[j]), &number), DECIMAL_READ);
            decimal_sum_add(&sum, &number, 1);
            decimal_sum_add_product(&squares, &number, &number, 1);
        }
        double const found =
            decimal_sum_covariance(&sum, &sum, &squares, cases[i].count, cases[i].divisor);
        double const apart =
            found > cases[i].variance ? found - cases[i].variance : cases[i].variance - found;
        if (apart > 4e-16 * cases[i].variance)
            fail_msg("case %zu: %.17g, not %.17g", i, found, cases[i].variance);
    }
}

static void packed_numbers_read_back(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "0",    "1",   "-1",  "127",   "128",         "-128",
        "-129", "255", "0.5", "-0.25", "9747747.934", "-99999999999999999999999999999999999999"};
    for (size_t i = 0; i < COUNT_OF(texts); i++) {
        struct decimal_sum const number = read_number(texts[i]);
        uint8_t bytes[DECIMAL_SUM_PACKED_BYTES];
        struct decimal_sum back;
        size_t const length = decimal_sum_pack(&number, bytes);
        assert_int_equal(decimal_sum_unpack(slice_of(bytes, length), &back), length);
        check_text(&back, texts[i]);
        assert_int_equal(decimal_sum_unpack(slice_of(bytes, length - 1), &back), 0);
    }
}

static void a_ratio_is_the_nearest_double(void **state)
{
    (void)state;
    static const struct {
        const char *a, *b;
        double expected;
    } cases[] = {{"1", "3", 1.0 / 3},
                 {"-2", "3", -2.0 / 3},
                 {"0", "7", 0},
                 {"9747747.934", "541909", 9747747.934 / 541909},
                 {"0.1", "0.3", 1.0 / 3},
                 {"18014398509481985", "2", 9007199254740992.0},
                 {"18014398509481987", "2", 9007199254740994.0},
                 {"99999999999999999999999999999999999999", "1", 1e38},
                 {"0.00000000000000000000000000000000000001",
                  "99999999999999999999999999999999999999", 1e-76}};
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct decimal_sum const a = read_number(cases[i].a), b = read_number(cases[i].b);
        assert_true(decimal_sum_ratio(&a, &b) == cases[i].expected);
    }
}

/* Products of sums may be so far apart that no common scale fits. */
static void a_ratio_of_extremes_is_near(void **state)
{
    (void)state;
    struct decimal_sum const most = read_number("99999999999999999999999999999999999999");
    struct decimal_sum const least = read_number("0.00000000000000000000000000000000000001");
    struct decimal_sum large = most, small;
    assert_true(decimal_sum_times(&least, &least, &small));
    for (int digits = 76; digits <= 152; digits += 38) {
        struct decimal_sum const before = large;
        assert_true(decimal_sum_times(&before, &most, &large));
        double const ratio = decimal_sum_ratio(&large, &small) / pow(10, digits + 76);
        if (fabs(ratio - 1) > 1e-12) fail_msg("10^%d: %.17g", digits + 76, ratio);
    }
}

static void doubles_print_as_short_as_they_read_back(void **state)
{
    (void)state;
    static const struct {
        double number;
        const char *expected;
    } cases[] = {{0.1, "0.1"},
                 {-0.0, "0"},
                 {2, "2"},
                 {1.0 / 3, "0.3333333333333333"},
                 {239.15943838548569, "239.15943838548569"},
                 {1e300, "1e+300"},
                 {5e-324, "5e-324"},
                 {9007199254740993.0, "9007199254740992"}};
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        char text[DOUBLE_TEXT_BYTES];
        text[double_write(cases[i].number, text)] = '\0';
        assert_true(strtod(text, NULL) == cases[i].number);
        assert_string_equal(text, cases[i].expected);
    }
}

static void formulas_multiply_exactly(void **state)
{
    (void)state;
    struct decimal_sum const a = read_number("0.00000000000000000000000000000000000001");
    struct decimal_sum const b = read_number("99999999999999999999999999999999999999");
    struct decimal_sum product;
    assert_true(decimal_sum_times(&a, &b, &product));
    check_text(&product, "0.99999999999999999999999999999999999999");
    for (int i = 0; i < 10 && decimal_sum_times(&product, &b, &product); i++)
        assert_int_not_equal(i, 9);
}

static uint64_t next_random(uint64_t *random)
{
    *random = *random * 6364136223846793005u + 1442695040888963407u;
    return *random >> 11;
}

/* Near where a limb ends, and far below. */
static struct decimal near_a_limb(uint64_t *random)
{
    static int64_t const middles[] = {0, 1000, INT64_MAX, INT64_MIN, INT32_MAX};
    int128 const middle = middles[next_random(random) % COUNT_OF(middles)];
    return (struct decimal){.coefficient = middle + (int128)(next_random(random) % 4000) - 2000,
                            .scale = (unsigned)(next_random(random) % 24)};
}

static void check_same(const struct decimal_sum *a, const struct decimal_sum *b)
{
    uint8_t left[DECIMAL_SUM_PACKED_BYTES], right[DECIMAL_SUM_PACKED_BYTES];
    size_t const length = decimal_sum_pack(a, left);
    assert_int_equal(length, decimal_sum_pack(b, right));
    assert_memory_equal(left, right, length);
}

/* What is held in one limb is as what is held in all: beside sums of numbers that are never small,
 * as they are far from zero. */
static void small_numbers_are_as_wide_ones(void **state)
{
    (void)state;
    enum { ROUNDS = 5000, TERMS = 6 };
    static const char far[] = "99999999999999999999999999999999999999";
    uint64_t random = 1;
    for (unsigned round = 0; round < ROUNDS; round++) {
        struct decimal_sum sum = {0}, merged = {0}, wide = {0};
        add(&wide, far, 1000);
        for (unsigned i = 0; i < TERMS; i++) {
            struct decimal const a = near_a_limb(&random), b = near_a_limb(&random);
            int64_t const weight = (int64_t)(next_random(&random) % 5) - 2;
            struct decimal_sum term = {0};
            bool const is_product = next_random(&random) % 2;
            if (is_product) {
                decimal_sum_add_product(&sum, &a, &b, weight);
                decimal_sum_add_product(&term, &a, &b, weight);
                decimal_sum_add_product(&wide, &a, &b, weight);
            } else {
                decimal_sum_add(&sum, &a, weight);
                decimal_sum_add(&term, &a, weight);
                decimal_sum_add(&wide, &a, weight);
            }
            decimal_sum_merge(&merged, &term);
        }
        add(&wide, far, -1000);
        check_same(&sum, &wide);
        check_same(&merged, &wide);
    }
}

/* As its text reads, or not. */
static void a_sum_is_a_decimal_where_its_text_is(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "0",
        "-1.5",
        "120",
        "9223372036854775807",
        "-9223372036854775808",
        "99999999999999999999999999999999999999",
        "-0.00000000000000000000000000000000000001",
        "1.2345678901234567890123456789012345678",
    };
    struct decimal read, number;
    for (size_t i = 0; i < COUNT_OF(texts); i++) {
        struct decimal_sum const sum = read_number(texts[i]);
        assert_true(decimal_sum_to_decimal(&sum, &number));
        assert_int_equal(decimal_read(slice_text(texts[i]), &read), DECIMAL_READ);
        assert_true(read.coefficient == number.coefficient && read.scale == number.scale);
    }
    struct decimal_sum sum = read_number(texts[5]);
    add(&sum, "1", 1);
    assert_false(decimal_sum_to_decimal(&sum, &number));
    add(&sum, "-1", 1);
    add(&sum, "0.1", 1);
    assert_false(decimal_sum_to_decimal(&sum, &number));
    struct decimal const least = {.coefficient = 1, .scale = DECIMAL_DIGITS};
    struct decimal const tenth = {.coefficient = 1, .scale = 1};
    struct decimal_sum product = {0};
    decimal_sum_add_product(&product, &least, &tenth, 1);
    assert_false(decimal_sum_to_decimal(&product, &number));
}

int main(void)
{
    struct CMUnitTest const tests[] = {
        cmocka_unit_test(sums_do_not_depend_on_order_or_detours),
        cmocka_unit_test(the_largest_sum_fits),
        cmocka_unit_test(variances_are_rounded_once),
        cmocka_unit_test(packed_numbers_read_back),
        cmocka_unit_test(a_ratio_is_the_nearest_double),
        cmocka_unit_test(a_ratio_of_extremes_is_near),
        cmocka_unit_test(doubles_print_as_short_as_they_read_back),
        cmocka_unit_test(formulas_multiply_exactly),
        cmocka_unit_test(small_numbers_are_as_wide_ones),
        cmocka_unit_test(a_sum_is_a_decimal_where_its_text_is),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
