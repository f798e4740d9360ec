// SPDX-License-Identifier: Apache-2.0
#include "aggregate/aggregate_state.h"

#include <assert.h>
#include <math.h>

#include "types/pack.h"

enum state_form state_form(enum aggregate_kind kind)
{
    switch (kind) {
    case AGGREGATE_COUNT:
    case AGGREGATE_UNIQ: return STATE_COUNT;
    case AGGREGATE_SUM:
    case AGGREGATE_AVG: return STATE_SUM;
    case AGGREGATE_VAR_SAMP:
    case AGGREGATE_VAR_POP:
    case AGGREGATE_STDDEV_SAMP:
    case AGGREGATE_STDDEV_POP: return STATE_MOMENTS;
    case AGGREGATE_MIN:
    case AGGREGATE_MAX:
    case AGGREGATE_ARG_MIN:
    case AGGREGATE_ARG_MAX:
    case AGGREGATE_QUANTILE:
    case AGGREGATE_QUANTILE_DISC:
    case AGGREGATE_TOP: return STATE_BEST;
    case AGGREGATE_BOOL_AND:
    case AGGREGATE_BOOL_OR: return STATE_TRUES;
    case AGGREGATE_APPROX_UNIQ: return STATE_UNIQUES;
    case AGGREGATE_APPROX_QUANTILE: return STATE_SKETCH;
    case AGGREGATE_COVAR_SAMP:
    case AGGREGATE_COVAR_POP:
    case AGGREGATE_CORR:
    case AGGREGATE_RATIO:
    case AGGREGATE_RATIO_VAR:
    case AGGREGATE_CUPED_MEAN:
    case AGGREGATE_CUPED_VAR: return STATE_CROSS_MOMENTS;
    }
    return STATE_COUNT;
}

/* Whether ELEMENT comes before what the state has. Packed values sort as values (pack.h). */
static bool is_better(const struct aggregate *aggregate, struct slice held, struct slice element)
{
    bool const least = aggregate->kind == AGGREGATE_MIN || aggregate->kind == AGGREGATE_ARG_MIN;
    if (held.length == 0) return true;
    int const order = slice_compare(element, held);
    return least ? order < 0 : order > 0;
}

static double to_double(const struct value *value)
{
    if (value->kind == VALUE_FLOAT) return value->real;
    struct decimal_sum const exact = decimal_sum_from_decimal(&value->number);
    return decimal_sum_to_double(&exact);
}

static void apply_square(struct state *state, const struct value *value, int64_t weight,
                         struct arena *arena)
{
    if (value->kind == VALUE_FLOAT) {
        if (!state->real_squares) state->real_squares = ARENA_NEW(arena, struct float_sum);
        float_sum_add_product(state->real_squares, value->real, value->real, weight, arena);
    } else {
        if (!state->squares) state->squares = ARENA_NEW(arena, struct decimal_sum);
        decimal_sum_add_product(state->squares, &value->number, &value->number, weight);
    }
}

static void apply_sum(struct state *state, const struct value *value, int64_t weight,
                      struct arena *arena)
{
    if (value->kind == VALUE_FLOAT)
        float_sum_add(&state->real, value->real, weight, arena);
    else
        decimal_sum_add(&state->sum, &value->number, weight);
}

static void apply_best(const struct aggregate *aggregate, struct state *state, struct slice element,
                       int64_t weight, struct arena *arena)
{
    assert(weight > 0);
    if (is_better(aggregate, state->best.value, element))
        state->best.value = arena_copy(arena, element);
}

void aggregate_apply(const struct aggregate *aggregate, struct state *state,
                     const struct value *values, struct slice element, int64_t weight,
                     const struct hash_key *secret, struct arena *arena)
{
    const struct value *const value = &values[0];
    state->count += weight;
    if (aggregate->multiset >= 0) return;
    switch (state_form(aggregate->kind)) {
    case STATE_COUNT: break;
    case STATE_SUM: apply_sum(state, value, weight, arena); break;
    case STATE_MOMENTS:
        apply_sum(state, value, weight, arena);
        apply_square(state, value, weight, arena);
        break;
    case STATE_BEST: apply_best(aggregate, state, element, weight, arena); break;
    case STATE_TRUES:
        if (value->boolean) state->true_count += weight;
        break;
    case STATE_UNIQUES:
        assert(weight > 0);
        hyperloglog_add(&state->uniques, hyperloglog_hash(element, secret), arena);
        break;
    case STATE_SKETCH: ddsketch_add(&state->sketch, to_double(value), weight, arena); break;
    case STATE_CROSS_MOMENTS:
        if (!state->moments) state->moments = cross_moments_new(aggregate, arena);
        cross_moments_apply(aggregate, state->moments, values, weight, arena);
        break;
    }
}

static bool aggregate_state_is_real(const struct aggregate *aggregate)
{
    return aggregate->type.kind == VALUE_FLOAT;
}

static void merge_squares(const struct aggregate *aggregate, struct state *into,
                          const struct state *delta, struct arena *arena)
{
    if (aggregate_state_is_real(aggregate)) {
        if (!delta->real_squares) return;
        if (!into->real_squares) into->real_squares = ARENA_NEW(arena, struct float_sum);
        float_sum_merge(into->real_squares, delta->real_squares, arena);
    } else {
        if (!delta->squares) return;
        if (!into->squares) into->squares = ARENA_NEW(arena, struct decimal_sum);
        decimal_sum_merge(into->squares, delta->squares);
    }
}

static void merge_sums(const struct aggregate *aggregate, struct state *into,
                       const struct state *delta, struct arena *arena)
{
    if (aggregate_state_is_real(aggregate))
        float_sum_merge(&into->real, &delta->real, arena);
    else
        decimal_sum_merge(&into->sum, &delta->sum);
}

void aggregate_merge(const struct aggregate *aggregate, struct state *into,
                     const struct state *delta, struct arena *arena)
{
    into->count += delta->count;
    if (aggregate->multiset >= 0) return;
    switch (state_form(aggregate->kind)) {
    case STATE_COUNT: break;
    case STATE_SUM: merge_sums(aggregate, into, delta, arena); break;
    case STATE_MOMENTS:
        merge_sums(aggregate, into, delta, arena);
        merge_squares(aggregate, into, delta, arena);
        break;
    case STATE_BEST:
        if (delta->best.value.length && is_better(aggregate, into->best.value, delta->best.value))
            into->best.value = arena_copy(arena, delta->best.value);
        break;
    case STATE_TRUES: into->true_count += delta->true_count; break;
    case STATE_UNIQUES: hyperloglog_merge(&into->uniques, &delta->uniques, arena); break;
    case STATE_SKETCH: ddsketch_merge(&into->sketch, &delta->sketch, arena); break;
    case STATE_CROSS_MOMENTS:
        if (!delta->moments) break;
        if (!into->moments) into->moments = cross_moments_new(aggregate, arena);
        cross_moments_merge(aggregate, into->moments, delta->moments, arena);
        break;
    }
}

static void negate_sums(const struct aggregate *aggregate, struct state *state)
{
    if (aggregate_state_is_real(aggregate)) {
        float_sum_negate(&state->real);
        if (state->real_squares) float_sum_negate(state->real_squares);
    } else {
        decimal_sum_negate(&state->sum);
        if (state->squares) decimal_sum_negate(state->squares);
    }
}

void aggregate_negate(const struct aggregate *aggregate, struct state *state)
{
    state->count = aggregate->kind == AGGREGATE_UNIQ ? 0 : -state->count;
    if (aggregate->multiset >= 0) {
        state->best = (struct best){.below = 0};
        return;
    }
    switch (state_form(aggregate->kind)) {
    case STATE_COUNT:
    case STATE_BEST:
    case STATE_UNIQUES: break; /* a count is all that can go */
    case STATE_SUM:
    case STATE_MOMENTS: negate_sums(aggregate, state); break;
    case STATE_TRUES: state->true_count = -state->true_count; break;
    case STATE_SKETCH: ddsketch_negate(&state->sketch); break;
    case STATE_CROSS_MOMENTS:
        if (state->moments) cross_moments_negate(aggregate, state->moments);
        break;
    }
}

uint64_t aggregate_rank(const struct aggregate *aggregate, uint64_t count, bool *ret_between)
{
    enum { FRACTION_SCALE = 18 };
    uint64_t const unit = 1000000000000000000u;
    uint128 fraction = (uint128)aggregate->fraction.coefficient;
    for (unsigned scale = aggregate->fraction.scale; scale < FRACTION_SCALE; scale++)
        fraction *= 10;
    enum value_kind const kind = aggregate->type.kind;
    *ret_between = false;
    if (aggregate->kind == AGGREGATE_QUANTILE && (kind == VALUE_NUMBER || kind == VALUE_FLOAT)) {
        uint128 const place = (count - 1) * fraction;
        *ret_between = place % unit != 0;
        return (uint64_t)(place / unit);
    }
    uint128 const place = (count * fraction + unit - 1) / unit; /* the place-th value, from 1 */
    return place ? (uint64_t)place - 1 : 0;
}

static struct result value_result(const struct value *value)
{
    if (value->kind == VALUE_NULL) return (struct result){.kind = RESULT_NULL};
    if (value->kind == VALUE_FLOAT) return result_double(value->real);
    if (value->kind == VALUE_NUMBER)
        return (struct result){.kind = RESULT_EXACT,
                               .exact = decimal_sum_from_decimal(&value->number)};
    return (struct result){.kind = RESULT_VALUE, .value = *value};
}

/* The value at the end of an element: behind what arg_min orders by and the event's key. */
static bool unpack_element(const struct aggregate *aggregate, struct slice element,
                           struct arena *arena, struct value *ret_value)
{
    size_t const in_front = aggregate->order_count ? aggregate->order_count + 1 : 0;
    for (size_t i = 0; i < in_front; i++) {
        size_t const length = packed_length(element);
        if (length == 0) return false;
        element = slice_of(element.at + length, element.length - length);
    }
    return unpack_value(&element, arena, ret_value) == UNPACKED;
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

static struct result best_result(const struct aggregate *aggregate, const struct state *state,
                                 struct arena *arena)
{
    struct result const null = {.kind = RESULT_NULL};
    struct value value, next;
    if (state->best.value.length == 0 ||
        !unpack_element(aggregate, state->best.value, arena, &value))
        return null;
    if (state->best.next.length == 0) return value_result(&value);
    if (!unpack_element(aggregate, state->best.next, arena, &next)) return null;
    return interpolate(aggregate, (uint64_t)state->count, &value, &next);
}

static struct result sum_result(const struct aggregate *aggregate, const struct state *state)
{
    if (aggregate_state_is_real(aggregate)) return result_double(float_sum_to_double(&state->real));
    return (struct result){.kind = RESULT_EXACT, .exact = state->sum};
}

static struct result average_result(const struct aggregate *aggregate, const struct state *state)
{
    struct decimal_sum const count = decimal_sum_from_int(state->count);
    return result_double(aggregate_state_is_real(aggregate)
                             ? float_sum_ratio(&state->real, (uint64_t)state->count)
                             : decimal_sum_ratio(&state->sum, &count));
}

/* (n * sum of squares - sum^2) / (n * divisor), rounded once. */
static struct result variance_result(const struct aggregate *aggregate, const struct state *state)
{
    static const struct decimal_sum no_squares;
    static const struct float_sum no_real_squares;
    bool const sample =
        aggregate->kind == AGGREGATE_VAR_SAMP || aggregate->kind == AGGREGATE_STDDEV_SAMP;
    bool const root =
        aggregate->kind == AGGREGATE_STDDEV_SAMP || aggregate->kind == AGGREGATE_STDDEV_POP;
    uint64_t const count = (uint64_t)state->count;
    if (sample && count < 2) return (struct result){.kind = RESULT_NULL};
    uint64_t const divisor = sample ? count - 1 : count;
    double const variance =
        aggregate_state_is_real(aggregate)
            ? float_sum_covariance(&state->real, &state->real,
                                   state->real_squares ? state->real_squares : &no_real_squares,
                                   count, divisor)
            : decimal_sum_covariance(&state->sum, &state->sum,
                                     state->squares ? state->squares : &no_squares, count, divisor);
    return result_double(root ? sqrt(variance) : variance);
}

static struct result bool_result(bool boolean)
{
    return (struct result){.kind = RESULT_VALUE, .value = {.kind = VALUE_BOOL, .boolean = boolean}};
}

static struct result count_result(uint64_t count)
{
    return (struct result){.kind = RESULT_EXACT, .exact = decimal_sum_from_int((int64_t)count)};
}

struct result aggregate_result(const struct aggregate *aggregate, const struct state *state,
                               struct arena *arena)
{
    enum state_form const form = state_form(aggregate->kind);
    if (form == STATE_COUNT) return count_result((uint64_t)state->count);
    if (form == STATE_UNIQUES) return count_result(hyperloglog_estimate(&state->uniques));
    if (aggregate->kind == AGGREGATE_TOP)
        return (struct result){.kind = RESULT_LIST, .list = state->best.value};
    if (state->count == 0) return (struct result){.kind = RESULT_NULL};
    switch (form) {
    case STATE_COUNT:
    case STATE_UNIQUES: break;
    case STATE_SUM:
        return aggregate->kind == AGGREGATE_SUM ? sum_result(aggregate, state)
                                                : average_result(aggregate, state);
    case STATE_MOMENTS: return variance_result(aggregate, state);
    case STATE_BEST: return best_result(aggregate, state, arena);
    case STATE_TRUES:
        return bool_result(aggregate->kind == AGGREGATE_BOOL_AND ? state->true_count == state->count
                                                                 : state->true_count > 0);
    case STATE_SKETCH: {
        struct decimal_sum const fraction = decimal_sum_from_decimal(&aggregate->fraction);
        return result_double(ddsketch_quantile(&state->sketch, decimal_sum_to_double(&fraction)));
    }
    case STATE_CROSS_MOMENTS:
        if (!state->moments) break;
        return cross_moments_result(aggregate, state->moments, (uint64_t)state->count);
    }
    return (struct result){.kind = RESULT_NULL};
}
