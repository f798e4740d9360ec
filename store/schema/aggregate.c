/* What an aggregate is made of, and what it gives.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "schema/aggregate_table.h"
#include "schema/formula_p.h"

struct value_type aggregate_result_type(const struct aggregate *aggregate)
{
    bool const real = aggregate->type.kind == VALUE_FLOAT;
    struct value_type const number = {.kind = VALUE_NUMBER}, floating = {.kind = VALUE_FLOAT};
    switch (traits_of(aggregate)->gives) {
    case GIVES_NUMBER: break;
    case GIVES_SUM: return real ? floating : number;
    case GIVES_FLOAT: return floating;
    case GIVES_BOOL: return (struct value_type){.kind = VALUE_BOOL};
    case GIVES_ARGUMENT: return aggregate->type;
    }
    return number;
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
