/* var, stddev: the sum and the sum of squares. Packed: [sum][sum of squares].
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <math.h>

#include "aggregate/aggregate_form.h"

static void apply(const struct aggregate *aggregate, struct state *state,
                  const struct aggregate_input *input, struct arena *arena)
{
    const struct value *const value = &input->values[0];
    sum_apply(aggregate, state, input, arena);
    if (value->kind == VALUE_FLOAT) {
        if (!state->real_squares) state->real_squares = ARENA_NEW(arena, struct float_sum);
        float_sum_add_product(state->real_squares, value->real, value->real, input->weight, arena);
    } else {
        if (!state->squares) state->squares = ARENA_NEW(arena, struct decimal_sum);
        decimal_sum_add_product(state->squares, &value->number, &value->number, input->weight);
    }
}

static void merge(const struct aggregate *aggregate, struct state *into, const struct state *delta,
                  struct arena *arena)
{
    sum_merge(aggregate, into, delta, arena);
    if (is_of_floats(aggregate)) {
        if (!delta->real_squares) return;
        if (!into->real_squares) into->real_squares = ARENA_NEW(arena, struct float_sum);
        float_sum_merge(into->real_squares, delta->real_squares, arena);
    } else {
        if (!delta->squares) return;
        if (!into->squares) into->squares = ARENA_NEW(arena, struct decimal_sum);
        decimal_sum_merge(into->squares, delta->squares);
    }
}

static void negate(const struct aggregate *aggregate, struct state *state)
{
    bool const real = is_of_floats(aggregate);
    sum_negate(aggregate, state);
    if (real && state->real_squares) float_sum_negate(state->real_squares);
    if (!real && state->squares) decimal_sum_negate(state->squares);
}

static void pack(const struct aggregate *aggregate, const struct state *state, struct buffer *into)
{
    if (is_of_floats(aggregate)) {
        pack_float_sum(&state->real, into);
        pack_float_sum(state->real_squares, into);
    } else {
        pack_decimal_sum(&state->sum, into);
        pack_decimal_sum(state->squares, into);
    }
}

static bool unpack(const struct aggregate *aggregate, struct slice *from, struct arena *arena,
                   struct state *state)
{
    if (is_of_floats(aggregate)) {
        state->real_squares = ARENA_NEW(arena, struct float_sum);
        return float_sum_unpack(from, arena, &state->real) &&
               float_sum_unpack(from, arena, state->real_squares);
    }
    state->squares = ARENA_NEW(arena, struct decimal_sum);
    return unpack_decimal_sum(from, &state->sum) && unpack_decimal_sum(from, state->squares);
}

/* (n * sum of squares - sum^2) / (n * divisor), rounded once. */
static double variance(const struct aggregate *aggregate, const struct state *state,
                       uint64_t divisor)
{
    static const struct decimal_sum none;
    static const struct float_sum no_real;
    uint64_t const count = (uint64_t)state->count;
    if (is_of_floats(aggregate))
        return float_sum_covariance(&state->real, &state->real,
                                    state->real_squares ? state->real_squares : &no_real, count,
                                    divisor);
    return decimal_sum_covariance(&state->sum, &state->sum, state->squares ? state->squares : &none,
                                  count, divisor);
}

static struct result of_sample(const struct aggregate *aggregate, const struct state *state,
                               struct arena *arena)
{
    (void)arena;
    if (state->count < 2) return result_null();
    return result_double(variance(aggregate, state, (uint64_t)state->count - 1));
}

static struct result of_population(const struct aggregate *aggregate, const struct state *state,
                                   struct arena *arena)
{
    (void)arena;
    return result_double(variance(aggregate, state, (uint64_t)state->count));
}

static struct result root_of_sample(const struct aggregate *aggregate, const struct state *state,
                                    struct arena *arena)
{
    (void)arena;
    if (state->count < 2) return result_null();
    return result_double(sqrt(variance(aggregate, state, (uint64_t)state->count - 1)));
}

static struct result root_of_population(const struct aggregate *aggregate,
                                        const struct state *state, struct arena *arena)
{
    (void)arena;
    return result_double(sqrt(variance(aggregate, state, (uint64_t)state->count)));
}

#define MOMENTS .apply = apply, .merge = merge, .negate = negate, .pack = pack, .unpack = unpack

const struct aggregate_form form_var_samp = {MOMENTS, .result = of_sample};
const struct aggregate_form form_var_pop = {MOMENTS, .result = of_population};
const struct aggregate_form form_stddev_samp = {MOMENTS, .result = root_of_sample};
const struct aggregate_form form_stddev_pop = {MOMENTS, .result = root_of_population};
