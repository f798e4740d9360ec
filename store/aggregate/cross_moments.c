// SPDX-License-Identifier: Apache-2.0
#include "aggregate/cross_moments.h"

#include "schema/aggregate_table.h"

size_t cross_moments_width(const struct aggregate *aggregate)
{
    return 1 + aggregate->other_count;
}

bool cross_moments_has_product(const struct aggregate *aggregate, size_t i, size_t j)
{
    enum aggregate_products const products = traits_of(aggregate)->products;
    return products == PRODUCTS_ALL || (products == PRODUCTS_MIXED && i != j);
}

size_t cross_moments_product(const struct aggregate *aggregate, size_t i, size_t j)
{
    size_t const width = cross_moments_width(aggregate);
    if (!cross_moments_has_product(aggregate, 0, 0)) return width; /* the only one */
    return width + i * (2 * width - i - 1) / 2 + j;                /* the upper triangle by rows */
}

size_t cross_moments_sample_size(const struct aggregate *aggregate)
{
    size_t const last = cross_moments_width(aggregate) - 1;
    if (cross_moments_has_product(aggregate, last, last))
        return cross_moments_product(aggregate, last, last) + 1;
    return cross_moments_width(aggregate) + cross_moments_has_product(aggregate, 0, last);
}

size_t cross_moments_size(const struct aggregate *aggregate)
{
    return cross_moments_sample_size(aggregate) * (aggregate->chosen ? 2 : 1);
}

static bool cross_moments_is_real(const struct aggregate *aggregate)
{
    return aggregate->type.kind == VALUE_FLOAT;
}

struct moments *cross_moments_new(const struct aggregate *aggregate, struct arena *arena)
{
    struct moments *moments;
    return arena_alloc(arena,
                       sizeof *moments + cross_moments_size(aggregate) * sizeof moments->at[0]);
}

static void apply_product(union comoment *product, const struct value *a, const struct value *b,
                          int64_t weight, struct arena *arena)
{
    if (a->kind == VALUE_FLOAT)
        float_sum_add_product(&product->real, a->real, b->real, weight, arena);
    else
        decimal_sum_add_product(&product->exact, &a->number, &b->number, weight);
}

static void apply_sample(const struct aggregate *aggregate, union comoment *at,
                         const struct value *values, int64_t weight, struct arena *arena)
{
    size_t const width = cross_moments_width(aggregate);
    for (size_t i = 0; i < width; i++) {
        if (cross_moments_is_real(aggregate))
            float_sum_add(&at[i].real, values[i].real, weight, arena);
        else
            decimal_sum_add(&at[i].exact, &values[i].number, weight);
        for (size_t j = i; j < width; j++) {
            if (cross_moments_has_product(aggregate, i, j))
                apply_product(&at[cross_moments_product(aggregate, i, j)], &values[i], &values[j],
                              weight, arena);
        }
    }
}

void cross_moments_apply(const struct aggregate *aggregate, struct moments *moments,
                         const struct value *values, int64_t weight, struct arena *arena)
{
    const struct value *const chosen = &values[cross_moments_width(aggregate)];
    apply_sample(aggregate, moments->at, values, weight, arena);
    if (!aggregate->chosen || !chosen->boolean) return;
    moments->chosen_count += weight;
    apply_sample(aggregate, moments->at + cross_moments_sample_size(aggregate), values, weight,
                 arena);
}

void cross_moments_merge(const struct aggregate *aggregate, struct moments *into,
                         const struct moments *delta, struct arena *arena)
{
    into->chosen_count += delta->chosen_count;
    for (size_t i = 0; i < cross_moments_size(aggregate); i++) {
        if (cross_moments_is_real(aggregate))
            float_sum_merge(&into->at[i].real, &delta->at[i].real, arena);
        else
            decimal_sum_merge(&into->at[i].exact, &delta->at[i].exact);
    }
}

void cross_moments_negate(const struct aggregate *aggregate, struct moments *moments)
{
    moments->chosen_count = -moments->chosen_count;
    for (size_t i = 0; i < cross_moments_size(aggregate); i++) {
        if (cross_moments_is_real(aggregate))
            float_sum_negate(&moments->at[i].real);
        else
            decimal_sum_negate(&moments->at[i].exact);
    }
}
