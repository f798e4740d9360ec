// SPDX-License-Identifier: Apache-2.0
#include <math.h>

#include "schema/formula_p.h"
#include "types/pack.h"

struct value_type formula_type(const struct formula *formula)
{
    return formula->type;
}

bool formula_is_list(const struct formula *formula)
{
    return formula->is_list;
}

double result_to_double(const struct result *result)
{
    return result->kind == RESULT_EXACT ? decimal_sum_to_double(&result->exact) : result->number;
}

struct result result_double(double number)
{
    if (!isfinite(number)) return (struct result){.kind = RESULT_NULL};
    return (struct result){.kind = RESULT_DOUBLE, .number = number == 0 ? 0 : number};
}

static bool is_zero(const struct result *result)
{
    return result->kind == RESULT_EXACT ? decimal_sum_is_zero(&result->exact) : result->number == 0;
}

static struct result formula_eval_divide(const struct result *left, const struct result *right)
{
    if (is_zero(right)) return (struct result){.kind = RESULT_NULL};
    if (left->kind == RESULT_EXACT && right->kind == RESULT_EXACT)
        return result_double(decimal_sum_ratio(&left->exact, &right->exact));
    return result_double(result_to_double(left) / result_to_double(right));
}

/* + - *: exact while both are and it fits, else in doubles. */
static struct result combine(enum formula_op op, const struct result *left,
                             const struct result *right)
{
    struct result result = {.kind = RESULT_EXACT};
    if (left->kind == RESULT_EXACT && right->kind == RESULT_EXACT) {
        bool const fits = op == FORMULA_ADD
                              ? decimal_sum_plus(&left->exact, &right->exact, &result.exact)
                          : op == FORMULA_SUBTRACT
                              ? decimal_sum_minus(&left->exact, &right->exact, &result.exact)
                              : decimal_sum_times(&left->exact, &right->exact, &result.exact);
        if (fits) return result;
    }
    double const a = result_to_double(left), b = result_to_double(right);
    return result_double(op == FORMULA_ADD ? a + b : op == FORMULA_SUBTRACT ? a - b : a * b);
}

static struct result negate(const struct result *operand)
{
    struct result const zero = {.kind = RESULT_EXACT};
    return combine(FORMULA_SUBTRACT, &zero, operand);
}

static bool is_less(const struct result *left, const struct result *right)
{
    struct decimal_sum apart;
    if (left->kind == RESULT_EXACT && right->kind == RESULT_EXACT &&
        decimal_sum_minus(&left->exact, &right->exact, &apart))
        return decimal_sum_is_negative(&apart);
    return result_to_double(left) < result_to_double(right);
}

/* coalesce, least and greatest: nulls are no choice. */
static struct result formula_eval_choose(const struct formula *formula,
                                         const struct result *aggregates)
{
    struct result best = {.kind = RESULT_NULL};
    for (size_t i = 0; i < formula->operand_count; i++) {
        struct result const operand = formula_eval(formula->operands[i], aggregates);
        if (operand.kind == RESULT_NULL) continue;
        bool const better =
            best.kind == RESULT_NULL ||
            (formula->op == FORMULA_LEAST ? is_less(&operand, &best) : is_less(&best, &operand));
        if (better) best = operand;
        if (formula->op == FORMULA_COALESCE) break;
    }
    if (best.kind == RESULT_EXACT && formula->type.kind == VALUE_FLOAT)
        return result_double(result_to_double(&best));
    return best;
}

/* Operations that are null where an operand is. */
static struct result compute(const struct formula *formula, const struct result *operands)
{
    const struct result *const left = &operands[0], *const right = &operands[1];
    switch (formula->op) {
    case FORMULA_NEGATE: return negate(left);
    case FORMULA_ABS:
        if (left->kind == RESULT_DOUBLE) return result_double(fabs(left->number));
        return decimal_sum_is_negative(&left->exact) ? negate(left) : *left;
    case FORMULA_CALL: return formula_call_compute(formula->function, operands);
    case FORMULA_DIVIDE: return formula_eval_divide(left, right);
    case FORMULA_ADD:
    case FORMULA_SUBTRACT:
    case FORMULA_MULTIPLY: return combine(formula->op, left, right);
    case FORMULA_LITERAL:
    case FORMULA_AGGREGATE:
    case FORMULA_COALESCE:
    case FORMULA_LEAST:
    case FORMULA_GREATEST: break;
    }
    return (struct result){.kind = RESULT_NULL};
}

struct result formula_eval(const struct formula *formula, const struct result *aggregates)
{
    struct result operands[FORMULA_OPERANDS_MAX] = {{.kind = RESULT_NULL}};
    if (formula->op == FORMULA_AGGREGATE) return aggregates[formula->aggregate];
    if (formula->op == FORMULA_LITERAL)
        return (struct result){.kind = RESULT_EXACT, .exact = formula->literal};
    if (formula->op == FORMULA_COALESCE || formula->op == FORMULA_LEAST ||
        formula->op == FORMULA_GREATEST)
        return formula_eval_choose(formula, aggregates);
    for (size_t i = 0; i < formula->operand_count; i++) {
        operands[i] = formula_eval(formula->operands[i], aggregates);
        if (operands[i].kind == RESULT_NULL) return operands[i];
    }
    return compute(formula, operands);
}

struct value result_value(const struct result *result, struct value_type type)
{
    struct value value = {.kind = VALUE_NULL};
    if (result->kind == RESULT_VALUE) return result->value;
    if (result->kind == RESULT_NULL || result->kind == RESULT_LIST) return value;
    if (type.kind == VALUE_FLOAT) {
        value.real = result_to_double(result);
        if (isfinite(value.real)) value.kind = VALUE_FLOAT;
    } else if (result->kind == RESULT_EXACT &&
               decimal_sum_to_decimal(&result->exact, &value.number)) {
        value.kind = VALUE_NUMBER;
    }
    return value;
}

/* A time in full, where value_json has the form of names. */
static void formula_eval_add_value(const struct value *value, struct value_type type,
                                   const struct time_zone *zone, struct buffer *json)
{
    char time[CALENDAR_TEXT_BYTES];
    if (value->kind != VALUE_TIME) {
        value_json(value, type, zone, json);
        return;
    }
    buffer_add_byte(json, '"');
    buffer_add(json, time, calendar_write(value->time_ns, zone, time));
    buffer_add_byte(json, '"');
}

static void add_list(struct slice list, struct value_type type, const struct time_zone *zone,
                     struct buffer *json)
{
    AUTO_ARENA struct arena arena = {0};
    uint64_t count;
    struct slice packed;
    struct value value;
    bool first = true;
    buffer_add_byte(json, '[');
    while (unpack_varint(&list, &count) && unpack_bytes(&list, &packed) &&
           unpack_value(&packed, &arena, &value) == UNPACKED) {
        buffer_add_text(json, first ? "{\"value\":" : ",{\"value\":");
        formula_eval_add_value(&value, type, zone, json);
        buffer_format(json, ",\"count\":%llu}", (unsigned long long)count);
        first = false;
    }
    buffer_add_byte(json, ']');
}

void result_json(const struct result *result, struct value_type type, const struct time_zone *zone,
                 struct buffer *json)
{
    char exact[DECIMAL_SUM_TEXT_BYTES], number[DOUBLE_TEXT_BYTES];
    switch (result->kind) {
    case RESULT_NULL: buffer_add_text(json, "null"); return;
    case RESULT_EXACT: buffer_add(json, exact, decimal_sum_write(&result->exact, exact)); return;
    case RESULT_DOUBLE: buffer_add(json, number, double_write(result->number, number)); return;
    case RESULT_VALUE: formula_eval_add_value(&result->value, type, zone, json); return;
    case RESULT_LIST: add_list(result->list, type, zone, json); return;
    }
}
