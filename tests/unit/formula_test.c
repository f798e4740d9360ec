/* formula_parse.c and formula_eval.c.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "schema/formula.h"

#include <math.h>

#include "../support/test.h"
#include "schema/schema.h"

enum { MEASURES_MAX = 64 };

static const char schema_text[] =
    "{\"streams\":{\"s\":{\"fields\":{\"s\":\"string\",\"n\":\"int\","
    "\"d\":\"decimal\",\"b\":\"bool\",\"t\":\"time\"}}},\"views\":{}}";

struct fixture {
    struct schema *schema;
    struct arena arena;
    const struct formula *formulas[MEASURES_MAX];
    struct aggregate *aggregates;
    size_t aggregate_count;
    size_t bad;
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

/* TEXTS[i] is the measure "a" + i. */
static bool parse(struct fixture *fixture, const char *const *texts, size_t count)
{
    static const char *const names[] = {"a", "b", "c", "d", "e"};
    struct measure_source sources[COUNT_OF(names)];
    assert_true(count <= COUNT_OF(names));
    for (size_t i = 0; i < count; i++)
        sources[i] =
            (struct measure_source){.name = slice_text(names[i]), .text = slice_text(texts[i])};
    return formula_parse(sources, count, &fixture->schema->streams[0], false, NULL,
                         fixture->schema->zone, &fixture->arena, fixture->formulas,
                         &fixture->aggregates, &fixture->aggregate_count, &fixture->bad,
                         &fixture->err);
}

/* The JSON of the first measure, where the aggregates come to RESULTS. */
static void check_json(struct fixture *fixture, const char *text, const struct result *results,
                       const char *expected)
{
    AUTO_BUFFER struct buffer json = {0};
    if (!parse(fixture, &text, 1)) fail_msg("%s: %s", text, fixture->err.fact);
    struct result const result = formula_eval(fixture->formulas[0], results);
    result_json(&result, formula_type(fixture->formulas[0]), fixture->schema->zone, &json);
    buffer_add_byte(&json, '\0');
    if (strcmp((char *)json.at, expected) != 0)
        fail_msg("%s is %s, not %s", text, (char *)json.at, expected);
}

static struct result exact(int64_t number)
{
    return (struct result){.kind = RESULT_EXACT, .exact = decimal_sum_from_int(number)};
}

static void arithmetic_is_exact_until_it_divides(void **state)
{
    /* The aggregates come to 4 and -6 in the order in which a text names them. */
    static const char *const cases[][2] = {
        {"count() + sum(n) * 2", "-8"},
        {"(count() + sum(n)) * 2", "-4"},
        {"count() - sum(n) - 1", "9"},
        {"-sum(n)", "-4"},
        {"- -count()", "4"},
        {"+count()", "4"},
        {"count() * 0.1 + 0.2", "0.6"},
        {"count() / sum(n)", "-0.6666666666666666"},
        {"count() / 2", "2"},
        {"100 * count() / 3", "133.33333333333334"},
        {"sum(n) / 0", "null"},
        {"count() / (sum(n) + 6)", "null"},
        {"COUNT(*)", "4"},
        {"12345678901234567890123456789012345678 * count() + sum(n)",
         "49382715604938271560493827156049382706"},
    };
    struct result const results[] = {exact(4), exact(-6)};
    for (size_t i = 0; i < COUNT_OF(cases); i++)
        check_json(*state, cases[i][0], results, cases[i][1]);
}

static void functions_compute(void **state)
{
    /* The aggregates come to 4 and -6 in the order in which a text names them. */
    static const char *const cases[][2] = {
        {"sqrt(count())", "2"},
        {"SQRT(2)", "1.4142135623730951"},
        {"sqrt(-count())", "null"},
        {"abs(-count()) * 12345678901234567890", "49382715604938271560"},
        {"abs(sum(n) - 4.5)", "0.5"},
        {"abs(-1 / count())", "0.25"},
        {"ln(count() - 4)", "null"},
        {"ln(exp(2))", "2"},
        {"exp(1000)", "null"},
        {"norm_cdf(0)", "0.5"},
        {"norm_ppf(0.5)", "0"},
        {"norm_ppf(count())", "null"},
        {"t_cdf(1, 1) * 4", "3"},
        {"t_ppf(0.5, 3)", "0"},
        {"t_cdf(1, 0)", "null"},
        {"chi2_cdf(-1, 3)", "0"},
        {"least(count(), sum(n), 1)", "-6"},
        {"greatest(count(), sum(n), 4.5)", "4.5"},
        {"greatest(0.00000000000000000000000000000000000001, -1, 1e-37)",
         "0.0000000000000000000000000000000000001"},
        {"least(count() / 8, 0.25)", "0.25"},
        {"coalesce(count() / 0, sum(n), 1)", "-6"},
        {"coalesce(1 / 0, ln(0))", "null"},
        {"least(1 / 0, 12345678901234567890123)",
         "1.2345678901234568e+22"}, /* as all of them are doubles */
        {"coalesce(7)", "7"},
        {"-least(2, 3) * 2", "-4"},
    };
    struct result const results[] = {exact(4), exact(-6)};
    for (size_t i = 0; i < COUNT_OF(cases); i++)
        check_json(*state, cases[i][0], results, cases[i][1]);
}

static void functions_of_null_are_null_but_for_those_that_choose(void **state)
{
    static const char *const cases[][2] = {
        {"sqrt(sum(n))", "null"},         {"abs(sum(n))", "null"},
        {"t_cdf(1, sum(n))", "null"},     {"t_cdf(sum(n), 1)", "null"},
        {"coalesce(sum(n), 5)", "5"},     {"least(3, sum(n), 2)", "2"},
        {"greatest(sum(n), 3, 2)", "3"},  {"greatest(sum(n), sum(n))", "null"},
        {"coalesce(sum(n), 1) + 1", "2"},
    };
    struct result const null = {.kind = RESULT_NULL};
    for (size_t i = 0; i < COUNT_OF(cases); i++)
        check_json(*state, cases[i][0], &null, cases[i][1]);
}

static void null_and_what_is_not_finite_are_null(void **state)
{
    struct result const null = {.kind = RESULT_NULL};
    struct result const huge = {.kind = RESULT_DOUBLE, .number = 1e308};
    struct result const half = {.kind = RESULT_DOUBLE, .number = 0.5};
    check_json(*state, "sum(n) + 1", &null, "null");
    check_json(*state, "1 - avg(n)", &null, "null");
    check_json(*state, "-min(n)", &null, "null");
    check_json(*state, "avg(n) * 1e30", &huge, "null");
    check_json(*state, "avg(n) + 1", &half, "1.5");
    check_json(*state, "1 / avg(n)", &half, "2");
    check_json(*state, "avg(n) / (avg(n) - 0.5)", &half, "null");
}

static void there_is_no_negative_zero(void **state)
{
    struct fixture *const fixture = *state;
    struct result const zero = {.kind = RESULT_DOUBLE, .number = 0};
    static const char *const texts[] = {"avg(n) / -2", "avg(n) * -2", "-avg(n)", "0 - avg(n)"};
    for (size_t i = 0; i < COUNT_OF(texts); i++) {
        if (!parse(fixture, &texts[i], 1)) fail_msg("%s: %s", texts[i], fixture->err.fact);
        struct result const result = formula_eval(fixture->formulas[0], &zero);
        assert_int_equal(result.kind, RESULT_DOUBLE);
        if (signbit(result.number)) fail_msg("%s is -0", texts[i]);
    }
}

static void what_min_and_max_find_keeps_its_type(void **state)
{
    const struct fixture *const fixture = *state;
    struct result result = {.kind = RESULT_VALUE};
    result.value = (struct value){.kind = VALUE_STRING, .string = slice_text("a\"b\n")};
    check_json(*state, "min(s)", &result, "\"a\\\"b\\n\"");
    result.value = (struct value){.kind = VALUE_BOOL, .boolean = true};
    check_json(*state, "max(b)", &result, "true");
    result.value = (struct value){.kind = VALUE_TIME, .time_ns = (int128)1767272409500 * 1000000};
    check_json(*state, "(max(t))", &result, "\"2026-01-01T13:00:09.5Z\"");
    result.value = (struct value){.kind = VALUE_BUCKET};
    result.value.bucket =
        calendar_bucket((int128)1767272400 * 1000000000, BUCKET_QUARTER, fixture->schema->zone);
    check_json(*state, "min(quarter(t))", &result, "\"2026-Q1\"");
    assert_int_equal(formula_type(fixture->formulas[0]).unit, BUCKET_QUARTER);
}

static void equal_aggregates_are_kept_once(void **state)
{
    static const char *const texts[] = {
        "count() + sum(n * d)",
        "sum(n*d) / count( )",
        "count() where b = true",
        "sum(n) + count() where B = true or b",
        "e - e",
    };
    static const char *const good[] = {
        "count() + sum(n * d)",   "sum(n*d) / count( )",
        "count() where b = true", "sum(n) + count() where b  =  TRUE",
        "a + b + c + d",
    };
    struct fixture *const fixture = *state;
    assert_false(parse(fixture, texts, COUNT_OF(texts)));
    assert_int_equal(fixture->bad, 3); /* no field 'B' */
    assert_true(parse(fixture, good, COUNT_OF(good)));
    assert_int_equal(fixture->aggregate_count, 4);
    assert_int_equal(fixture->aggregates[0].kind, AGGREGATE_COUNT);
    assert_null(fixture->aggregates[0].argument);
    assert_null(fixture->aggregates[0].where);
    assert_int_equal(fixture->aggregates[1].kind, AGGREGATE_SUM);
    assert_int_equal(fixture->aggregates[2].kind, AGGREGATE_COUNT);
    assert_non_null(fixture->aggregates[2].where);
    assert_int_equal(fixture->aggregates[3].kind, AGGREGATE_SUM);
    assert_ptr_not_equal(fixture->aggregates[3].where, NULL);
}

static void filters_are_joined(void **state)
{
    static const char *const texts[] = {
        "sum(n) filter (where b) + sum(n) where n > 1",
        "sum(n) where b and n > 1",
        "sum(n) FILTER (WHERE b) / count()",
        "covar(n, d) - covar_samp(n, d) + covar(n, d * 1)",
    };
    struct fixture *const fixture = *state;
    if (!parse(fixture, texts, COUNT_OF(texts))) fail_msg("%s", fixture->err.fact);
    assert_int_equal(fixture->aggregate_count, 6);
    assert_ptr_not_equal(fixture->aggregates[0].where, fixture->aggregates[1].where);
    assert_non_null(fixture->aggregates[2].where);
    assert_null(fixture->aggregates[3].where);
    assert_int_equal(fixture->aggregates[4].other_count, 1);
    assert_null(fixture->aggregates[4].chosen);
}

static void a_measure_may_name_one_that_comes_later(void **state)
{
    static const char *const texts[] = {"b / c", "count() where b", "count()"};
    struct fixture *const fixture = *state;
    assert_true(parse(fixture, texts, COUNT_OF(texts)));
    assert_int_equal(fixture->aggregate_count, 2);
    struct result const results[] = {exact(1), exact(4)};
    struct result const result = formula_eval(fixture->formulas[0], results);
    assert_int_equal(result.kind, RESULT_DOUBLE);
    assert_true(result.number == 0.25);
}

static void mistakes_are_told_with_measure_column_and_hint(void **state)
{
    static const struct {
        const char *texts[4];
        size_t bad;
        const char *fact, *remedy;
    } cases[] = {
        {{""}, 0, "expected a measure but the text ends at column 1", ""},
        {{"count() +"}, 0, "the text ends at column 10", ""},
        {{"count() sum(n)"}, 0, "unexpected 'sum' at column 9", ""},
        {{"count("}, 0, "expected a value but the text ends at column 7", ""},
        {{"1 + cuont()"}, 0, "no measure 'cuont()' at column 5", "did you mean 'count'?"},
        {{"mode(n)"}, 0, "no measure 'mode()' at column 1", "there are count, sum, min, max"},
        {{"sum()"}, 0, "expected a value before ')' at column 5", ""},
        {{"sum(s)"}, 0, "sum needs a number, not a string", ""},
        {{"avg(t)"}, 0, "avg needs a number, not a time", ""},
        {{"sum(m)"}, 0, "no field 'm' in stream 's'", "did you mean"},
        {{"count(*s)"}, 0, "expected ')' before 's' at column 8", ""},
        {{"n"}, 0, "no measure 'n' in this view at column 1", "a field stands inside an aggregate"},
        {{"1 + nothing / 2"},
         0,
         "no measure 'nothing' in this view at column 5",
         "measures of the view"},
        {{"min(t) + 1"}, 0, "arithmetic needs numbers, not a time", ""},
        {{"-max(s)"}, 0, "arithmetic needs numbers, not a string", ""},
        {{"2 * b", "min(s)"}, 0, "arithmetic needs numbers, not a string", ""},
        {{"count() where n"}, 0, "where needs a truth value, not a number", ""},
        {{"b where b", "count()"},
         0,
         "'where' has no count(), sum() or the like to filter at column 3",
         "keeps its own filter"},
        {{"5 where b"}, 0, "to filter at column 3", ""},
        {{"sqrt()"}, 0, "expected a measure before ')' at column 6", ""},
        {{"sqrt(1, 2)"}, 0, "sqrt takes 1 number, not 2", ""},
        {{"t_cdf(1)"}, 0, "t_cdf takes 2 numbers, not 1", ""},
        {{"least(min(s), 1)"}, 0, "arithmetic needs numbers, not a string", ""},
        {{"coalesce(top(s, 3))"}, 0, "arithmetic needs numbers, not a list", ""},
        {{"sqrt(count()"}, 0, "expected ')'", ""},
        {{"norm_pdf(1)"}, 0, "no measure 'norm_pdf()'", "did you mean 'norm_"},
        {{"count() filter b"}, 0, "expected '(' before 'b' at column 16", ""},
        {{"count() filter (b)"}, 0, "expected 'where' behind 'filter(' at column 17", ""},
        {{"count() filter (where n)"}, 0, "where needs a truth value, not a number", ""},
        {{"count() filter (where b"}, 0, "expected ')'", ""},
        {{"5 filter (where b)"}, 0, "unexpected 'filter' at column 3", ""},
        {{"covar(n)"}, 0, "expected ','", ""},
        {{"covar(n, s)"}, 0, "covar needs a number, not a string", ""},
        {{"corr(n, d, n)"}, 0, "corr takes at most 2 numbers", ""},
        {{"cuped_var(n,d,d,d,d,d,d,d,d,d)"}, 0, "cuped_var takes at most 9 numbers", ""},
        {{"count() where b where b"}, 0, "unexpected 'where' at column 17", ""},
        {{"a"}, 0, "made of itself: a -> a", ""},
        {{"b", "count() + a"}, 1, "made of itself: a -> b -> a", ""},
        {{"b", "c", "d", "a"}, 3, "made of itself: a -> b -> c -> d -> a", ""},
        {{"b", "c", "1 + b"}, 2, "made of itself: b -> c -> b", ""},
    };
    struct fixture *const fixture = *state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        size_t count = 0;
        while (count < COUNT_OF(cases[i].texts) && cases[i].texts[count])
            count++;
        if (parse(fixture, cases[i].texts, count)) fail_msg("accepted: %s", cases[i].texts[0]);
        assert_int_equal(fixture->err.kind, ERROR_SCHEMA);
        assert_int_equal(fixture->bad, cases[i].bad);
        if (!strstr(fixture->err.fact, cases[i].fact) ||
            !strstr(fixture->err.remedy, cases[i].remedy))
            fail_msg("%s: %s (%s)", cases[i].texts[0], fixture->err.fact, fixture->err.remedy);
    }
}

static void measures_that_double_each_other_are_refused_in_time(void **state)
{
    struct fixture *const fixture = *state;
    struct measure_source sources[MEASURES_MAX];
    for (size_t i = 0; i < MEASURES_MAX; i++) {
        AUTO_BUFFER struct buffer name = {0}, text = {0};
        buffer_format(&name, "m%zu", i);
        if (i == 0)
            buffer_add_text(&text, "count()");
        else
            buffer_format(&text, "m%zu + m%zu", i - 1, i - 1);
        sources[i].name = arena_copy(&fixture->arena, buffer_slice(&name));
        sources[i].text = arena_copy(&fixture->arena, buffer_slice(&text));
    }
    assert_false(formula_parse(sources, MEASURES_MAX, &fixture->schema->streams[0], false, NULL,
                               fixture->schema->zone, &fixture->arena, fixture->formulas,
                               &fixture->aggregates, &fixture->aggregate_count, &fixture->bad,
                               &fixture->err));
    assert_int_equal(fixture->err.kind, ERROR_SCHEMA);
    assert_non_null(strstr(fixture->err.fact, "operations"));
}

static void a_call_has_no_more_operands_than_operations(void **state)
{
    struct fixture *const fixture = *state;
    AUTO_BUFFER struct buffer text = {0};
    buffer_add_text(&text, "least(1");
    for (int n = 0; n < 100000; n++)
        buffer_add_text(&text, ", 1");
    buffer_add(&text, ")", 2);
    const char *const source = (const char *)text.at;
    assert_false(parse(fixture, &source, 1));
    assert_non_null(strstr(fixture->err.fact, "operations"));
}

static void hostile_length_and_nesting_are_refused(void **state)
{
    static const struct {
        const char *part, *fact;
    } cases[] = {
        {"(", "nested"},
        {"-", "nested"},
        {"1+", "operations"},
        {"count()*", "aggregates"},
        {"uniq(n)*", "aggregates"},
        {"sqrt(", "nested"},
        {"least(1,", "nested"},
        {"1,", "unexpected ','"},
    };
    struct fixture *const fixture = *state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        AUTO_BUFFER struct buffer text = {0};
        for (int n = 0; n < 100000; n++)
            buffer_add_text(&text, cases[i].part);
        buffer_add_text(&text, "1");
        buffer_add_byte(&text, '\0');
        const char *const source = (const char *)text.at;
        assert_false(parse(fixture, &source, 1));
        if (!strstr(fixture->err.fact, cases[i].fact))
            fail_msg("%s: %s", cases[i].part, fixture->err.fact);
    }
}

int main(void)
{
    struct CMUnitTest const tests[] = {
        cmocka_unit_test_setup_teardown(arithmetic_is_exact_until_it_divides, setup, teardown),
        cmocka_unit_test_setup_teardown(functions_compute, setup, teardown),
        cmocka_unit_test_setup_teardown(functions_of_null_are_null_but_for_those_that_choose, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(null_and_what_is_not_finite_are_null, setup, teardown),
        cmocka_unit_test_setup_teardown(there_is_no_negative_zero, setup, teardown),
        cmocka_unit_test_setup_teardown(what_min_and_max_find_keeps_its_type, setup, teardown),
        cmocka_unit_test_setup_teardown(equal_aggregates_are_kept_once, setup, teardown),
        cmocka_unit_test_setup_teardown(filters_are_joined, setup, teardown),
        cmocka_unit_test_setup_teardown(a_measure_may_name_one_that_comes_later, setup, teardown),
        cmocka_unit_test_setup_teardown(mistakes_are_told_with_measure_column_and_hint, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(measures_that_double_each_other_are_refused_in_time, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_call_has_no_more_operands_than_operations, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(hostile_length_and_nesting_are_refused, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
