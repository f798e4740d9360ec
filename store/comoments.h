/* comoments.h - sums of several numbers and of their products, and the statistics that are made of them.
 *
 * Place    measure.h keeps one per aggregate of several arguments.
 * Promise  a commutative group, as measure.h has it; all sums are exact. A covariance is rounded once, from the exact
 *          n * sum(xy) - sum(x) * sum(y); what is made of several of them is made in doubles, in a fixed order.
 * Memory   what it points at lives in the arena given.
 * Sources  ratio_var: the delta method, as in Deng, Knoblich and Lu, "Applying the Delta Method in Metric Analytics",
 *          KDD 2018. cuped: Deng, Xu, Kohavi and Walker, "Improving the Sensitivity of Online Controlled Experiments
 *          by Utilizing Pre-Experiment Data", WSDM 2013, with several covariates.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once
#include "arena.h"
#include "floats.h"
#include "formula.h"

/* The floats of an aggregate whose type is VALUE_FLOAT, else numbers. */
union comoment {
    struct exact exact;
    struct float_sum real;
};

/* Sums and products of the tuples without a null: of all of them, and behind them, where the aggregate chooses, of
 * the chosen ones. A sample begins with the sum of each argument. */
struct comoments {
    int64_t chosen_count;
    union comoment at[];
};

size_t comoments_width(const struct aggregate *aggregate); /* arguments */
/* Whether the aggregate needs the sum of x_i * x_j, and where in a sample it is. I <= J. */
bool comoments_has_product(const struct aggregate *aggregate, size_t i, size_t j);
size_t comoments_product(const struct aggregate *aggregate, size_t i, size_t j);
size_t comoments_sample_size(const struct aggregate *aggregate); /* numbers in one sample */
size_t comoments_size(const struct aggregate *aggregate);        /* in all of them */

struct comoments *comoments_new(const struct aggregate *aggregate, struct arena *arena);
/* VALUES: see measure_apply. */
void comoments_apply(const struct aggregate *aggregate, struct comoments *comoments,
                     const struct value *values, int64_t weight, struct arena *arena);
void comoments_merge(const struct aggregate *aggregate, struct comoments *into,
                     const struct comoments *delta, struct arena *arena);
void comoments_negate(const struct aggregate *aggregate, struct comoments *comoments);
/* COUNT: tuples in all. */
struct result comoments_result(const struct aggregate *aggregate, const struct comoments *comoments,
                               uint64_t count);
