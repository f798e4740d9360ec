/* view.h - a view as declared: dimensions, measures and what is kept for them.
 *
 * Place    schema_read fills it in; everything that folds, merges, renders or verifies borrows it.
 * Memory   all of it lives in the schema's arena.
 * Threads  immutable once the schema is read.
 * Errors   none.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once
#include "expr/stream.h"
#include "schema/formula.h"
#include "types/rows_formats.h"

struct dimension {
    struct slice name; /* alias, or the expression's text as written */
    const struct expr *expr;
    struct value_type type;
    bool is_distance; /* depth(): how far below the node, SCHEMA_DISTANCE_MAX at most. EXPR is 0 */
};

struct measure {
    struct slice name;
    struct slice text; /* as written */
    const struct formula *formula;
};

/* The values of one expression, each with the number of events that carry it: what a measure
 * needs that looks at all of them, or that must know the next one when its value goes. Equal
 * ones are shared. */
struct multiset {
    const struct view *entities; /* whose rows the values are of; NULL: of the view's own events */
    const struct expr *argument;
    /* They stand in front of the argument, and the event's key behind them. */
    const struct expr *const *order;
    size_t order_count;
    const struct expr *where;
    bool is_keyed;  /* of arg_min and arg_max: `order` and key are part of an element */
    bool is_ranked; /* top() wants the most frequent first */
};

/* A stream whose events a view counts. */
struct view_input {
    const struct stream *stream;
    /* Where there are several: what each field of the view's stream is in an event of this one, or
     * NULL for null. NULL: the view sees the event as it is. */
    const struct expr *const *values;
    const struct expr *where; /* only these events of it; NULL: all */
};

struct view {
    struct slice name;
    struct slice was;        /* the name that it had in the schema before; empty: this one */
    struct slice definition; /* its JSON, without blanks, max_rows, formats and was */
    uint16_t id;             /* in the keys of the store */
    /* Of a hidden view: the view that it feeds. Its dimensions are an entity and then those of the
     * owner, so that its groups of depth k + 1 are the entities of the owner's groups of depth k:
     * each is folded into that as one event. Where the owner is a hierarchy: what it is further
     * divided into. Its dimensions are a node and then those of its own; its groups count what is
     * in the node's subtree (merge_breakdown.c). NULL: users see it. */
    const struct view *owner;
    struct slice breakdown; /* of one of a hierarchy: its name */
    /* What its events are: a stream's, those of several, or the rows of `source`. */
    const struct stream *stream;
    const struct view_input *inputs; /* where they come from; none: `source` */
    size_t input_count;
    const struct view *source;          /* NULL: a stream */
    const struct stream *rows;          /* its own rows as events, for the views over it */
    bool retracts;                      /* an event may go after it was counted */
    bool follows;                       /* what references lead to makes a difference to it */
    int64_t retain_seconds;             /* groups older than this go; 0: none */
    uint64_t max_rows;                  /* a commit that would make more fails */
    bool formats[ROWS_FORMATS];         /* which of them it has */
    int time_dimension;                 /* that tells how old a group is; -1: none */
    const struct expr *where;           /* NULL: every event */
    const struct dimension *dimensions; /* of a hierarchy: the node's id */
    size_t dimension_count;
    const struct hierarchy_spec *hierarchy; /* NULL: its groups are those of its dimensions */
    /* What is kept; equal ones once. Of a hierarchy twice: of the node's own events, and then of
     * all in its subtree. */
    const struct aggregate *aggregates;
    size_t aggregate_count;
    const struct multiset *multisets;
    size_t multiset_count;
    const struct measure *measures; /* what is shown */
    size_t measure_count;
};

/* Whether the view is a breakdown of a hierarchy, its owner. */
static inline bool view_is_breakdown(const struct view *view)
{
    return view->owner && view->owner->hierarchy;
}

/* What users see of such a view: all but the node. */
static inline struct view view_shown(const struct view *view)
{
    struct view shown = *view;
    if (view_is_breakdown(view)) {
        shown.dimensions++;
        shown.dimension_count--;
    }
    return shown;
}

/* Whether a dimension of a view over a stream is the event's time, or a bucket of it. */
bool view_dimension_is_time(const struct view *view, size_t dimension);
