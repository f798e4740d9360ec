// SPDX-License-Identifier: Apache-2.0
#include "input/json_scan.h"

#include <dirent.h>
#include <stdio.h>

#include "../support/test.h"
#include "base/arena.h"

static const char schema_text[] =
    "{\"streams\":{\"s\":{\"fields\":{\"a\":\"string\",\"b\":\"string\","
    "\"again\":{\"type\":\"string\",\"column\":\"a\"},\"n\\u00e9\":\"string\"}}},"
    "\"views\":{\"v\":{\"measures\":{\"n\":\"count()\"}}}}";

enum { FIELDS = 4 };

static struct schema *schema;
static struct json_scanner *scanner;

static int set_up(void **state)
{
    struct error err;
    (void)state;
    if (!schema_read(slice_text(schema_text), NULL, &schema, &err)) {
        print_error("%s: %s\n", err.place, err.fact);
        return -1;
    }
    scanner = json_scanner_new(schema->streams);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    json_scanner_free(scanner);
    schema_free(schema);
    return 0;
}

/* Cells as "'text'|#1|true|-|null|{nested}". */
static void write_cells(const struct cell *cells, struct buffer *into)
{
    static const char *const words[] = {"-", "null", "'", "#", "true", "false", ""};
    for (size_t i = 0; i < FIELDS; i++) {
        if (i > 0) buffer_add_byte(into, '|');
        buffer_add_text(into, words[cells[i].kind]);
        if (cells[i].kind == CELL_TEXT || cells[i].kind == CELL_NUMBER ||
            cells[i].kind == CELL_NESTED)
            buffer_add_slice(into, cells[i].text);
        if (cells[i].kind == CELL_TEXT) buffer_add_byte(into, '\'');
    }
}

/* The text lies in memory of just its size, so that a sanitizer sees a read behind its end. */
static enum json_fault scan(struct slice text, struct cell cells[FIELDS], size_t *ret_offset,
                            uint8_t **ret_copy)
{
    *ret_copy = memory_alloc(text.length);
    if (text.length) memcpy(*ret_copy, text.at, text.length);
    return json_scan(scanner, slice_of(*ret_copy, text.length), cells, ret_offset);
}

static void expect_cells(struct slice text, struct slice expected)
{
    struct cell cells[FIELDS];
    size_t offset = 0;
    AUTO_BUFFER struct buffer written = {0};
    AUTO_FREE uint8_t *copy = NULL;
    enum json_fault const fault = scan(text, cells, &offset, &copy);
    if (fault != JSON_GOOD)
        fail_msg("fault %d at %zu of %.*s", fault, offset, (int)text.length, (const char *)text.at);
    write_cells(cells, &written);
    if (!slice_equal(buffer_slice(&written), expected))
        fail_msg("%.*s: %.*s, expected %.*s", (int)text.length, (const char *)text.at,
                 (int)written.length, (const char *)written.at, (int)expected.length,
                 (const char *)expected.at);
}

static void members_become_cells(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *cells;
    } cases[] = {
        {"{}", "-|-|-|-"},
        {" { } \r", "-|-|-|-"},
        {"{\"a\":\"x\"}", "'x'|-|'x'|-"},
        {"{\"a\":\"x\",\"b\":\"y\"}", "'x'|'y'|'x'|-"},
        {"{\"b\":\"y\",\"a\":\"x\"}", "'x'|'y'|'x'|-"},
        {"{ \"a\" : \"x\" , \"b\" : null }", "'x'|null|'x'|-"},
        {"{\"a\":1.50,\"b\":-0e+7}", "#1.50|#-0e+7|#1.50|-"},
        {"{\"a\":true,\"b\":false}", "true|false|true|-"},
        {"{\"a\":[1,{\"b\":[]}],\"b\":{}}", "[1,{\"b\":[]}]|{}|[1,{\"b\":[]}]|-"},
        {"{\"noise\":[[],[{}],{\"a\":{\"a\":1}}],\"b\":\"y\"}", "-|'y'|-|-"},
        {"{\"a\":1,\"a\":\"last\"}", "'last'|-|'last'|-"},
        {"{\"a\":\"x\",\"a\":null}", "null|-|null|-"},
        {"{\"\":1,\"aa\":2,\"A\":3}", "-|-|-|-"},
        {"{\"n\\u00e9\":1}", "-|-|-|#1"},
        {"{\"n\xc3\xa9\":1}", "-|-|-|#1"},
        {"{\"\\u0061\":\"escaped name\"}", "'escaped name'|-|'escaped name'|-"},
        {"{\"a\":\"\",\"b\":\" \"}", "''|' '|''|-"},
        {"{\"a\":12345678901234567890123456789.123456789e-5}",
         "#12345678901234567890123456789.123456789e-5|-|#12345678901234567890123456789.123456789e-"
         "5|-"},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++)
        expect_cells(slice_text(cases[i].text), slice_text(cases[i].cells));
}

static void escapes_become_bytes(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *bytes;
        size_t length;
    } cases[] = {
        {"\\\" \\\\ \\/ \\b\\f\\n\\r\\t", "\" \\ / \b\f\n\r\t", 11},
        {"\\u0041\\u00e9\\u20ac\\ud83d\\ude00", "A\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80", 10},
        {"\\uD83D\\uDE00", "\xf0\x9f\x98\x80", 4},
        {"x\\u0000y", "x\0y", 3},
        {"\\udcff\\udc80", "\xff\x80", 2},
        {"\xff\xfe raw", "\xff\xfe raw", 6},
        {"longer than eight bytes \\n and behind it too",
         "longer than eight bytes \n and behind it too", 43},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        AUTO_BUFFER struct buffer text = {0};
        AUTO_BUFFER struct buffer cells = {0};
        buffer_format(&text, "{\"b\":\"%s\"}", cases[i].text);
        buffer_add_text(&cells, "-|'");
        buffer_add(&cells, cases[i].bytes, cases[i].length);
        buffer_add_text(&cells, "'|-|-");
        expect_cells(buffer_slice(&text), buffer_slice(&cells));
    }
}

static void a_fault_is_told_with_its_place(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum json_fault fault;
        size_t offset;
    } cases[] = {
        {"", JSON_NOT_OBJECT, 0},
        {"  [1]", JSON_NOT_OBJECT, 2},
        {"null", JSON_NOT_OBJECT, 0},
        {"{", JSON_ENDS_EARLY, 1},
        {"{\"a", JSON_ENDS_EARLY, 3},
        {"{\"a\"", JSON_ENDS_EARLY, 4},
        {"{\"a\":", JSON_ENDS_EARLY, 5},
        {"{\"a\":1", JSON_ENDS_EARLY, 6},
        {"{\"a\":\"x\\", JSON_ENDS_EARLY, 8},
        {"{\"a\":\"x\\u00", JSON_ENDS_EARLY, 11},
        {"{\"a\":tru", JSON_ENDS_EARLY, 8},
        {"{\"a\":[1,", JSON_ENDS_EARLY, 8},
        {"{\"a\":-", JSON_ENDS_EARLY, 6},
        {"{a:1}", JSON_NO_NAME, 1},
        {"{\"a\":1,}", JSON_NO_NAME, 7},
        {"{,}", JSON_NO_NAME, 1},
        {"{\"x\":{1:2}}", JSON_NO_NAME, 6},
        {"{\"x\":{\"y\":1,}}", JSON_NO_NAME, 12},
        {"{\"a\" 1}", JSON_NO_COLON, 5},
        {"{\"x\":{\"y\"}}", JSON_NO_COLON, 9},
        {"{\"a\":}", JSON_NO_VALUE, 5},
        {"{\"a\":nul1}", JSON_NO_VALUE, 8},
        {"{\"a\":True}", JSON_NO_VALUE, 5},
        {"{\"a\":+1}", JSON_NO_VALUE, 5},
        {"{\"a\":.5}", JSON_NO_VALUE, 5},
        {"{\"a\":'x'}", JSON_NO_VALUE, 5},
        {"{\"a\":[1,]}", JSON_NO_VALUE, 8},
        {"{\"a\":[,1]}", JSON_NO_VALUE, 6},
        {"{\"a\":01}", JSON_NO_COMMA, 6},
        {"{\"a\":1 \"b\":2}", JSON_NO_COMMA, 7},
        {"{\"a\":[1 2]}", JSON_NO_COMMA, 8},
        {"{\"a\":[1}", JSON_NO_COMMA, 7},
        {"{\"a\":{\"b\":1]}", JSON_NO_COMMA, 11},
        {"{\"a\":1]", JSON_NO_COMMA, 6},
        {"{\"a\":-x}", JSON_BAD_NUMBER, 6},
        {"{\"a\":1.}", JSON_BAD_NUMBER, 7},
        {"{\"a\":1e}", JSON_BAD_NUMBER, 7},
        {"{\"a\":\"\\x\"}", JSON_BAD_ESCAPE, 7},
        {"{\"noise\":\"\\u12g4\"}", JSON_BAD_ESCAPE, 14},
        {"{\"a\":\"\\ud800\"}", JSON_LONE_SURROGATE, 6},
        {"{\"a\":\"\\ud800\\u0041\"}", JSON_LONE_SURROGATE, 6},
        {"{\"a\":\"\\udc00\"}", JSON_LONE_SURROGATE, 6},
        {"{\"a\":\"\t\"}", JSON_CONTROL, 6},
        {"{\"a\":\"abcdefgh\x1f\"}", JSON_CONTROL, 14},
        {"{\"a\":1}{\"a\":2}", JSON_TEXT_BEHIND, 7},
        {"{\"a\":1},", JSON_TEXT_BEHIND, 7},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct cell cells[FIELDS];
        size_t offset = 0;
        AUTO_FREE uint8_t *copy = NULL;
        enum json_fault const fault = scan(slice_text(cases[i].text), cells, &offset, &copy);
        if (fault != cases[i].fault || offset != cases[i].offset)
            fail_msg("%s: fault %d at %zu, expected %d at %zu", cases[i].text, fault, offset,
                     cases[i].fault, cases[i].offset);
    }
}

static void a_member_of_another_record_is_not_remembered_wrongly(void **state)
{
    (void)state;
    expect_cells(slice_text("{\"a\":1,\"b\":2}"), slice_text("#1|#2|#1|-"));
    expect_cells(slice_text("{\"aa\":1,\"b\":2}"), slice_text("-|#2|-|-"));
    expect_cells(slice_text("{\"a\":1,\"bb\":2}"), slice_text("#1|-|#1|-"));
    expect_cells(slice_text("{\"b\":1,\"a\":2}"), slice_text("#2|#1|#2|-"));
    expect_cells(slice_text("{\"b\":1}"), slice_text("-|#1|-|-"));
}

static void more_members_than_are_remembered_are_read(void **state)
{
    (void)state;
    AUTO_BUFFER struct buffer text = {0};
    buffer_add_byte(&text, '{');
    for (int i = 0; i < 1000; i++)
        buffer_format(&text, "\"member %d\":%d,", i, i);
    buffer_add_text(&text, "\"b\":7}");
    for (int i = 0; i < 2; i++)
        expect_cells(buffer_slice(&text), slice_text("-|#7|-|-"));
}

static enum json_fault scan_depth(size_t depth, char open, char close)
{
    struct cell cells[FIELDS];
    size_t offset = 0;
    AUTO_BUFFER struct buffer text = {0};
    AUTO_FREE uint8_t *copy = NULL;
    buffer_add_text(&text, "{\"noise\":");
    for (size_t i = 1; i < depth; i++) {
        buffer_add_byte(&text, (uint8_t)open);
        if (open == '{') buffer_add_text(&text, "\"x\":");
    }
    if (open == '{') buffer_add_byte(&text, '1');
    for (size_t i = 1; i < depth; i++)
        buffer_add_byte(&text, (uint8_t)close);
    buffer_add_byte(&text, '}');
    return scan(buffer_slice(&text), cells, &offset, &copy);
}

static void nesting_is_bounded(void **state)
{
    (void)state;
    assert_int_equal(scan_depth(JSON_DEPTH_MAX, '[', ']'), JSON_GOOD);
    assert_int_equal(scan_depth(JSON_DEPTH_MAX, '{', '}'), JSON_GOOD);
    assert_int_equal(scan_depth(JSON_DEPTH_MAX + 1, '[', ']'), JSON_TOO_DEEP);
    assert_int_equal(scan_depth(JSON_DEPTH_MAX + 1, '{', '}'), JSON_TOO_DEEP);
    assert_int_equal(scan_depth(100000, '[', ']'), JSON_TOO_DEEP);
}

/* Whatever is cut off or changed in a record, the scan ends without reading outside of it. */
static void damaged_records_are_read_without_harm(void **state)
{
    (void)state;
    static const char text[] =
        "{\"a\":\"x\\u00e9\\ud83d\\ude00y\",\"b\":[1,{\"c\":-1.5e-3}],\"noise\":"
        "{\"d\":[true,false,null]},\"n\xc3\xa9\":\"long enough for a word\"}";
    struct cell cells[FIELDS];
    size_t offset;
    for (size_t length = 0; length < sizeof text; length++) {
        AUTO_FREE uint8_t *copy = NULL;
        enum json_fault const fault = scan(slice_of(text, length), cells, &offset, &copy);
        assert_true((fault == JSON_GOOD) == (length == sizeof text - 1));
    }
    for (size_t place = 0; place < sizeof text - 1; place++) {
        static const char others[] = "{}[]\",:\\u0-.eE \x01\xff";
        for (size_t i = 0; i < sizeof others; i++) {
            char changed[sizeof text];
            AUTO_FREE uint8_t *copy = NULL;
            memcpy(changed, text, sizeof text);
            changed[place] = others[i];
            if (scan(slice_of(changed, sizeof text - 1), cells, &offset, &copy) != JSON_GOOD)
                assert_true(offset <= sizeof text - 1);
        }
    }
}

static void a_fault_has_words_and_a_kind(void **state)
{
    (void)state;
    struct refusal refusal = {.text = {0}};
    json_fault_refuse(JSON_NO_COLON, 16, &refusal);
    assert_true(
        slice_is(buffer_slice(&refusal.text), "not JSON: no colon behind a name, at byte 17"));
    assert_true(slice_is(buffer_slice(&refusal.kind), "not JSON: no colon behind a name"));
    refusal_done(&refusal);
}

static void read_file(const char *folder, const char *name, struct buffer *ret_text)
{
    char path[1024];
    uint8_t bytes[4096];
    size_t length;
    (void)snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *const file = fopen(path, "rb");
    assert_non_null(file);
    while ((length = fread(bytes, 1, sizeof bytes, file)) > 0)
        buffer_add(ret_text, bytes, length);
    assert_int_equal(fclose(file), 0);
}

/* Every case of the suite as a member of a record; those that are objects also as they are. */
static void check_case(const char *folder, const char *name)
{
    AUTO_BUFFER struct buffer text = {0};
    AUTO_BUFFER struct buffer member = {0};
    struct cell cells[FIELDS];
    size_t offset = 0;
    read_file(folder, name, &text);
    buffer_add_text(&member, "{\"noise\":");
    buffer_add_slice(&member, buffer_slice(&text));
    buffer_add_byte(&member, '}');
    bool const whole = json_scan(scanner, buffer_slice(&text), cells, &offset) == JSON_GOOD;
    bool const inside = json_scan(scanner, buffer_slice(&member), cells, &offset) == JSON_GOOD;
    bool const object = text.length > 0 && text.at[0] == '{';
    if (name[0] == 'n' && whole) fail_msg("%s is accepted", name);
    /* A fault of the text behind the value may be none inside of a record: {"noise":1}} is refused,
     * too. */
    if (name[0] == 'n' && inside) fail_msg("%s is accepted as a member", name);
    if (name[0] == 'y' && !inside) fail_msg("%s is refused as a member at %zu", name, offset);
    if (name[0] == 'y' && object && !whole) fail_msg("%s is refused at %zu", name, offset);
}

static void the_json_test_suite_is_met(void **state)
{
    (void)state;
    const char *const data = getenv("TALLY_TEST_DATA");
    char folder[512];
    size_t count = 0;
    (void)snprintf(folder, sizeof folder, "%s/nasty/json-test-suite/test_parsing",
                   data ? data : "../shared/data");
    DIR *const directory = opendir(folder);
    if (!directory) {
        print_message("no %s: set TALLY_TEST_DATA\n", folder);
        skip();
    }
    for (const struct dirent *entry; (entry = readdir(directory));) {
        if (entry->d_name[0] == '.') continue;
        check_case(folder, entry->d_name);
        count++;
    }
    (void)closedir(directory);
    assert_true(count > 300);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(members_become_cells),
        cmocka_unit_test(escapes_become_bytes),
        cmocka_unit_test(a_fault_is_told_with_its_place),
        cmocka_unit_test(a_member_of_another_record_is_not_remembered_wrongly),
        cmocka_unit_test(more_members_than_are_remembered_are_read),
        cmocka_unit_test(nesting_is_bounded),
        cmocka_unit_test(damaged_records_are_read_without_harm),
        cmocka_unit_test(a_fault_has_words_and_a_kind),
        cmocka_unit_test(the_json_test_suite_is_met),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
