// SPDX-License-Identifier: Apache-2.0
#include "expr/expr.h"

#include <math.h>

#include "../support/test.h"
#include "schema/schema.h"

static const char schema_text[] = "{\"streams\":{\"s\":{\"fields\":{\"s\":\"string\",\"n\":\"int\","
                                  "\"d\":\"decimal\",\"b\":\"bool\",\"t\":\"time\","
                                  "\"null field\":\"int\",\"f\":\"float\"}}},\"views\":{}}";

struct fixture {
    struct schema *schema;
    struct arena arena;
    struct value fields[7];
};

static int setup(void **state)
{
    struct fixture *const fixture = memory_alloc(sizeof *fixture);
    struct error err;
    assert_true(schema_read(slice_text(schema_text), NULL, &fixture->schema, &err));
    fixture->fields[0] = (struct value){.kind = VALUE_STRING, .string = slice_text("C536\xc3\xbc")};
    fixture->fields[1] = (struct value){.kind = VALUE_NUMBER, .number = {.coefficient = -6}};
    fixture->fields[2] =
        (struct value){.kind = VALUE_NUMBER, .number = {.coefficient = 255, .scale = 2}};
    fixture->fields[3] = (struct value){.kind = VALUE_BOOL, .boolean = true};
    fixture->fields[4] =
        (struct value){.kind = VALUE_TIME, .time_ns = (int128)1767272400 * 1000000000};
    fixture->fields[6] = (struct value){.kind = VALUE_FLOAT, .real = 0.75};
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

static const struct expr *parse(struct fixture *fixture, const char *text)
{
    const struct expr *expr;
    struct error err;
    if (!expr_parse(slice_text(text), &fixture->schema->streams[0], fixture->schema->zone,
                    &fixture->arena, &expr, &err))
        fail_msg("%s: %s", text, err.fact);
    return expr;
}

static void expressions_have_the_values_of_sql(void **state)
{
    static const char *const cases[][2] = {
        {"n * d", "-15.3"},
        {"n + d * 2", "-0.9"},
        {"(n + d) * 2", "-6.9"},
        {"-n", "6"},
        {"- -d", "2.55"},
        {"n / 4", "-1.5"},
        {"n / 0", "null"},
        {"1 / 3", "0.333333333333333333"},
        {"0.1 + 0.2", "0.3"},
        {"\"null field\" + 1", "null"},
        {"n = -6", "true"},
        {"n != -6", "false"},
        {"n <> 1", "true"},
        {"d > 2.549", "true"},
        {"d <= 2.55", "true"},
        {"\"null field\" = \"null field\"", "null"},
        {"\"null field\" is null", "true"},
        {"n is not null", "true"},
        {"b and \"null field\" = 1", "null"},
        {"not b and \"null field\" = 1", "false"},
        {"b or \"null field\" = 1", "true"},
        {"not b or \"null field\" = 1", "null"},
        {"not (\"null field\" = 1)", "null"},
        {"n in (1, -6)", "true"},
        {"n in (1, 2)", "false"},
        {"n in (1, null)", "null"},
        {"n not in (1, 2)", "true"},
        {"n between -6 and 0", "true"},
        {"n not between -5 and 0", "true"},
        {"s like 'C%'", "true"},
        {"s like 'c%'", "false"},
        {"s like 'C___'", "false"},
        {"s like 'C____'", "true"},
        {"s like '%\xc3\xbc'", "true"},
        {"s like '%5%6%'", "true"},
        {"s not like '%x%'", "true"},
        {"s like ''", "false"},
        {"s = 'C536\xc3\xbc'", "true"},
        {"'it''s' = 'it''s'", "true"},
        {"s < 'D'", "true"},
        {"t >= '2026-01-01' and t < '2026-01-02'", "true"},
        {"day(t) = '2026-01-01'", "true"},
        {"hour(t)", "\"2026-01-01T13\""},
        {"b = true", "true"},
        {"TRUE AND NOT FALSE", "true"},
        {"\"null field\" = 1 and b", "null"},
        {"\"null field\" = 1 or not b", "null"},
        {"d - n", "8.55"},
        {"1.5e+2 + n", "144"},
        {"coalesce(\"null field\", n, d)", "-6"},
        {"COALESCE(\"null field\", null)", "null"},
        {"coalesce(null, \"null field\", 0) + 1", "1"},
        {"coalesce(n, 1 / 0)", "-6"},
        {"coalesce(s, 'none')", "\"C536\xc3\xbc\""},
        {"coalesce(null, b)", "true"},
        {"coalesce(\"null field\", f)", "0.75"},
        {"coalesce(\"null field\", 2, f)", "2"},
        {"coalesce(\"null field\", d, f) * 1e30 * 1e30",
         "2.5499999999999996e+60"}, /* a float, like all of them */
        {"coalesce(null, '2026-01-01', t) = '2026-01-01'", "true"},
        {"coalesce('2025-01-01', day(t)) < day(t)", "true"},
        {"t - t", "0"},
        {"t - '2026-01-01'", "46800"},
        {"'2026-01-01T13:00:00.000000001Z' - t", "0.000000001"},
        {"(t - '2027-01-01') / 86400", "-364.458333333333333333"},
        {"t - null", "null"},
        /* a float makes the whole a float, as in SQL */
        {"f + n", "-5.25"},
        {"n - f", "-6.75"},
        {"f * d", "1.9124999999999999"},
        {"f / 4", "0.1875"},
        {"-f", "-0.75"},
        {"f < d", "true"},
        {"f = 0.75", "true"},
        {"f in (n, 0.75)", "true"},
        {"f + \"null field\"", "null"},
        {"f / 0", "null"},
        {"-(f * 0)", "0"},
        {"f * 1e37 * 1e37 * 1e37 * 1e37 * 1e37 * 1e37 * 1e37 * 1e37 * 1e37", "null"},
    };
    struct fixture *const fixture = *state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        const struct expr *const expr = parse(fixture, cases[i][0]);
        AUTO_BUFFER struct buffer json = {0};
        struct value value;
        assert_true(expr_eval(expr, fixture->fields, fixture->schema->zone, &value));
        value_json(&value, expr_type(expr), fixture->schema->zone, &json);
        buffer_add_byte(&json, '\0');
        if (value.kind == VALUE_FLOAT && value.real == 0) assert_false(signbit(value.real));
        if (strcmp((char *)json.at, cases[i][1]) != 0)
            fail_msg("%s is %s, not %s", cases[i][0], (char *)json.at, cases[i][1]);
    }
}

static void bad_expressions_are_refused_with_their_column(void **state)
{
    static const char *const cases[][2] = {
        {"", "text ends at column 1"},
        {"n +", "text ends at column 4"},
        {"B", "no field 'B'"},
        {"n = = 1", "column 5"},
        {"(n", "expected ')'"},
        {"'open", "not closed at column 1"},
        {"n ; d", "';' at column 3"},
        {"n and b", "needs a truth value"},
        {"s + 1", "needs a number"},
        {"not n", "needs a truth value"},
        {"n like 'a'", "needs a string"},
        {"n in ()", "expected a value"},
        {"n d", "unexpected 'd' at column 3"},
        {"week(n)", "needs a time"},
        {"foo(n)", "no function 'foo'"},
        {"1e999 > n", "more than 38 digits"},
        {"n is 5", "expected 'null'"},
        {"day(t) = month(t)", "cannot compare a day with a month"},
        {"coalesce()", "expected a value before ')' at column 10"},
        {"coalesce(n, s)", "cannot compare a number with a string"},
        {"coalesce(n, 1", "expected ')'"},
        {"coalesce(s, t)", "cannot compare a"},
        {"coalesce('x', t)", "'x' is not a time"},
        {"t - 1", "- of a time needs a time, not a number"},
        {"1 - t", "- of a time needs a time, not a number"},
        {"t - day(t)", "- of a time needs a time, not a bucket"},
        {"t + t", "+ needs a number, not a time"},
        {"t - 'x'", "'x' is not a time"},
    };
    struct fixture *const fixture = *state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        const struct expr *expr;
        struct error err;
        if (expr_parse(slice_text(cases[i][0]), &fixture->schema->streams[0], fixture->schema->zone,
                       &fixture->arena, &expr, &err))
            fail_msg("accepted: %s", cases[i][0]);
        if (!strstr(err.fact, cases[i][1])) fail_msg("%s: %s", cases[i][0], err.fact);
    }
}

static void hostile_nesting_is_refused(void **state)
{
    static const char *const parts[] = {"(", "not ", "-"};
    struct fixture *const fixture = *state;
    for (size_t i = 0; i < COUNT_OF(parts); i++) {
        AUTO_BUFFER struct buffer text = {0};
        for (int n = 0; n < 100000; n++)
            buffer_add_text(&text, parts[i]);
        const struct expr *expr;
        struct error err;
        assert_false(expr_parse(buffer_slice(&text), &fixture->schema->streams[0],
                                fixture->schema->zone, &fixture->arena, &expr, &err));
        assert_non_null(strstr(err.fact, "nested"));
    }
}

/* A chain nests to the left without one parenthesis. */
static void a_long_chain_of_operators_is_refused(void **state)
{
    static const char *const parts[][2] = {{"n + ", "n > 0"}, {"b and ", "b"}, {"b or ", "b"}};
    struct fixture *const fixture = *state;
    for (size_t i = 0; i < COUNT_OF(parts); i++) {
        AUTO_BUFFER struct buffer text = {0};
        for (int n = 0; n < 100000; n++)
            buffer_add_text(&text, parts[i][0]);
        buffer_add_text(&text, parts[i][1]);
        const struct expr *expr;
        struct error err;
        assert_false(expr_parse(buffer_slice(&text), &fixture->schema->streams[0],
                                fixture->schema->zone, &fixture->arena, &expr, &err));
        assert_int_equal(err.kind, ERROR_SCHEMA);
        assert_non_null(strstr(err.fact, "in a row"));
    }
}

static void what_may_overflow_is_known_and_told(void **state)
{
    struct fixture *const fixture = *state;
    assert_false(expr_can_overflow(parse(fixture, "n * n")));
    assert_false(expr_can_overflow(parse(fixture, "n + 1 > 5")));
    assert_true(expr_can_overflow(parse(fixture, "n * n * n")));
    assert_true(expr_can_overflow(parse(fixture, "d * n > 5")));
    assert_true(expr_can_overflow(parse(fixture, "coalesce(n, d * n) > 5")));
    assert_true(expr_can_overflow(parse(fixture, "coalesce(n, d) * n")));
    assert_false(expr_can_overflow(parse(fixture, "coalesce(t - t, 0) * 1000")));
    struct value value;
    fixture->fields[2].number = (struct decimal){.coefficient = (int128)1 << 126};
    static const char *const overflowing[] = {
        "d * 10",
        "1 + d * 10",
        "d * 10 > 5",
        "5 > d * 10",
        "-(d * 10)",
        "d * 10 in (1)",
        "1 in (n, d * 10)",
        "d * 10 = 1 or b",
        "d * 10 is null",
        "not b or d * 10 = 1",
        "coalesce(null, d * 10)",
    };
    for (size_t i = 0; i < COUNT_OF(overflowing); i++) {
        const struct expr *const expr = parse(fixture, overflowing[i]);
        if (expr_eval(expr, fixture->fields, fixture->schema->zone, &value))
            fail_msg("%s", overflowing[i]);
    }
}

int main(void)
{
    struct CMUnitTest const tests[] = {
        cmocka_unit_test_setup_teardown(expressions_have_the_values_of_sql, setup, teardown),
        cmocka_unit_test_setup_teardown(bad_expressions_are_refused_with_their_column, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(hostile_nesting_is_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(a_long_chain_of_operators_is_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(what_may_overflow_is_known_and_told, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
