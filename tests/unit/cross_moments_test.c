/* cross_moments.c and cross_moments_result.c, as aggregate_state.c shows them.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "aggregate/cross_moments.h"

#include <math.h>

#include "../support/test.h"
#include "aggregate/aggregate_state.h"

enum { TUPLES = 7, WIDTH = 3 };

/* y, two that explain it, and whether they are chosen. */
static struct {
    const char *texts[WIDTH];
    bool chosen;
} const tuples[TUPLES] = {
    {{"12.5", "3", "0.1"}, true}, {{"7.25", "1", "0.7"}, false}, {{"30", "9", "-0.2"}, true},
    {{"-4", "0", "0.4"}, false},  {{"18.75", "5", "1.1"}, true}, {{"22", "8", "0.3"}, false},
    {{"5.5", "2", "0.9"}, true},
};

struct fixture {
    struct arena arena;
    struct aggregate aggregate;
};

static int setup(void **state)
{
    *state = memory_alloc(sizeof(struct fixture));
    return 0;
}

static int teardown(void **state)
{
    struct fixture *const fixture = *state;
    arena_done(&fixture->arena);
    free(fixture);
    return 0;
}

static void begin(struct fixture *fixture, enum aggregate_kind kind, enum value_kind type,
                  size_t others, bool chooses)
{
    static char const somebody; /* nobody evaluates it here */
    fixture->aggregate = (struct aggregate){
        .kind = kind, .type = {.kind = type}, .other_count = others, .multiset = -1};
    if (chooses) fixture->aggregate.chosen = (const void *)&somebody;
}

static void apply(struct fixture *fixture, struct state *state, size_t tuple, int64_t weight)
{
    struct value values[AGGREGATE_VALUES_MAX];
    size_t const width = 1 + fixture->aggregate.other_count;
    for (size_t i = 0; i < width; i++) {
        const char *const text = tuples[tuple].texts[i];
        values[i].kind = fixture->aggregate.type.kind;
        if (values[i].kind == VALUE_FLOAT)
            values[i].real = strtod(text, NULL);
        else
            assert_int_equal(decimal_read(slice_text(text), &values[i].number), DECIMAL_READ);
    }
    values[width] = (struct value){.kind = VALUE_BOOL, .boolean = tuples[tuple].chosen};
    struct aggregate_input const input = {.values = values, .weight = weight};
    aggregate_apply(&fixture->aggregate, state, &input, &fixture->arena);
}

static struct state state_of_all(struct fixture *fixture)
{
    struct state state = {.count = 0};
    for (size_t i = 0; i < TUPLES; i++)
        apply(fixture, &state, i, 1);
    return state;
}

static struct result result_of(struct fixture *fixture, const struct state *state)
{
    return aggregate_result(&fixture->aggregate, state, &fixture->arena);
}

/* Expected figures are computed with fractions. */
static void results_are_those_of_the_formulas(void **state)
{
    static const struct {
        enum aggregate_kind kind;
        size_t others;
        bool chooses;
        double expected;
    } cases[] = {
        {AGGREGATE_COVAR_SAMP, 1, false, 37.916666666666664},
        {AGGREGATE_COVAR_POP, 1, false, 32.5},
        {AGGREGATE_CORR, 1, false, 0.9590817420234374},
        {AGGREGATE_RATIO, 1, false, 3.2857142857142856},
        {AGGREGATE_RATIO_VAR, 1, false, 0.0949230138483965},
        {AGGREGATE_CUPED_MEAN, 2, false, 13.142857142857142},
        {AGGREGATE_CUPED_VAR, 2, false, 10.233021452867344},
        {AGGREGATE_CUPED_MEAN, 2, true, 14.263628978633802},
        {AGGREGATE_CUPED_VAR, 2, true, 3.9156426758791203},
    };
    struct fixture *const fixture = *state;
    for (size_t i = 0; i < 2 * COUNT_OF(cases); i++) {
        double const expected = cases[i / 2].expected;
        begin(fixture, cases[i / 2].kind, i % 2 ? VALUE_FLOAT : VALUE_NUMBER, cases[i / 2].others,
              cases[i / 2].chooses);
        struct state const all = state_of_all(fixture);
        struct result const found = result_of(fixture, &all);
        assert_int_equal(found.kind, RESULT_DOUBLE);
        if (fabs(found.number - expected) > 1e-13 * fabs(expected))
            fail_msg("case %zu: %.17g, not %.17g", i, found.number, expected);
    }
}

static void check_equal(struct fixture *fixture, const struct state *a, const struct state *b)
{
    AUTO_BUFFER struct buffer left = {0}, right = {0};
    aggregate_pack(&fixture->aggregate, a, &left);
    aggregate_pack(&fixture->aggregate, b, &right);
    assert_true(slice_equal(buffer_slice(&left), buffer_slice(&right)));
}

/* Whatever the order, merged from parts, taken out again: one state. */
static void check_group(struct fixture *fixture)
{
    struct state const all = state_of_all(fixture);
    struct state nothing = {.count = 0}, backwards = {.count = 0}, parts[2] = {{.count = 0}};
    for (size_t i = TUPLES; i-- > 0;) {
        apply(fixture, &backwards, i, 1);
        apply(fixture, &backwards, 0, i % 2 ? 1 : -1);
        apply(fixture, &parts[i % 2], i, 1);
    }
    apply(fixture, &backwards, 0, 1); /* four times out, three times in */
    check_equal(fixture, &all, &backwards);
    aggregate_merge(&fixture->aggregate, &parts[0], &parts[1], &fixture->arena);
    check_equal(fixture, &all, &parts[0]);
    aggregate_negate(&fixture->aggregate, &backwards);
    aggregate_merge(&fixture->aggregate, &parts[0], &backwards, &fixture->arena);
    check_equal(fixture, &nothing, &parts[0]);
    assert_int_equal(result_of(fixture, &parts[0]).kind, RESULT_NULL);
}

static void states_form_a_group(void **state)
{
    for (int i = 0; i < 4; i++) {
        begin(*state, AGGREGATE_CUPED_VAR, i % 2 ? VALUE_FLOAT : VALUE_NUMBER, 2, i / 2 == 1);
        check_group(*state);
        begin(*state, AGGREGATE_COVAR_POP, i % 2 ? VALUE_FLOAT : VALUE_NUMBER, 1, false);
        check_group(*state);
        begin(*state, AGGREGATE_RATIO, i % 2 ? VALUE_FLOAT : VALUE_NUMBER, 1, false);
        check_group(*state);
    }
}

static void packed_states_come_back_and_cut_ones_do_not(void **state)
{
    struct fixture *const fixture = *state;
    for (int i = 0; i < 4; i++) {
        AUTO_BUFFER struct buffer packed = {0};
        struct state back;
        begin(fixture, AGGREGATE_CUPED_MEAN, i % 2 ? VALUE_FLOAT : VALUE_NUMBER, 2, i / 2 == 1);
        struct state const all = state_of_all(fixture);
        aggregate_pack(&fixture->aggregate, &all, &packed);
        assert_true(aggregate_unpack(&fixture->aggregate, 1, buffer_slice(&packed), &fixture->arena,
                                     &back));
        check_equal(fixture, &all, &back);
        for (size_t cut = 0; cut < packed.length; cut++)
            assert_false(aggregate_unpack(&fixture->aggregate, 1, slice_of(packed.at, cut),
                                          &fixture->arena, &back));
    }
}

static void too_few_or_singular_is_null(void **state)
{
    static enum aggregate_kind const kinds[] = {AGGREGATE_COVAR_SAMP, AGGREGATE_CORR,
                                                AGGREGATE_RATIO_VAR, AGGREGATE_CUPED_MEAN,
                                                AGGREGATE_CUPED_VAR};
    struct fixture *const fixture = *state;
    for (size_t i = 0; i < COUNT_OF(kinds); i++) {
        struct state one = {.count = 0};
        begin(fixture, kinds[i], VALUE_NUMBER, 1, false);
        apply(fixture, &one, 0, 1);
        assert_int_equal(result_of(fixture, &one).kind, RESULT_NULL);
    }
    /* Two points do not tell two slopes; and nobody may be chosen. */
    struct state two = {.count = 0}, unchosen = {.count = 0};
    begin(fixture, AGGREGATE_CUPED_MEAN, VALUE_NUMBER, 2, false);
    apply(fixture, &two, 0, 1);
    apply(fixture, &two, 1, 1);
    assert_int_equal(result_of(fixture, &two).kind, RESULT_NULL);
    begin(fixture, AGGREGATE_CUPED_MEAN, VALUE_NUMBER, 1, true);
    apply(fixture, &unchosen, 1, 1);
    apply(fixture, &unchosen, 3, 1);
    assert_int_equal(result_of(fixture, &unchosen).kind, RESULT_NULL);
}

int main(void)
{
    struct CMUnitTest const tests[] = {
        cmocka_unit_test_setup_teardown(results_are_those_of_the_formulas, setup, teardown),
        cmocka_unit_test_setup_teardown(states_form_a_group, setup, teardown),
        cmocka_unit_test_setup_teardown(packed_states_come_back_and_cut_ones_do_not, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(too_few_or_singular_is_null, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
