/* formula.h - what a measure shows: aggregates, and arithmetic over them.
 *
 *   measure   = term-sum [ "where" expr ]   the filter holds for all its aggregates
 *   sum, product, unary as in expr.h, over
 *   primary   = number | call | aggregate [ "filter" "(" "where" expr ")" ]
 *             | other measure | "other measure" | "(" sum ")"
 *   call      = ("abs" | "sqrt" | "ln" | "exp" | "norm_cdf" | "norm_ppf") "(" sum ")"
 *             | ("t_cdf" | "t_ppf" | "chi2_cdf" | "chi2_sf") "(" sum "," df ")"
 *             | ("coalesce" | "least" | "greatest") "(" sum { "," sum } ")"
 *   aggregate = "count" "(" [ expr | "*" ] ")"
 *             | ("sum" | "min" | "max" | "avg" | "mean" | "uniq" | "any_value"
 *                | "bool_and" | "bool_or" | "median" | "var" | "variance" | "var_samp" | "var_pop"
 *                | "stddev" | "stddev_samp" | "stddev_pop" | "first" | "last" | "approx_uniq")
 *                "(" expr ")"
 *             | ("quantile" | "quantile_disc" | "approx_quantile") "(" expr "," fraction ")"
 *             | ("arg_min" | "arg_max") "(" expr { "," expr } ")"  |  "top" "(" expr "," count ")"
 *             | ("covar" | "covar_samp" | "covar_pop" | "corr" | "ratio" | "ratio_var")
 *                "(" expr "," expr ")"
 *             | ("cuped_mean" | "cuped_var") "(" expr "," expr { "," expr } ")"
 *
 * A measure may name measures of its view in any order, but not itself, not even by way of others.
 * Both filters of an aggregate have to hold. What the arguments of several numbers come to:
 * cross_moments.h; the distributions: distributions.h.
 *
 * Place    schema_read parses (formula_parse.c, formula_call.c, aggregate_parse.c); rows evaluates
 *          (formula_eval.c).
 * Promise  + - * abs are exact, and so are coalesce, least and greatest where all of their numbers
 *          are; / gives the nearest double of the exact quotient, and what follows a double is a
 *          double. x / 0 and any operation on null is null, but coalesce, least and greatest pass
 *          over nulls; a function outside its domain is null.
 * Memory   trees live in the schema's arena; a result borrows from the aggregates' results.
 * Threads  a tree is immutable; evaluation is pure.
 * Errors   parsing: as expr_parse. Evaluation has none: what has no value is null.
 * Limits   1000 operations in a measure, those of the measures it names counted each time.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once
#include "base/arena.h"
#include "base/error.h"
#include "types/decimal_sum.h"
#include "types/value.h"

struct entities;
struct expr;
struct stream;
struct view;

enum aggregate_kind {
    AGGREGATE_COUNT,
    AGGREGATE_SUM,
    AGGREGATE_MIN,
    AGGREGATE_MAX,
    AGGREGATE_AVG,
    AGGREGATE_UNIQ,
    AGGREGATE_VAR_SAMP,
    AGGREGATE_VAR_POP,
    AGGREGATE_STDDEV_SAMP,
    AGGREGATE_STDDEV_POP,
    AGGREGATE_QUANTILE,      /* numbers: between the two nearest ranks; others: as the next */
    AGGREGATE_QUANTILE_DISC, /* nearest rank: one of the values */
    AGGREGATE_ARG_MIN,       /* first() too: by the event's time */
    AGGREGATE_ARG_MAX,
    AGGREGATE_TOP,
    AGGREGATE_BOOL_AND,
    AGGREGATE_BOOL_OR,
    AGGREGATE_APPROX_UNIQ,
    AGGREGATE_APPROX_QUANTILE,
    AGGREGATE_COVAR_SAMP,
    AGGREGATE_COVAR_POP,
    AGGREGATE_CORR,
    AGGREGATE_RATIO,
    AGGREGATE_RATIO_VAR,
    AGGREGATE_CUPED_MEAN,
    AGGREGATE_CUPED_VAR,
};
enum { AGGREGATE_KINDS = AGGREGATE_CUPED_VAR + 1 }; /* what each is: aggregate_table.h */

enum {
    AGGREGATE_ORDER_MAX = 8,
    AGGREGATE_TOP_MAX = 1000,
    AGGREGATE_TOP_BYTES = 4 << 20, /* of packed values that top() shows, where it shows several */
    AGGREGATE_OTHERS_MAX = 8,
    AGGREGATE_VALUES_MAX = 1 + AGGREGATE_OTHERS_MAX + 1, /* see aggregate_apply */
    AGGREGATE_EXPRS_MAX = 3 + AGGREGATE_ORDER_MAX + AGGREGATE_OTHERS_MAX,
};

/* One accumulator of a view. Its state lives in every group. */
struct aggregate {
    enum aggregate_kind kind;
    /* The hidden view whose rows it is over; NULL: the view's events. */
    const struct view *entities;
    const struct expr *argument; /* NULL: count() */
    /* Of arg_min and arg_max: the event's key decides what is left. */
    const struct expr *const *order;
    size_t order_count;
    const struct expr *const *others; /* arguments behind the first: all are numbers, or floats */
    size_t other_count;
    const struct expr *chosen; /* of cuped: whose means it is about; NULL: all */
    const struct expr *where;  /* NULL: every event of the view */
    struct value_type type;    /* of the argument, and of the others */
    struct decimal fraction;   /* of a quantile: 0 to 1 */
    unsigned limit;            /* of top(): how many */
    int multiset;              /* place in the view's multisets; -1: its state is all it needs */
};

/* Every expression of an aggregate; returns how many. */
size_t aggregate_exprs(const struct aggregate *aggregate,
                       const struct expr *ret_exprs[AGGREGATE_EXPRS_MAX]);

/* What an aggregate or a formula comes to. */
enum result_kind { RESULT_NULL, RESULT_EXACT, RESULT_DOUBLE, RESULT_VALUE, RESULT_LIST };
struct result {
    enum result_kind kind;
    union {
        struct decimal_sum exact;
        double number;      /* as result_double has it */
        struct value value; /* of anything but numbers */
        struct slice list;  /* top(): ( [count][length][packed value] )* */
    };
};

struct formula;

/* A measure's text to be parsed, and where its tree goes. */
struct measure_source {
    struct slice name;
    struct slice text;
};

/* Parses the measures of one view together, as they may name each other. RETRACTS: events may go
 * after they were counted, which not every measure can follow. ENTITIES: makes the hidden views of
 * what is over entities; NULL: that is an error. RET_FORMULAS has one place a source.
 * RET_AGGREGATES collects what they need, equal ones once, in order of first use. Errors as
 * expr_parse; *ret_bad is the source at fault. */
bool formula_parse(const struct measure_source *sources, size_t source_count,
                   const struct stream *stream, bool retracts, struct entities *entities,
                   const struct time_zone *zone, struct arena *arena,
                   const struct formula **ret_formulas, struct aggregate **ret_aggregates,
                   size_t *ret_aggregate_count, size_t *ret_bad, struct error *err) MUST_CHECK;

/* What its results are; VALUE_FLOAT where they are RESULT_DOUBLE. */
struct value_type formula_type(const struct formula *formula);
bool formula_is_list(const struct formula *formula); /* RESULT_LIST, of values of that type */
/* AGGREGATES: one result per aggregate of the view. */
struct result formula_eval(const struct formula *formula, const struct result *aggregates);
/* Null where it is not finite: there is no JSON for it, and SQL has null. -0 is 0: the two are
 * equal, and a view over this one may put them in order. */
struct result result_double(double number);
/* A result as a value of a type that formula_type told: what a number of measures is to the views
 * over them. One of more than DECIMAL_DIGITS digits is null. */
struct value result_value(const struct result *result, struct value_type type);
/* JSON text of a result. */
void result_json(const struct result *result, struct value_type type, const struct time_zone *zone,
                 struct buffer *json);
