/* bignum.h - whole numbers of any width, and the double nearest to a quotient of them.
 *
 * Place    float_sum.c and decimal_sum.c make covariances with it.
 * Promise  least significant limb first; magnitudes unless a call says otherwise.
 * Memory   in place, in the caller's arrays.
 * Threads  pure functions.
 * Errors   none.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once
#include "base/bytes.h"

enum { LIMB_BITS = 64 };

/* Two's complement. */
void bignum_negate(uint64_t *limb, unsigned count);
/* MAGNITUDE /= DIVISOR; returns whether anything was left. */
bool bignum_divide(uint64_t *magnitude, unsigned count, uint64_t divisor);
/* The double nearest to MAGNITUDE * 2^EXPONENT, ties to even; STICKY: a little less than one
 * unit is missing. */
double bignum_round(const uint64_t *magnitude, unsigned count, long exponent, bool sticky);
/* INTO += A * FACTOR and INTO -= A * B, both modulo the width of INTO. */
void bignum_add_scaled(uint64_t *into, unsigned into_count, const uint64_t *a, unsigned count,
                       uint64_t factor);
void bignum_subtract_product(uint64_t *into, unsigned into_count, const uint64_t *a,
                             unsigned a_count, const uint64_t *b, unsigned b_count);
