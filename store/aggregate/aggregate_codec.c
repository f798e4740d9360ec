/* A state is packed as [version u8][count] and then
 *   count, uniq                        nothing
 *   sum, avg                           [sum], see decimal_sum.h and float_sum.h
 *   var, stddev                        [sum][sum of squares]
 *   min, max, arg_min, arg_max, top    [length][best]
 *   quantile, quantile_disc            [length][best][length][next][below]
 *   bool_and, bool_or                  [how many are true]
 *   approx_uniq, approx_quantile       see hyperloglog.h and ddsketch.h
 *   covar, corr, ratio, cuped, ...     [count of the chosen, where it chooses][sum or product, as cross_moments.h
 *                                      places them]*
 * with varint counts. A version that is not known is refused, never guessed at.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "aggregate/aggregate_state.h"
#include "tables/format.h"
#include "types/pack.h"

static void pack_exact(const struct decimal_sum *number, struct buffer *into)
{
    static const struct decimal_sum zero;
    uint8_t packed[DECIMAL_SUM_PACKED_BYTES];
    buffer_add(into, packed, decimal_sum_pack(number ? number : &zero, packed));
}

static void pack_real(const struct float_sum *sum, struct buffer *into)
{
    static const struct float_sum zero;
    float_sum_pack(sum ? sum : &zero, into);
}

static void pack_sums(const struct aggregate *aggregate, const struct state *state, bool squares,
                      struct buffer *into)
{
    if (aggregate->type.kind == VALUE_FLOAT) {
        pack_real(&state->real, into);
        if (squares) pack_real(state->real_squares, into);
    } else {
        pack_exact(&state->sum, into);
        if (squares) pack_exact(state->squares, into);
    }
}

static void pack_cross_moments(const struct aggregate *aggregate, const struct moments *moments,
                               struct buffer *into)
{
    if (aggregate->chosen) pack_varint(into, moments ? (uint64_t)moments->chosen_count : 0);
    for (size_t i = 0; i < cross_moments_size(aggregate); i++) {
        if (aggregate->type.kind == VALUE_FLOAT)
            pack_real(moments ? &moments->at[i].real : NULL, into);
        else
            pack_exact(moments ? &moments->at[i].exact : NULL, into);
    }
}

static bool is_quantile(const struct aggregate *aggregate)
{
    return aggregate->kind == AGGREGATE_QUANTILE || aggregate->kind == AGGREGATE_QUANTILE_DISC;
}

void aggregate_pack(const struct aggregate *aggregate, const struct state *state,
                    struct buffer *into)
{
    buffer_add_byte(into, STATE_VERSION);
    pack_varint(into, (uint64_t)state->count);
    switch (state_form(aggregate->kind)) {
    case STATE_COUNT: break;
    case STATE_SUM: pack_sums(aggregate, state, false, into); break;
    case STATE_MOMENTS: pack_sums(aggregate, state, true, into); break;
    case STATE_BEST:
        pack_bytes(into, state->best.value);
        if (!is_quantile(aggregate)) break;
        pack_bytes(into, state->best.next);
        pack_varint(into, state->best.below);
        break;
    case STATE_TRUES: pack_varint(into, (uint64_t)state->true_count); break;
    case STATE_UNIQUES: hyperloglog_pack(&state->uniques, into); break;
    case STATE_SKETCH: ddsketch_pack(&state->sketch, into); break;
    case STATE_CROSS_MOMENTS: pack_cross_moments(aggregate, state->moments, into); break;
    }
}

static bool unpack_exact(struct slice *from, struct decimal_sum *ret_number)
{
    size_t const used = decimal_sum_unpack(*from, ret_number);
    *from = slice_of(from->at + used, from->length - used);
    return used > 0;
}

static bool unpack_sums(const struct aggregate *aggregate, bool squares, struct slice *from,
                        struct arena *arena, struct state *state)
{
    if (aggregate->type.kind == VALUE_FLOAT) {
        if (!float_sum_unpack(from, arena, &state->real)) return false;
        if (!squares) return true;
        state->real_squares = ARENA_NEW(arena, struct float_sum);
        return float_sum_unpack(from, arena, state->real_squares);
    }
    if (!unpack_exact(from, &state->sum)) return false;
    if (!squares) return true;
    state->squares = ARENA_NEW(arena, struct decimal_sum);
    return unpack_exact(from, state->squares);
}

static bool unpack_count(struct slice *from, int64_t *ret_count)
{
    uint64_t count;
    if (!unpack_varint(from, &count) || count > INT64_MAX) return false;
    *ret_count = (int64_t)count;
    return true;
}

static bool unpack_cross_moments(const struct aggregate *aggregate, struct slice *from,
                                 struct arena *arena, struct state *state)
{
    struct moments *const moments = cross_moments_new(aggregate, arena);
    bool const real = aggregate->type.kind == VALUE_FLOAT;
    bool good = !aggregate->chosen || unpack_count(from, &moments->chosen_count);
    for (size_t i = 0; good && i < cross_moments_size(aggregate); i++)
        good = real ? float_sum_unpack(from, arena, &moments->at[i].real)
                    : unpack_exact(from, &moments->at[i].exact);
    state->moments = moments;
    return good;
}

static bool unpack_state(const struct aggregate *aggregate, struct slice *from, struct arena *arena,
                         struct state *state)
{
    uint8_t version;
    if (!unpack_byte(from, &version) || version != STATE_VERSION ||
        !unpack_count(from, &state->count))
        return false;
    switch (state_form(aggregate->kind)) {
    case STATE_COUNT: return true;
    case STATE_SUM: return unpack_sums(aggregate, false, from, arena, state);
    case STATE_MOMENTS: return unpack_sums(aggregate, true, from, arena, state);
    case STATE_BEST:
        if (!unpack_bytes(from, &state->best.value)) return false;
        return !is_quantile(aggregate) ||
               (unpack_bytes(from, &state->best.next) && unpack_varint(from, &state->best.below));
    case STATE_TRUES: return unpack_count(from, &state->true_count);
    case STATE_UNIQUES: return hyperloglog_unpack(from, arena, &state->uniques);
    case STATE_SKETCH: return ddsketch_unpack(from, arena, &state->sketch);
    case STATE_CROSS_MOMENTS: return unpack_cross_moments(aggregate, from, arena, state);
    }
    return false;
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
