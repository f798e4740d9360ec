/* approx_uniq, approx_quantile: sketches. Packed as hyperloglog.h and ddsketch.h have them.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <assert.h>

#include "aggregate/aggregate_form.h"

static void uniq_apply(const struct aggregate *aggregate, struct state *state,
                       const struct aggregate_input *input, struct arena *arena)
{
    (void)aggregate;
    assert(input->weight > 0);
    hyperloglog_add(&state->uniques, hyperloglog_hash(input->element, input->secret), arena);
}

static void uniq_merge(const struct aggregate *aggregate, struct state *into,
                       const struct state *delta, struct arena *arena)
{
    (void)aggregate;
    hyperloglog_merge(&into->uniques, &delta->uniques, arena);
}

static struct result uniq_result(const struct aggregate *aggregate, const struct state *state,
                                 struct arena *arena)
{
    (void)aggregate;
    (void)arena;
    return result_count(hyperloglog_estimate(&state->uniques));
}

static void uniq_pack(const struct aggregate *aggregate, const struct state *state,
                      struct buffer *into)
{
    (void)aggregate;
    hyperloglog_pack(&state->uniques, into);
}

static bool uniq_unpack(const struct aggregate *aggregate, struct slice *from, struct arena *arena,
                        struct state *state)
{
    (void)aggregate;
    return hyperloglog_unpack(from, arena, &state->uniques);
}

static double to_double(const struct value *value)
{
    if (value->kind == VALUE_FLOAT) return value->real;
    struct decimal_sum const exact = decimal_sum_from_decimal(&value->number);
    return decimal_sum_to_double(&exact);
}

static void quantile_apply(const struct aggregate *aggregate, struct state *state,
                           const struct aggregate_input *input, struct arena *arena)
{
    (void)aggregate;
    ddsketch_add(&state->sketch, to_double(&input->values[0]), input->weight, arena);
}

static void quantile_merge(const struct aggregate *aggregate, struct state *into,
                           const struct state *delta, struct arena *arena)
{
    (void)aggregate;
    ddsketch_merge(&into->sketch, &delta->sketch, arena);
}

static void quantile_negate(const struct aggregate *aggregate, struct state *state)
{
    (void)aggregate;
    ddsketch_negate(&state->sketch);
}

static struct result quantile_result(const struct aggregate *aggregate, const struct state *state,
                                     struct arena *arena)
{
    (void)arena;
    struct decimal_sum const fraction = decimal_sum_from_decimal(&aggregate->fraction);
    return result_double(ddsketch_quantile(&state->sketch, decimal_sum_to_double(&fraction)));
}

static void quantile_pack(const struct aggregate *aggregate, const struct state *state,
                          struct buffer *into)
{
    (void)aggregate;
    ddsketch_pack(&state->sketch, into);
}

static bool quantile_unpack(const struct aggregate *aggregate, struct slice *from,
                            struct arena *arena, struct state *state)
{
    (void)aggregate;
    return ddsketch_unpack(from, arena, &state->sketch);
}

const struct aggregate_form form_approx_uniq = {.apply = uniq_apply,
                                                .merge = uniq_merge,
                                                .result = uniq_result,
                                                .counts = true,
                                                .pack = uniq_pack,
                                                .unpack = uniq_unpack};
const struct aggregate_form form_approx_quantile = {.apply = quantile_apply,
                                                    .merge = quantile_merge,
                                                    .negate = quantile_negate,
                                                    .result = quantile_result,
                                                    .pack = quantile_pack,
                                                    .unpack = quantile_unpack};
