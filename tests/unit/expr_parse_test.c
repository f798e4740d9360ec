/* expr_parse.c and expr_lex.c.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "../support/test.h"
#include "expr/expr_p.h"
#include "schema/schema.h"

static const char schema_text[] =
    "{\"streams\":{\"events\":{\"fields\":{\"event_ts\":\"time\",\"n\":\"int\",\"d\":\"decimal\","
    "\"b\":\"bool\",\"s\":\"string\",\"where\":\"int\",\"of any name\":\"int\",\"a\\\"b\":\"int\","
    "\"hour\":\"int\"}}},\"views\":{}}";

struct fixture {
    struct schema *schema;
    struct arena arena;
    struct error err;
};

static int setup(void **state)
{
    struct fixture *const fixture = memory_alloc(sizeof *fixture);
    if (!schema_read(slice_text(schema_text), NULL, &fixture->schema, &fixture->err))
        fail_msg("%s", fixture->err.fact);
    *state = fixture;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *const fixture = *state;
    schema_free(fixture->schema);
    arena_done(&fixture->arena);
    free(fixture);
    return 0;
}

static bool try_parse(struct fixture *fixture, const char *text, const struct expr **ret_expr)
{
    return expr_parse(slice_text(text), &fixture->schema->streams[0], fixture->schema->zone,
                      &fixture->arena, ret_expr, &fixture->err);
}

static const struct expr *parse(struct fixture *fixture, const char *text)
{
    const struct expr *expr;
    if (!try_parse(fixture, text, &expr)) fail_msg("%s: %s", text, fixture->err.fact);
    return expr;
}

static void operators_bind_as_in_sql(void **state)
{
    static const char *const same[][2] = {
        {"n + n * n", "n + (n * n)"},
        {"n - n - n", "(n - n) - n"},
        {"n / n * n", "(n / n) * n"},
        {"-n * n", "(-n) * n"},
        {"n = n and b or b", "((n = n) and b) or b"},
        {"b or b and b", "b or (b and b)"},
        {"not b and b", "(not b) and b"},
        {"not n = 1", "not (n = 1)"},
        {"n between 1 and 2 and b", "(n >= 1 and n <= 2) and b"},
        {"n not in (1, 2)", "not (n in (1, 2))"},
        {"n is not null", "not (n is null)"},
        {"n + 1 in (2)", "(n + 1) in (2)"},
        {"n <> 1", "n != 1"},
        {"DAY(event_ts) = '2026-01-01'", "day ( event_ts )='2026-01-01'"},
        {"+n", "n"},
        {"1.50", "1.5"},
        {"5e2", "500"},
        {"\"n\"", "n"},
    };
    for (size_t i = 0; i < COUNT_OF(same); i++) {
        if (!expr_equal(parse(*state, same[i][0]), parse(*state, same[i][1])))
            fail_msg("%s is not %s", same[i][0], same[i][1]);
    }
    assert_false(expr_equal(parse(*state, "n - (n - n)"), parse(*state, "n - n - n")));
    assert_false(expr_equal(parse(*state, "day(event_ts)"), parse(*state, "month(event_ts)")));
    assert_false(expr_equal(parse(*state, "'1'"), parse(*state, "1")));
    assert_false(expr_equal(parse(*state, "n"), NULL));
    assert_true(expr_equal(NULL, NULL));
}

static void fields_of_any_name_can_be_written(void **state)
{
    assert_int_equal(expr_field(parse(*state, " event_ts ")), 0);
    assert_int_equal(expr_field(parse(*state, "\"where\"")), 5);
    assert_int_equal(expr_field(parse(*state, "\"of any name\"")), 6);
    assert_int_equal(expr_field(parse(*state, "\"a\"\"b\"")), 7);
    assert_int_equal(expr_field(parse(*state, "hour")), 8); /* no parenthesis: no function */
    assert_int_equal(expr_field(parse(*state, "(n)")), 1);
    assert_int_equal(expr_field(parse(*state, "n + 0")), -1);
    assert_int_equal(expr_field(parse(*state, "5")), -1);
}

static void types_are_known_before_any_event(void **state)
{
    static const struct {
        const char *text;
        enum value_kind kind;
    } cases[] = {
        {"n", VALUE_NUMBER},        {"n / d", VALUE_NUMBER},  {"s", VALUE_STRING},
        {"b", VALUE_BOOL},          {"n = 1", VALUE_BOOL},    {"event_ts", VALUE_TIME},
        {"null", VALUE_NULL},       {"n = null", VALUE_BOOL}, {"null + 1", VALUE_NUMBER},
        {"s is null", VALUE_BOOL},  {"'x'", VALUE_STRING},    {"week(event_ts)", VALUE_BUCKET},
        {"b and null", VALUE_BOOL}, {"n in (1)", VALUE_BOOL},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        if (expr_type(parse(*state, cases[i].text)).kind != cases[i].kind)
            fail_msg("%s has another type", cases[i].text);
    }
    assert_int_equal(expr_type(parse(*state, "week(event_ts)")).unit, BUCKET_WEEK);
}

static void mistakes_are_told_with_column_and_hint(void **state)
{
    static const struct {
        const char *text, *fact, *remedy;
    } cases[] = {
        {"evnt_ts = null", "no field 'evnt_ts' in stream 'events'", "did you mean 'event_ts'?"},
        {"Event_TS", "no field 'Event_TS'", "did you mean 'event_ts'?"},
        {"something", "no field 'something'", "its fields are event_ts, n, d, b, s, where"},
        {"moth(event_ts)", "no function 'moth' of a field at column 1", "did you mean 'month'?"},
        {"n > upper(s)", "no function 'upper' of a field at column 5", "there are minute, hour"},
        {"n = 's'", "cannot compare a number with a string", ""},
        {"b < 1", "cannot compare a truth value with a number", ""},
        {"event_ts = 5", "cannot compare a time with a number", ""},
        {"event_ts > 'noon'", "'noon' is not a time", ""},
        {"'noon' in ('x', event_ts)", "'noon' is not a time", ""},
        {"'2026-01-01' in ('noon', event_ts)", "'noon' is not a time", ""},
        {"day(event_ts) = '2026-01'", "'2026-01' is not a bucket of time", ""},
        {"day(event_ts) = event_ts", "cannot compare a bucket of time with a time", ""},
        {"day(event_ts) < month(event_ts)", "cannot compare a day with a month", ""},
        {"day(null)", "day needs a time, not null", ""},
        {"day(day(event_ts))", "day needs a time, not a bucket of time", ""},
        {"hour()", "expected a value before ')' at column 6", ""},
        {"n between 1", "expected 'and' of 'between' at column 12", ""},
        {"n between 'a' and 2", "cannot compare a number with a string", ""},
        {"n not = 1", "expected 'in', 'like' or 'between' behind 'not' at column 7", ""},
        {"n in 1", "expected '(' before '1' at column 6", ""},
        {"n in (1,", "the text ends at column 9", ""},
        {"n in (1, 'x')", "cannot compare a number with a string", ""},
        {"where = 1", "expected a value before 'where' at column 1", ""},
        {"\"open", "the quote \" is not closed at column 1", ""},
        {"1.2.3", "'1.2.3' is not a number at column 1", ""},
        {"n == 1", "expected a value before '=' at column 4", ""},
        {"n = 1 = 1", "unexpected '=' at column 7", ""},
        {"n & 1", "unexpected character '&' at column 3", ""},
        {"n)", "unexpected ')' at column 2", ""},
    };
    struct fixture *const fixture = *state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        const struct expr *expr;
        if (try_parse(fixture, cases[i].text, &expr)) fail_msg("accepted: %s", cases[i].text);
        assert_int_equal(fixture->err.kind, ERROR_SCHEMA);
        if (!strstr(fixture->err.fact, cases[i].fact) ||
            !strstr(fixture->err.remedy, cases[i].remedy))
            fail_msg("%s: %s (%s)", cases[i].text, fixture->err.fact, fixture->err.remedy);
    }
}

static void long_chains_are_refused_before_they_exhaust_the_stack(void **state)
{
    static const char *const chains[][2] = {
        {"b and ", "b"}, {"b or ", "b"}, {"n + ", "n > 0"}, {"n * ", "n > 0"}};
    struct fixture *const fixture = *state;
    for (size_t i = 0; i < COUNT_OF(chains); i++) {
        AUTO_BUFFER struct buffer good = {0}, bad = {0};
        const struct expr *expr;
        for (int n = 0; n < EXPR_HEIGHT_MAX - 2; n++)
            buffer_add_text(&good, chains[i][0]);
        for (int n = 0; n < 100000; n++)
            buffer_add_text(&bad, chains[i][0]);
        buffer_add_text(&good, chains[i][1]);
        buffer_add_text(&bad, chains[i][1]);
        assert_true(expr_parse(buffer_slice(&good), &fixture->schema->streams[0],
                               fixture->schema->zone, &fixture->arena, &expr, &fixture->err));
        assert_false(expr_parse(buffer_slice(&bad), &fixture->schema->streams[0],
                                fixture->schema->zone, &fixture->arena, &expr, &fixture->err));
        assert_non_null(strstr(fixture->err.fact, "in a row"));
    }
}

static void overflow_is_foreseen_by_digits(void **state)
{
    static const char *const never[] = {"n",        "d",     "n * n",       "n + n - n",
                                        "n * 1000", "d > 5", "0.01 * 0.01", "d is null",
                                        "n / 3",    "-d"};
    static const char *const perhaps[] = {"d + d",       "d * 2",     "n * n * n",
                                          "n * n / 7",   "d - 1 > 5", "s = 'x' and d / n > 1",
                                          "n in (d * 2)"};
    for (size_t i = 0; i < COUNT_OF(never); i++) {
        if (expr_can_overflow(parse(*state, never[i]))) fail_msg("%s", never[i]);
    }
    for (size_t i = 0; i < COUNT_OF(perhaps); i++) {
        if (!expr_can_overflow(parse(*state, perhaps[i]))) fail_msg("%s", perhaps[i]);
    }
}

int main(void)
{
    struct CMUnitTest const tests[] = {
        cmocka_unit_test_setup_teardown(operators_bind_as_in_sql, setup, teardown),
        cmocka_unit_test_setup_teardown(fields_of_any_name_can_be_written, setup, teardown),
        cmocka_unit_test_setup_teardown(types_are_known_before_any_event, setup, teardown),
        cmocka_unit_test_setup_teardown(mistakes_are_told_with_column_and_hint, setup, teardown),
        cmocka_unit_test_setup_teardown(long_chains_are_refused_before_they_exhaust_the_stack,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(overflow_is_foreseen_by_digits, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
