/* formula.h - what a measure shows: aggregates, and arithmetic over them.
 *
 *   measure   = term-sum [ "where" expr ]            the filter holds for every aggregate of the text
 *   sum, product, unary as in expr.h, over
 *   primary   = number | aggregate | other measure | "other measure" | "(" sum ")"
 *   aggregate = "count" "(" [ expr ] ")" | ("sum" | "min" | "max" | "avg" | "uniq") "(" expr ")"
 *
 * A measure may name measures of its view in any order, but not itself, not even by way of others.
 * Place    schema_read parses (formula_parse.c); rows evaluates (formula_eval.c).
 * Promise  + - * are exact; / gives the nearest double of the exact quotient, and what follows a
 *          double is a double; x / 0 and any operation on null is null.
 *
 * Limits   1000 operations in a measure, those of the measures it names counted each time.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once
#include "arena.h"
#include "error.h"
#include "exact.h"
#include "value.h"

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
};

/* One accumulator of a view. Its state lives in every group. */
struct aggregate {
    enum aggregate_kind kind;
    const struct expr *argument; /* NULL: count() */
    const struct expr *where;    /* NULL: every event of the view */
    struct value_type type;      /* of the argument */
};

/* What an aggregate or a formula comes to. */
enum result_kind { RESULT_NULL, RESULT_EXACT, RESULT_DOUBLE, RESULT_VALUE };
struct result {
    enum result_kind kind;
    union {
        struct exact exact;
        double number;      /* finite; what would not be is RESULT_NULL */
        struct value value; /* min and max of anything but numbers */
    };
};

struct formula;

/* A measure's text to be parsed, and where its tree goes. */
struct measure_source {
    struct slice name;
    struct slice text;
};

/* Parses the measures of one view together, as they may name each other. RET_FORMULAS has one place
 * a source. RET_AGGREGATES collects what they need, equal ones once, in order of first use. Errors
 * as expr_parse; *ret_bad is the source at fault. */
bool formula_parse(const struct measure_source *sources, size_t source_count,
                   const struct stream *stream, const struct zone *zone, struct arena *arena,
                   const struct formula **ret_formulas, struct aggregate **ret_aggregates,
                   size_t *ret_aggregate_count, size_t *ret_bad, struct error *err) MUST_CHECK;

/* The type of a RESULT_VALUE, for its text; other kinds print as numbers. */
struct value_type formula_type(const struct formula *formula);
/* AGGREGATES: one result per aggregate of the view. */
struct result formula_eval(const struct formula *formula, const struct result *aggregates);
/* JSON text of a result. */
void result_json(const struct result *result, struct value_type type, const struct zone *zone,
                 struct buffer *json);
