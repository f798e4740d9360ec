// SPDX-License-Identifier: Apache-2.0
#include <math.h>

#include "expr/expr_p.h"
#include "types/decimal_sum.h"

static void set_bool(struct value *value, bool boolean)
{
    value->kind = VALUE_BOOL;
    value->boolean = boolean;
}

/* What is no finite number has no place in JSON: it is null, as in SQL for x / 0. */
static void set_float(struct value *value, double real)
{
    value->kind = isfinite(real) ? VALUE_FLOAT : VALUE_NULL;
    value->real = real == 0 ? 0 : real; /* no -0 */
}

static void eval_float(enum expr_op op, double left, double right, struct value *ret_value)
{
    set_float(ret_value, op == EXPR_ADD        ? left + right
                         : op == EXPR_SUBTRACT ? left - right
                         : op == EXPR_MULTIPLY ? left * right
                                               : left / right);
}

static bool eval_both(const struct expr *expr, const struct value *fields,
                      const struct time_zone *zone, struct value *ret_left, struct value *ret_right)
{
    return expr_eval(expr->operands[0], fields, zone, ret_left) &&
           expr_eval(expr->operands[1], fields, zone, ret_right);
}

static bool eval_arithmetic(const struct expr *expr, const struct value *fields,
                            const struct time_zone *zone, struct value *ret_value)
{
    struct value left, right;
    if (!eval_both(expr, fields, zone, &left, &right)) return false;
    ret_value->kind = VALUE_NULL;
    if (left.kind == VALUE_NULL || right.kind == VALUE_NULL) return true;
    if (left.kind == VALUE_FLOAT) {
        eval_float(expr->op, left.real, right.real, ret_value);
        return true;
    }
    if (expr->op == EXPR_DIVIDE && right.number.coefficient == 0) return true;
    ret_value->kind = VALUE_NUMBER;
    if (expr->op == EXPR_ADD) return decimal_add(&left.number, &right.number, &ret_value->number);
    if (expr->op == EXPR_SUBTRACT)
        return decimal_subtract(&left.number, &right.number, &ret_value->number);
    if (expr->op == EXPR_MULTIPLY)
        return decimal_multiply(&left.number, &right.number, &ret_value->number);
    return decimal_divide(&left.number, &right.number, &ret_value->number);
}

/* Exact: a time is a whole number of nanoseconds. */
static bool eval_seconds(const struct expr *expr, const struct value *fields,
                         const struct time_zone *zone, struct value *ret_value)
{
    enum { NANOSECONDS_SCALE = 9 };
    struct value left, right;
    if (!eval_both(expr, fields, zone, &left, &right)) return false;
    ret_value->kind = VALUE_NULL;
    if (left.kind == VALUE_NULL || right.kind == VALUE_NULL) return true;
    struct decimal seconds = {.coefficient = left.time_ns - right.time_ns,
                              .scale = NANOSECONDS_SCALE};
    while (seconds.scale > 0 && seconds.coefficient % 10 == 0) {
        seconds.coefficient /= 10;
        seconds.scale--;
    }
    *ret_value = (struct value){.kind = VALUE_NUMBER, .number = seconds};
    return true;
}

/* The first that is not null. */
static bool eval_coalesce(const struct expr *expr, const struct value *fields,
                          const struct time_zone *zone, struct value *ret_value)
{
    for (size_t i = 0; i < expr->operand_count; i++) {
        if (!expr_eval(expr->operands[i], fields, zone, ret_value)) return false;
        if (ret_value->kind != VALUE_NULL) break;
    }
    return true;
}

/* As PostgreSQL has it, nulls are passed over. */
static bool eval_extreme(const struct expr *expr, const struct value *fields,
                         const struct time_zone *zone, struct value *ret_value)
{
    struct value value;
    ret_value->kind = VALUE_NULL;
    for (size_t i = 0; i < expr->operand_count; i++) {
        if (!expr_eval(expr->operands[i], fields, zone, &value)) return false;
        if (value.kind == VALUE_NULL) continue;
        int const order = ret_value->kind == VALUE_NULL ? 0 : value_compare(&value, ret_value);
        if (ret_value->kind == VALUE_NULL || (expr->op == EXPR_LEAST ? order < 0 : order > 0))
            *ret_value = value;
    }
    return true;
}

static bool eval_comparison(const struct expr *expr, const struct value *fields,
                            const struct time_zone *zone, struct value *ret_value)
{
    struct value left, right;
    if (!eval_both(expr, fields, zone, &left, &right)) return false;
    ret_value->kind = VALUE_NULL;
    if (left.kind == VALUE_NULL || right.kind == VALUE_NULL) return true;
    int const order = value_compare(&left, &right);
    bool const less =
        expr->op == EXPR_LESS || expr->op == EXPR_LESS_EQUAL || expr->op == EXPR_NOT_EQUAL;
    bool const greater =
        expr->op == EXPR_GREATER || expr->op == EXPR_GREATER_EQUAL || expr->op == EXPR_NOT_EQUAL;
    bool const equal =
        expr->op == EXPR_EQUAL || expr->op == EXPR_LESS_EQUAL || expr->op == EXPR_GREATER_EQUAL;
    set_bool(ret_value, order < 0 ? less : order > 0 ? greater : equal);
    return true;
}

/* Three-valued: the value that decides (false for `and`, true for `or`) wins over null. */
static bool eval_logic(const struct expr *expr, const struct value *fields,
                       const struct time_zone *zone, struct value *ret_value)
{
    bool const deciding = expr->op == EXPR_OR;
    struct value left, right;
    if (!expr_eval(expr->operands[0], fields, zone, &left)) return false;
    if (left.kind == VALUE_BOOL && left.boolean == deciding) {
        *ret_value = left;
        return true;
    }
    if (!expr_eval(expr->operands[1], fields, zone, &right)) return false;
    *ret_value = right;
    if (right.kind == VALUE_BOOL && right.boolean != deciding && left.kind == VALUE_NULL)
        ret_value->kind = VALUE_NULL;
    return true;
}

static bool eval_in(const struct expr *expr, const struct value *fields,
                    const struct time_zone *zone, struct value *ret_value)
{
    struct value left, item;
    bool saw_null = false;
    if (!expr_eval(expr->operands[0], fields, zone, &left)) return false;
    ret_value->kind = VALUE_NULL;
    if (left.kind == VALUE_NULL) return true;
    for (size_t i = 1; i < expr->operand_count; i++) {
        if (!expr_eval(expr->operands[i], fields, zone, &item)) return false;
        if (item.kind == VALUE_NULL) {
            saw_null = true;
        } else if (value_compare(&left, &item) == 0) {
            set_bool(ret_value, true);
            return true;
        }
    }
    if (!saw_null) set_bool(ret_value, false);
    return true;
}

static size_t character_length(struct slice text)
{
    size_t const length = utf8_length(text);
    return length ? length : 1;
}

/* The usual two-pointer match: on a mismatch, the last % takes one character more. */
static bool matches(struct slice text, struct slice pattern)
{
    size_t at = 0, in_pattern = 0, retry_at = 0, retry_in_pattern = 0;
    bool any = false;
    while (at < text.length) {
        size_t const step = character_length(slice_of(text.at + at, text.length - at));
        if (in_pattern < pattern.length && pattern.at[in_pattern] == '%') {
            any = true;
            retry_in_pattern = ++in_pattern;
            retry_at = at;
        } else if (in_pattern < pattern.length && pattern.at[in_pattern] == '_') {
            in_pattern++;
            at += step;
        } else if (in_pattern < pattern.length && pattern.at[in_pattern] == text.at[at]) {
            in_pattern++;
            at++;
        } else if (any) {
            retry_at += character_length(slice_of(text.at + retry_at, text.length - retry_at));
            at = retry_at;
            in_pattern = retry_in_pattern;
        } else {
            return false;
        }
    }
    while (in_pattern < pattern.length && pattern.at[in_pattern] == '%')
        in_pattern++;
    return in_pattern == pattern.length;
}

static bool eval_like(const struct expr *expr, const struct value *fields,
                      const struct time_zone *zone, struct value *ret_value)
{
    struct value text, pattern;
    if (!eval_both(expr, fields, zone, &text, &pattern)) return false;
    ret_value->kind = VALUE_NULL;
    if (text.kind == VALUE_NULL || pattern.kind == VALUE_NULL) return true;
    set_bool(ret_value, matches(text.string, pattern.string));
    return true;
}

static bool eval_unary(const struct expr *expr, const struct value *fields,
                       const struct time_zone *zone, struct value *ret_value)
{
    struct value operand;
    if (!expr_eval(expr->operands[0], fields, zone, &operand)) return false;
    if (expr->op == EXPR_IS_NULL) {
        set_bool(ret_value, operand.kind == VALUE_NULL);
        return true;
    }
    *ret_value = operand;
    if (operand.kind == VALUE_NULL) return true;
    if (expr->op == EXPR_NOT) {
        ret_value->boolean = !operand.boolean;
    } else if (expr->op == EXPR_TO_FLOAT) {
        struct decimal_sum const exact = decimal_sum_from_decimal(&operand.number);
        set_float(ret_value, decimal_sum_to_double(&exact));
    } else if (expr->op == EXPR_NEGATE && operand.kind == VALUE_FLOAT) {
        set_float(ret_value, -operand.real);
    } else if (expr->op == EXPR_ABS && operand.kind == VALUE_FLOAT) {
        set_float(ret_value, fabs(operand.real));
    } else if (expr->op == EXPR_ABS) {
        if (operand.number.coefficient < 0)
            ret_value->number.coefficient = -operand.number.coefficient;
    } else if (expr->op == EXPR_NEGATE) {
        ret_value->number.coefficient = -operand.number.coefficient;
    } else {
        ret_value->kind = VALUE_BUCKET;
        ret_value->bucket = calendar_bucket(operand.time_ns, expr->type.unit, zone);
    }
    return true;
}

bool expr_eval(const struct expr *expr, const struct value *fields, const struct time_zone *zone,
               struct value *ret_value)
{
    switch (expr->op) {
    case EXPR_LITERAL: *ret_value = expr->literal; return true;
    case EXPR_FIELD:
        *ret_value = fields[expr->field];
        if (ret_value->kind == VALUE_UNRESOLVED) ret_value->kind = VALUE_NULL;
        return true;
    case EXPR_ADD:
    case EXPR_SUBTRACT:
    case EXPR_MULTIPLY:
    case EXPR_DIVIDE: return eval_arithmetic(expr, fields, zone, ret_value);
    case EXPR_EQUAL:
    case EXPR_NOT_EQUAL:
    case EXPR_LESS:
    case EXPR_LESS_EQUAL:
    case EXPR_GREATER:
    case EXPR_GREATER_EQUAL: return eval_comparison(expr, fields, zone, ret_value);
    case EXPR_AND:
    case EXPR_OR: return eval_logic(expr, fields, zone, ret_value);
    case EXPR_SECONDS: return eval_seconds(expr, fields, zone, ret_value);
    case EXPR_COALESCE: return eval_coalesce(expr, fields, zone, ret_value);
    case EXPR_LEAST:
    case EXPR_GREATEST: return eval_extreme(expr, fields, zone, ret_value);
    case EXPR_IN: return eval_in(expr, fields, zone, ret_value);
    case EXPR_LIKE: return eval_like(expr, fields, zone, ret_value);
    case EXPR_NEGATE:
    case EXPR_ABS:
    case EXPR_NOT:
    case EXPR_IS_NULL:
    case EXPR_TO_FLOAT:
    case EXPR_BUCKET: return eval_unary(expr, fields, zone, ret_value);
    }
    return true;
}

struct value expr_dimension(const struct expr *expr, const struct value *fields,
                            const struct time_zone *zone)
{
    if (expr->op == EXPR_FIELD) return fields[expr->field];
    int const field = expr_time_field(expr);
    struct value value = {.kind = VALUE_UNRESOLVED};
    if (field >= 0 && fields[field].kind == VALUE_UNRESOLVED) return value;
    if (!expr_eval(expr, fields, zone, &value)) value.kind = VALUE_NULL;
    return value;
}

bool expr_holds(const struct expr *where, const struct value *fields, const struct time_zone *zone)
{
    struct value value;
    if (!where) return true;
    return expr_eval(where, fields, zone, &value) && value.kind == VALUE_BOOL && value.boolean;
}
