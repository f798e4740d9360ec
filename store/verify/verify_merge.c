/* What one group has is added to another, of the aggregates that this can be done with: a table of
 * its own, so that what merges deltas and what proves it share nothing.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "schema/aggregate_table.h"
#include "verify/verify_p.h"

static void merge_nothing(struct counting *counting, const struct aggregate *aggregate,
                          struct tally *into, const struct state *from)
{
    (void)counting;
    (void)aggregate;
    (void)into;
    (void)from;
}

static void merge_sums(struct counting *counting, const struct aggregate *aggregate,
                       struct tally *into, const struct state *from)
{
    if (aggregate->type.kind == VALUE_FLOAT)
        float_sum_merge(&into->state.real, &from->real, &counting->view->arena);
    else
        decimal_sum_merge(&into->state.sum, &from->sum);
}

static void merge_squares(struct counting *counting, const struct aggregate *aggregate,
                          struct tally *into, const struct state *from)
{
    struct arena *const arena = &counting->view->arena;
    struct state *const state = &into->state;
    merge_sums(counting, aggregate, into, from);
    if (aggregate->type.kind == VALUE_FLOAT) {
        if (!from->real_squares) return;
        if (!state->real_squares) state->real_squares = ARENA_NEW(arena, struct float_sum);
        float_sum_merge(state->real_squares, from->real_squares, arena);
    } else if (from->squares) {
        if (!state->squares) state->squares = ARENA_NEW(arena, struct decimal_sum);
        decimal_sum_merge(state->squares, from->squares);
    }
}

static void take_extreme(struct counting *counting, const struct aggregate *aggregate,
                         struct tally *into, const struct state *from)
{
    if (from->best.value.length) tally_extreme(counting, aggregate, into, from->best.value);
}

static void merge_true(struct counting *counting, const struct aggregate *aggregate,
                       struct tally *into, const struct state *from)
{
    (void)counting;
    (void)aggregate;
    into->state.true_count += from->true_count;
}

static void merge_uniques(struct counting *counting, const struct aggregate *aggregate,
                          struct tally *into, const struct state *from)
{
    (void)aggregate;
    hyperloglog_merge(&into->state.uniques, &from->uniques, &counting->view->arena);
}

static void merge_sketch(struct counting *counting, const struct aggregate *aggregate,
                         struct tally *into, const struct state *from)
{
    (void)aggregate;
    ddsketch_merge(&into->state.sketch, &from->sketch, &counting->view->arena);
}

static void merge_tuples(struct counting *counting, const struct aggregate *aggregate,
                         struct tally *into, const struct state *from)
{
    struct arena *const arena = &counting->view->arena;
    struct state *const state = &into->state;
    if (!from->moments) return;
    if (!state->moments) state->moments = cross_moments_new(aggregate, arena);
    state->moments->chosen_count += from->moments->chosen_count;
    for (size_t i = 0; i < cross_moments_size(aggregate); i++) {
        union comoment *const at = &state->moments->at[i];
        if (aggregate->type.kind == VALUE_FLOAT)
            float_sum_merge(&at->real, &from->moments->at[i].real, arena);
        else
            decimal_sum_merge(&at->exact, &from->moments->at[i].exact);
    }
}

/* NULL: what is asked of all values together cannot be told by what parts of them come to. */
static void (*const mergers[AGGREGATE_KINDS])(struct counting *counting,
                                              const struct aggregate *aggregate, struct tally *into,
                                              const struct state *from) = {
    [AGGREGATE_COUNT] = merge_nothing,
    [AGGREGATE_SUM] = merge_sums,
    [AGGREGATE_MIN] = take_extreme,
    [AGGREGATE_MAX] = take_extreme,
    [AGGREGATE_AVG] = merge_sums,
    [AGGREGATE_UNIQ] = NULL,
    [AGGREGATE_VAR_SAMP] = merge_squares,
    [AGGREGATE_VAR_POP] = merge_squares,
    [AGGREGATE_STDDEV_SAMP] = merge_squares,
    [AGGREGATE_STDDEV_POP] = merge_squares,
    [AGGREGATE_QUANTILE] = NULL,
    [AGGREGATE_QUANTILE_DISC] = NULL,
    [AGGREGATE_ARG_MIN] = take_extreme,
    [AGGREGATE_ARG_MAX] = take_extreme,
    [AGGREGATE_TOP] = NULL,
    [AGGREGATE_BOOL_AND] = merge_true,
    [AGGREGATE_BOOL_OR] = merge_true,
    [AGGREGATE_APPROX_UNIQ] = merge_uniques,
    [AGGREGATE_APPROX_QUANTILE] = merge_sketch,
    [AGGREGATE_COVAR_SAMP] = merge_tuples,
    [AGGREGATE_COVAR_POP] = merge_tuples,
    [AGGREGATE_CORR] = merge_tuples,
    [AGGREGATE_RATIO] = merge_tuples,
    [AGGREGATE_RATIO_VAR] = merge_tuples,
    [AGGREGATE_CUPED_MEAN] = merge_tuples,
    [AGGREGATE_CUPED_VAR] = merge_tuples,
};

bool tally_can_merge(const struct aggregate *aggregate)
{
    return mergers[aggregate->kind] != NULL;
}

void tally_merge(struct counting *counting, const struct aggregate *aggregate, struct tally *into,
                 const struct state *from)
{
    into->state.count += from->count;
    mergers[aggregate->kind](counting, aggregate, into, from);
}
