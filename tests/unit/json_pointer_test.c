// SPDX-License-Identifier: Apache-2.0
#include "input/json_pointer.h"

#include "../support/test.h"
#include "base/arena.h"
#include "input/json_scan.h"

/* A field a pointer, and one that is none. */
static const char schema_text[] = "{\"streams\":{\"s\":{\"fields\":{"
                                  "\"plain\":{\"type\":\"string\",\"column\":\"o\"},"
                                  "\"inner\":{\"type\":\"string\",\"column\":\"/o/x\"},"
                                  "\"deep\":{\"type\":\"string\",\"column\":\"/o/list/1/y\"},"
                                  "\"odd\":{\"type\":\"string\",\"column\":\"/o/a~1b~0c\"},"
                                  "\"top\":{\"type\":\"string\",\"column\":\"/t\"},"
                                  "\"empty\":{\"type\":\"string\",\"column\":\"/o/\"},"
                                  "\"list\":{\"type\":\"string\",\"column\":\"/o/list\"},"
                                  "\"lis\":{\"type\":\"string\",\"column\":\"/o/lis\"},"
                                  "\"alone\":{\"type\":\"string\"}}}},"
                                  "\"views\":{\"v\":{\"measures\":{\"n\":\"count()\"}}}}";

enum { PLAIN, INNER, DEEP, ODD, TOP, EMPTY, LIST, LIS, ALONE, FIELDS };

/* What the fields get, as "kind:text" with one letter a kind: - n ' # t f {. */
static void check(const char *record, const char *const expected[FIELDS])
{
    struct schema *schema;
    struct error err;
    struct cell cells[FIELDS];
    size_t offset;
    assert_true(schema_read(slice_text(schema_text), NULL, &schema, &err));
    struct json_scanner *const scanner = json_scanner_new(schema->streams);
    /* Twice, as members of the second record are expected where they were in the first. */
    for (int round = 0; round < 2; round++) {
        assert_int_equal(json_scan(scanner, slice_text(record), cells, &offset), JSON_GOOD);
        for (size_t i = 0; i < FIELDS; i++) {
            AUTO_BUFFER struct buffer found = {0};
            buffer_add_byte(&found, (uint8_t) "-n'#tf{"[cells[i].kind]);
            if (cells[i].kind == CELL_TEXT || cells[i].kind == CELL_NUMBER ||
                cells[i].kind == CELL_NESTED)
                buffer_add_slice(&found, cells[i].text);
            buffer_add_byte(&found, '\0');
            assert_string_equal((char *)found.at, expected[i]);
        }
    }
    json_scanner_free(scanner);
    schema_free(schema);
}

static void values_are_found_inside(void **state)
{
    (void)state;
    check("{\"o\":{\"x\":\"in\",\"list\":[1,{\"y\":2.50}],\"a/b~c\":true,\"\":null},\"t\":\"up\"}",
          (const char *const[]){"-", "'in", "#2.50", "t", "'up", "n", "-", "-", "-"});
    check("{ \"t\" : 1 , \"o\" : { \"list\" : [ [ ] , { \"z\" : { } , \"y\" : [ 3 ] } ] } }",
          (const char *const[]){"-", "-", "{[ 3 ]", "-", "#1", "-", "-", "-", "-"});
}

static void what_leads_nowhere_is_absent(void **state)
{
    (void)state;
    const char *const nowhere[] = {"-", "-", "-", "-", "-", "-", "-", "-", "-"};
    check("{}", nowhere);
    check("{\"o\":{}}", nowhere);
    check("{\"o\":[]}", nowhere);
    check("{\"o\":{\"list\":[{\"y\":1}]}}", nowhere);
    check("{\"o\":{\"list\":[0,\"y\"]}}", nowhere);
    check("{\"o\":5}", (const char *const[]){"#5", "-", "-", "-", "-", "-", "-", "-", "-"});
    check("{\"o\":null}", (const char *const[]){"n", "-", "-", "-", "-", "-", "-", "-", "-"});
}

/* A member whose inside has fields of its own may be a value, or be nested; any other
 * is refused later. */
static void a_value_at_times_is_absent_where_nested(void **state)
{
    (void)state;
    check("{\"o\":{\"list\":true}}",
          (const char *const[]){"-", "-", "-", "-", "-", "-", "t", "-", "-"});
    check("{\"o\":{\"list\":[],\"lis\":[],\"x\":{}},\"alone\":{\"x\":1}}",
          (const char *const[]){"-", "{{}", "-", "-", "-", "-", "-", "{[]", "{{\"x\":1}"});
}

/* The last of one name counts, and escapes are undone in names and values. */
static void names_are_compared_unescaped(void **state)
{
    (void)state;
    check("{\"o\":{\"x\":\"first\",\"\\u0078\":\"l\\u00e4st\\n\"}}",
          (const char *const[]){"-", "'läst\n", "-", "-", "-", "-", "-", "-", "-"});
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_are_found_inside),
        cmocka_unit_test(what_leads_nowhere_is_absent),
        cmocka_unit_test(a_value_at_times_is_absent_where_nested),
        cmocka_unit_test(names_are_compared_unescaped),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
