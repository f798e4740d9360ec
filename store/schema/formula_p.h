/* formula_p.h - the nodes of a formula.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once
#include "expr/expr_p.h"
#include "schema/formula.h"

/* Measures that name others share their nodes, but are evaluated anew each time: a few that double each
 * other would never end. So the nodes are counted as they are evaluated. */
enum { FORMULA_SIZE_MAX = 1000 };

enum formula_op {
    FORMULA_LITERAL,
    FORMULA_AGGREGATE,
    FORMULA_NEGATE,
    FORMULA_ADD,
    FORMULA_SUBTRACT,
    FORMULA_MULTIPLY,
    FORMULA_DIVIDE,
    FORMULA_ABS,
    FORMULA_CALL, /* of `function`: a double of doubles */
    FORMULA_COALESCE,
    FORMULA_LEAST,
    FORMULA_GREATEST,
};

enum { FORMULA_FUNCTIONS = 13 };
/* But of coalesce, least and greatest. */
enum { FORMULA_OPERANDS_MAX = 2 };
struct formula_function;

struct formula {
    enum formula_op op;
    struct value_type type; /* of the result, or of the values of a list */
    bool is_list;
    unsigned size;              /* nodes, those of named measures too; at most FORMULA_SIZE_MAX */
    struct decimal_sum literal; /* FORMULA_LITERAL */
    size_t aggregate;           /* FORMULA_AGGREGATE */
    const struct formula_function *function;
    const struct formula *const *operands;
    size_t operand_count;
};

enum progress { NOT_PARSED, IN_PARSING, PARSED };

/* The measures of a view while they are parsed. */
struct formulas {
    const struct measure_source *sources;
    size_t count;
    enum progress *progress;
    const struct formula **formulas;
    struct aggregate *aggregates;
    size_t aggregate_count;
    size_t current;   /* the source being parsed */
    size_t *asked_by; /* for those in parsing: which source named it */
    const struct stream *stream;
    bool retracts;
    struct entities *entities; /* NULL: measures over entities have no place here */
    const struct time_zone *zone;
    struct arena *arena;
    struct error *err;
};

/* An aggregate as it stands in a text: the filter of all of them comes only behind the last. */
struct own_aggregate {
    struct aggregate aggregate;
    const struct expr *filter; /* behind it, over events; NULL: none */
    struct view *entities;     /* as the aggregate has it */
    struct formula *formula;
};

/* One of an entity's events, in an expression over its row. */
struct inner_aggregate {
    struct aggregate aggregate;
    struct value_type type;
    struct view *view; /* the hidden one */
    struct expr *expr; /* to be given the field that it is */
    size_t outer;      /* place in `own` of what it is an operand of */
};

/* The text of one measure on its way to a formula. */
struct reading {
    struct formulas *all;
    struct expr_parser parser;
    struct own_aggregate own[SCHEMA_AGGREGATES_MAX];
    size_t own_count;
    struct inner_aggregate inner[SCHEMA_AGGREGATES_MAX];
    size_t inner_count;
};

/* The condition behind the current token, which is `where`. */
bool parser_condition(struct expr_parser *parser, const struct expr **ret_where) MUST_CHECK;
struct formula *formula_new(struct reading *reading, enum formula_op op);
bool formula_is_number(const struct formula *formula);
bool formula_wants_number(struct reading *reading, const struct formula *formula) MUST_CHECK;
/* Takes OPERANDS, which live in the arena, and counts them; false: they are too many. */
bool formula_set_operands(struct reading *reading, struct formula *formula,
                          const struct formula *const *operands, size_t count) MUST_CHECK;
bool formula_parse_sum(struct reading *reading, struct formula **ret_formula) MUST_CHECK;
const char *formula_function_name(size_t index);
const struct formula_function *formula_function_find(struct slice name); /* or NULL */
/* The call of FUNCTION; the current token is its parenthesis. */
bool formula_call_parse(struct reading *reading, const struct formula_function *function,
                        struct formula **ret_formula) MUST_CHECK;
/* ARGUMENTS are numbers. */
struct result formula_call_compute(const struct formula_function *function,
                                   const struct result *arguments);
double result_to_double(const struct result *result); /* of a number */
/* The aggregate that NAME begins; the current token is its parenthesis. */
bool aggregate_parse(struct reading *reading, const struct token *name,
                     struct formula **ret_formula) MUST_CHECK;
/* The same for one of an entity's events. */
bool aggregate_parse_inner(struct reading *reading, const struct token *name,
                           struct aggregate *ret_aggregate, struct value_type *ret_type) MUST_CHECK;
bool aggregate_equal(const struct aggregate *a, const struct aggregate *b);
struct value_type aggregate_result_type(const struct aggregate *aggregate);
