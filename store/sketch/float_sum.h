/* float_sum.h - exact sums of doubles: the same whatever the order they came in.
 *
 * Place    aggregate_state.h keeps one per sum of floats.
 * Promise  add, add_product, merge and negate are exact; a result is rounded once, to nearest, ties
 *          to even. Packed bytes are a function of the number alone.
 * Memory   limbs live in the arena given, or borrow it where unpack was told so.
 * Threads  one owner at a time.
 * Errors   float_sum_unpack: false where bytes are no sum.
 * Source   the long accumulator of U. Kulisch and W. Miranker, "The Arithmetic of the Digital
 *          Computer: A New Approach", SIAM Review 28(1), 1986: a whole number of least units, wide
 *          enough for all products of two doubles. Of its limbs only a window is held, from the
 *          lowest in use to the highest.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once
#include "base/arena.h"

/* Two's complement, least significant limb first, in units of 2^(64 * first - 2176); zeroed is
 * zero. The highest limb only repeats the sign. */
struct float_sum {
    unsigned first;
    unsigned count;
    uint64_t *limb;
};

/* What is added is finite. */
void float_sum_add(struct float_sum *sum, double value, int64_t weight, struct arena *arena);
void float_sum_add_product(struct float_sum *sum, double a, double b, int64_t weight,
                           struct arena *arena);
void float_sum_merge(struct float_sum *into, const struct float_sum *other, struct arena *arena);
void float_sum_negate(struct float_sum *sum);

/* The double nearest to the sum; infinite where it is beyond their range. */
double float_sum_to_double(const struct float_sum *sum);
/* The double nearest to sum / count. COUNT > 0. */
double float_sum_ratio(const struct float_sum *sum, uint64_t count);
/* The double nearest to (count * products - x * y) / (count * divisor); see decimal_sum_covariance.
 * COUNT, DIVISOR > 0. */
double float_sum_covariance(const struct float_sum *x, const struct float_sum *y,
                            const struct float_sum *products, uint64_t count, uint64_t divisor);

void float_sum_pack(const struct float_sum *sum, struct buffer *into);
bool float_sum_unpack(struct slice *from, struct arena *arena,
                      struct float_sum *ret_sum) MUST_CHECK;
