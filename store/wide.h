/* wide.h - whole numbers of 576 bits, for what outgrows 128.
 *
 * Place    exact.c adds and prints with them, decimal.c multiplies and divides with them.
 * Promise  numbers are two's complement where a call says signed, else magnitudes.
 * Threads  pure functions.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once
#include "decimal.h"

enum { WIDE_LIMBS = 9, WIDE_BITS = WIDE_LIMBS * 64, WIDE_DIGITS_MAX = 176 };

/* Least significant limb first. */
struct wide {
    uint64_t limb[WIDE_LIMBS];
};

struct wide wide_from_signed(int128 number);
bool wide_is_zero(const struct wide *number);
bool wide_is_negative(const struct wide *number); /* signed */
void wide_negate(struct wide *number);            /* signed */
void wide_add(struct wide *sum, const struct wide *other);
int wide_compare(const struct wide *a, const struct wide *b); /* magnitudes */
unsigned wide_bits(const struct wide *magnitude);             /* 0 for zero */
/* MAGNITUDE *= FACTOR; returns the limb that overflows. */
uint64_t wide_scale(struct wide *magnitude, uint64_t factor);
/* MAGNITUDE *= 10^EXPONENT; false: it does not fit WIDE_BITS - 1, MAGNITUDE is spoilt. */
bool wide_raise(struct wide *magnitude, unsigned exponent) MUST_CHECK;
/* MAGNITUDE /= DIVISOR; returns the remainder. */
uint64_t wide_divide_small(struct wide *magnitude, uint64_t divisor);
/* A / B and A % B of magnitudes; B is not zero. */
void wide_divide(const struct wide *a, const struct wide *b, struct wide *ret_quotient,
                 struct wide *ret_remainder);
/* A * B of magnitudes; false: it does not fit WIDE_BITS - 1. */
bool wide_multiply(const struct wide *a, const struct wide *b, struct wide *ret) MUST_CHECK;
/* Digits of a magnitude, most significant first; at least one. Returns how many. */
size_t wide_digits(const struct wide *magnitude, char digits[WIDE_DIGITS_MAX]);
