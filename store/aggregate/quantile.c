/* quantile, quantile_disc, median: the element at a rank, as multisets.c finds it. Packed:
 * [length][element][length][next][below], see struct best.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <assert.h>

#include "aggregate/aggregate_form.h"
#include "schema/aggregate_table.h"

uint64_t aggregate_rank(const struct aggregate *aggregate, uint64_t count, bool *ret_between)
{
    enum { FRACTION_SCALE = 18 };
    uint64_t const unit = 1000000000000000000u;
    uint128 fraction = (uint128)aggregate->fraction.coefficient;
    for (unsigned scale = aggregate->fraction.scale; scale < FRACTION_SCALE; scale++)
        fraction *= 10;
    enum value_kind const kind = aggregate->type.kind;
    *ret_between = false;
    if (traits_of(aggregate)->interpolates && (kind == VALUE_NUMBER || kind == VALUE_FLOAT)) {
        uint128 const place = (count - 1) * fraction;
        *ret_between = place % unit != 0;
        return (uint64_t)(place / unit);
    }
    uint128 const place = (count * fraction + unit - 1) / unit; /* the place-th value, from 1 */
    return place ? (uint64_t)place - 1 : 0;
}

/* a + (b - a) * part, where `part` is what of (n - 1) * fraction is behind the point. */
static struct result interpolate(const struct aggregate *aggregate, uint64_t count,
                                 const struct value *a, const struct value *b)
{
    struct decimal_sum const last = decimal_sum_from_int((int64_t)(count - 1));
    struct decimal_sum const fraction = decimal_sum_from_decimal(&aggregate->fraction);
    bool between;
    struct decimal_sum const whole =
        decimal_sum_from_int((int64_t)aggregate_rank(aggregate, count, &between));
    struct decimal_sum place, part, low, high, apart, step, result;
    bool good =
        decimal_sum_times(&last, &fraction, &place) && decimal_sum_minus(&place, &whole, &part);
    assert(good); /* 19 digits times 18 */
    if (a->kind == VALUE_FLOAT)
        return result_double(a->real + (b->real - a->real) * decimal_sum_to_double(&part));
    low = decimal_sum_from_decimal(&a->number);
    high = decimal_sum_from_decimal(&b->number);
    good = decimal_sum_minus(&high, &low, &apart) && decimal_sum_times(&apart, &part, &step) &&
           decimal_sum_plus(&low, &step, &result);
    assert(good); /* numbers of 76 places apart, times 18 digits */
    return (struct result){.kind = RESULT_EXACT, .exact = result};
}

static struct result quantile_result(const struct aggregate *aggregate, const struct state *state,
                                     struct arena *arena)
{
    const struct best *const best = &state->best;
    struct value value, next;
    if (best->value.length == 0 || !element_value(aggregate, best->value, arena, &value))
        return result_null();
    if (best->next.length == 0) return element_result(&value);
    if (!element_value(aggregate, best->next, arena, &next)) return result_null();
    return interpolate(aggregate, (uint64_t)state->count, &value, &next);
}

static void pack(const struct aggregate *aggregate, const struct state *state, struct buffer *into)
{
    (void)aggregate;
    pack_bytes(into, state->best.value);
    pack_bytes(into, state->best.next);
    pack_varint(into, state->best.below);
}

static bool unpack(const struct aggregate *aggregate, struct slice *from, struct arena *arena,
                   struct state *state)
{
    (void)aggregate;
    (void)arena;
    return unpack_bytes(from, &state->best.value) && unpack_bytes(from, &state->best.next) &&
           unpack_varint(from, &state->best.below);
}

const struct aggregate_form form_quantile = {
    .result = quantile_result, .pack = pack, .unpack = unpack};
