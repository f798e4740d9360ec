// SPDX-License-Identifier: Apache-2.0
#include "types/decimal.h"

#include "../support/test.h"

static struct decimal read_number(const char *text)
{
    struct decimal number;
    assert_int_equal(decimal_read(slice_text(text), &number), DECIMAL_READ);
    return number;
}

static void check_text(const struct decimal *number, const char *expected)
{
    char text[DECIMAL_TEXT_BYTES + 1];
    text[decimal_write(number, text)] = '\0';
    assert_string_equal(text, expected);
}

static void numbers_read_and_print_in_plain_notation(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"0", "0"},
        {"-0", "0"},
        {"-0.0", "0"},
        {"007", "7"},
        {"19.99", "19.99"},
        {"19.990", "19.99"},
        {"+5", "5"},
        {".5", "0.5"},
        {"5.", "5"},
        {"1e3", "1000"},
        {"1.5E+3", "1500"},
        {"-25e-4", "-0.0025"},
        {"9223372036854775808", "9223372036854775808"},
        {"99999999999999999999999999999999999999", "99999999999999999999999999999999999999"},
        {"100000000000000000000000000000000000000e-38", "1"},
        {"0.00000000000000000000000000000000000001", "0.00000000000000000000000000000000000001"},
        {"0e999999999999", "0"},
        {"1.0000000000000000000000000000000000000000000000", "1"},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct decimal const number = read_number(cases[i][0]);
        check_text(&number, cases[i][1]);
    }
}

static void what_is_no_number_or_too_long_is_told_apart(void **state)
{
    (void)state;
    static const char *const malformed[] = {"",    "-",   "+",   ".",     "e5",   "1e",
                                            "1e+", "1 ",  " 1",  "1.2.3", "0x10", "1,5",
                                            "nan", "inf", "--1", "1-"};
    static const char *const too_long[] = {"100000000000000000000000000000000000001",
                                           "1e38",
                                           "1e400",
                                           "1e-39",
                                           "0.000000000000000000000000000000000000001",
                                           "1e99999999999999999999"};
    struct decimal number;
    for (size_t i = 0; i < COUNT_OF(malformed); i++)
        assert_int_equal(decimal_read(slice_text(malformed[i]), &number), DECIMAL_MALFORMED);
    for (size_t i = 0; i < COUNT_OF(too_long); i++)
        assert_int_equal(decimal_read(slice_text(too_long[i]), &number), DECIMAL_TOO_LONG);
}

typedef bool (*operation)(const struct decimal *a, const struct decimal *b, struct decimal *ret);

static void arithmetic_is_exact_or_refused(void **state)
{
    (void)state;
    static const struct {
        operation operate;
        const char *a, *b, *expected; /* NULL: does not fit */
    } cases[] = {
        {decimal_add, "0.1", "0.2", "0.3"},
        {decimal_add, "19.99", "0.01", "20"},
        {decimal_add, "1", "-1", "0"},
        {decimal_add, "99999999999999999999999999999999999999", "1",
         "100000000000000000000000000000000000000"},
        {decimal_add, "99999999999999999999999999999999999999", "0.1", NULL},
        {decimal_subtract, "5", "7.25", "-2.25"},
        {decimal_subtract, "-99999999999999999999999999999999999999", "2", NULL},
        {decimal_multiply, "6", "2.55", "15.3"},
        {decimal_multiply, "-3", "0.5", "-1.5"},
        {decimal_multiply, "0", "-5", "0"},
        {decimal_multiply, "9223372036854775807", "-9223372036854775808",
         "-85070591730234615856620279821087277056"},
        {decimal_multiply, "10000000000000000000", "10000000000000000000", NULL},
        {decimal_multiply, "0.00000000000000000001", "0.0000000000000000001", NULL},
        {decimal_divide, "10", "4", "2.5"},
        {decimal_divide, "2", "3", "0.666666666666666667"},
        {decimal_divide, "-2", "3", "-0.666666666666666667"},
        {decimal_divide, "1", "99999999999999999999", "0"},
        {decimal_divide, "99999999999999999999999999999999999999", "0.1", NULL},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct decimal const a = read_number(cases[i].a), b = read_number(cases[i].b);
        struct decimal result;
        bool const fits = cases[i].operate(&a, &b, &result);
        if (cases[i].expected && strlen(cases[i].expected) > 38 && cases[i].expected[0] != '-') {
            assert_false(fits); /* 10^38 has 39 digits */
            continue;
        }
        assert_int_equal(fits, cases[i].expected != NULL);
        if (fits) check_text(&result, cases[i].expected);
    }
}

static void comparison_knows_scales(void **state)
{
    (void)state;
    static const char *const rising[] = {"-99999999999999999999999999999999999999",
                                         "-9223372036854775809",
                                         "-9223372036854775808",
                                         "-9223372036854775807.9",
                                         "-1.5",
                                         "-1",
                                         "-0.00000000000000000000000000000000000001",
                                         "0",
                                         "0.1",
                                         "0.11",
                                         "1",
                                         "9.223372036854775807",
                                         "9.2233720368547758071",
                                         "9223372036854775807",
                                         "9223372036854775807.1",
                                         "99999999999999999999999999999999999999"};
    for (size_t i = 0; i < COUNT_OF(rising); i++) {
        for (size_t j = 0; j < COUNT_OF(rising); j++) {
            struct decimal const a = read_number(rising[i]), b = read_number(rising[j]);
            int const order = decimal_compare(&a, &b);
            assert_int_equal((order > 0) - (order < 0), (i > j) - (i < j));
        }
    }
}

static void integers_are_told_from_the_rest(void **state)
{
    (void)state;
    int64_t integer;
    struct decimal number = read_number("17850.0");
    assert_true(decimal_to_int(&number, &integer));
    assert_int_equal(integer, 17850);
    number = read_number("-9223372036854775808");
    assert_true(decimal_to_int(&number, &integer));
    assert_true(integer == INT64_MIN);
    number = read_number("9223372036854775808");
    assert_false(decimal_to_int(&number, &integer));
    number = read_number("0.5");
    assert_false(decimal_to_int(&number, &integer));
}

int main(void)
{
    struct CMUnitTest const tests[] = {
        cmocka_unit_test(numbers_read_and_print_in_plain_notation),
        cmocka_unit_test(what_is_no_number_or_too_long_is_told_apart),
        cmocka_unit_test(arithmetic_is_exact_or_refused),
        cmocka_unit_test(comparison_knows_scales),
        cmocka_unit_test(integers_are_told_from_the_rest),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
