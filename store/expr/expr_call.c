/* The functions that an expression may call.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <strings.h>

#include "expr/expr_p.h"

/* Of one value or more, all of one type. */
static const struct {
    const char *name;
    enum expr_op op;
} choices[] = {{"coalesce", EXPR_COALESCE}, {"least", EXPR_LEAST}, {"greatest", EXPR_GREATEST}};
static const char *const abs_name = "abs";

static bool is_named(struct slice name, const char *function)
{
    return name.length == strlen(function) &&
           strncasecmp((const char *)name.at, function, name.length) == 0;
}

static bool parse_bucket(struct expr_parser *parser, enum bucket_unit unit,
                         const struct expr **ret_expr)
{
    const struct expr *operand;
    if (!parser_expect(parser, "(") || !parser_expr(parser, &operand)) return false;
    if (operand->type.kind != VALUE_TIME)
        return parser_fail(parser, "%s needs %s, not %s", bucket_unit_names[unit],
                           type_name(VALUE_TIME), type_name(operand->type.kind));
    if (!parser_expect(parser, ")")) return false;
    struct expr *const expr = expr_new(parser, EXPR_BUCKET, VALUE_BUCKET);
    expr->type.unit = unit;
    expr_set_operands(parser, expr, &operand, 1);
    *ret_expr = expr;
    return true;
}

/* Which type of two the others have to become: null anything, a text a time, a number a float. */
static bool is_stronger(const struct expr *expr, const struct expr *than)
{
    static unsigned const strength[] = {
        [VALUE_NULL] = 0,  [VALUE_STRING] = 1, [VALUE_NUMBER] = 1, [VALUE_BOOL] = 1,
        [VALUE_FLOAT] = 2, [VALUE_TIME] = 2,   [VALUE_BUCKET] = 2,
    };
    return strength[expr->type.kind] > strength[than->type.kind];
}

/* Makes one type of all, and a node of them. */
static bool new_choice(struct expr_parser *parser, enum expr_op op, const struct expr **operands,
                       size_t count, const struct expr **ret_expr)
{
    size_t leader = 0;
    struct expr *const expr = expr_new(parser, op, VALUE_NULL);
    for (size_t i = 1; i < count; i++) {
        if (is_stronger(operands[i], operands[leader])) leader = i;
    }
    for (size_t i = 0; i < count; i++) {
        if (i != leader && !parser_make_comparable(parser, &operands[leader], &operands[i]))
            return false;
        if (operands[i]->digits > expr->digits) expr->digits = operands[i]->digits;
        if (operands[i]->scale > expr->scale) expr->scale = operands[i]->scale;
    }
    expr->type = operands[leader]->type;
    expr_set_operands(parser, expr, operands, count);
    *ret_expr = expr;
    return true;
}

static bool parse_choice(struct expr_parser *parser, enum expr_op op, const struct expr **ret_expr)
{
    AUTO_BUFFER struct buffer operands = {0};
    const struct expr *operand;
    do { /* the first token is the parenthesis, the next ones are commas */
        if (!parser_next(parser) || !parser_expr(parser, &operand)) return false;
        buffer_add(&operands, &operand, sizeof operand);
    } while (parser_is_sign(parser, ","));
    if (!parser_expect(parser, ")")) return false;
    size_t const count = operands.length / sizeof operand;
    const struct expr **const kept = ARENA_ARRAY(parser->arena, const struct expr *, count);
    memcpy(kept, operands.at, operands.length);
    return new_choice(parser, op, kept, count, ret_expr);
}

static bool parse_abs(struct expr_parser *parser, const struct expr **ret_expr)
{
    const struct expr *operand;
    if (!parser_expect(parser, "(") || !parser_expr(parser, &operand) ||
        !parser_wants_number(parser, operand, abs_name) || !parser_expect(parser, ")"))
        return false;
    struct expr *const expr = expr_new(parser, EXPR_ABS, operand->type.kind);
    expr_set_operands(parser, expr, &operand, 1);
    expr->digits = operand->digits;
    expr->scale = operand->scale;
    *ret_expr = expr;
    return true;
}

static bool expr_call_no_function(struct expr_parser *parser, struct slice name)
{
    struct slice names[BUCKET_UNITS + COUNT_OF(choices) + 1];
    for (size_t i = 0; i < BUCKET_UNITS; i++)
        names[i] = slice_text(bucket_unit_names[i]);
    for (size_t i = 0; i < COUNT_OF(choices); i++)
        names[BUCKET_UNITS + i] = slice_text(choices[i].name);
    names[COUNT_OF(names) - 1] = slice_text(abs_name);
    struct slice const near = schema_nearest(name, names, COUNT_OF(names));
    (void)parser_fail(parser, "no function '%.*s' of a field", (int)name.length, name.at);
    if (slice_equal(name, slice_text("depth")))
        return error_remedy(parser->err,
                            "depth() is a dimension by itself, of \"within\" in a tree");
    if (near.length)
        return error_remedy(parser->err, "did you mean '%.*s'?", (int)near.length, near.at);
    return error_remedy(parser->err,
                        "there are minute, hour, day, week, month, quarter, year, coalesce, "
                        "least, greatest and abs");
}

bool parser_call(struct expr_parser *parser, const struct token *name, const struct expr **ret_expr)
{
    for (size_t i = 0; i < COUNT_OF(choices); i++) {
        if (is_named(name->text, choices[i].name))
            return parse_choice(parser, choices[i].op, ret_expr);
    }
    if (is_named(name->text, abs_name)) return parse_abs(parser, ret_expr);
    for (unsigned i = 0; i < BUCKET_UNITS; i++) {
        if (is_named(name->text, bucket_unit_names[i]))
            return parse_bucket(parser, (enum bucket_unit)i, ret_expr);
    }
    if (parser->per) return parser_inner_call(parser, name, ret_expr);
    parser->token = *name; /* where the error is */
    return expr_call_no_function(parser, name->text);
}
