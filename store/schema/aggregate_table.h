/* aggregate_table.h - what there is to know of each aggregate where schemas are read: how it is
 * called, what it takes, what it gives, and what it needs besides its own state.
 *
 * Place    The schema stands below the code that folds, so that an aggregate has a line in two
 *          tables: this one has facts alone; what is done with its states are functions
 *          (aggregate/aggregate_form.h). A new aggregate is a name in enum aggregate_kind, its
 *          lines here and there, one in verify_values.c, which shares no code that folds, and a
 *          file of functions.
 * Memory   for ever.
 * Threads  constants.
 * Errors   none.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once
#include "schema/formula.h"

/* What the arguments have to be. */
enum aggregate_takes { TAKES_ANY, TAKES_NUMBER, TAKES_BOOL };

/* The type of the result. */
enum aggregate_gives {
    GIVES_NUMBER,
    GIVES_SUM, /* a float of floats, else a number */
    GIVES_FLOAT,
    GIVES_BOOL,
    GIVES_ARGUMENT, /* one of the values */
};

/* What the aggregate looks for among all values of its group (multisets.h). */
enum multiset_use {
    MULTISET_UNUSED,
    MULTISET_SIZE, /* how many are distinct */
    MULTISET_LEAST,
    MULTISET_GREATEST,
    MULTISET_RANK, /* the one that a fraction of them is below */
    MULTISET_MOST_FREQUENT,
};
enum { MULTISET_USES = MULTISET_MOST_FREQUENT + 1 };

/* Which sums of products of two arguments it needs. */
enum aggregate_products { PRODUCTS_NONE, PRODUCTS_MIXED, PRODUCTS_ALL };

struct aggregate_traits {
    enum aggregate_takes takes;
    enum aggregate_gives gives;
    enum multiset_use multiset;
    enum aggregate_products products;
    /* Its own state compares or hashes packed elements, and cannot forget one: where events may go
     * it needs the multiset. */
    bool insert_only;
    const char *instead;    /* insert_only without a multiset: what to write where events may go */
    bool argument_optional; /* count(), count(*) */
    bool chooses; /* `where` behind an argument chooses among the events, and leaves out none */
    bool interpolates; /* of numbers: a rank may lie between two of them */
    bool is_list;
    bool never_of_entity; /* an entity's row has no lists, and changes with each event */
};

/* By enum aggregate_kind. */
extern const struct aggregate_traits aggregate_traits[AGGREGATE_KINDS];

static inline const struct aggregate_traits *traits_of(const struct aggregate *aggregate)
{
    return &aggregate_traits[aggregate->kind];
}

/* Whether the state alone does not do: it is about all values, or has to find the next best one
 * when the best goes. */
static inline bool aggregate_needs_multiset(const struct aggregate *aggregate, bool retracts)
{
    const struct aggregate_traits *const traits = traits_of(aggregate);
    return traits->multiset != MULTISET_UNUSED && (retracts || !traits->insert_only);
}

/* What stands behind the first argument. */
enum aggregate_rest {
    REST_NONE,
    REST_FRACTION,
    REST_COUNT,
    REST_ORDER,
    REST_NUMBER,  /* one more */
    REST_NUMBERS, /* one to AGGREGATE_OTHERS_MAX */
};

/* A name that a measure may call. Several may stand for one kind, with other arguments. */
struct aggregate_function {
    const char *name;
    enum aggregate_kind kind;
    enum aggregate_rest rest;
    bool by_time; /* ordered by the event's time */
};

extern const struct aggregate_function aggregate_functions[];
extern const size_t aggregate_function_count;

/* In any case, as SQL has it. NULL: there is none. */
const struct aggregate_function *aggregate_function_find(struct slice name);
/* The first name of the aggregate's kind. */
const char *aggregate_name(const struct aggregate *aggregate);
/* What calls the same kind with an order given, where FUNCTION takes that of time. */
const char *aggregate_ordered_name(const struct aggregate_function *function);
