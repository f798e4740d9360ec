/* The functions that a measure may call, and what stands in their parentheses.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdio.h>
#include <strings.h>

#include "schema/entity_parse.h"
#include "schema/formula_p.h"

enum argument_kind {
    TAKES_ANY,
    TAKES_NUMBER,
    TAKES_BOOL,
};

/* What stands behind the argument. */
enum rest_kind {
    REST_NONE,
    REST_FRACTION,
    REST_COUNT,
    REST_ORDER,
    REST_NUMBER,  /* one more */
    REST_NUMBERS, /* one to AGGREGATE_OTHERS_MAX */
};

static const struct function {
    const char *name;
    enum aggregate_kind kind;
    enum argument_kind argument;
    enum rest_kind rest;
    bool by_time; /* ordered by the event's time */
} functions[] = {
    {"count", AGGREGATE_COUNT, TAKES_ANY, REST_NONE, false},
    {"sum", AGGREGATE_SUM, TAKES_NUMBER, REST_NONE, false},
    {"min", AGGREGATE_MIN, TAKES_ANY, REST_NONE, false},
    {"max", AGGREGATE_MAX, TAKES_ANY, REST_NONE, false},
    {"avg", AGGREGATE_AVG, TAKES_NUMBER, REST_NONE, false},
    {"mean", AGGREGATE_AVG, TAKES_NUMBER, REST_NONE, false},
    {"uniq", AGGREGATE_UNIQ, TAKES_ANY, REST_NONE, false},
    {"any_value", AGGREGATE_MIN, TAKES_ANY, REST_NONE,
     false}, /* any: the least is the same always */
    {"var", AGGREGATE_VAR_SAMP, TAKES_NUMBER, REST_NONE, false},
    {"variance", AGGREGATE_VAR_SAMP, TAKES_NUMBER, REST_NONE, false},
    {"var_samp", AGGREGATE_VAR_SAMP, TAKES_NUMBER, REST_NONE, false},
    {"var_pop", AGGREGATE_VAR_POP, TAKES_NUMBER, REST_NONE, false},
    {"stddev", AGGREGATE_STDDEV_SAMP, TAKES_NUMBER, REST_NONE, false},
    {"stddev_samp", AGGREGATE_STDDEV_SAMP, TAKES_NUMBER, REST_NONE, false},
    {"stddev_pop", AGGREGATE_STDDEV_POP, TAKES_NUMBER, REST_NONE, false},
    {"median", AGGREGATE_QUANTILE, TAKES_ANY, REST_NONE, false},
    {"quantile", AGGREGATE_QUANTILE, TAKES_ANY, REST_FRACTION, false},
    {"quantile_disc", AGGREGATE_QUANTILE_DISC, TAKES_ANY, REST_FRACTION, false},
    {"first", AGGREGATE_ARG_MIN, TAKES_ANY, REST_NONE, true},
    {"last", AGGREGATE_ARG_MAX, TAKES_ANY, REST_NONE, true},
    {"arg_min", AGGREGATE_ARG_MIN, TAKES_ANY, REST_ORDER, false},
    {"arg_max", AGGREGATE_ARG_MAX, TAKES_ANY, REST_ORDER, false},
    {"top", AGGREGATE_TOP, TAKES_ANY, REST_COUNT, false},
    {"bool_and", AGGREGATE_BOOL_AND, TAKES_BOOL, REST_NONE, false},
    {"bool_or", AGGREGATE_BOOL_OR, TAKES_BOOL, REST_NONE, false},
    {"approx_uniq", AGGREGATE_APPROX_UNIQ, TAKES_ANY, REST_NONE, false},
    {"approx_quantile", AGGREGATE_APPROX_QUANTILE, TAKES_NUMBER, REST_FRACTION, false},
    {"covar", AGGREGATE_COVAR_SAMP, TAKES_NUMBER, REST_NUMBER, false},
    {"covar_samp", AGGREGATE_COVAR_SAMP, TAKES_NUMBER, REST_NUMBER, false},
    {"covar_pop", AGGREGATE_COVAR_POP, TAKES_NUMBER, REST_NUMBER, false},
    {"corr", AGGREGATE_CORR, TAKES_NUMBER, REST_NUMBER, false},
    {"ratio", AGGREGATE_RATIO, TAKES_NUMBER, REST_NUMBER, false},
    {"ratio_var", AGGREGATE_RATIO_VAR, TAKES_NUMBER, REST_NUMBER, false},
    {"cuped_mean", AGGREGATE_CUPED_MEAN, TAKES_NUMBER, REST_NUMBERS, false},
    {"cuped_var", AGGREGATE_CUPED_VAR, TAKES_NUMBER, REST_NUMBERS, false},
};

static bool aggregate_parse_no_function(struct reading *reading, struct slice name)
{
    struct slice names[COUNT_OF(functions) + FORMULA_FUNCTIONS];
    for (size_t i = 0; i < COUNT_OF(functions); i++)
        names[i] = slice_text(functions[i].name);
    for (size_t i = 0; i < FORMULA_FUNCTIONS; i++)
        names[COUNT_OF(functions) + i] = slice_text(formula_function_name(i));
    struct slice const near = schema_nearest(name, names, COUNT_OF(names));
    (void)parser_fail(&reading->parser, "no measure '%.*s()'", (int)name.length, name.at);
    if (near.length)
        return error_remedy(reading->all->err, "did you mean '%.*s'?", (int)near.length, near.at);
    AUTO_BUFFER struct buffer list = {0};
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        if (i > 0) buffer_add_text(&list, ", ");
        buffer_add_slice(&list, names[i]);
    }
    return error_remedy(reading->all->err, "there are %.*s", (int)list.length, list.at);
}

static const struct function *find_function(struct slice name)
{
    for (size_t i = 0; i < COUNT_OF(functions); i++) {
        if (name.length == strlen(functions[i].name) &&
            strncasecmp((const char *)name.at, functions[i].name, name.length) == 0)
            return &functions[i];
    }
    return NULL;
}

static bool check_argument(struct reading *reading, const struct function *function,
                           enum value_kind kind)
{
    bool const number = kind == VALUE_NUMBER || kind == VALUE_FLOAT;
    if (kind == VALUE_NULL || function->argument == TAKES_ANY) return true;
    if (function->argument == TAKES_NUMBER && !number)
        return parser_fail(&reading->parser, "%s needs a number, not %s", function->name,
                           type_name(kind));
    if (function->argument == TAKES_BOOL && kind != VALUE_BOOL)
        return parser_fail(&reading->parser, "%s needs a truth value, not %s", function->name,
                           type_name(kind));
    return true;
}

/* A number as it is written, within the bounds. */
static bool parse_literal(struct reading *reading, const char *what, int64_t least, int64_t most,
                          struct decimal *ret_number)
{
    struct expr_parser *const parser = &reading->parser;
    struct decimal const low = decimal_from_int(least), high = decimal_from_int(most);
    struct decimal number;
    if (!parser_expect(parser, ",")) return false;
    if (parser->token.kind != TOKEN_NUMBER ||
        decimal_read(parser->token.text, &number) != DECIMAL_READ ||
        decimal_compare(&number, &low) < 0 || decimal_compare(&number, &high) > 0)
        return parser_fail(parser, "expected %s from %d to %d", what, (int)least, (int)most);
    *ret_number = number;
    return parser_next(parser);
}

static bool parse_fraction(struct reading *reading, struct aggregate *aggregate)
{
    enum { FRACTION_SCALE_MAX = 18 };
    if (!parse_literal(reading, "a fraction", 0, 1, &aggregate->fraction) ||
        !per_skip(reading, &aggregate->where))
        return false;
    if (aggregate->fraction.scale <= FRACTION_SCALE_MAX) return true;
    return parser_fail(&reading->parser, "a fraction has at most %d digits", FRACTION_SCALE_MAX);
}

static bool parse_count(struct reading *reading, struct aggregate *aggregate)
{
    struct decimal number;
    int64_t count;
    if (!parse_literal(reading, "how many:", 1, AGGREGATE_TOP_MAX, &number) ||
        !per_skip(reading, &aggregate->where))
        return false;
    if (!decimal_to_int(&number, &count))
        return parser_fail(&reading->parser, "how many must be a whole number");
    aggregate->limit = (unsigned)count;
    return true;
}

/* An expression in the parentheses, and `per` if it stands behind that. */
static bool parse_operand(struct reading *reading, struct aggregate *aggregate,
                          const struct expr **ret_expr)
{
    bool const chooses =
        aggregate->kind == AGGREGATE_CUPED_MEAN || aggregate->kind == AGGREGATE_CUPED_VAR;
    return parser_expr(&reading->parser, ret_expr) &&
           per_skip(reading, chooses ? &aggregate->chosen : &aggregate->where);
}

static bool parse_order(struct reading *reading, struct aggregate *aggregate)
{
    struct expr_parser *const parser = &reading->parser;
    const struct expr **const order =
        ARENA_ARRAY(reading->all->arena, const struct expr *, AGGREGATE_ORDER_MAX);
    size_t count = 0;
    if (!parser_is_sign(parser, ",")) return parser_expect(parser, ",");
    while (parser_is_sign(parser, ",")) {
        if (count == AGGREGATE_ORDER_MAX)
            return parser_fail(parser, "more than %d expressions to order by", AGGREGATE_ORDER_MAX);
        if (!parser_next(parser) || !parse_operand(reading, aggregate, &order[count++]))
            return false;
    }
    aggregate->order = order;
    aggregate->order_count = count;
    return true;
}

/* Where one of the arguments is of floats, all are. */
static void make_floats(struct reading *reading, struct aggregate *aggregate,
                        const struct expr **others)
{
    bool real = expr_type(aggregate->argument).kind == VALUE_FLOAT;
    for (size_t i = 0; i < aggregate->other_count; i++)
        real = real || expr_type(others[i]).kind == VALUE_FLOAT;
    if (!real) return;
    aggregate->type.kind = VALUE_FLOAT;
    expr_make_float(&reading->parser, &aggregate->argument);
    for (size_t i = 0; i < aggregate->other_count; i++)
        expr_make_float(&reading->parser, &others[i]);
}

static bool parse_others(struct reading *reading, const struct function *function, size_t most,
                         struct aggregate *aggregate)
{
    struct expr_parser *const parser = &reading->parser;
    const struct expr **const others = ARENA_ARRAY(reading->all->arena, const struct expr *, most);
    size_t count = 0;
    if (!parser_is_sign(parser, ",")) return parser_expect(parser, ",");
    while (count < most && parser_is_sign(parser, ",")) {
        if (!parser_next(parser) || !parse_operand(reading, aggregate, &others[count]) ||
            !check_argument(reading, function, expr_type(others[count]).kind))
            return false;
        count++;
    }
    if (parser_is_sign(parser, ","))
        return parser_fail(parser, "%s takes at most %zu numbers", function->name, most + 1);
    aggregate->others = others;
    aggregate->other_count = count;
    make_floats(reading, aggregate, others);
    return true;
}

static bool order_by_time(struct reading *reading, const struct function *function,
                          struct aggregate *aggregate)
{
    const struct stream *const stream = reading->all->stream;
    if (stream->time_field < 0) {
        (void)parser_fail(&reading->parser, "%s() needs the time of an event, '%.*s' has none",
                          function->name, (int)stream->name.length, stream->name.at);
        return error_remedy(reading->all->err,
                            "name a stream's field as \"time\", or write %s(x, by)",
                            function->kind == AGGREGATE_ARG_MIN ? "arg_min" : "arg_max");
    }
    const struct expr **const order = ARENA_NEW(reading->all->arena, const struct expr *);
    *order = parser_field(&reading->parser, (size_t)stream->time_field);
    aggregate->order = order;
    aggregate->order_count = 1;
    return true;
}

static bool parse_rest(struct reading *reading, const struct function *function,
                       struct aggregate *aggregate)
{
    aggregate->fraction = (struct decimal){.coefficient = 5, .scale = 1};
    switch (function->rest) {
    case REST_NONE: return !function->by_time || order_by_time(reading, function, aggregate);
    case REST_FRACTION: return parse_fraction(reading, aggregate);
    case REST_COUNT: return parse_count(reading, aggregate);
    case REST_ORDER: return parse_order(reading, aggregate);
    case REST_NUMBER: return parse_others(reading, function, 1, aggregate);
    case REST_NUMBERS: return parse_others(reading, function, AGGREGATE_OTHERS_MAX, aggregate);
    }
    return true;
}

/* A sketch of distinct values cannot forget one. */
static bool check_retraction(struct reading *reading, const struct function *function)
{
    if (function->kind != AGGREGATE_APPROX_UNIQ || !reading->all->retracts) return true;
    (void)parser_fail(&reading->parser,
                      "%s() cannot follow events that are replaced, deleted or dropped",
                      function->name);
    return error_remedy(reading->all->err, "use uniq(), which is exact");
}

/* What stands in the parentheses of an aggregate. */
static bool parse_arguments(struct reading *reading, const struct function *function,
                            struct aggregate *aggregate)
{
    struct expr_parser *const parser = &reading->parser;
    bool const star = function->kind == AGGREGATE_COUNT && parser_is_sign(parser, "*");
    if (star && !parser_next(parser)) return false; /* count(*) is what SQL calls count() */
    if (function->kind == AGGREGATE_COUNT && !per_skip(reading, &aggregate->where)) return false;
    if (!star && (function->kind != AGGREGATE_COUNT || !parser_is_sign(parser, ")"))) {
        if (!parse_operand(reading, aggregate, &aggregate->argument)) return false;
        aggregate->type = expr_type(aggregate->argument);
        if (!check_argument(reading, function, aggregate->type.kind)) return false;
    }
    return parse_rest(reading, function, aggregate) && parser_expect(parser, ")");
}

/* [ "filter" "(" "where" expr ")" ] */
static bool parse_filter(struct reading *reading, const struct expr **ret_where)
{
    struct expr_parser *const parser = &reading->parser;
    if (!parser_is_word(parser, "filter")) return true;
    if (!parser_next(parser) || !parser_expect(parser, "(")) return false;
    if (!parser_is_word(parser, "where"))
        return parser_fail(parser, "expected 'where' behind 'filter('");
    return parser_condition(parser, ret_where) && parser_expect(parser, ")");
}

static struct aggregate new_aggregate(const struct function *function)
{
    return (struct aggregate){.kind = function->kind, .type = {.kind = VALUE_NULL}, .multiset = -1};
}

/* What cannot be told of entities: their rows change, and have no time. */
static bool aggregate_parse_check_entities(struct reading *reading, const struct function *function)
{
    if (function->kind != AGGREGATE_APPROX_UNIQ && !function->by_time) return true;
    return parser_fail(&reading->parser, "%s() cannot be over entities", function->name);
}

/* The arguments, over events or over entities. */
static bool parse_over(struct reading *reading, const struct function *function,
                       struct own_aggregate *own)
{
    struct per per;
    if (!per_begin(reading, &per) ||
        (per.view && !aggregate_parse_check_entities(reading, function)))
        return false;
    own->entities = per.view;
    own->aggregate.entities = per.view;
    bool const good = parse_arguments(reading, function, &own->aggregate);
    per_end(reading);
    return good;
}

/* A row has no lists, and changes with each event. */
static bool check_inner(struct reading *reading, const struct function *function)
{
    if (function->kind != AGGREGATE_TOP && function->kind != AGGREGATE_APPROX_UNIQ &&
        function->kind != AGGREGATE_APPROX_QUANTILE)
        return true;
    return parser_fail(&reading->parser, "%s() cannot be told of one entity", function->name);
}

bool aggregate_parse_inner(struct reading *reading, const struct token *name,
                           struct aggregate *ret_aggregate, struct value_type *ret_type)
{
    const struct function *const function = find_function(name->text);
    if (!function) {
        reading->parser.token = *name; /* where the error is */
        return formula_function_find(name->text)
                   ? parser_fail(&reading->parser, "%.*s() is of measures, not of one entity",
                                 (int)name->text.length, name->text.at)
                   : aggregate_parse_no_function(reading, name->text);
    }
    *ret_aggregate = new_aggregate(function);
    if (!check_inner(reading, function) || !parser_expect(&reading->parser, "(") ||
        !parse_arguments(reading, function, ret_aggregate) ||
        !parse_filter(reading, &ret_aggregate->where))
        return false;
    *ret_type = aggregate_result_type(ret_aggregate);
    return true;
}

bool aggregate_parse(struct reading *reading, const struct token *name,
                     struct formula **ret_formula)
{
    struct expr_parser *const parser = &reading->parser;
    const struct function *const function = find_function(name->text);
    if (!function) {
        parser->token = *name; /* where the error is */
        return aggregate_parse_no_function(reading, name->text);
    }
    struct own_aggregate own = {.aggregate = new_aggregate(function)};
    if (!check_retraction(reading, function) || !parser_expect(parser, "(") ||
        !parse_over(reading, function, &own) || !parse_filter(reading, &own.filter))
        return false;
    if (reading->own_count == SCHEMA_AGGREGATES_MAX)
        return parser_fail(parser, "more than %d aggregates", SCHEMA_AGGREGATES_MAX);
    struct formula *const formula = formula_new(reading, FORMULA_AGGREGATE);
    formula->type = aggregate_result_type(&own.aggregate);
    formula->is_list = function->kind == AGGREGATE_TOP;
    own.formula = formula;
    reading->own[reading->own_count++] = own;
    *ret_formula = formula;
    return true;
}
