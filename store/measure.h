/* measure.h - the algebra: each aggregate is a commutative group of states.
 *
 * Place    delta.c applies values to deltas; merge.c adds deltas to stored states and packs them;
 *          rows.c shows results.
 * Promise  apply and merge commute, so batches, late events and retractions give one state in any
 *          order. A state packs to the same bytes however it came about.
 *          uniq is the exception in where it lives: its values have their weights in the table of
 *          values, and only their number is its state (merge.c keeps both).
 * Memory   `extreme` lives in the arena given.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once
#include "arena.h"
#include "formula.h"

/* A state or a delta; zeroed is the neutral element. */
struct state {
    int64_t count;        /* count: events; uniq: values; others: values that are not null */
    struct exact sum;     /* sum, avg */
    struct slice extreme; /* min, max: packed without limit; empty: none */
};

/* VALUE is not null and of the aggregate's type; count() gets any. WEIGHT +1 inserts, -1 retracts;
 * min and max can only insert: a stream that retracts keeps their values otherwise. Not for uniq. */
void measure_apply(const struct aggregate *aggregate, struct state *state,
                   const struct value *value, int64_t weight, struct arena *arena);
/* INTO += DELTA. */
void measure_merge(const struct aggregate *aggregate, struct state *into, const struct state *delta,
                   struct arena *arena);
/* What the aggregate comes to. A string borrows from STATE or lives in ARENA. */
struct result measure_result(const struct aggregate *aggregate, const struct state *state,
                             struct arena *arena);

void measure_pack(const struct aggregate *aggregate, const struct state *state,
                  struct buffer *into);
/* All states of a view. false: unknown version or damage; `tally rebuild` makes new ones. */
bool measure_unpack(const struct aggregate *aggregates, size_t aggregate_count, struct slice packed,
                    struct state *ret_states) MUST_CHECK;
