/* exact.h - an exact number of a measure: the sum of up to 2^63 decimals.
 *
 * Place    measure.h keeps one per sum; formula.h computes with them.
 * Promise  exact_add, exact_add_product and exact_merge cannot overflow: (10^76 * 10^76) * 2^63 < 2^568, held in 576
 *          bits, two's complement. The canonical form (no trailing zero behind the point) makes
 *          pack and write functions of the number alone, whatever the order it was summed in.
 * Threads  pure functions.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once
#include "decimal.h"

enum { EXACT_LIMBS = 9, EXACT_TEXT_BYTES = 192, EXACT_PACKED_BYTES = 2 + EXACT_LIMBS * 8 };

/* limbs / 10^scale, least significant limb first */
struct exact {
    uint64_t limb[EXACT_LIMBS];
    unsigned scale; /* 0 to 76: a product of two */
};

struct exact exact_from_int(int64_t integer);
struct exact exact_from_decimal(const struct decimal *decimal);
void exact_add(struct exact *sum, const struct decimal *decimal, int64_t weight);
void exact_add_product(struct exact *sum, const struct decimal *a, const struct decimal *b,
                       int64_t weight);
void exact_merge(struct exact *sum, const struct exact *other);
void exact_negate(struct exact *number);
bool exact_is_zero(const struct exact *number);
bool exact_is_negative(const struct exact *number);
/* For formulas over measures; false: does not fit, nothing written. */
bool exact_plus(const struct exact *a, const struct exact *b, struct exact *ret) MUST_CHECK;
bool exact_minus(const struct exact *a, const struct exact *b, struct exact *ret) MUST_CHECK;
bool exact_times(const struct exact *a, const struct exact *b, struct exact *ret) MUST_CHECK;
/* The double nearest to a / b (ties to even), from the exact quotient. B must not be zero. */
double exact_ratio(const struct exact *a, const struct exact *b);
/* The double nearest to (count * products - x * y) / (count * divisor), where X and Y are sums and PRODUCTS that of
 * their products; a variance where all are of the same numbers. COUNT, DIVISOR > 0. */
double exact_covariance(const struct exact *x, const struct exact *y, const struct exact *products,
                        uint64_t count, uint64_t divisor);
double exact_to_double(const struct exact *number); /* nearest */

size_t exact_write(const struct exact *number, char text[EXACT_TEXT_BYTES]); /* as decimal_write */
/* Canonical, self-delimiting: equal numbers give equal bytes; small ones give few bytes. */
size_t exact_pack(const struct exact *number, uint8_t bytes[EXACT_PACKED_BYTES]);
/* The bytes used, or 0 if BYTES do not begin with a packed number. */
size_t exact_unpack(struct slice bytes, struct exact *ret_number);

/* The shortest text that reads back as the same double, valid in JSON. NUMBER is finite. */
enum { DOUBLE_TEXT_BYTES = 32 };
size_t double_write(double number, char text[DOUBLE_TEXT_BYTES]);
