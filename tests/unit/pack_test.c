// SPDX-License-Identifier: Apache-2.0
#include "types/pack.h"

#include "../support/test.h"

static struct value number(const char *text)
{
    struct value value = {.kind = VALUE_NUMBER};
    assert_int_equal(decimal_read(slice_text(text), &value.number), DECIMAL_READ);
    return value;
}

static struct value string(const char *text, size_t length)
{
    return (struct value){.kind = VALUE_STRING, .string = slice_of(text, length)};
}

#define STRING(text) string(text, sizeof(text) - 1)

/* Every pair of the list must pack in the order of the list, and read back as itself. */
static void check_order(const struct value *values, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        AUTO_BUFFER struct buffer left = {0};
        AUTO_ARENA struct arena arena = {0};
        assert_true(pack_value(&left, &values[i], PACK_NO_LIMIT));
        assert_int_equal(packed_length(buffer_slice(&left)), left.length);
        struct slice rest = buffer_slice(&left);
        struct value back;
        assert_int_equal(unpack_value(&rest, &arena, &back), UNPACKED);
        assert_int_equal(rest.length, 0);
        assert_int_equal(value_compare(&values[i], &back), 0);
        for (size_t j = 0; j < count; j++) {
            AUTO_BUFFER struct buffer right = {0};
            (void)pack_value(&right, &values[j], PACK_NO_LIMIT);
            int const order = slice_compare(buffer_slice(&left), buffer_slice(&right));
            assert_int_equal((order > 0) - (order < 0), (i > j) - (i < j));
            if (i != j) assert_false(slice_starts(buffer_slice(&right), buffer_slice(&left)));
        }
    }
}

static void numbers_sort_by_size(void **state)
{
    (void)state;
    static const char *const texts[] = {"-99999999999999999999999999999999999999",
                                        "-9223372036854775808",
                                        "-100",
                                        "-99.5",
                                        "-99",
                                        "-12.5",
                                        "-10",
                                        "-9",
                                        "-1.01",
                                        "-1",
                                        "-0.5",
                                        "-0.05",
                                        "-0.00000000000000000000000000000000000001",
                                        "0",
                                        "0.00000000000000000000000000000000000001",
                                        "0.001",
                                        "0.05",
                                        "0.5",
                                        "0.99",
                                        "1",
                                        "1.01",
                                        "9",
                                        "10",
                                        "12.5",
                                        "99",
                                        "100",
                                        "101",
                                        "1000",
                                        "9223372036854775807",
                                        "99999999999999999999999999999999999999"};
    struct value values[COUNT_OF(texts) + 1] = {{.kind = VALUE_NULL}};
    for (size_t i = 0; i < COUNT_OF(texts); i++)
        values[i + 1] = number(texts[i]);
    check_order(values, COUNT_OF(values));
}

static void strings_sort_by_bytes_even_with_nuls(void **state)
{
    (void)state;
    struct value const values[] = {
        {.kind = VALUE_NULL}, {.kind = VALUE_UNRESOLVED},
        STRING(""),           STRING("\0"),
        STRING("\0\0"),       STRING("\0a"),
        STRING("\1"),         STRING("a"),
        STRING("a\0"),        STRING("a\0b"),
        STRING("a\1"),        STRING("aa"),
        STRING("ab"),         STRING("b"),
        STRING("\xff"),       STRING("\xff\xff"),
    };
    check_order(values, COUNT_OF(values));
}

static void times_and_buckets_sort_by_time(void **state)
{
    (void)state;
    struct value const times[] = {
        {.kind = VALUE_NULL},
        {.kind = VALUE_TIME, .time_ns = (int128)-62167219200 * 1000000000},
        {.kind = VALUE_TIME, .time_ns = -1},
        {.kind = VALUE_TIME, .time_ns = 0},
        {.kind = VALUE_TIME, .time_ns = 1},
        {.kind = VALUE_TIME, .time_ns = (int128)253402300799 * 1000000000},
    };
    struct value const buckets[] = {
        {.kind = VALUE_BUCKET, .bucket = {.local_seconds = -3600}},
        {.kind = VALUE_BUCKET, .bucket = {.local_seconds = 7200, .offset_seconds = 7200}},
        {.kind = VALUE_BUCKET, .bucket = {.local_seconds = 7200, .offset_seconds = 3600}},
        {.kind = VALUE_BUCKET, .bucket = {.local_seconds = 10800, .offset_seconds = 3600}},
    };
    check_order(times, COUNT_OF(times));
    check_order(buckets, COUNT_OF(buckets));
}

static void booleans_sort_false_before_true(void **state)
{
    (void)state;
    struct value const values[] = {
        {.kind = VALUE_NULL},
        {.kind = VALUE_BOOL, .boolean = false},
        {.kind = VALUE_BOOL, .boolean = true},
    };
    check_order(values, COUNT_OF(values));
}

static void a_string_over_the_limit_is_cut_and_told_apart_by_its_hash(void **state)
{
    (void)state;
    AUTO_ARENA struct arena arena = {0};
    AUTO_BUFFER struct buffer left = {0}, right = {0};
    char text[300];
    memset(text, 'x', sizeof text);
    struct value value = string(text, sizeof text);
    assert_false(pack_value(&left, &value, 100));
    assert_in_range(left.length, 1, 100);
    text[299] = 'y';
    assert_false(pack_value(&right, &value, 100));
    assert_int_not_equal(slice_compare(buffer_slice(&left), buffer_slice(&right)), 0);
    assert_int_equal(packed_length(buffer_slice(&left)), left.length);
    struct slice rest = buffer_slice(&left);
    struct value back;
    assert_int_equal(unpack_value(&rest, &arena, &back), UNPACKED_CUT);
    assert_int_equal(rest.length, 0);
    assert_memory_equal(back.string.at, text, back.string.length);
}

static void a_cut_string_sorts_behind_its_beginning_and_before_what_is_greater(void **state)
{
    (void)state;
    AUTO_BUFFER struct buffer kept = {0}, cut = {0}, greater = {0};
    char text[300];
    memset(text, 'x', sizeof text);
    struct value const shorter = string(text, 81), longer = string(text, 300);
    assert_true(pack_value(&kept, &shorter, 100));
    assert_false(pack_value(&cut, &longer, 100));
    text[80] = 'y';
    struct value const above = string(text, 81);
    assert_true(pack_value(&greater, &above, 100));
    assert_true(slice_compare(buffer_slice(&kept), buffer_slice(&cut)) < 0);
    assert_true(slice_compare(buffer_slice(&cut), buffer_slice(&greater)) < 0);
}

static void broken_bytes_are_refused(void **state)
{
    (void)state;
    static const char *const cases[] = {"",
                                        "\x0c",
                                        "\x0a"
                                        "abc",
                                        "\x0a"
                                        "abc\0",
                                        "\x07\x41",
                                        "\x07\x41\x70",
                                        "\x08\1\2\3",
                                        "\x09\1",
                                        "\x07\x41\xf0",
                                        "\x0a"
                                        "a\0\x42"};
    static size_t const lengths[] = {0, 1, 4, 5, 2, 3, 4, 2, 3, 4};
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        AUTO_ARENA struct arena arena = {0};
        struct slice rest = slice_of(cases[i], lengths[i]);
        struct value value;
        assert_int_equal(packed_length(rest), 0);
        assert_int_equal(unpack_value(&rest, &arena, &value), UNPACK_FAILED);
    }
}

static void varints_read_back(void **state)
{
    (void)state;
    static uint64_t const numbers[] = {0, 1, 127, 128, 16383, 16384, UINT32_MAX, UINT64_MAX};
    AUTO_BUFFER struct buffer bytes = {0};
    for (size_t i = 0; i < COUNT_OF(numbers); i++)
        pack_varint(&bytes, numbers[i]);
    struct slice rest = buffer_slice(&bytes);
    for (size_t i = 0; i < COUNT_OF(numbers); i++) {
        uint64_t number_read;
        assert_true(unpack_varint(&rest, &number_read));
        assert_true(number_read == numbers[i]);
    }
    uint64_t unused;
    assert_false(unpack_varint(&rest, &unused));
}

int main(void)
{
    struct CMUnitTest const tests[] = {
        cmocka_unit_test(numbers_sort_by_size),
        cmocka_unit_test(strings_sort_by_bytes_even_with_nuls),
        cmocka_unit_test(times_and_buckets_sort_by_time),
        cmocka_unit_test(booleans_sort_false_before_true),
        cmocka_unit_test(a_string_over_the_limit_is_cut_and_told_apart_by_its_hash),
        cmocka_unit_test(a_cut_string_sorts_behind_its_beginning_and_before_what_is_greater),
        cmocka_unit_test(broken_bytes_are_refused),
        cmocka_unit_test(varints_read_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
