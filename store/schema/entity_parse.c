/* What is over entities: mean(sum(value) per user where count() > 1).
 *
 * Which entities, is said behind what is computed of them, but has to be known first. So the
 * parentheses are looked through for `per`, the expression behind it is parsed, and then the
 * rest from the beginning. There an aggregate is one of the entity's events and becomes a field
 * of the hidden view's rows; which field, is known when the filter at the end of the text is, as
 * that is part of it.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "schema/entity_parse.h"

static bool begins_operand(const struct token *token)
{
    if (token->kind == TOKEN_SIGN) return slice_is(token->text, "(");
    return token->kind == TOKEN_QUOTED ||
           (token->kind == TOKEN_NAME && !expr_is_keyword(token->text));
}

/* `per` is no reserved word: a field may have that name. It means something in
 * front of an operand. */
static bool is_per(const struct expr_parser *parser)
{
    struct error ignored;
    struct expr_parser ahead = *parser;
    ahead.err = &ignored; /* it is read again, and told then */
    return parser_is_word(parser, "per") && parser_next(&ahead) && begins_operand(&ahead.token);
}

/* Goes to the `per` of the parentheses that the parser is in. */
static bool find_per(struct expr_parser *ahead)
{
    unsigned depth = 0;
    while (ahead->token.kind != TOKEN_END) {
        if (depth == 0 && is_per(ahead)) return true;
        if (parser_is_sign(ahead, "(")) depth++;
        if (parser_is_sign(ahead, ")") && depth-- == 0) return false;
        if (!parser_next(ahead)) return false;
    }
    return false;
}

bool per_begin(struct reading *reading, struct per *ret_per)
{
    struct error ignored;
    struct expr_parser ahead = reading->parser;
    const struct expr *entity;
    *ret_per = (struct per){.view = NULL};
    ahead.err = &ignored;
    if (!reading->all->entities || !find_per(&ahead)) return true;
    ahead.err = reading->parser.err;
    if (!parser_next(&ahead) || !parser_expr(&ahead, &entity) ||
        !entities_view(reading->all->entities, entity, &ret_per->view, reading->all->err))
        return false;
    ret_per->at = ahead.at;
    ret_per->token = ahead.token;
    reading->parser.per = ret_per;
    return true;
}

bool per_skip(struct reading *reading, const struct expr **condition)
{
    struct expr_parser *const parser = &reading->parser;
    const struct per *const per = parser->per;
    if (!per || !is_per(parser)) return true;
    if (parser->at > per->at) return parser_fail(parser, "'per' stands here twice");
    parser->at = per->at;
    parser->token = per->token;
    return !parser_is_word(parser, "where") || parser_condition(parser, condition);
}

void per_end(struct reading *reading)
{
    reading->parser.per = NULL;
}

/* An aggregate of an entity's events, as a field of its row whose place is still to be found. */
static bool new_inner(struct reading *reading, const struct aggregate *aggregate,
                      struct value_type type, const struct expr **ret_expr)
{
    struct expr_parser *const parser = &reading->parser;
    if (reading->inner_count == SCHEMA_AGGREGATES_MAX)
        return parser_fail(parser, "more than %d aggregates", SCHEMA_AGGREGATES_MAX);
    struct expr *const expr = expr_new(parser, EXPR_FIELD, type.kind);
    expr->type = type;
    expr->digits = expr->scale = DECIMAL_DIGITS;
    reading->inner[reading->inner_count++] = (struct inner_aggregate){.aggregate = *aggregate,
                                                                      .type = type,
                                                                      .view = parser->per->view,
                                                                      .expr = expr,
                                                                      .outer = reading->own_count};
    *ret_expr = expr;
    return true;
}

static struct reading *reading_of(struct expr_parser *parser)
{
    return (struct reading *)(void *)((char *)parser - offsetof(struct reading, parser));
}

bool parser_inner_field(struct expr_parser *parser, const struct expr **expr)
{
    struct aggregate const least = {
        .kind = AGGREGATE_MIN, .argument = *expr, .type = expr_type(*expr), .multiset = -1};
    return !parser->per || new_inner(reading_of(parser), &least, least.type, expr);
}

bool parser_inner_call(struct expr_parser *parser, const struct token *name,
                       const struct expr **ret_expr)
{
    struct reading *const reading = reading_of(parser);
    const struct per *const per = parser->per;
    struct aggregate aggregate;
    struct value_type type;
    parser->per = NULL; /* what it is of, is of events */
    bool const good = aggregate_parse_inner(reading, name, &aggregate, &type);
    parser->per = per;
    return good && new_inner(reading, &aggregate, type, ret_expr);
}

static const struct expr *both(struct reading *reading, const struct expr *left,
                               const struct expr *right)
{
    if (!left || !right) return left ? left : right;
    return expr_new_binary(&reading->parser, EXPR_AND, VALUE_BOOL, left, right);
}

static bool place_inner(struct reading *reading, const struct inner_aggregate *inner,
                        const struct expr *filter)
{
    struct aggregate aggregate = inner->aggregate;
    size_t field = 0;
    aggregate.where = both(reading, aggregate.where, filter);
    if (!entities_place(reading->all->entities, inner->view, &aggregate, inner->type, &field,
                        reading->all->err))
        return false;
    inner->expr->field = (unsigned)field;
    return true;
}

/* An entity without events that the filter lets through is none. */
static bool require_events(struct reading *reading, struct own_aggregate *own,
                           const struct expr *filter)
{
    struct expr_parser *const parser = &reading->parser;
    struct aggregate *const aggregate = &own->aggregate;
    struct aggregate const count = {
        .kind = AGGREGATE_COUNT, .where = filter, .type = {.kind = VALUE_NULL}, .multiset = -1};
    struct value_type const number = {.kind = VALUE_NUMBER};
    struct expr *const events = expr_new(parser, EXPR_FIELD, VALUE_NUMBER);
    struct expr *const zero = expr_new(parser, EXPR_LITERAL, VALUE_NUMBER);
    size_t field = 0;
    zero->literal.kind = VALUE_NUMBER;
    if (!entities_place(reading->all->entities, own->entities, &count, number, &field,
                        reading->all->err))
        return false;
    events->field = (unsigned)field;
    const struct expr *const any = expr_new_binary(parser, EXPR_GREATER, VALUE_BOOL, events, zero);
    aggregate->where = both(reading, any, aggregate->where);
    return true;
}

bool entities_place_own(struct reading *reading, const struct expr *where)
{
    for (size_t i = 0; i < reading->inner_count; i++) {
        const struct inner_aggregate *const inner = &reading->inner[i];
        const struct expr *const filter = reading->own[inner->outer].filter;
        if (!place_inner(reading, inner, both(reading, filter, where))) return false;
    }
    for (size_t i = 0; i < reading->own_count; i++) {
        struct own_aggregate *const own = &reading->own[i];
        const struct expr *const filter = both(reading, own->filter, where);
        if (!own->entities)
            own->aggregate.where = filter;
        else if (filter && !require_events(reading, own, filter))
            return false;
    }
    return true;
}
