// SPDX-License-Identifier: Apache-2.0
#include "aggregate/aggregate_state.h"

#include "aggregate/aggregate_form.h"
#include "schema/aggregate_table.h"

enum { STATE_VERSION = 2 }; /* of all kinds; see aggregate_form.h */

/* What is done with the states of each kind. The facts that other folders need of it are in
 * schema/aggregate_table.c. */
static const struct aggregate_form *const forms[AGGREGATE_KINDS] = {
    [AGGREGATE_COUNT] = &form_count,
    [AGGREGATE_SUM] = &form_sum,
    [AGGREGATE_MIN] = &form_least,
    [AGGREGATE_MAX] = &form_greatest,
    [AGGREGATE_AVG] = &form_avg,
    [AGGREGATE_UNIQ] = &form_count,
    [AGGREGATE_VAR_SAMP] = &form_var_samp,
    [AGGREGATE_VAR_POP] = &form_var_pop,
    [AGGREGATE_STDDEV_SAMP] = &form_stddev_samp,
    [AGGREGATE_STDDEV_POP] = &form_stddev_pop,
    [AGGREGATE_QUANTILE] = &form_quantile,
    [AGGREGATE_QUANTILE_DISC] = &form_quantile,
    [AGGREGATE_ARG_MIN] = &form_least,
    [AGGREGATE_ARG_MAX] = &form_greatest,
    [AGGREGATE_TOP] = &form_top,
    [AGGREGATE_BOOL_AND] = &form_bool_and,
    [AGGREGATE_BOOL_OR] = &form_bool_or,
    [AGGREGATE_APPROX_UNIQ] = &form_approx_uniq,
    [AGGREGATE_APPROX_QUANTILE] = &form_approx_quantile,
    [AGGREGATE_COVAR_SAMP] = &form_covar_samp,
    [AGGREGATE_COVAR_POP] = &form_covar_pop,
    [AGGREGATE_CORR] = &form_corr,
    [AGGREGATE_RATIO] = &form_ratio,
    [AGGREGATE_RATIO_VAR] = &form_ratio_var,
    [AGGREGATE_CUPED_MEAN] = &form_cuped_mean,
    [AGGREGATE_CUPED_VAR] = &form_cuped_var,
};

void aggregate_apply(const struct aggregate *aggregate, struct state *state,
                     const struct aggregate_input *input, struct arena *arena)
{
    const struct aggregate_form *const form = forms[aggregate->kind];
    state->count += input->weight;
    if (aggregate->multiset >= 0 || !form->apply) return;
    form->apply(aggregate, state, input, arena);
}

void aggregate_merge(const struct aggregate *aggregate, struct state *into,
                     const struct state *delta, struct arena *arena)
{
    const struct aggregate_form *const form = forms[aggregate->kind];
    into->count += delta->count;
    if (aggregate->multiset >= 0 || !form->merge) return;
    form->merge(aggregate, into, delta, arena);
}

void aggregate_negate(const struct aggregate *aggregate, struct state *state)
{
    const struct aggregate_form *const form = forms[aggregate->kind];
    bool const of_values = traits_of(aggregate)->multiset == MULTISET_SIZE;
    state->count = of_values ? 0 : -state->count;
    if (aggregate->multiset >= 0)
        state->best = (struct best){.below = 0};
    else if (form->negate)
        form->negate(aggregate, state);
}

struct result aggregate_result(const struct aggregate *aggregate, const struct state *state,
                               struct arena *arena)
{
    const struct aggregate_form *const form = forms[aggregate->kind];
    if (state->count == 0 && !form->counts) return result_null();
    return form->result(aggregate, state, arena);
}

void aggregate_pack(const struct aggregate *aggregate, const struct state *state,
                    struct buffer *into)
{
    const struct aggregate_form *const form = forms[aggregate->kind];
    buffer_add_byte(into, STATE_VERSION);
    pack_varint(into, (uint64_t)state->count);
    if (form->pack) form->pack(aggregate, state, into);
}

bool unpack_count(struct slice *from, int64_t *ret_count)
{
    uint64_t count;
    if (!unpack_varint(from, &count) || count > INT64_MAX) return false;
    *ret_count = (int64_t)count;
    return true;
}

static bool unpack_state(const struct aggregate *aggregate, struct slice *from, struct arena *arena,
                         struct state *state)
{
    const struct aggregate_form *const form = forms[aggregate->kind];
    uint8_t version;
    if (!unpack_byte(from, &version) || version != STATE_VERSION ||
        !unpack_count(from, &state->count))
        return false;
    return !form->unpack || form->unpack(aggregate, from, arena, state);
}

bool aggregate_unpack(const struct aggregate *aggregates, size_t aggregate_count,
                      struct slice packed, struct arena *arena, struct state *ret_states)
{
    memset(ret_states, 0, aggregate_count * sizeof *ret_states);
    for (size_t i = 0; i < aggregate_count; i++) {
        if (!unpack_state(&aggregates[i], &packed, arena, &ret_states[i])) return false;
    }
    return packed.length == 0;
}
