// SPDX-License-Identifier: Apache-2.0
#include <math.h>

#include "formula_p.h"

struct value_type formula_type(const struct formula *formula)
{
    return formula->type;
}

static double as_double(const struct result *result)
{
    return result->kind == RESULT_EXACT ? exact_to_double(&result->exact) : result->number;
}

/* Doubles have no JSON for what is not finite, and SQL has null for it. */
static struct result double_result(double number)
{
    if (!isfinite(number)) return (struct result){.kind = RESULT_NULL};
    return (struct result){.kind = RESULT_DOUBLE, .number = number};
}

static bool is_zero(const struct result *result)
{
    return result->kind == RESULT_EXACT ? exact_is_zero(&result->exact) : result->number == 0;
}

static struct result divide(const struct result *left, const struct result *right)
{
    if (is_zero(right)) return (struct result){.kind = RESULT_NULL};
    if (left->kind == RESULT_EXACT && right->kind == RESULT_EXACT)
        return double_result(exact_ratio(&left->exact, &right->exact));
    return double_result(as_double(left) / as_double(right));
}

/* + - *: exact while both are and it fits, else in doubles. */
static struct result combine(enum formula_op op, const struct result *left,
                             const struct result *right)
{
    struct result result = {.kind = RESULT_EXACT};
    if (left->kind == RESULT_EXACT && right->kind == RESULT_EXACT) {
        bool const fits = op == FORMULA_ADD ? exact_plus(&left->exact, &right->exact, &result.exact)
                          : op == FORMULA_SUBTRACT
                              ? exact_minus(&left->exact, &right->exact, &result.exact)
                              : exact_times(&left->exact, &right->exact, &result.exact);
        if (fits) return result;
    }
    double const a = as_double(left), b = as_double(right);
    return double_result(op == FORMULA_ADD ? a + b : op == FORMULA_SUBTRACT ? a - b : a * b);
}

struct result formula_eval(const struct formula *formula, const struct result *aggregates)
{
    if (formula->op == FORMULA_AGGREGATE) return aggregates[formula->aggregate];
    if (formula->op == FORMULA_LITERAL)
        return (struct result){.kind = RESULT_EXACT, .exact = formula->literal};
    struct result const left = formula_eval(formula->operands[0], aggregates);
    if (left.kind == RESULT_NULL) return left;
    if (formula->op == FORMULA_NEGATE) {
        struct result const zero = {.kind = RESULT_EXACT};
        return combine(FORMULA_SUBTRACT, &zero, &left);
    }
    struct result const right = formula_eval(formula->operands[1], aggregates);
    if (right.kind == RESULT_NULL) return right;
    return formula->op == FORMULA_DIVIDE ? divide(&left, &right)
                                         : combine(formula->op, &left, &right);
}

void result_json(const struct result *result, struct value_type type, const struct zone *zone,
                 struct buffer *json)
{
    char exact[EXACT_TEXT_BYTES], number[DOUBLE_TEXT_BYTES], time[CALENDAR_TEXT_BYTES];
    switch (result->kind) {
    case RESULT_NULL: buffer_add_text(json, "null"); return;
    case RESULT_EXACT: buffer_add(json, exact, exact_write(&result->exact, exact)); return;
    case RESULT_DOUBLE: buffer_add(json, number, double_write(result->number, number)); return;
    case RESULT_VALUE: break;
    }
    if (result->value.kind != VALUE_TIME) {
        value_json(&result->value, type, zone, json);
        return;
    }
    buffer_add_byte(json, '"');
    buffer_add(json, time, calendar_write(result->value.time_ns, zone, time));
    buffer_add_byte(json, '"');
}
