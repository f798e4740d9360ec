/* What an aggregate of several arguments comes to. Sums are exact up to here: each mean and
 * covariance is rounded once, and what follows is a fixed sequence of operations on doubles. The
 * variance of a ratio of decimals is rounded once itself.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <math.h>

#include "aggregate/aggregate_form.h"

/* How much of an x must be left that the x in front of it do not explain; less is rounding, and
 * they are singular. */
static double const least_pivot = 1e-12;

struct sample {
    const struct aggregate *aggregate;
    const union comoment *at;
    uint64_t count;
};

static bool cross_moments_result_is_real(const struct sample *sample)
{
    return is_of_floats(sample->aggregate);
}

static double mean(const struct sample *sample, size_t i)
{
    if (cross_moments_result_is_real(sample))
        return float_sum_ratio(&sample->at[i].real, sample->count);
    struct decimal_sum const count = decimal_sum_from_int((int64_t)sample->count);
    return decimal_sum_ratio(&sample->at[i].exact, &count);
}

static double covariance(const struct sample *sample, size_t i, size_t j, uint64_t divisor)
{
    const union comoment *const x = &sample->at[i], *const y = &sample->at[j];
    const union comoment *const products =
        &sample->at[cross_moments_product(sample->aggregate, i < j ? i : j, i < j ? j : i)];
    return cross_moments_result_is_real(sample)
               ? float_sum_covariance(&x->real, &y->real, &products->real, sample->count, divisor)
               : decimal_sum_covariance(&x->exact, &y->exact, &products->exact, sample->count,
                                        divisor);
}

static struct result correlation(const struct sample *sample)
{
    double const x = sqrt(covariance(sample, 0, 0, sample->count));
    double const y = sqrt(covariance(sample, 1, 1, sample->count));
    if (!(x * y > 0) || !isfinite(x * y)) return result_null();
    double const quotient = covariance(sample, 0, 1, sample->count) / (x * y);
    return result_double(quotient > 1 ? 1 : quotient < -1 ? -1 : quotient);
}

/* The sum of x over that of y; not a number where there is none. */
static double ratio(const struct sample *sample)
{
    const union comoment *const x = &sample->at[0], *const y = &sample->at[1];
    if (!cross_moments_result_is_real(sample))
        return decimal_sum_is_zero(&y->exact) ? NAN : decimal_sum_ratio(&x->exact, &y->exact);
    double const under = float_sum_to_double(&y->real);
    return isfinite(under) ? float_sum_to_double(&x->real) / under : NAN;
}

/* sum(y)^2 sum(x^2) - 2 sum(x) sum(y) sum(xy) + sum(x)^2 sum(y^2): the sum of the squares of
 * x sum(y) - y sum(x), of which nothing is lost where they are in proportion. false: it has
 * too many digits. */
static bool squares_apart(const struct sample *sample, struct decimal_sum *ret_sum)
{
    const struct decimal_sum *const x = &sample->at[0].exact, *const y = &sample->at[1].exact;
    const struct decimal_sum *const xx =
        &sample->at[cross_moments_product(sample->aggregate, 0, 0)].exact;
    const struct decimal_sum *const xy =
        &sample->at[cross_moments_product(sample->aggregate, 0, 1)].exact;
    const struct decimal_sum *const yy =
        &sample->at[cross_moments_product(sample->aggregate, 1, 1)].exact;
    struct decimal_sum squares[3], both, sum;
    return decimal_sum_times(y, y, &squares[0]) &&
           decimal_sum_times(&squares[0], xx, &squares[0]) &&
           decimal_sum_times(x, x, &squares[1]) &&
           decimal_sum_times(&squares[1], yy, &squares[1]) && decimal_sum_times(x, y, &both) &&
           decimal_sum_times(&both, xy, &both) && decimal_sum_plus(&both, &both, &squares[2]) &&
           decimal_sum_plus(&squares[0], &squares[1], &sum) &&
           decimal_sum_minus(&sum, &squares[2], ret_sum);
}

/* The same variance as below, from exact sums: n / (n - 1) of that over sum(y)^4, rounded once. */
static bool decimal_sum_ratio_variance(const struct sample *sample, struct result *ret_result)
{
    const struct decimal_sum *const y = &sample->at[1].exact;
    struct decimal_sum const count = decimal_sum_from_int((int64_t)sample->count);
    struct decimal_sum const divisor = decimal_sum_from_int((int64_t)sample->count - 1);
    struct decimal_sum apart, under;
    if (decimal_sum_is_zero(y) || !squares_apart(sample, &apart) ||
        !decimal_sum_times(&apart, &count, &apart) || !decimal_sum_times(y, y, &under) ||
        !decimal_sum_times(&under, &under, &under) || !decimal_sum_times(&under, &divisor, &under))
        return false;
    *ret_result = result_double(decimal_sum_ratio(&apart, &under));
    return true;
}

/* The variance of x - ratio * y, over the square of the mean of y and the number of tuples. */
static struct result ratio_variance(const struct sample *sample)
{
    struct result exact;
    if (sample->count < 2) return result_null();
    if (!cross_moments_result_is_real(sample) && decimal_sum_ratio_variance(sample, &exact))
        return exact;
    double const quotient = ratio(sample), y = mean(sample, 1);
    double const of_x = covariance(sample, 0, 0, sample->count - 1);
    double const of_both = covariance(sample, 0, 1, sample->count - 1);
    double const of_y = covariance(sample, 1, 1, sample->count - 1);
    double const apart = of_x - 2 * quotient * of_both + quotient * quotient * of_y;
    double const square = y * y;
    if (!isfinite(square)) return result_null();
    return result_double((apart < 0 ? 0 : apart) / square / (double)sample->count);
}

/* Cholesky's factor of a matrix of correlations, in place of its lower triangle;
 * false: singular. */
static bool factorise(double matrix[AGGREGATE_OTHERS_MAX][AGGREGATE_OTHERS_MAX], size_t size)
{
    for (size_t j = 0; j < size; j++) {
        for (size_t i = j; i < size; i++) {
            double rest = matrix[i][j];
            for (size_t k = 0; k < j; k++)
                rest -= matrix[i][k] * matrix[j][k];
            if (i == j && !(rest > least_pivot)) return false;
            matrix[i][j] = i == j ? sqrt(rest) : rest / matrix[j][j];
        }
    }
    return true;
}

/* Solves L L' x = x. */
static void substitute(double factor[AGGREGATE_OTHERS_MAX][AGGREGATE_OTHERS_MAX], size_t size,
                       double *x)
{
    for (size_t i = 0; i < size; i++) {
        for (size_t k = 0; k < i; k++)
            x[i] -= factor[i][k] * x[k];
        x[i] /= factor[i][i];
    }
    for (size_t i = size; i-- > 0;) {
        for (size_t k = i + 1; k < size; k++)
            x[i] -= factor[k][i] * x[k];
        x[i] /= factor[i][i];
    }
}

/* What least squares makes of y by the others. Correlations take the place of covariances, so that
 * no unit of an x makes it look singular. */
static bool find_slopes(const struct sample *sample, double slopes[AGGREGATE_OTHERS_MAX])
{
    double matrix[AGGREGATE_OTHERS_MAX][AGGREGATE_OTHERS_MAX], deviation[AGGREGATE_OTHERS_MAX];
    size_t const size = sample->aggregate->other_count;
    for (size_t i = 0; i < size; i++) {
        deviation[i] = sqrt(covariance(sample, i + 1, i + 1, sample->count));
        if (!(deviation[i] > 0) || !isfinite(deviation[i])) return false;
        slopes[i] = covariance(sample, 0, i + 1, sample->count) / deviation[i];
        matrix[i][i] = 1;
        for (size_t j = 0; j < i; j++)
            matrix[i][j] =
                covariance(sample, i + 1, j + 1, sample->count) / deviation[i] / deviation[j];
    }
    if (!factorise(matrix, size)) return false;
    substitute(matrix, size, slopes);
    for (size_t i = 0; i < size; i++)
        slopes[i] /= deviation[i];
    return true;
}

static struct result cuped_mean(const struct sample *all, const struct sample *chosen)
{
    double slopes[AGGREGATE_OTHERS_MAX];
    if (chosen->count == 0 || !find_slopes(all, slopes)) return result_null();
    double result = mean(chosen, 0);
    for (size_t i = 0; i < all->aggregate->other_count; i++)
        result -= slopes[i] * (mean(chosen, i + 1) - mean(all, i + 1));
    return result_double(result);
}

static struct result cuped_variance(const struct sample *all, const struct sample *chosen)
{
    double slopes[AGGREGATE_OTHERS_MAX];
    if (chosen->count < 2 || !find_slopes(all, slopes)) return result_null();
    uint64_t const divisor = chosen->count - 1;
    double result = covariance(chosen, 0, 0, divisor);
    for (size_t i = 0; i < all->aggregate->other_count; i++) {
        double inner = -2 * covariance(chosen, 0, i + 1, divisor);
        for (size_t j = 0; j < all->aggregate->other_count; j++)
            inner += slopes[j] * covariance(chosen, i + 1, j + 1, divisor);
        result += slopes[i] * inner;
    }
    return result_double(result < 0 ? 0 : result);
}

/* All tuples. */
static struct sample whole(const struct aggregate *aggregate, const struct state *state)
{
    return (struct sample){
        .aggregate = aggregate, .at = state->moments->at, .count = (uint64_t)state->count};
}

/* Those that are chosen, where the aggregate chooses. */
static struct sample part(const struct aggregate *aggregate, const struct state *state)
{
    if (!aggregate->chosen) return whole(aggregate, state);
    return (struct sample){.aggregate = aggregate,
                           .at = state->moments->at + cross_moments_sample_size(aggregate),
                           .count = (uint64_t)state->moments->chosen_count};
}

struct result covar_samp_result(const struct aggregate *aggregate, const struct state *state,
                                struct arena *arena)
{
    (void)arena;
    if (!state->moments) return result_null();
    struct sample const all = whole(aggregate, state);
    return all.count < 2 ? result_null() : result_double(covariance(&all, 0, 1, all.count - 1));
}

struct result covar_pop_result(const struct aggregate *aggregate, const struct state *state,
                               struct arena *arena)
{
    (void)arena;
    if (!state->moments) return result_null();
    struct sample const all = whole(aggregate, state);
    return result_double(covariance(&all, 0, 1, all.count));
}

struct result corr_result(const struct aggregate *aggregate, const struct state *state,
                          struct arena *arena)
{
    (void)arena;
    if (!state->moments) return result_null();
    struct sample const all = whole(aggregate, state);
    return correlation(&all);
}

struct result ratio_result(const struct aggregate *aggregate, const struct state *state,
                           struct arena *arena)
{
    (void)arena;
    if (!state->moments) return result_null();
    struct sample const all = whole(aggregate, state);
    return result_double(ratio(&all));
}

struct result ratio_var_result(const struct aggregate *aggregate, const struct state *state,
                               struct arena *arena)
{
    (void)arena;
    if (!state->moments) return result_null();
    struct sample const all = whole(aggregate, state);
    return ratio_variance(&all);
}

struct result cuped_mean_result(const struct aggregate *aggregate, const struct state *state,
                                struct arena *arena)
{
    (void)arena;
    if (!state->moments) return result_null();
    struct sample const all = whole(aggregate, state), chosen = part(aggregate, state);
    return cuped_mean(&all, &chosen);
}

struct result cuped_var_result(const struct aggregate *aggregate, const struct state *state,
                               struct arena *arena)
{
    (void)arena;
    if (!state->moments) return result_null();
    struct sample const all = whole(aggregate, state), chosen = part(aggregate, state);
    return cuped_variance(&all, &chosen);
}
