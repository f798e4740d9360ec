// SPDX-License-Identifier: Apache-2.0
#include "comoments.h"

size_t comoments_width(const struct aggregate *aggregate)
{
    return 1 + aggregate->other_count;
}

bool comoments_has_product(const struct aggregate *aggregate, size_t i, size_t j)
{
    if (aggregate->kind == AGGREGATE_RATIO) return false;
    bool const only_mixed =
        aggregate->kind == AGGREGATE_COVAR_SAMP || aggregate->kind == AGGREGATE_COVAR_POP;
    return !only_mixed || i != j;
}

size_t comoments_product(const struct aggregate *aggregate, size_t i, size_t j)
{
    size_t const width = comoments_width(aggregate);
    if (!comoments_has_product(aggregate, 0, 0)) return width; /* the only one */
    return width + i * (2 * width - i - 1) / 2 + j;            /* the upper triangle by rows */
}

size_t comoments_sample_size(const struct aggregate *aggregate)
{
    size_t const last = comoments_width(aggregate) - 1;
    if (comoments_has_product(aggregate, last, last))
        return comoments_product(aggregate, last, last) + 1;
    return comoments_width(aggregate) + comoments_has_product(aggregate, 0, last);
}

size_t comoments_size(const struct aggregate *aggregate)
{
    return comoments_sample_size(aggregate) * (aggregate->chosen ? 2 : 1);
}

static bool is_real(const struct aggregate *aggregate)
{
    return aggregate->type.kind == VALUE_FLOAT;
}

struct comoments *comoments_new(const struct aggregate *aggregate, struct arena *arena)
{
    struct comoments *comoments;
    return arena_alloc(arena,
                       sizeof *comoments + comoments_size(aggregate) * sizeof comoments->at[0]);
}

static void apply_product(union comoment *product, const struct value *a, const struct value *b,
                          int64_t weight, struct arena *arena)
{
    if (a->kind == VALUE_FLOAT)
        float_sum_add_product(&product->real, a->real, b->real, weight, arena);
    else
        exact_add_product(&product->exact, &a->number, &b->number, weight);
}

static void apply_sample(const struct aggregate *aggregate, union comoment *at,
                         const struct value *values, int64_t weight, struct arena *arena)
{
    size_t const width = comoments_width(aggregate);
    for (size_t i = 0; i < width; i++) {
        if (is_real(aggregate))
            float_sum_add(&at[i].real, values[i].real, weight, arena);
        else
            exact_add(&at[i].exact, &values[i].number, weight);
        for (size_t j = i; j < width; j++) {
            if (comoments_has_product(aggregate, i, j))
                apply_product(&at[comoments_product(aggregate, i, j)], &values[i], &values[j],
                              weight, arena);
        }
    }
}

void comoments_apply(const struct aggregate *aggregate, struct comoments *comoments,
                     const struct value *values, int64_t weight, struct arena *arena)
{
    const struct value *const chosen = &values[comoments_width(aggregate)];
    apply_sample(aggregate, comoments->at, values, weight, arena);
    if (!aggregate->chosen || !chosen->boolean) return;
    comoments->chosen_count += weight;
    apply_sample(aggregate, comoments->at + comoments_sample_size(aggregate), values, weight,
                 arena);
}

void comoments_merge(const struct aggregate *aggregate, struct comoments *into,
                     const struct comoments *delta, struct arena *arena)
{
    into->chosen_count += delta->chosen_count;
    for (size_t i = 0; i < comoments_size(aggregate); i++) {
        if (is_real(aggregate))
            float_sum_merge(&into->at[i].real, &delta->at[i].real, arena);
        else
            exact_merge(&into->at[i].exact, &delta->at[i].exact);
    }
}

void comoments_negate(const struct aggregate *aggregate, struct comoments *comoments)
{
    comoments->chosen_count = -comoments->chosen_count;
    for (size_t i = 0; i < comoments_size(aggregate); i++) {
        if (is_real(aggregate))
            float_sum_negate(&comoments->at[i].real);
        else
            exact_negate(&comoments->at[i].exact);
    }
}
