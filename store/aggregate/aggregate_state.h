/* aggregate_state.h - the algebra: each aggregate is a commutative group of states.
 *
 * Place    delta.c applies values to deltas; merge.c adds deltas to stored states and packs them;
 *          rows.c shows results.
 * Promise  apply and merge commute, so batches, late events and retractions give one state in any
 *          order. A state packs to the same bytes however it came about. Aggregates with a multiset
 *          have the better part of their state there (multisets.h): apply and merge only count, and
 *          multisets_settle finds `best` anew.
 * Memory   what a state points at lives in the arena given, or borrows what it was unpacked from.
 * Forms    what differs from kind to kind are the functions of aggregate_form.h; the bytes of a
 *          state are drawn there and in the file of each family.
 * Threads  one owner of a state at a time.
 * Errors   aggregate_unpack: false. Nothing else can fail: no sum can overflow (decimal_sum.h).
 * Sources  sums of floats: float_sum.h; several arguments: cross_moments.h; approx_uniq:
 *          hyperloglog.h; approx_quantile: ddsketch.h. quantile is type 7 of Hyndman and Fan,
 *          "Sample quantiles in statistical packages", 1996 (numpy's default).
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once
#include "aggregate/cross_moments.h"
#include "base/arena.h"
#include "schema/formula.h"
#include "sketch/ddsketch.h"
#include "sketch/float_sum.h"
#include "sketch/hyperloglog.h"

/* The element that tells the result, packed without limit; empty: none. */
struct best {
    struct slice value; /* top(): the packed list of a result */
    /* quantile between two values: the upper one, else empty. min, max, while a batch is merged: of
     * the keys that changed that nearest to the end, borrowed */
    struct slice next;
    uint64_t
        below; /* quantile: how many values are before `value`; min, max: the weight of `next` */
};

/* A state or a delta; zeroed is the neutral element. */
struct state {
    int64_t count; /* count: events; uniq: values; others: values or tuples without null */
    union {
        struct decimal_sum sum;     /* sum, avg, var, stddev: of numbers */
        struct float_sum real;      /* likewise of floats */
        struct best best;           /* min, max, arg_min, arg_max, quantile, top */
        int64_t true_count;         /* bool_and, bool_or */
        struct hyperloglog uniques; /* approx_uniq */
        struct ddsketch sketch;     /* approx_quantile */
        struct moments *moments;    /* of several arguments; NULL is zero */
    };
    union {                             /* var, stddev: the sum of squares; NULL is zero */
        struct decimal_sum *squares;    /* of numbers */
        struct float_sum *real_squares; /* of floats */
    };
};

/* What an event is to an aggregate. */
struct aggregate_input {
    /* Of the argument and the others, not null and of the aggregate's type; count() gets any. Where
     * the aggregate chooses, a truth value behind them tells whether they are chosen. */
    const struct value *values;
    struct slice element;          /* packed (measure_element), of those that compare */
    int64_t weight;                /* +1 inserts, -1 retracts */
    const struct hash_key *secret; /* the store's, for approx_uniq */
};
/* min, max, arg_min, arg_max without a multiset and approx_uniq can only insert. */
void aggregate_apply(const struct aggregate *aggregate, struct state *state,
                     const struct aggregate_input *input, struct arena *arena);
/* INTO += DELTA. */
void aggregate_merge(const struct aggregate *aggregate, struct state *into,
                     const struct state *delta, struct arena *arena);
/* Turns a state into what takes it away. Not for those that can only insert; of those with a
 * multiset only the count. */
void aggregate_negate(const struct aggregate *aggregate, struct state *state);
/* What the aggregate comes to. A string borrows from STATE or lives in ARENA. */
struct result aggregate_result(const struct aggregate *aggregate, const struct state *state,
                               struct arena *arena);

/* Of COUNT values in their order: the one that a quantile is, or begins at; *ret_between: it lies
 * between that one and the next. COUNT > 0. */
uint64_t aggregate_rank(const struct aggregate *aggregate, uint64_t count, bool *ret_between);

void aggregate_pack(const struct aggregate *aggregate, const struct state *state,
                    struct buffer *into);
/* All states of a view; what they point at lives in ARENA or borrows PACKED. false: unknown version
 * or damage; `tally rebuild` makes new ones. */
bool aggregate_unpack(const struct aggregate *aggregates, size_t aggregate_count,
                      struct slice packed, struct arena *arena,
                      struct state *ret_states) MUST_CHECK;
