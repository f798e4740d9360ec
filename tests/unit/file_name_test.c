// SPDX-License-Identifier: Apache-2.0
#include "types/file_name.h"

#include "../support/test.h"
#include "types/rows_formats.h"

static struct value string(const char *text, size_t length)
{
    return (struct value){.kind = VALUE_STRING, .string = slice_of(text, length)};
}

static struct value_type const text_type = {.kind = VALUE_STRING};

static void check_name(const struct value *value, struct value_type type, const char *expected)
{
    AUTO_BUFFER struct buffer name = {0};
    AUTO_ARENA struct arena arena = {0};
    struct value back;
    file_name_write(value, type, NULL, &name);
    buffer_add_byte(&name, '\0');
    assert_string_equal((char *)name.at, expected);
    assert_int_equal(file_name_read(slice_text(expected), type, NULL, &arena, &back), NAME_EXACT);
    assert_int_equal(value_compare(value, &back), 0);
}

static void names_follow_the_rule_and_read_back(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        size_t length;
        const char *name;
    } cases[] = {
        {"eu-central", 10, "eu-central"},
        {"", 0, "%empty"},
        {"a/b", 3, "a%2Fb"},
        {"..", 2, "%2E."},
        {".total", 6, "%2Etotal"},
        {"-rf", 3, "%2Drf"},
        {"~root", 5, "%7Eroot"},
        {"a~-.b", 5, "a~-.b"},
        {"%null", 5, "%25null"},
        {"a\\b", 3, "a%5Cb"},
        {"a\nb\x7f", 4, "a%0Ab%7F"},
        {"\0", 1, "%00"},
        {"x.json", 6, "x%2Ejson"},
        {"x.json.json", 11, "x.json%2Ejson"},
        {"x.html", 6, "x%2Ehtml"},
        {".json", 5, "%2Ejson"},
        {"x.JSON", 6, "x.JSON"},
        {"x.json ", 7, "x.json "},
        {"\xc3\xbc", 2, "\xc3\xbc"},
        {"\xc3(", 2, "%C3("},
        {"\xff", 1, "%FF"},
        {"\xed\xa0\x80", 3, "%ED%A0%80"},
        {"\xc0\xaf", 2, "%C0%AF"},
        {"\xf0\x9f\x98\x80", 4, "\xf0\x9f\x98\x80"},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct value const value = string(cases[i].text, cases[i].length);
        check_name(&value, text_type, cases[i].name);
    }
    struct value const null = {.kind = VALUE_NULL};
    struct value const minus = {.kind = VALUE_NUMBER, .number = {.coefficient = -5}};
    struct value const decimal = {.kind = VALUE_NUMBER, .number = {.coefficient = 199, .scale = 1}};
    struct value const yes = {.kind = VALUE_BOOL, .boolean = true};
    check_name(&null, text_type, "%null");
    check_name(&null, (struct value_type){.kind = VALUE_NUMBER}, "%null");
    check_name(&minus, (struct value_type){.kind = VALUE_NUMBER}, "%2D5");
    check_name(&decimal, (struct value_type){.kind = VALUE_NUMBER}, "19.9");
    check_name(&yes, (struct value_type){.kind = VALUE_BOOL}, "true");
}

static void no_value_is_named_as_a_file_of_rows(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROWS_FORMATS; i++) {
        AUTO_BUFFER struct buffer text = {0}, name = {0};
        const char *const extension = rows_extensions[i];
        assert_true(strlen(extension) <= NAME_BYTES_MAX - NAME_STEM_BYTES_MAX);
        buffer_format(&text, "x%s", extension);
        buffer_format(&name, "x%%2E%s", extension + 1);
        buffer_add_byte(&name, '\0');
        struct value const value = string((char *)text.at, text.length);
        check_name(&value, text_type, (char *)name.at);
    }
}

static void other_spellings_are_refused(void **state)
{
    (void)state;
    static const char *const texts[] = {"",     "%",      "%4",   "%41",    "%2f",          "%zz",
                                        ".a",   "-a",     "~a",   "a/b",    "%Empty",       "a%",
                                        "\xff", "%C3%BC", "a\nb", "x.json", "a%2Ejson.json"};
    static const char *const numbers[] = {"05", "+5", "-5", "5.0", "1e3", "%empty", "x", ""};
    AUTO_ARENA struct arena arena = {0};
    struct value value;
    for (size_t i = 0; i < COUNT_OF(texts); i++) {
        if (file_name_read(slice_text(texts[i]), text_type, NULL, &arena, &value) != NAME_INVALID)
            fail_msg("'%s' is a name", texts[i]);
    }
    for (size_t i = 0; i < COUNT_OF(numbers); i++) {
        if (file_name_read(slice_text(numbers[i]), (struct value_type){.kind = VALUE_NUMBER}, NULL,
                           &arena, &value) != NAME_INVALID)
            fail_msg("'%s' is a name", numbers[i]);
    }
}

static void long_names_are_cut_between_characters_and_hashed(void **state)
{
    (void)state;
    static const char *const units[] = {"a", "/", "\xc3\xbc", "\xf0\x9f\x98\x80"};
    for (size_t u = 0; u < COUNT_OF(units); u++) {
        for (size_t count = 50; count < 300; count++) {
            AUTO_BUFFER struct buffer text = {0}, name = {0};
            AUTO_ARENA struct arena arena = {0};
            struct value back;
            for (size_t i = 0; i < count; i++)
                buffer_add_text(&text, units[u]);
            struct value const value = string((char *)text.at, text.length);
            file_name_write(&value, text_type, NULL, &name);
            assert_in_range(name.length, 1, NAME_STEM_BYTES_MAX);
            enum name_reading const reading =
                file_name_read(buffer_slice(&name), text_type, NULL, &arena, &back);
            size_t const plain = count * (u == 1 ? 3 : strlen(units[u]));
            assert_int_equal(reading, plain <= NAME_STEM_BYTES_MAX ? NAME_EXACT : NAME_HASHED);
            if (reading == NAME_HASHED) assert_true(slice_starts(value.string, back.string));
            if (reading == NAME_EXACT) assert_int_equal(value_compare(&value, &back), 0);
        }
    }
}

int main(void)
{
    struct CMUnitTest const tests[] = {
        cmocka_unit_test(names_follow_the_rule_and_read_back),
        cmocka_unit_test(no_value_is_named_as_a_file_of_rows),
        cmocka_unit_test(other_spellings_are_refused),
        cmocka_unit_test(long_names_are_cut_between_characters_and_hashed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
