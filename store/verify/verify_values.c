// SPDX-License-Identifier: Apache-2.0
#include "tables/multisets.h"
#include "types/pack.h"
#include "verify/verify_p.h"

/* An extreme that rises with each event must not cost memory with each event: its room is used
 * again, and doubles when it is too small. */
static void keep_extreme(struct arena *arena, struct tally *tally, struct slice element)
{
    size_t const length = element.length;
    if (length > tally->room_bytes) {
        tally->room_bytes = length > 2 * tally->room_bytes ? length : 2 * tally->room_bytes;
        tally->room = arena_alloc(arena, tally->room_bytes);
    }
    memcpy(tally->room, element.at, length);
    tally->state.best.value = slice_of(tally->room, length);
}

static void compare_extreme(struct counting *counting, const struct aggregate *aggregate,
                            struct tally *tally)
{
    struct slice const element = buffer_slice(&counting->element), held = tally->state.best.value;
    bool const least = aggregate->kind == AGGREGATE_MIN || aggregate->kind == AGGREGATE_ARG_MIN;
    int const order = held.length ? slice_compare(element, held) : 0;
    if (held.length == 0 || (least ? order < 0 : order > 0))
        keep_extreme(&counting->view->arena, tally, element);
}

static void list_value(struct counting *counting, struct tally *tally)
{
    struct arena *const arena = &counting->view->arena;
    if (tally->value_count == tally->value_capacity) {
        tally->value_capacity = tally->value_capacity ? tally->value_capacity * 2 : 4;
        struct tallied_value *const larger =
            ARENA_ARRAY(arena, struct tallied_value, tally->value_capacity);
        if (tally->value_count) memcpy(larger, tally->values, tally->value_count * sizeof *larger);
        tally->values = larger;
    }
    struct tallied_value *const value = &tally->values[tally->value_count++];
    value->whole = arena_copy(arena, buffer_slice(&counting->element));
    value->key = value->whole;
    buffer_clear(&counting->name);
    if (!multiset_key(value->whole, &counting->name))
        value->key = arena_copy(arena, buffer_slice(&counting->name));
}

static void add_exact_product(struct decimal_sum *sum, const struct value *a, const struct value *b)
{
    struct decimal_sum const left = decimal_sum_from_decimal(&a->number);
    struct decimal_sum const right = decimal_sum_from_decimal(&b->number);
    struct decimal_sum product;
    if (decimal_sum_times(&left, &right, &product)) decimal_sum_merge(sum, &product);
}

static void add_square(struct state *state, const struct value *value, struct arena *arena)
{
    if (value->kind == VALUE_FLOAT) {
        if (!state->real_squares) state->real_squares = ARENA_NEW(arena, struct float_sum);
        float_sum_add_product(state->real_squares, value->real, value->real, 1, arena);
        return;
    }
    if (!state->squares) state->squares = ARENA_NEW(arena, struct decimal_sum);
    add_exact_product(state->squares, value, value);
}

/* One tuple more in a sample. */
static void add_tuple(const struct aggregate *aggregate, union comoment *at,
                      const struct value *values, struct arena *arena)
{
    size_t const width = 1 + aggregate->other_count;
    for (size_t i = 0; i < width; i++) {
        if (values[i].kind == VALUE_FLOAT)
            float_sum_add(&at[i].real, values[i].real, 1, arena);
        else
            decimal_sum_add(&at[i].exact, &values[i].number, 1);
    }
    for (size_t i = 0; i < width * width; i++) {
        size_t const row = i / width, column = i % width;
        if (row > column || !cross_moments_has_product(aggregate, row, column)) continue;
        union comoment *const sum = &at[cross_moments_product(aggregate, row, column)];
        if (values[row].kind == VALUE_FLOAT)
            float_sum_add_product(&sum->real, values[row].real, values[column].real, 1, arena);
        else
            add_exact_product(&sum->exact, &values[row], &values[column]);
    }
}

static void count_tuple(const struct aggregate *aggregate, struct state *state,
                        const struct value *values, struct arena *arena)
{
    if (!state->moments) state->moments = cross_moments_new(aggregate, arena);
    struct moments *const moments = state->moments;
    add_tuple(aggregate, moments->at, values, arena);
    if (!aggregate->chosen || !values[1 + aggregate->other_count].boolean) return;
    moments->chosen_count++;
    add_tuple(aggregate, moments->at + cross_moments_sample_size(aggregate), values, arena);
}

static void verify_values_add_number(struct state *state, const struct value *value,
                                     struct arena *arena)
{
    if (value->kind == VALUE_FLOAT)
        float_sum_add(&state->real, value->real, 1, arena);
    else
        decimal_sum_add(&state->sum, &value->number, 1);
}

static double nearest_double(const struct value *value)
{
    if (value->kind == VALUE_FLOAT) return value->real;
    struct decimal_sum const exact = decimal_sum_from_decimal(&value->number);
    return decimal_sum_to_double(&exact);
}

static void count_best(struct counting *counting, const struct aggregate *aggregate,
                       struct tally *tally)
{
    bool const lists = aggregate->kind == AGGREGATE_QUANTILE ||
                       aggregate->kind == AGGREGATE_QUANTILE_DISC ||
                       aggregate->kind == AGGREGATE_TOP;
    if (lists)
        list_value(counting, tally);
    else
        compare_extreme(counting, aggregate, tally);
}

void tally_value(struct counting *counting, struct tallied_group *group, size_t index,
                 const struct value *values)
{
    const struct value *const value = &values[0];
    const struct aggregate *const aggregate = &counting->view->view->aggregates[index];
    struct arena *const arena = &counting->view->arena;
    struct tally *const tally = &group->tallies[index];
    struct slice const element = buffer_slice(&counting->element);
    tally->state.count++;
    switch (state_form(aggregate->kind)) {
    case STATE_COUNT: break;
    case STATE_SUM: verify_values_add_number(&tally->state, value, arena); break;
    case STATE_MOMENTS:
        verify_values_add_number(&tally->state, value, arena);
        add_square(&tally->state, value, arena);
        break;
    case STATE_BEST: count_best(counting, aggregate, tally); break;
    case STATE_TRUES: tally->state.true_count += value->boolean; break;
    case STATE_UNIQUES:
        hyperloglog_add(&tally->state.uniques, hyperloglog_hash(element, &counting->secret), arena);
        break;
    case STATE_SKETCH: ddsketch_add(&tally->state.sketch, nearest_double(value), 1, arena); break;
    case STATE_CROSS_MOMENTS: count_tuple(aggregate, &tally->state, values, arena); break;
    }
}

/* The order of keys; two values with one key, which nobody should be able to make, are
 * two all the same. */
static int compare_values(const void *a, const void *b)
{
    const struct tallied_value *const left = a, *const right = b;
    int const order = slice_compare(left->key, right->key);
    return order ? order : slice_compare(left->whole, right->whole);
}

/* The most frequent values, most frequent first, of those in order. */
static void find_top(struct counting *counting, const struct aggregate *aggregate,
                     struct tally *tally)
{
    AUTO_BUFFER struct buffer list = {0};
    AUTO_FREE bool *const taken = memory_alloc(tally->value_count);
    for (unsigned rank = 0; rank < aggregate->limit; rank++) {
        size_t best = 0, best_count = 0;
        for (size_t i = 0, run; i < tally->value_count; i += run) {
            for (run = 1; i + run < tally->value_count &&
                          compare_values(&tally->values[i], &tally->values[i + run]) == 0;)
                run++;
            if (taken[i] || run <= best_count) continue;
            best = i;
            best_count = run;
        }
        if (best_count == 0) break;
        taken[best] = true;
        pack_varint(&list, best_count);
        pack_bytes(&list, tally->values[best].whole);
    }
    tally->state.best.value = arena_copy(&counting->view->arena, buffer_slice(&list));
}

void tally_finish(struct counting *counting, const struct aggregate *aggregate, struct tally *tally)
{
    bool between;
    bool const top = aggregate->kind == AGGREGATE_TOP;
    if (tally->value_count == 0) return;
    qsort(tally->values, tally->value_count, sizeof *tally->values, compare_values);
    if (top) {
        find_top(counting, aggregate, tally);
        return;
    }
    uint64_t const rank = aggregate_rank(aggregate, tally->value_count, &between);
    tally->state.best.value = tally->values[rank].whole;
    if (between) tally->state.best.next = tally->values[rank + 1].whole;
}
