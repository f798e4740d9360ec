/* decimal_sum.h - an exact number of a measure: the sum of up to 2^63 decimals.
 *
 * Place    aggregate_state.h keeps one per sum; formula.h computes with them.
 * Promise  decimal_sum_add, decimal_sum_add_product and decimal_sum_merge cannot overflow: (10^76 *
 *          10^76) * 2^63 < 2^568, held in 576 bits, two's complement. The canonical form (no
 *          trailing zero behind the point) makes pack and write functions of the number alone,
 *          whatever the order it was summed in.
 * Memory   none; texts and bytes are the caller's arrays.
 * Threads  pure functions.
 * Errors   of formulas: false. Sums have none.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once
#include "types/decimal.h"

enum {
    DECIMAL_SUM_LIMBS = 9,
    DECIMAL_SUM_TEXT_BYTES = 192,
    DECIMAL_SUM_PACKED_BYTES = 2 + DECIMAL_SUM_LIMBS * 8
};

/* limbs / 10^scale, least significant limb first */
struct decimal_sum {
    uint64_t limb[DECIMAL_SUM_LIMBS];
    unsigned scale; /* 0 to 76: a product of two */
};

struct decimal_sum decimal_sum_from_int(int64_t integer);
struct decimal_sum decimal_sum_from_decimal(const struct decimal *decimal);
void decimal_sum_add(struct decimal_sum *sum, const struct decimal *decimal, int64_t weight);
void decimal_sum_add_product(struct decimal_sum *sum, const struct decimal *a,
                             const struct decimal *b, int64_t weight);
void decimal_sum_merge(struct decimal_sum *sum, const struct decimal_sum *other);
void decimal_sum_negate(struct decimal_sum *number);
bool decimal_sum_is_zero(const struct decimal_sum *number);
bool decimal_sum_is_negative(const struct decimal_sum *number);
/* For formulas over measures; false: does not fit, nothing written. */
bool decimal_sum_plus(const struct decimal_sum *a, const struct decimal_sum *b,
                      struct decimal_sum *ret) MUST_CHECK;
bool decimal_sum_minus(const struct decimal_sum *a, const struct decimal_sum *b,
                       struct decimal_sum *ret) MUST_CHECK;
bool decimal_sum_times(const struct decimal_sum *a, const struct decimal_sum *b,
                       struct decimal_sum *ret) MUST_CHECK;
/* The double nearest to a / b (ties to even), from the exact quotient. B must not be zero. */
double decimal_sum_ratio(const struct decimal_sum *a, const struct decimal_sum *b);
/* The double nearest to (count * products - x * y) / (count * divisor), where X and Y are
 * sums and PRODUCTS that of their products; a variance where all are of the same numbers.
 * COUNT, DIVISOR > 0. */
double decimal_sum_covariance(const struct decimal_sum *x, const struct decimal_sum *y,
                              const struct decimal_sum *products, uint64_t count, uint64_t divisor);
double decimal_sum_to_double(const struct decimal_sum *number); /* nearest */
/* false: it has more digits than a decimal; nothing is written. */
bool decimal_sum_to_decimal(const struct decimal_sum *number,
                            struct decimal *ret_decimal) MUST_CHECK;

size_t decimal_sum_write(const struct decimal_sum *number,
                         char text[DECIMAL_SUM_TEXT_BYTES]); /* as decimal_write */
/* Canonical, self-delimiting: equal numbers give equal bytes; small ones give few bytes. */
size_t decimal_sum_pack(const struct decimal_sum *number, uint8_t bytes[DECIMAL_SUM_PACKED_BYTES]);
/* The bytes used, or 0 if BYTES do not begin with a packed number. */
size_t decimal_sum_unpack(struct slice bytes, struct decimal_sum *ret_number);

/* The shortest text that reads back as the same double, valid in JSON. NUMBER is finite. */
enum { DOUBLE_TEXT_BYTES = 32 };
size_t double_write(double number, char text[DOUBLE_TEXT_BYTES]);
