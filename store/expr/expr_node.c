/* The nodes of an expression: how they are made, and what types they have.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "expr/expr_p.h"
#include "types/pack.h"

const char *type_name(enum value_kind kind)
{
    switch (kind) {
    case VALUE_NULL:
    case VALUE_UNRESOLVED: return "null";
    case VALUE_BOOL: return "a truth value";
    case VALUE_NUMBER: return "a number";
    case VALUE_FLOAT: return "a float";
    case VALUE_TIME: return "a time";
    case VALUE_BUCKET: return "a bucket of time";
    case VALUE_STRING: return "a string";
    }
    return "";
}

struct expr *expr_new(struct expr_parser *parser, enum expr_op op, enum value_kind kind)
{
    struct expr *const expr = ARENA_NEW(parser->arena, struct expr);
    expr->op = op;
    expr->type.kind = kind;
    return expr;
}

static unsigned expr_node_most(unsigned a, unsigned b)
{
    return a > b ? a : b;
}

void expr_set_operands(struct expr_parser *parser, struct expr *expr,
                       const struct expr *const *operands, size_t count)
{
    const struct expr **const kept = ARENA_ARRAY(parser->arena, const struct expr *, count);
    memcpy(kept, operands, count * sizeof *kept);
    expr->operands = kept;
    expr->operand_count = count;
    for (size_t i = 0; i < count; i++)
        expr->height = expr_node_most(expr->height, operands[i]->height + 1);
}

const struct expr *expr_new_unary(struct expr_parser *parser, enum expr_op op, enum value_kind kind,
                                  const struct expr *operand)
{
    struct expr *const expr = expr_new(parser, op, kind);
    expr_set_operands(parser, expr, &operand, 1);
    return expr;
}

const struct expr *expr_new_binary(struct expr_parser *parser, enum expr_op op,
                                   enum value_kind kind, const struct expr *left,
                                   const struct expr *right)
{
    struct expr *const expr = expr_new(parser, op, kind);
    expr_set_operands(parser, expr, (const struct expr *const[]){left, right}, 2);
    return expr;
}

bool parser_wants(struct expr_parser *parser, const struct expr *expr, enum value_kind kind,
                  const char *what)
{
    if (expr->type.kind == kind || expr->type.kind == VALUE_NULL) return true;
    return parser_fail(parser, "%s needs %s, not %s", what, type_name(kind),
                       type_name(expr->type.kind));
}

bool parser_wants_number(struct expr_parser *parser, const struct expr *expr, const char *what)
{
    return expr->type.kind == VALUE_FLOAT || parser_wants(parser, expr, VALUE_NUMBER, what);
}

/* A string written in the schema takes the type of what it is compared with: a time or a bucket. */
static bool adapt(struct expr_parser *parser, const struct expr **expr, struct value_type type)
{
    const struct expr *const old = *expr;
    if (old->op != EXPR_LITERAL || old->type.kind != VALUE_STRING) return true;
    struct slice const text = old->literal.string;
    if (type.kind != VALUE_TIME && type.kind != VALUE_BUCKET) return true;
    struct expr *const literal = expr_new(parser, EXPR_LITERAL, type.kind);
    literal->type = type;
    literal->literal.kind = type.kind;
    bool const good =
        type.kind == VALUE_TIME
            ? calendar_read(text, parser->zone, &literal->literal.time_ns)
            : calendar_bucket_read(text, type.unit, parser->zone, &literal->literal.bucket);
    *expr = literal;
    if (good && type.kind == VALUE_TIME &&
        !calendar_in_range(literal->literal.time_ns, parser->zone))
        return parser_fail(parser, "'%.*s' is beyond the years 0001 to 9999 in the time zone",
                           (int)text.length, text.at);
    if (good) return true;
    return parser_fail(parser, "'%.*s' is not %s", (int)text.length, text.at, type_name(type.kind));
}

void expr_make_float(struct expr_parser *parser, const struct expr **expr)
{
    if ((*expr)->type.kind == VALUE_NUMBER)
        *expr = expr_new_unary(parser, EXPR_TO_FLOAT, VALUE_FLOAT, *expr);
}

void expr_make_floats(struct expr_parser *parser, const struct expr **left,
                      const struct expr **right)
{
    if ((*left)->type.kind == VALUE_FLOAT) expr_make_float(parser, right);
    if ((*right)->type.kind == VALUE_FLOAT) expr_make_float(parser, left);
}

bool parser_make_comparable(struct expr_parser *parser, const struct expr **left,
                            const struct expr **right)
{
    if (!adapt(parser, left, (*right)->type) || !adapt(parser, right, (*left)->type)) return false;
    expr_make_floats(parser, left, right);
    struct value_type const a = (*left)->type, b = (*right)->type;
    if (a.kind == VALUE_NULL || b.kind == VALUE_NULL) return true;
    if (a.kind != b.kind)
        return parser_fail(parser, "cannot compare %s with %s", type_name(a.kind),
                           type_name(b.kind));
    if (a.kind == VALUE_BUCKET && a.unit != b.unit)
        return parser_fail(parser, "cannot compare a %s with a %s", bucket_unit_names[a.unit],
                           bucket_unit_names[b.unit]);
    return true;
}

struct value_type expr_type(const struct expr *expr)
{
    return expr->type;
}

bool expr_can_overflow(const struct expr *expr)
{
    bool const computes =
        expr->type.kind == VALUE_NUMBER && (expr->op == EXPR_ADD || expr->op == EXPR_SUBTRACT ||
                                            expr->op == EXPR_MULTIPLY || expr->op == EXPR_DIVIDE);
    if (computes && expr->digits + expr->scale > DECIMAL_DIGITS) return true;
    for (size_t i = 0; i < expr->operand_count; i++) {
        if (expr_can_overflow(expr->operands[i])) return true;
    }
    return false;
}

int expr_field(const struct expr *expr)
{
    return expr->op == EXPR_FIELD ? (int)expr->field : -1;
}

int expr_time_field(const struct expr *expr)
{
    return expr_field(expr->op == EXPR_BUCKET ? expr->operands[0] : expr);
}

bool expr_equal(const struct expr *a, const struct expr *b)
{
    if (a == b) return true;
    if (!a || !b || a->op != b->op || a->operand_count != b->operand_count ||
        a->type.kind != b->type.kind || a->type.unit != b->type.unit)
        return false;
    if (a->op == EXPR_FIELD) return a->field == b->field;
    if (a->op == EXPR_LITERAL) return value_compare(&a->literal, &b->literal) == 0;
    for (size_t i = 0; i < a->operand_count; i++) {
        if (!expr_equal(a->operands[i], b->operands[i])) return false;
    }
    return true;
}

void expr_fingerprint(const struct expr *expr, struct buffer *into)
{
    buffer_add_byte(into, (uint8_t)expr->op);
    if (expr->op == EXPR_FIELD) pack_u64(into, expr->field);
    if (expr->op == EXPR_LITERAL) (void)pack_value(into, &expr->literal, PACK_NO_LIMIT);
    for (size_t i = 0; i < expr->operand_count; i++)
        expr_fingerprint(expr->operands[i], into);
}

bool expr_follows(const struct expr *expr, const struct stream *stream)
{
    if (!expr) return false;
    if (expr->op == EXPR_FIELD) return expr->field >= stream->field_count;
    for (size_t i = 0; i < expr->operand_count; i++) {
        if (expr_follows(expr->operands[i], stream)) return true;
    }
    return false;
}

const struct expr *expr_substitute(const struct expr *expr, const struct expr *const *values,
                                   struct arena *arena)
{
    if (expr->op == EXPR_FIELD && values[expr->field]) return values[expr->field];
    struct expr *const copy = ARENA_NEW(arena, struct expr);
    if (expr->op == EXPR_FIELD) {
        copy->op = EXPR_LITERAL; /* of null, whatever its type would be */
        return copy;
    }
    *copy = *expr;
    const struct expr **const operands =
        ARENA_ARRAY(arena, const struct expr *, expr->operand_count);
    for (size_t i = 0; i < expr->operand_count; i++)
        operands[i] = expr_substitute(expr->operands[i], values, arena);
    copy->operands = operands;
    return copy;
}
