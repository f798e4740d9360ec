/* The functions of measures that a formula may call: parsing, and what they come to.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <math.h>
#include <strings.h>

#include "schema/formula_p.h"
#include "sketch/distributions.h"

/* Of numbers, one or two where it makes a double of doubles; the others take one or more. */
struct formula_function {
    const char *name;
    enum formula_op op;
    double (*unary)(double);
    double (*binary)(double, double);
};

static const struct formula_function functions[FORMULA_FUNCTIONS] = {
    {"abs", FORMULA_ABS, fabs, NULL},
    {"sqrt", FORMULA_CALL, sqrt, NULL},
    {"ln", FORMULA_CALL, log, NULL},
    {"exp", FORMULA_CALL, exp, NULL},
    {"norm_cdf", FORMULA_CALL, norm_cdf, NULL},
    {"norm_ppf", FORMULA_CALL, norm_ppf, NULL},
    {"t_cdf", FORMULA_CALL, NULL, t_cdf},
    {"t_ppf", FORMULA_CALL, NULL, t_ppf},
    {"chi2_cdf", FORMULA_CALL, NULL, chi2_cdf},
    {"chi2_sf", FORMULA_CALL, NULL, chi2_sf},
    {"coalesce", FORMULA_COALESCE, NULL, NULL},
    {"least", FORMULA_LEAST, NULL, NULL},
    {"greatest", FORMULA_GREATEST, NULL, NULL},
};

const char *formula_function_name(size_t index)
{
    return functions[index].name;
}

const struct formula_function *formula_function_find(struct slice name)
{
    for (size_t i = 0; i < FORMULA_FUNCTIONS; i++) {
        if (name.length == strlen(functions[i].name) &&
            strncasecmp((const char *)name.at, functions[i].name, name.length) == 0)
            return &functions[i];
    }
    return NULL;
}

static bool check_count(struct reading *reading, const struct formula_function *function,
                        size_t count)
{
    size_t const wanted = function->unary ? 1 : function->binary ? 2 : count;
    return count == wanted || parser_fail(&reading->parser, "%s takes %zu number%s, not %zu",
                                          function->name, wanted, wanted == 1 ? "" : "s", count);
}

/* The types of all operands: FORMULA_CALL always makes a double, the others one of a double. */
static enum value_kind kind_of(const struct formula *formula)
{
    if (formula->op == FORMULA_CALL) return VALUE_FLOAT;
    for (size_t i = 0; i < formula->operand_count; i++) {
        if (formula->operands[i]->type.kind == VALUE_FLOAT) return VALUE_FLOAT;
    }
    return VALUE_NUMBER;
}

bool formula_call_parse(struct reading *reading, const struct formula_function *function,
                        struct formula **ret_formula)
{
    struct expr_parser *const parser = &reading->parser;
    AUTO_BUFFER struct buffer list = {0};
    struct formula *operand;
    if (!parser_enter(parser)) return false;
    do { /* the first token is the parenthesis, the next ones are commas */
        if (!parser_next(parser) || !formula_parse_sum(reading, &operand)) return false;
        if (!formula_wants_number(reading, operand)) return false;
        buffer_add(&list, &operand, sizeof operand);
    } while (parser_is_sign(parser, ","));
    size_t const count = list.length / sizeof operand;
    if (!check_count(reading, function, count) || !parser_expect(parser, ")")) return false;
    parser->depth--;
    const struct formula **const operands =
        ARENA_ARRAY(reading->all->arena, const struct formula *, count);
    memcpy(operands, list.at, list.length);
    struct formula *const formula = formula_new(reading, function->op);
    formula->function = function;
    if (!formula_set_operands(reading, formula, operands, count)) return false;
    formula->type.kind = kind_of(formula);
    *ret_formula = formula;
    return true;
}

struct result formula_call_compute(const struct formula_function *function,
                                   const struct result *arguments)
{
    double const first = result_to_double(&arguments[0]);
    return result_double(function->unary
                             ? function->unary(first)
                             : function->binary(first, result_to_double(&arguments[1])));
}
