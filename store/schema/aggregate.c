/* What an aggregate is made of, and what it gives.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "schema/formula_p.h"

struct value_type aggregate_result_type(const struct aggregate *aggregate)
{
    struct value_type type = {.kind = VALUE_NUMBER};
    switch (aggregate->kind) {
    case AGGREGATE_COUNT:
    case AGGREGATE_UNIQ:
    case AGGREGATE_APPROX_UNIQ: break;
    case AGGREGATE_SUM:
        if (aggregate->type.kind == VALUE_FLOAT) type.kind = VALUE_FLOAT;
        break;
    case AGGREGATE_AVG:
    case AGGREGATE_VAR_SAMP:
    case AGGREGATE_VAR_POP:
    case AGGREGATE_STDDEV_SAMP:
    case AGGREGATE_STDDEV_POP:
    case AGGREGATE_APPROX_QUANTILE:
    case AGGREGATE_COVAR_SAMP:
    case AGGREGATE_COVAR_POP:
    case AGGREGATE_CORR:
    case AGGREGATE_RATIO:
    case AGGREGATE_RATIO_VAR:
    case AGGREGATE_CUPED_MEAN:
    case AGGREGATE_CUPED_VAR: type.kind = VALUE_FLOAT; break;
    case AGGREGATE_BOOL_AND:
    case AGGREGATE_BOOL_OR: type.kind = VALUE_BOOL; break;
    case AGGREGATE_MIN:
    case AGGREGATE_MAX:
    case AGGREGATE_QUANTILE:
    case AGGREGATE_QUANTILE_DISC:
    case AGGREGATE_ARG_MIN:
    case AGGREGATE_ARG_MAX:
    case AGGREGATE_TOP: type = aggregate->type; break;
    }
    return type;
}

size_t aggregate_exprs(const struct aggregate *aggregate,
                       const struct expr *ret_exprs[AGGREGATE_EXPRS_MAX])
{
    size_t count = 0;
    if (aggregate->argument) ret_exprs[count++] = aggregate->argument;
    if (aggregate->where) ret_exprs[count++] = aggregate->where;
    if (aggregate->chosen) ret_exprs[count++] = aggregate->chosen;
    for (size_t i = 0; i < aggregate->other_count; i++)
        ret_exprs[count++] = aggregate->others[i];
    for (size_t i = 0; i < aggregate->order_count; i++)
        ret_exprs[count++] = aggregate->order[i];
    return count;
}

bool aggregate_equal(const struct aggregate *a, const struct aggregate *b)
{
    if (a->kind != b->kind || a->entities != b->entities || !expr_equal(a->argument, b->argument) ||
        !expr_equal(a->where, b->where) || !expr_equal(a->chosen, b->chosen) ||
        a->order_count != b->order_count || a->other_count != b->other_count ||
        a->limit != b->limit || decimal_compare(&a->fraction, &b->fraction) != 0)
        return false;
    for (size_t i = 0; i < a->other_count; i++) {
        if (!expr_equal(a->others[i], b->others[i])) return false;
    }
    for (size_t i = 0; i < a->order_count; i++) {
        if (!expr_equal(a->order[i], b->order[i])) return false;
    }
    return true;
}
