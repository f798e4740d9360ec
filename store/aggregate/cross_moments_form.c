/* covar, corr, ratio, cuped: sums of several arguments. Packed:
 * [count of the chosen, where it chooses][sum or product, as cross_moments.h places them]*.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "aggregate/aggregate_form.h"

static void apply(const struct aggregate *aggregate, struct state *state,
                  const struct aggregate_input *input, struct arena *arena)
{
    if (!state->moments) state->moments = cross_moments_new(aggregate, arena);
    cross_moments_apply(aggregate, state->moments, input->values, input->weight, arena);
}

static void merge(const struct aggregate *aggregate, struct state *into, const struct state *delta,
                  struct arena *arena)
{
    if (!delta->moments) return;
    if (!into->moments) into->moments = cross_moments_new(aggregate, arena);
    cross_moments_merge(aggregate, into->moments, delta->moments, arena);
}

static void negate(const struct aggregate *aggregate, struct state *state)
{
    if (state->moments) cross_moments_negate(aggregate, state->moments);
}

static void pack(const struct aggregate *aggregate, const struct state *state, struct buffer *into)
{
    const struct moments *const moments = state->moments;
    if (aggregate->chosen) pack_varint(into, moments ? (uint64_t)moments->chosen_count : 0);
    for (size_t i = 0; i < cross_moments_size(aggregate); i++) {
        if (is_of_floats(aggregate))
            pack_float_sum(moments ? &moments->at[i].real : NULL, into);
        else
            pack_decimal_sum(moments ? &moments->at[i].exact : NULL, into);
    }
}

static bool unpack(const struct aggregate *aggregate, struct slice *from, struct arena *arena,
                   struct state *state)
{
    struct moments *const moments = cross_moments_new(aggregate, arena);
    bool const real = is_of_floats(aggregate);
    bool good = !aggregate->chosen || unpack_count(from, &moments->chosen_count);
    for (size_t i = 0; good && i < cross_moments_size(aggregate); i++)
        good = real ? float_sum_unpack(from, arena, &moments->at[i].real)
                    : unpack_decimal_sum(from, &moments->at[i].exact);
    state->moments = moments;
    return good;
}

#define OF_SEVERAL .apply = apply, .merge = merge, .negate = negate, .pack = pack, .unpack = unpack

const struct aggregate_form form_covar_samp = {OF_SEVERAL, .result = covar_samp_result};
const struct aggregate_form form_covar_pop = {OF_SEVERAL, .result = covar_pop_result};
const struct aggregate_form form_corr = {OF_SEVERAL, .result = corr_result};
const struct aggregate_form form_ratio = {OF_SEVERAL, .result = ratio_result};
const struct aggregate_form form_ratio_var = {OF_SEVERAL, .result = ratio_var_result};
const struct aggregate_form form_cuped_mean = {OF_SEVERAL, .result = cuped_mean_result};
const struct aggregate_form form_cuped_var = {OF_SEVERAL, .result = cuped_var_result};
