// SPDX-License-Identifier: Apache-2.0
#include "schema/aggregate_table.h"
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

void tally_extreme(struct counting *counting, const struct aggregate *aggregate,
                   struct tally *tally, struct slice element)
{
    struct slice const held = tally->state.best.value;
    bool const least = traits_of(aggregate)->multiset == MULTISET_LEAST;
    int const order = held.length ? slice_compare(element, held) : 0;
    if (held.length == 0 || (least ? order < 0 : order > 0))
        keep_extreme(&counting->view->arena, tally, element);
}

static void compare_extreme(struct counting *counting, const struct aggregate *aggregate,
                            struct tally *tally, const struct value *values)
{
    (void)values;
    tally_extreme(counting, aggregate, tally, buffer_slice(&counting->element));
}

static void list_value(struct counting *counting, const struct aggregate *aggregate,
                       struct tally *tally, const struct value *values)
{
    (void)aggregate;
    (void)values;
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

static void count_tuple(struct counting *counting, const struct aggregate *aggregate,
                        struct tally *tally, const struct value *values)
{
    struct arena *const arena = &counting->view->arena;
    struct state *const state = &tally->state;
    if (!state->moments) state->moments = cross_moments_new(aggregate, arena);
    struct moments *const moments = state->moments;
    add_tuple(aggregate, moments->at, values, arena);
    if (!aggregate->chosen || !values[1 + aggregate->other_count].boolean) return;
    moments->chosen_count++;
    add_tuple(aggregate, moments->at + cross_moments_sample_size(aggregate), values, arena);
}

static void count_sum(struct counting *counting, const struct aggregate *aggregate,
                      struct tally *tally, const struct value *values)
{
    (void)aggregate;
    if (values->kind == VALUE_FLOAT)
        float_sum_add(&tally->state.real, values->real, 1, &counting->view->arena);
    else
        decimal_sum_add(&tally->state.sum, &values->number, 1);
}

static void count_squares(struct counting *counting, const struct aggregate *aggregate,
                          struct tally *tally, const struct value *values)
{
    count_sum(counting, aggregate, tally, values);
    add_square(&tally->state, values, &counting->view->arena);
}

static void count_true(struct counting *counting, const struct aggregate *aggregate,
                       struct tally *tally, const struct value *values)
{
    (void)counting;
    (void)aggregate;
    tally->state.true_count += values->boolean;
}

static void sketch_uniq(struct counting *counting, const struct aggregate *aggregate,
                        struct tally *tally, const struct value *values)
{
    (void)aggregate;
    (void)values;
    struct slice const element = buffer_slice(&counting->element);
    hyperloglog_add(&tally->state.uniques, hyperloglog_hash(element, &counting->secret),
                    &counting->view->arena);
}

static double nearest_double(const struct value *value)
{
    if (value->kind == VALUE_FLOAT) return value->real;
    struct decimal_sum const exact = decimal_sum_from_decimal(&value->number);
    return decimal_sum_to_double(&exact);
}

static void sketch_quantile(struct counting *counting, const struct aggregate *aggregate,
                            struct tally *tally, const struct value *values)
{
    (void)aggregate;
    ddsketch_add(&tally->state.sketch, nearest_double(values), 1, &counting->view->arena);
}

/* How each kind is counted again, beside the count: a table of its own, so that what folds and what
 * proves it share nothing. */
static void (*const counters[AGGREGATE_KINDS])(struct counting *counting,
                                               const struct aggregate *aggregate,
                                               struct tally *tally, const struct value *values) = {
    [AGGREGATE_COUNT] = NULL,
    [AGGREGATE_SUM] = count_sum,
    [AGGREGATE_MIN] = compare_extreme,
    [AGGREGATE_MAX] = compare_extreme,
    [AGGREGATE_AVG] = count_sum,
    [AGGREGATE_UNIQ] = NULL,
    [AGGREGATE_VAR_SAMP] = count_squares,
    [AGGREGATE_VAR_POP] = count_squares,
    [AGGREGATE_STDDEV_SAMP] = count_squares,
    [AGGREGATE_STDDEV_POP] = count_squares,
    [AGGREGATE_QUANTILE] = list_value,
    [AGGREGATE_QUANTILE_DISC] = list_value,
    [AGGREGATE_ARG_MIN] = compare_extreme,
    [AGGREGATE_ARG_MAX] = compare_extreme,
    [AGGREGATE_TOP] = list_value,
    [AGGREGATE_BOOL_AND] = count_true,
    [AGGREGATE_BOOL_OR] = count_true,
    [AGGREGATE_APPROX_UNIQ] = sketch_uniq,
    [AGGREGATE_APPROX_QUANTILE] = sketch_quantile,
    [AGGREGATE_COVAR_SAMP] = count_tuple,
    [AGGREGATE_COVAR_POP] = count_tuple,
    [AGGREGATE_CORR] = count_tuple,
    [AGGREGATE_RATIO] = count_tuple,
    [AGGREGATE_RATIO_VAR] = count_tuple,
    [AGGREGATE_CUPED_MEAN] = count_tuple,
    [AGGREGATE_CUPED_VAR] = count_tuple,
};

void tally_value(struct counting *counting, struct tallied_group *group, size_t index,
                 const struct value *values)
{
    const struct aggregate *const aggregate = &counting->view->view->aggregates[index];
    struct tally *const tally = &group->tallies[index];
    tally->state.count++;
    if (counters[aggregate->kind]) counters[aggregate->kind](counting, aggregate, tally, values);
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
    size_t shown_bytes = 0;
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
        shown_bytes += tally->values[best].whole.length;
        if (rank > 0 && shown_bytes > AGGREGATE_TOP_BYTES) break;
        taken[best] = true;
        pack_varint(&list, best_count);
        pack_bytes(&list, tally->values[best].whole);
    }
    tally->state.best.value = arena_copy(&counting->view->arena, buffer_slice(&list));
}

void tally_finish(struct counting *counting, const struct aggregate *aggregate, struct tally *tally)
{
    bool between;
    if (tally->value_count == 0) return;
    qsort(tally->values, tally->value_count, sizeof *tally->values, compare_values);
    if (traits_of(aggregate)->multiset == MULTISET_MOST_FREQUENT) {
        find_top(counting, aggregate, tally);
        return;
    }
    uint64_t const rank = aggregate_rank(aggregate, tally->value_count, &between);
    tally->state.best.value = tally->values[rank].whole;
    if (between) tally->state.best.next = tally->values[rank + 1].whole;
}
