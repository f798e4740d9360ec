/* sum, avg. Packed: [sum], see decimal_sum.h and float_sum.h.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "aggregate/aggregate_form.h"

void sum_apply(const struct aggregate *aggregate, struct state *state,
               const struct aggregate_input *input, struct arena *arena)
{
    (void)aggregate;
    if (input->values->kind == VALUE_FLOAT)
        float_sum_add(&state->real, input->values->real, input->weight, arena);
    else
        decimal_sum_add(&state->sum, &input->values->number, input->weight);
}

void sum_merge(const struct aggregate *aggregate, struct state *into, const struct state *delta,
               struct arena *arena)
{
    if (is_of_floats(aggregate))
        float_sum_merge(&into->real, &delta->real, arena);
    else
        decimal_sum_merge(&into->sum, &delta->sum);
}

void sum_negate(const struct aggregate *aggregate, struct state *state)
{
    if (is_of_floats(aggregate))
        float_sum_negate(&state->real);
    else
        decimal_sum_negate(&state->sum);
}

void pack_decimal_sum(const struct decimal_sum *sum, struct buffer *into)
{
    static const struct decimal_sum zero;
    uint8_t packed[DECIMAL_SUM_PACKED_BYTES];
    buffer_add(into, packed, decimal_sum_pack(sum ? sum : &zero, packed));
}

void pack_float_sum(const struct float_sum *sum, struct buffer *into)
{
    static const struct float_sum zero;
    float_sum_pack(sum ? sum : &zero, into);
}

bool unpack_decimal_sum(struct slice *from, struct decimal_sum *ret_sum)
{
    size_t const used = decimal_sum_unpack(*from, ret_sum);
    *from = slice_of(from->at + used, from->length - used);
    return used > 0;
}

static void pack(const struct aggregate *aggregate, const struct state *state, struct buffer *into)
{
    if (is_of_floats(aggregate))
        pack_float_sum(&state->real, into);
    else
        pack_decimal_sum(&state->sum, into);
}

static bool unpack(const struct aggregate *aggregate, struct slice *from, struct arena *arena,
                   struct state *state)
{
    return is_of_floats(aggregate) ? float_sum_unpack(from, arena, &state->real)
                                   : unpack_decimal_sum(from, &state->sum);
}

static struct result sum_result(const struct aggregate *aggregate, const struct state *state,
                                struct arena *arena)
{
    (void)arena;
    if (is_of_floats(aggregate)) return result_double(float_sum_to_double(&state->real));
    return (struct result){.kind = RESULT_EXACT, .exact = state->sum};
}

static struct result average_result(const struct aggregate *aggregate, const struct state *state,
                                    struct arena *arena)
{
    (void)arena;
    uint64_t const count = (uint64_t)state->count;
    if (is_of_floats(aggregate)) return result_double(float_sum_ratio(&state->real, count));
    struct decimal_sum const divisor = decimal_sum_from_int(state->count);
    return result_double(decimal_sum_ratio(&state->sum, &divisor));
}

#define SUM_STATE                                                                                  \
    .apply = sum_apply, .merge = sum_merge, .negate = sum_negate, .pack = pack, .unpack = unpack

const struct aggregate_form form_sum = {SUM_STATE, .result = sum_result};
const struct aggregate_form form_avg = {SUM_STATE, .result = average_result};
