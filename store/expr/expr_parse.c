// SPDX-License-Identifier: Apache-2.0
#include <strings.h>

#include "expr/expr_p.h"

static const char *const keywords[] = {"and",     "or",   "not",  "in",    "is",   "like",
                                       "between", "null", "true", "false", "where"};

static unsigned expr_parse_most(unsigned a, unsigned b)
{
    return a > b ? a : b;
}

bool expr_is_keyword(struct slice name)
{
    for (size_t i = 0; i < COUNT_OF(keywords); i++) {
        if (name.length == strlen(keywords[i]) &&
            strncasecmp((const char *)name.at, keywords[i], name.length) == 0)
            return true;
    }
    return false;
}

static bool expr_parse_parse_name(struct expr_parser *parser, const struct expr **ret_expr)
{
    struct token const name = parser->token;
    if (!parser_next(parser)) return false;
    return parser_is_sign(parser, "(") ? parser_call(parser, &name, ret_expr)
                                       : parser_named_field(parser, name.text, ret_expr);
}

static void expr_parse_count_digits(struct expr *literal)
{
    char text[DECIMAL_TEXT_BYTES];
    const struct decimal *const number = &literal->literal.number;
    size_t length = decimal_write(number, text);
    if (text[0] == '-') length--;
    literal->scale = number->scale;
    literal->digits = (unsigned)length - (number->scale ? number->scale + 1 : 0);
}

static bool parse_number(struct expr_parser *parser, const struct expr **ret_expr)
{
    struct slice const text = parser->token.text;
    struct expr *const expr = expr_new(parser, EXPR_LITERAL, VALUE_NUMBER);
    expr->literal.kind = VALUE_NUMBER;
    switch (decimal_read(text, &expr->literal.number)) {
    case DECIMAL_READ: break;
    case DECIMAL_MALFORMED:
        return parser_fail(parser, "'%.*s' is not a number", (int)text.length, text.at);
    case DECIMAL_TOO_LONG:
        return parser_fail(parser, "a number has more than %d digits", DECIMAL_DIGITS);
    }
    expr_parse_count_digits(expr);
    *ret_expr = expr;
    return parser_next(parser);
}

static bool parse_word(struct expr_parser *parser, const struct expr **ret_expr)
{
    bool const is_true = parser_is_word(parser, "true"), is_null = parser_is_word(parser, "null");
    if (is_true || is_null || parser_is_word(parser, "false")) {
        struct expr *const expr = expr_new(parser, EXPR_LITERAL, is_null ? VALUE_NULL : VALUE_BOOL);
        expr->literal.kind = expr->type.kind;
        if (!is_null) expr->literal.boolean = is_true;
        *ret_expr = expr;
        return parser_next(parser);
    }
    if (!expr_is_keyword(parser->token.text)) return expr_parse_parse_name(parser, ret_expr);
    return parser_fail(parser, "expected a value before '%.*s'", (int)parser->token.text.length,
                       parser->token.text.at);
}

static bool expr_parse_parse_primary(struct expr_parser *parser, const struct expr **ret_expr)
{
    struct slice const source = parser->token.source;
    switch (parser->token.kind) {
    case TOKEN_NUMBER: return parse_number(parser, ret_expr);
    case TOKEN_STRING: {
        struct expr *const expr = expr_new(parser, EXPR_LITERAL, VALUE_STRING);
        expr->literal = (struct value){.kind = VALUE_STRING, .string = parser->token.text};
        *ret_expr = expr;
        return parser_next(parser);
    }
    case TOKEN_NAME: return parse_word(parser, ret_expr);
    case TOKEN_QUOTED: {
        struct slice const name = parser->token.text;
        return parser_next(parser) && parser_named_field(parser, name, ret_expr);
    }
    case TOKEN_SIGN:
        if (!parser_is_sign(parser, "(")) break;
        return parser_next(parser) && parser_expr(parser, ret_expr) && parser_expect(parser, ")");
    case TOKEN_END: return parser_fail(parser, "expected a value but the text ends");
    }
    return parser_fail(parser, "expected a value before '%.*s'", (int)source.length, source.at);
}

static bool expr_parse_parse_unary(struct expr_parser *parser, const struct expr **ret_expr)
{
    bool const minus = parser_is_sign(parser, "-");
    if (!minus && !parser_is_sign(parser, "+")) return expr_parse_parse_primary(parser, ret_expr);
    const struct expr *operand;
    if (!parser_enter(parser) || !parser_next(parser) ||
        !expr_parse_parse_unary(parser, &operand) ||
        !parser_wants_number(parser, operand, minus ? "-" : "+"))
        return false;
    parser->depth--;
    *ret_expr = operand;
    if (!minus) return true;
    struct expr *const expr = expr_new(parser, EXPR_NEGATE, operand->type.kind);
    expr_set_operands(parser, expr, &operand, 1);
    expr->digits = operand->digits;
    expr->scale = operand->scale;
    *ret_expr = expr;
    return true;
}

/* Two times are seconds apart. */
static bool subtract_times(struct expr_parser *parser, const struct expr **left,
                           const struct expr *right)
{
    enum { SECONDS_DIGITS = 12, SECONDS_SCALE = 9 };
    const struct expr *const other = (*left)->type.kind == VALUE_TIME ? right : *left;
    bool const text = other->op == EXPR_LITERAL && other->type.kind == VALUE_STRING;
    if (!text && !parser_wants(parser, other, VALUE_TIME, "- of a time")) return false;
    if (!parser_make_comparable(parser, left, &right)) return false;
    struct expr *const expr = expr_new(parser, EXPR_SECONDS, VALUE_NUMBER);
    expr_set_operands(parser, expr, (const struct expr *const[]){*left, right}, 2);
    expr->digits = SECONDS_DIGITS;
    expr->scale = SECONDS_SCALE;
    *left = expr;
    return true;
}

/* LEFT op RIGHT, with bounds on the digits that the result can have. */
static bool new_arithmetic(struct expr_parser *parser, enum expr_op op, const struct expr **left,
                           const struct expr *right, const char *sign)
{
    if (op == EXPR_SUBTRACT && ((*left)->type.kind == VALUE_TIME || right->type.kind == VALUE_TIME))
        return subtract_times(parser, left, right);
    if (!parser_wants_number(parser, *left, sign) || !parser_wants_number(parser, right, sign))
        return false;
    expr_make_floats(parser, left, &right);
    bool const real = (*left)->type.kind == VALUE_FLOAT || right->type.kind == VALUE_FLOAT;
    struct expr *const expr = expr_new(parser, op, real ? VALUE_FLOAT : VALUE_NUMBER);
    expr_set_operands(parser, expr, (const struct expr *const[]){*left, right}, 2);
    if (op == EXPR_MULTIPLY) {
        expr->digits = (*left)->digits + right->digits;
        expr->scale = (*left)->scale + right->scale;
    } else if (op == EXPR_DIVIDE) {
        expr->digits = (*left)->digits + right->scale + 1;
        expr->scale = DECIMAL_QUOTIENT_SCALE;
    } else {
        expr->digits = expr_parse_most((*left)->digits, right->digits) + 1;
        expr->scale = expr_parse_most((*left)->scale, right->scale);
    }
    *left = expr;
    return true;
}

static bool expr_parse_parse_product(struct expr_parser *parser, const struct expr **ret_expr)
{
    const struct expr *left, *right;
    if (!expr_parse_parse_unary(parser, &left)) return false;
    for (;;) {
        bool const times = parser_is_sign(parser, "*");
        if (!times && !parser_is_sign(parser, "/")) break;
        if (!parser_next(parser) || !expr_parse_parse_unary(parser, &right) ||
            !new_arithmetic(parser, times ? EXPR_MULTIPLY : EXPR_DIVIDE, &left, right,
                            times ? "*" : "/"))
            return false;
    }
    *ret_expr = left;
    return true;
}

static bool parse_sum(struct expr_parser *parser, const struct expr **ret_expr)
{
    const struct expr *left, *right;
    if (!expr_parse_parse_product(parser, &left)) return false;
    for (;;) {
        bool const plus = parser_is_sign(parser, "+");
        if (!plus && !parser_is_sign(parser, "-")) break;
        if (!parser_next(parser) || !expr_parse_parse_product(parser, &right) ||
            !new_arithmetic(parser, plus ? EXPR_ADD : EXPR_SUBTRACT, &left, right,
                            plus ? "+" : "-"))
            return false;
    }
    *ret_expr = left;
    return true;
}

static bool parse_comparison(struct expr_parser *parser, enum expr_op op,
                             const struct expr **ret_expr)
{
    const struct expr *left = *ret_expr, *right;
    if (!parser_next(parser) || !parse_sum(parser, &right) ||
        !parser_make_comparable(parser, &left, &right))
        return false;
    *ret_expr = expr_new_binary(parser, op, VALUE_BOOL, left, right);
    return true;
}

static bool parse_in(struct expr_parser *parser, const struct expr **ret_expr)
{
    AUTO_BUFFER struct buffer operands = {0};
    const struct expr *left = *ret_expr, *item;
    if (!parser_next(parser) || !parser_is_sign(parser, "(")) return parser_expect(parser, "(");
    buffer_add(&operands, &left, sizeof left);
    do {
        if (!parser_next(parser) || !parser_expr(parser, &item) ||
            !parser_make_comparable(parser, &left, &item))
            return false;
        buffer_add(&operands, &item, sizeof item);
    } while (parser_is_sign(parser, ","));
    if (!parser_expect(parser, ")")) return false;
    size_t const count = operands.length / sizeof item;
    const struct expr **const kept = ARENA_ARRAY(parser->arena, const struct expr *, count);
    memcpy(kept, operands.at, operands.length);
    kept[0] = left;
    /* A late item may have made a time of the left side: the items in front of it follow. */
    for (size_t i = 1; i < count; i++) {
        if (!parser_make_comparable(parser, &kept[0], &kept[i])) return false;
    }
    struct expr *const expr = expr_new(parser, EXPR_IN, VALUE_BOOL);
    expr_set_operands(parser, expr, kept, count);
    *ret_expr = expr;
    return true;
}

static bool parse_between(struct expr_parser *parser, const struct expr **ret_expr)
{
    const struct expr *low_value = *ret_expr, *high_value = *ret_expr, *low, *high;
    if (!parser_next(parser) || !parse_sum(parser, &low)) return false;
    if (!parser_is_word(parser, "and")) return parser_fail(parser, "expected 'and' of 'between'");
    if (!parser_next(parser) || !parse_sum(parser, &high) ||
        !parser_make_comparable(parser, &low_value, &low) ||
        !parser_make_comparable(parser, &high_value, &high))
        return false;
    *ret_expr =
        expr_new_binary(parser, EXPR_AND, VALUE_BOOL,
                        expr_new_binary(parser, EXPR_GREATER_EQUAL, VALUE_BOOL, low_value, low),
                        expr_new_binary(parser, EXPR_LESS_EQUAL, VALUE_BOOL, high_value, high));
    return true;
}

static bool parse_like(struct expr_parser *parser, const struct expr **ret_expr)
{
    const struct expr *const left = *ret_expr, *pattern;
    if (!parser_next(parser) || !parse_sum(parser, &pattern) ||
        !parser_wants(parser, left, VALUE_STRING, "like") ||
        !parser_wants(parser, pattern, VALUE_STRING, "like"))
        return false;
    *ret_expr = expr_new_binary(parser, EXPR_LIKE, VALUE_BOOL, left, pattern);
    return true;
}

static bool parse_is(struct expr_parser *parser, const struct expr **ret_expr)
{
    if (!parser_next(parser)) return false;
    bool const negated = parser_is_word(parser, "not");
    if (negated && !parser_next(parser)) return false;
    if (!parser_is_word(parser, "null")) return parser_fail(parser, "expected 'null' behind 'is'");
    *ret_expr = expr_new_unary(parser, EXPR_IS_NULL, VALUE_BOOL, *ret_expr);
    if (negated) *ret_expr = expr_new_unary(parser, EXPR_NOT, VALUE_BOOL, *ret_expr);
    return parser_next(parser);
}

static bool find_comparison(const struct expr_parser *parser, enum expr_op *ret_op)
{
    static const struct {
        const char *sign;
        enum expr_op op;
    } signs[] = {{"=", EXPR_EQUAL},         {"!=", EXPR_NOT_EQUAL},  {"<>", EXPR_NOT_EQUAL},
                 {"<", EXPR_LESS},          {"<=", EXPR_LESS_EQUAL}, {">", EXPR_GREATER},
                 {">=", EXPR_GREATER_EQUAL}};
    for (size_t i = 0; i < COUNT_OF(signs); i++) {
        if (!parser_is_sign(parser, signs[i].sign)) continue;
        *ret_op = signs[i].op;
        return true;
    }
    return false;
}

static bool parse_test(struct expr_parser *parser, const struct expr **ret_expr)
{
    enum expr_op op;
    if (!parse_sum(parser, ret_expr)) return false;
    if (find_comparison(parser, &op)) return parse_comparison(parser, op, ret_expr);
    if (parser_is_word(parser, "is")) return parse_is(parser, ret_expr);
    bool const negated = parser_is_word(parser, "not");
    if (negated && !parser_next(parser)) return false;
    bool good = true;
    if (parser_is_word(parser, "in"))
        good = parse_in(parser, ret_expr);
    else if (parser_is_word(parser, "like"))
        good = parse_like(parser, ret_expr);
    else if (parser_is_word(parser, "between"))
        good = parse_between(parser, ret_expr);
    else if (negated)
        return parser_fail(parser, "expected 'in', 'like' or 'between' behind 'not'");
    if (good && negated) *ret_expr = expr_new_unary(parser, EXPR_NOT, VALUE_BOOL, *ret_expr);
    return good;
}

static bool parse_not(struct expr_parser *parser, const struct expr **ret_expr)
{
    if (!parser_is_word(parser, "not")) return parse_test(parser, ret_expr);
    const struct expr *operand;
    if (!parser_enter(parser) || !parser_next(parser) || !parse_not(parser, &operand) ||
        !parser_wants(parser, operand, VALUE_BOOL, "not"))
        return false;
    parser->depth--;
    *ret_expr = expr_new_unary(parser, EXPR_NOT, VALUE_BOOL, operand);
    return true;
}

static bool parse_and(struct expr_parser *parser, const struct expr **ret_expr)
{
    const struct expr *left, *right;
    if (!parse_not(parser, &left)) return false;
    while (parser_is_word(parser, "and")) {
        if (!parser_wants(parser, left, VALUE_BOOL, "and") || !parser_next(parser) ||
            !parse_not(parser, &right) || !parser_wants(parser, right, VALUE_BOOL, "and"))
            return false;
        left = expr_new_binary(parser, EXPR_AND, VALUE_BOOL, left, right);
    }
    *ret_expr = left;
    return true;
}

bool parser_expr(struct expr_parser *parser, const struct expr **ret_expr)
{
    const struct expr *left, *right;
    if (!parser_enter(parser) || !parse_and(parser, &left)) return false;
    while (parser_is_word(parser, "or")) {
        if (!parser_wants(parser, left, VALUE_BOOL, "or") || !parser_next(parser) ||
            !parse_and(parser, &right) || !parser_wants(parser, right, VALUE_BOOL, "or"))
            return false;
        left = expr_new_binary(parser, EXPR_OR, VALUE_BOOL, left, right);
    }
    if (left->height > EXPR_HEIGHT_MAX)
        return parser_fail(parser, "more than %d operators in a row", EXPR_HEIGHT_MAX);
    parser->depth--;
    *ret_expr = left;
    return true;
}

bool expr_parse(struct slice text, const struct stream *stream, const struct time_zone *zone,
                struct arena *arena, const struct expr **ret_expr, struct error *err)
{
    struct expr_parser parser;
    const struct expr *expr;
    if (!parser_init(&parser, text, stream, zone, arena, err) || !parser_expr(&parser, &expr))
        return false;
    if (parser.token.kind != TOKEN_END)
        return parser_fail(&parser, "unexpected '%.*s'", (int)parser.token.source.length,
                           parser.token.source.at);
    *ret_expr = expr;
    return true;
}
