/* min, max, arg_min, arg_max: the best element. Packed: [length][element].
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <assert.h>

#include "aggregate/aggregate_form.h"
#include "types/pack.h"

struct result element_result(const struct value *value)
{
    if (value->kind == VALUE_NULL) return result_null();
    if (value->kind == VALUE_FLOAT) return result_double(value->real);
    if (value->kind == VALUE_NUMBER)
        return (struct result){.kind = RESULT_EXACT,
                               .exact = decimal_sum_from_decimal(&value->number)};
    return (struct result){.kind = RESULT_VALUE, .value = *value};
}

bool element_value(const struct aggregate *aggregate, struct slice element, struct arena *arena,
                   struct value *ret_value)
{
    size_t const in_front = aggregate->order_count ? aggregate->order_count + 1 : 0;
    for (size_t i = 0; i < in_front; i++) {
        size_t const length = packed_length(element);
        if (length == 0) return false;
        element = slice_of(element.at + length, element.length - length);
    }
    return unpack_value(&element, arena, ret_value) == UNPACKED;
}

/* Takes ELEMENT if it comes before what the state has, or with SIGN -1 behind it. Packed values
 * sort as values (pack.h). */
static void take(struct state *state, struct slice element, int sign, struct arena *arena)
{
    struct slice *const held = &state->best.value;
    if (held->length == 0 || sign * slice_compare(element, *held) < 0)
        *held = arena_copy(arena, element);
}

static void apply_least(const struct aggregate *aggregate, struct state *state,
                        const struct aggregate_input *input, struct arena *arena)
{
    (void)aggregate;
    assert(input->weight > 0);
    take(state, input->element, +1, arena);
}

static void apply_greatest(const struct aggregate *aggregate, struct state *state,
                           const struct aggregate_input *input, struct arena *arena)
{
    (void)aggregate;
    assert(input->weight > 0);
    take(state, input->element, -1, arena);
}

static void merge_least(const struct aggregate *aggregate, struct state *into,
                        const struct state *delta, struct arena *arena)
{
    (void)aggregate;
    if (delta->best.value.length) take(into, delta->best.value, +1, arena);
}

static void merge_greatest(const struct aggregate *aggregate, struct state *into,
                           const struct state *delta, struct arena *arena)
{
    (void)aggregate;
    if (delta->best.value.length) take(into, delta->best.value, -1, arena);
}

static struct result extreme_result(const struct aggregate *aggregate, const struct state *state,
                                    struct arena *arena)
{
    struct value value;
    if (state->best.value.length == 0 ||
        !element_value(aggregate, state->best.value, arena, &value))
        return result_null();
    return element_result(&value);
}

static void pack(const struct aggregate *aggregate, const struct state *state, struct buffer *into)
{
    (void)aggregate;
    pack_bytes(into, state->best.value);
}

static bool unpack(const struct aggregate *aggregate, struct slice *from, struct arena *arena,
                   struct state *state)
{
    (void)aggregate;
    (void)arena;
    return unpack_bytes(from, &state->best.value);
}

const struct aggregate_form form_least = {.apply = apply_least,
                                          .merge = merge_least,
                                          .result = extreme_result,
                                          .pack = pack,
                                          .unpack = unpack};
const struct aggregate_form form_greatest = {.apply = apply_greatest,
                                             .merge = merge_greatest,
                                             .result = extreme_result,
                                             .pack = pack,
                                             .unpack = unpack};
