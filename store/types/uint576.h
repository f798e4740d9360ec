/* uint576.h - whole numbers of 576 bits, for what outgrows 128.
 *
 * Place    decimal_sum.c adds and prints with them, decimal.c multiplies and divides with them.
 * Promise  numbers are two's complement where a call says signed, else magnitudes.
 * Memory   none.
 * Threads  pure functions.
 * Errors   false: more than 575 bits.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once
#include "types/decimal.h"

enum { UINT576_LIMBS = 9, UINT576_BITS = UINT576_LIMBS * 64, UINT576_DIGITS_MAX = 176 };

/* Least significant limb first. */
struct uint576 {
    uint64_t limb[UINT576_LIMBS];
};

struct uint576 uint576_from_signed(int128 number);
bool uint576_is_zero(const struct uint576 *number);
bool uint576_is_negative(const struct uint576 *number); /* signed */
void uint576_negate(struct uint576 *number);            /* signed */
void uint576_add(struct uint576 *sum, const struct uint576 *other);
int uint576_compare(const struct uint576 *a, const struct uint576 *b); /* magnitudes */
unsigned uint576_bits(const struct uint576 *magnitude);                /* 0 for zero */
/* MAGNITUDE *= FACTOR; returns the limb that overflows. */
uint64_t uint576_scale(struct uint576 *magnitude, uint64_t factor);
/* MAGNITUDE *= 10^EXPONENT; false: it does not fit UINT576_BITS - 1, MAGNITUDE is spoilt. */
bool uint576_raise(struct uint576 *magnitude, unsigned exponent) MUST_CHECK;
/* MAGNITUDE /= DIVISOR; returns the remainder. */
uint64_t uint576_divide_small(struct uint576 *magnitude, uint64_t divisor);
/* A / B and A % B of magnitudes; B is not zero. */
void uint576_divide(const struct uint576 *a, const struct uint576 *b, struct uint576 *ret_quotient,
                    struct uint576 *ret_remainder);
/* A * B of magnitudes; false: it does not fit UINT576_BITS - 1. */
bool uint576_multiply(const struct uint576 *a, const struct uint576 *b,
                      struct uint576 *ret) MUST_CHECK;
/* Digits of a magnitude, most significant first; at least one. Returns how many. */
size_t uint576_digits(const struct uint576 *magnitude, char digits[UINT576_DIGITS_MAX]);
