/* A state is packed as [version u8] and then
 *   count, uniq    [count]
 *   sum, avg       [count][exact number, see exact.h]
 *   min, max       [count][length][packed value]
 * with varint counts. A version that is not known is refused, never guessed at.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "measure.h"

#include <assert.h>

#include "format.h"
#include "pack.h"

/* Whether PACKED comes before what the state has. Packed values sort as values (pack.h). */
static bool is_better(const struct aggregate *aggregate, struct slice held, struct slice packed)
{
    if (held.length == 0) return true;
    int const order = slice_compare(packed, held);
    return aggregate->kind == AGGREGATE_MIN ? order < 0 : order > 0;
}

static void apply_extreme(const struct aggregate *aggregate, struct state *state,
                          const struct value *value, struct arena *arena)
{
    AUTO_BUFFER struct buffer packed = {0};
    (void)pack_value(&packed, value, PACK_NO_LIMIT);
    if (is_better(aggregate, state->extreme, buffer_slice(&packed)))
        state->extreme = arena_copy(arena, buffer_slice(&packed));
}

void measure_apply(const struct aggregate *aggregate, struct state *state,
                   const struct value *value, int64_t weight, struct arena *arena)
{
    state->count += weight;
    switch (aggregate->kind) {
    case AGGREGATE_COUNT: break;
    case AGGREGATE_SUM:
    case AGGREGATE_AVG: exact_add(&state->sum, &value->number, weight); break;
    case AGGREGATE_MIN:
    case AGGREGATE_MAX:
        assert(weight > 0);
        apply_extreme(aggregate, state, value, arena);
        break;
    case AGGREGATE_UNIQ: assert(false); break;
    }
}

void measure_merge(const struct aggregate *aggregate, struct state *into, const struct state *delta,
                   struct arena *arena)
{
    into->count += delta->count;
    switch (aggregate->kind) {
    case AGGREGATE_COUNT:
    case AGGREGATE_UNIQ: break;
    case AGGREGATE_SUM:
    case AGGREGATE_AVG: exact_merge(&into->sum, &delta->sum); break;
    case AGGREGATE_MIN:
    case AGGREGATE_MAX:
        if (delta->extreme.length && is_better(aggregate, into->extreme, delta->extreme))
            into->extreme = arena_copy(arena, delta->extreme);
        break;
    }
}

static struct result extreme_result(const struct state *state, struct arena *arena)
{
    struct result result = {.kind = RESULT_NULL};
    struct slice packed = state->extreme;
    struct value value;
    if (packed.length == 0 || unpack_value(&packed, arena, &value) != UNPACKED) return result;
    if (value.kind == VALUE_NUMBER) {
        result.kind = RESULT_EXACT;
        result.exact = exact_from_decimal(&value.number);
    } else {
        result.kind = RESULT_VALUE;
        result.value = value;
    }
    return result;
}

struct result measure_result(const struct aggregate *aggregate, const struct state *state,
                             struct arena *arena)
{
    struct result result = {.kind = RESULT_NULL};
    switch (aggregate->kind) {
    case AGGREGATE_COUNT:
    case AGGREGATE_UNIQ:
        result.kind = RESULT_EXACT;
        result.exact = exact_from_int(state->count);
        break;
    case AGGREGATE_SUM:
        if (state->count == 0) break;
        result.kind = RESULT_EXACT;
        result.exact = state->sum;
        break;
    case AGGREGATE_AVG: {
        if (state->count == 0) break;
        struct exact const count = exact_from_int(state->count);
        result.kind = RESULT_DOUBLE;
        result.number = exact_ratio(&state->sum, &count);
        break;
    }
    case AGGREGATE_MIN:
    case AGGREGATE_MAX: return extreme_result(state, arena);
    }
    return result;
}

void measure_pack(const struct aggregate *aggregate, const struct state *state, struct buffer *into)
{
    buffer_add_byte(into, STATE_VERSION);
    pack_varint(into, (uint64_t)state->count);
    switch (aggregate->kind) {
    case AGGREGATE_COUNT:
    case AGGREGATE_UNIQ: break;
    case AGGREGATE_SUM:
    case AGGREGATE_AVG: {
        uint8_t packed[EXACT_PACKED_BYTES];
        buffer_add(into, packed, exact_pack(&state->sum, packed));
        break;
    }
    case AGGREGATE_MIN:
    case AGGREGATE_MAX: pack_bytes(into, state->extreme); break;
    }
}

static bool unpack_state(const struct aggregate *aggregate, struct slice *from,
                         struct state *ret_state)
{
    struct state state = {0};
    uint8_t version;
    uint64_t count;
    if (!unpack_byte(from, &version) || version != STATE_VERSION) return false;
    if (!unpack_varint(from, &count) || count > INT64_MAX) return false;
    state.count = (int64_t)count;
    switch (aggregate->kind) {
    case AGGREGATE_COUNT:
    case AGGREGATE_UNIQ: break;
    case AGGREGATE_SUM:
    case AGGREGATE_AVG: {
        size_t const used = exact_unpack(*from, &state.sum);
        if (used == 0) return false;
        *from = slice_of(from->at + used, from->length - used);
        break;
    }
    case AGGREGATE_MIN:
    case AGGREGATE_MAX:
        if (!unpack_bytes(from, &state.extreme)) return false;
        break;
    }
    *ret_state = state;
    return true;
}

bool measure_unpack(const struct aggregate *aggregates, size_t aggregate_count, struct slice packed,
                    struct state *ret_states)
{
    for (size_t i = 0; i < aggregate_count; i++) {
        if (!unpack_state(&aggregates[i], &packed, &ret_states[i])) return false;
    }
    return packed.length == 0;
}
