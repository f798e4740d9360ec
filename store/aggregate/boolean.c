/* bool_and, bool_or. Packed: [how many are true].
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "aggregate/aggregate_form.h"

static void apply(const struct aggregate *aggregate, struct state *state,
                  const struct aggregate_input *input, struct arena *arena)
{
    (void)aggregate;
    (void)arena;
    if (input->values[0].boolean) state->true_count += input->weight;
}

static void merge(const struct aggregate *aggregate, struct state *into, const struct state *delta,
                  struct arena *arena)
{
    (void)aggregate;
    (void)arena;
    into->true_count += delta->true_count;
}

static void negate(const struct aggregate *aggregate, struct state *state)
{
    (void)aggregate;
    state->true_count = -state->true_count;
}

static void pack(const struct aggregate *aggregate, const struct state *state, struct buffer *into)
{
    (void)aggregate;
    pack_varint(into, (uint64_t)state->true_count);
}

static bool unpack(const struct aggregate *aggregate, struct slice *from, struct arena *arena,
                   struct state *state)
{
    (void)aggregate;
    (void)arena;
    return unpack_count(from, &state->true_count);
}

static struct result bool_result(bool boolean)
{
    return (struct result){.kind = RESULT_VALUE, .value = {.kind = VALUE_BOOL, .boolean = boolean}};
}

static struct result all_result(const struct aggregate *aggregate, const struct state *state,
                                struct arena *arena)
{
    (void)aggregate;
    (void)arena;
    return bool_result(state->true_count == state->count);
}

static struct result any_result(const struct aggregate *aggregate, const struct state *state,
                                struct arena *arena)
{
    (void)aggregate;
    (void)arena;
    return bool_result(state->true_count > 0);
}

#define TRUES .apply = apply, .merge = merge, .negate = negate, .pack = pack, .unpack = unpack

const struct aggregate_form form_bool_and = {TRUES, .result = all_result};
const struct aggregate_form form_bool_or = {TRUES, .result = any_result};
