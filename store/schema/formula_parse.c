/* Measures may name each other in any order. So each is parsed when it is first needed, with a mark on
 * those that are being parsed: meeting a marked one is a cycle.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdio.h>

#include "schema/entity_parse.h"
#include "schema/formula_p.h"

static bool parse_measure(struct formulas *all, size_t index);

struct formula *formula_new(struct reading *reading, enum formula_op op)
{
    struct formula *const formula = ARENA_NEW(reading->all->arena, struct formula);
    formula->op = op;
    formula->size = 1;
    formula->type.kind = VALUE_NUMBER;
    return formula;
}

bool formula_is_number(const struct formula *formula)
{
    return !formula->is_list &&
           (formula->type.kind == VALUE_NUMBER || formula->type.kind == VALUE_FLOAT);
}

static bool no_measure(struct reading *reading, struct slice name)
{
    const struct formulas *const all = reading->all;
    struct slice *const names = ARENA_ARRAY(all->arena, struct slice, all->count);
    for (size_t i = 0; i < all->count; i++)
        names[i] = all->sources[i].name;
    struct slice const near = schema_nearest(name, names, all->count);
    (void)parser_fail(&reading->parser, "no measure '%.*s' in this view", (int)name.length,
                      name.at);
    for (size_t i = 0; i < reading->all->stream->field_count; i++) {
        if (slice_equal(reading->all->stream->fields[i].name, name))
            return error_remedy(
                all->err,
                "a field stands inside an aggregate: sum(), min(), count(), uniq() and so on");
    }
    if (near.length)
        return error_remedy(all->err, "did you mean '%.*s'?", (int)near.length, near.at);
    return error_remedy(all->err, "arithmetic is over measures of the view and numbers");
}

/* Tells the chain of measures that leads back to its beginning. */
static bool formula_parse_is_cycle(struct formulas *all, size_t index)
{
    AUTO_BUFFER struct buffer chain = {0};
    size_t *const backwards = ARENA_ARRAY(all->arena, size_t, all->count);
    size_t count = 0;
    for (size_t at = all->current; at != index; at = all->asked_by[at])
        backwards[count++] = at;
    buffer_add_slice(&chain, all->sources[index].name);
    while (count > 0) {
        buffer_add_text(&chain, " -> ");
        buffer_add_slice(&chain, all->sources[backwards[--count]].name);
    }
    buffer_add_text(&chain, " -> ");
    buffer_add_slice(&chain, all->sources[index].name);
    (void)error_set(all->err, ERROR_SCHEMA, "a measure is made of itself: %.*s", (int)chain.length,
                    chain.at);
    return false;
}

static bool parse_reference(struct reading *reading, const struct token *name,
                            struct formula **ret_formula)
{
    struct formulas *const all = reading->all;
    for (size_t i = 0; i < all->count; i++) {
        if (!slice_equal(all->sources[i].name, name->text)) continue;
        if (all->progress[i] == IN_PARSING) return formula_parse_is_cycle(all, i);
        if (all->progress[i] == NOT_PARSED && !parse_measure(all, i)) return false;
        struct formula *const copy = ARENA_NEW(all->arena, struct formula);
        *copy = *all->formulas[i];
        *ret_formula = copy;
        return true;
    }
    reading->parser.token = *name; /* where the error is */
    return no_measure(reading, name->text);
}

static bool formula_parse_parse_name(struct reading *reading, struct formula **ret_formula)
{
    struct token const name = reading->parser.token;
    if (!parser_next(&reading->parser)) return false;
    if (name.kind == TOKEN_QUOTED || !parser_is_sign(&reading->parser, "("))
        return parse_reference(reading, &name, ret_formula);
    const struct formula_function *const function = formula_function_find(name.text);
    if (function) return formula_call_parse(reading, function, ret_formula);
    return aggregate_parse(reading, &name, ret_formula);
}

static bool formula_parse_parse_primary(struct reading *reading, struct formula **ret_formula)
{
    struct expr_parser *const parser = &reading->parser;
    struct slice const source = parser->token.source;
    if (parser->token.kind == TOKEN_NUMBER) {
        struct decimal number;
        if (decimal_read(parser->token.text, &number) != DECIMAL_READ)
            return parser_fail(parser, "'%.*s' is no number of at most %d digits",
                               (int)source.length, source.at, DECIMAL_DIGITS);
        struct formula *const formula = formula_new(reading, FORMULA_LITERAL);
        formula->literal = decimal_sum_from_decimal(&number);
        *ret_formula = formula;
        return parser_next(parser);
    }
    if (parser->token.kind == TOKEN_NAME || parser->token.kind == TOKEN_QUOTED)
        return formula_parse_parse_name(reading, ret_formula);
    if (parser_is_sign(parser, "("))
        return parser_enter(parser) && parser_next(parser) &&
               formula_parse_sum(reading, ret_formula) &&
               (parser->depth--, parser_expect(parser, ")"));
    if (parser->token.kind == TOKEN_END)
        return parser_fail(parser, "expected a measure but the text ends");
    return parser_fail(parser, "expected a measure before '%.*s'", (int)source.length, source.at);
}

bool formula_wants_number(struct reading *reading, const struct formula *formula)
{
    if (formula_is_number(formula)) return true;
    return parser_fail(&reading->parser, "arithmetic needs numbers, not %s",
                       formula->is_list ? "a list" : type_name(formula->type.kind));
}

bool formula_set_operands(struct reading *reading, struct formula *formula,
                          const struct formula *const *operands, size_t count)
{
    formula->operands = operands;
    formula->operand_count = count;
    for (size_t i = 0; i < count; i++) {
        formula->size += operands[i]->size;
        if (formula->size > FORMULA_SIZE_MAX)
            return parser_fail(&reading->parser,
                               "more than %d operations, with those of the measures named",
                               FORMULA_SIZE_MAX);
    }
    return true;
}

static bool formula_parse_join(struct reading *reading, enum formula_op op, struct formula **left,
                               struct formula *right)
{
    const struct formula **const operands =
        ARENA_ARRAY(reading->all->arena, const struct formula *, 2);
    if (!formula_wants_number(reading, *left) || (right && !formula_wants_number(reading, right)))
        return false;
    struct formula *const formula = formula_new(reading, op);
    operands[0] = *left;
    operands[1] = right;
    if (op == FORMULA_DIVIDE || (*left)->type.kind == VALUE_FLOAT ||
        (right && right->type.kind == VALUE_FLOAT))
        formula->type.kind = VALUE_FLOAT;
    *left = formula;
    return formula_set_operands(reading, formula, operands, right ? 2 : 1);
}

static bool formula_parse_parse_unary(struct reading *reading, struct formula **ret_formula)
{
    struct expr_parser *const parser = &reading->parser;
    bool const minus = parser_is_sign(parser, "-");
    if (!minus && !parser_is_sign(parser, "+"))
        return formula_parse_parse_primary(reading, ret_formula);
    if (!parser_enter(parser) || !parser_next(parser) ||
        !formula_parse_parse_unary(reading, ret_formula))
        return false;
    parser->depth--;
    return !minus || formula_parse_join(reading, FORMULA_NEGATE, ret_formula, NULL);
}

static bool formula_parse_parse_product(struct reading *reading, struct formula **ret_formula)
{
    struct formula *right;
    if (!formula_parse_parse_unary(reading, ret_formula)) return false;
    for (;;) {
        bool const times = parser_is_sign(&reading->parser, "*");
        if (!times && !parser_is_sign(&reading->parser, "/")) return true;
        if (!parser_next(&reading->parser) || !formula_parse_parse_unary(reading, &right) ||
            !formula_parse_join(reading, times ? FORMULA_MULTIPLY : FORMULA_DIVIDE, ret_formula,
                                right))
            return false;
    }
}

bool formula_parse_sum(struct reading *reading, struct formula **ret_formula)
{
    struct formula *right;
    if (!formula_parse_parse_product(reading, ret_formula)) return false;
    for (;;) {
        bool const plus = parser_is_sign(&reading->parser, "+");
        if (!plus && !parser_is_sign(&reading->parser, "-")) return true;
        if (!parser_next(&reading->parser) || !formula_parse_parse_product(reading, &right) ||
            !formula_parse_join(reading, plus ? FORMULA_ADD : FORMULA_SUBTRACT, ret_formula, right))
            return false;
    }
}

/* The view's place of an aggregate: that of an equal one, or a new one. */
static bool place_aggregate(struct formulas *all, const struct aggregate *aggregate,
                            size_t *ret_place)
{
    for (size_t i = 0; i < all->aggregate_count; i++) {
        if (!aggregate_equal(&all->aggregates[i], aggregate)) continue;
        *ret_place = i;
        return true;
    }
    if (all->aggregate_count == SCHEMA_AGGREGATES_MAX)
        return error_set(all->err, ERROR_SCHEMA, "the view has more than %d aggregates",
                         SCHEMA_AGGREGATES_MAX);
    *ret_place = all->aggregate_count;
    all->aggregates[all->aggregate_count++] = *aggregate;
    return true;
}

/* Gives the aggregates of one text their filter (beside their own) and their places in the view. */
static bool place_own(struct reading *reading, const struct expr *where)
{
    if (!entities_place_own(reading, where)) return false;
    for (size_t i = 0; i < reading->own_count; i++) {
        size_t place = 0;
        if (!place_aggregate(reading->all, &reading->own[i].aggregate, &place)) return false;
        reading->own[i].formula->aggregate = place;
    }
    return true;
}

/* A filter over measures that are named would silently filter nothing. */
static bool nothing_to_filter(struct reading *reading)
{
    (void)parser_fail(&reading->parser, "'where' has no count(), sum() or the like to filter");
    return error_remedy(reading->all->err,
                        "a measure that is named keeps its own filter: write it there, or "
                        "\"count() where ...\" here");
}

bool parser_condition(struct expr_parser *parser, const struct expr **ret_where)
{
    if (!parser_next(parser) || !parser_expr(parser, ret_where)) return false;
    enum value_kind const kind = expr_type(*ret_where).kind;
    return kind == VALUE_BOOL ||
           parser_fail(parser, "where needs a truth value, not %s", type_name(kind));
}

static bool parse_text(struct reading *reading, struct formula **ret_formula)
{
    struct expr_parser *const parser = &reading->parser;
    const struct expr *where = NULL;
    if (!formula_parse_sum(reading, ret_formula)) return false;
    if (parser_is_word(parser, "where")) {
        struct token const word = parser->token;
        if (!parser_condition(parser, &where)) return false;
        if (reading->own_count == 0) {
            parser->token = word; /* where the error is */
            return nothing_to_filter(reading);
        }
    }
    if (parser->token.kind != TOKEN_END)
        return parser_fail(parser, "unexpected '%.*s'", (int)parser->token.source.length,
                           parser->token.source.at);
    return place_own(reading, where);
}

static bool parse_measure(struct formulas *all, size_t index)
{
    AUTO_FREE struct reading *const reading = memory_alloc(sizeof *reading);
    struct formula *formula;
    reading->all = all;
    all->asked_by[index] = all->current;
    all->current = index;
    all->progress[index] = IN_PARSING;
    bool const good = parser_init(&reading->parser, all->sources[index].text, all->stream,
                                  all->zone, all->arena, all->err) &&
                      parse_text(reading, &formula);
    if (!good) return false; /* `current` stays: it is the one at fault */
    all->current = all->asked_by[index];
    all->progress[index] = PARSED;
    all->formulas[index] = formula;
    return true;
}

bool formula_parse(const struct measure_source *sources, size_t source_count,
                   const struct stream *stream, bool retracts, struct entities *entities,
                   const struct time_zone *zone, struct arena *arena,
                   const struct formula **ret_formulas, struct aggregate **ret_aggregates,
                   size_t *ret_aggregate_count, size_t *ret_bad, struct error *err)
{
    struct formulas all = {
        .sources = sources,
        .count = source_count,
        .progress = ARENA_ARRAY(arena, enum progress, source_count),
        .formulas = ret_formulas,
        .aggregates = ARENA_ARRAY(arena, struct aggregate, SCHEMA_AGGREGATES_MAX),
        .asked_by = ARENA_ARRAY(arena, size_t, source_count),
        .stream = stream,
        .retracts = retracts,
        .entities = entities,
        .zone = zone,
        .arena = arena,
        .err = err,
    };
    for (size_t i = 0; i < source_count; i++) {
        if (all.progress[i] == PARSED || parse_measure(&all, i)) continue;
        *ret_bad = all.current;
        return false;
    }
    *ret_aggregates = all.aggregates;
    *ret_aggregate_count = all.aggregate_count;
    return true;
}
