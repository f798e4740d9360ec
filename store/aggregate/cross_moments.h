/* cross_moments.h - sums of several numbers and of their products, and the statistics that
 * are made of them.
 *
 * Place    cross_moments_form.c keeps one per aggregate of several arguments;
 *          cross_moments_result.c shows it.
 * Promise  a commutative group, as aggregate_state.h has it; all sums are exact. A covariance is
 *          rounded once, from the exact n * sum(xy) - sum(x) * sum(y); what is made of several of
 *          them is made in doubles, in a fixed order.
 * Memory   what it points at lives in the arena given.
 * Threads  one owner at a time.
 * Errors   none: what has no result is null.
 * Sources  ratio_var: the delta method, as in Deng, Knoblich and Lu, "Applying the Delta Method in
 *          Metric Analytics", KDD 2018. cuped: Deng, Xu, Kohavi and Walker, "Improving the
 *          Sensitivity of Online Controlled Experiments by Utilizing Pre-Experiment Data", WSDM
 *          2013, with several covariates.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once
#include "base/arena.h"
#include "schema/formula.h"
#include "sketch/float_sum.h"

/* The floats of an aggregate whose type is VALUE_FLOAT, else numbers. */
union comoment {
    struct decimal_sum exact;
    struct float_sum real;
};

/* Sums and products of the tuples without a null: of all of them, and behind them, where the
 * aggregate chooses, of the chosen ones. A sample begins with the sum of each argument. */
struct moments {
    int64_t chosen_count;
    union comoment at[];
};

size_t cross_moments_width(const struct aggregate *aggregate); /* arguments */
/* Whether the aggregate needs the sum of x_i * x_j, and where in a sample it is. I <= J. */
bool cross_moments_has_product(const struct aggregate *aggregate, size_t i, size_t j);
size_t cross_moments_product(const struct aggregate *aggregate, size_t i, size_t j);
size_t cross_moments_sample_size(const struct aggregate *aggregate); /* numbers in one sample */
size_t cross_moments_size(const struct aggregate *aggregate);        /* in all of them */

struct moments *cross_moments_new(const struct aggregate *aggregate, struct arena *arena);
/* VALUES: see aggregate_apply. */
void cross_moments_apply(const struct aggregate *aggregate, struct moments *moments,
                         const struct value *values, int64_t weight, struct arena *arena);
void cross_moments_merge(const struct aggregate *aggregate, struct moments *into,
                         const struct moments *delta, struct arena *arena);
void cross_moments_negate(const struct aggregate *aggregate, struct moments *moments);
