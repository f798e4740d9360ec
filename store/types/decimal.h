/* decimal.h - one exact decimal number of an event.
 *
 * Place    value.h holds it; expr.h computes with it; decimal_sum.h adds them up.
 * Promise  canonical: no trailing zero behind the point (scale 0 or coefficient % 10 != 0),
 *          zero is {0, 0}. So equal numbers are equal structs.
 * Memory   none; texts are the caller's arrays.
 * Threads  pure functions.
 * Errors   by the answers below: malformed, too long, false.
 * Limits   at most DECIMAL_DIGITS digits in the coefficient and as many behind the point.
 *          What does not fit is told, never rounded (but see decimal_divide).
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once
#include "base/bytes.h"

__extension__ typedef __int128 int128;
__extension__ typedef unsigned __int128 uint128;

enum { DECIMAL_DIGITS = 38, DECIMAL_TEXT_BYTES = 96, DECIMAL_QUOTIENT_SCALE = 18 };

/* coefficient / 10^scale */
struct decimal {
    int128 coefficient; /* |coefficient| < 10^38 */
    unsigned scale;     /* 0 to 38 */
};

enum decimal_reading { DECIMAL_READ, DECIMAL_MALFORMED, DECIMAL_TOO_LONG };

/* Reads [+-]digits[.digits][(e|E)[+-]digits], also ".5" and "5."; all of TEXT, no blanks.
 * Digits that are zeros at either end do not count against the limit; an exponent of any size
 * is read in bounded time ("0e999999999" is zero). */
enum decimal_reading decimal_read(struct slice text, struct decimal *ret_decimal);
struct decimal decimal_from_int(int64_t integer);
bool decimal_to_int(const struct decimal *decimal, int64_t *ret_integer); /* false: not an int64 */

/* false: the result has more digits than fit; nothing is written. */
bool decimal_add(const struct decimal *a, const struct decimal *b, struct decimal *ret) MUST_CHECK;
bool decimal_subtract(const struct decimal *a, const struct decimal *b,
                      struct decimal *ret) MUST_CHECK;
bool decimal_multiply(const struct decimal *a, const struct decimal *b,
                      struct decimal *ret) MUST_CHECK;
/* The quotient is rounded half away from zero to DECIMAL_QUOTIENT_SCALE digits behind the point.
 * B must not be zero. */
bool decimal_divide(const struct decimal *a, const struct decimal *b,
                    struct decimal *ret) MUST_CHECK;
/* Whether a coefficient of that magnitude has no more than DECIMAL_DIGITS. */
bool decimal_fits(uint128 magnitude);
int decimal_compare(const struct decimal *a, const struct decimal *b); /* <0, 0, >0 */
/* Plain notation, all digits, no exponent: "-0.5", "20". Returns the length; no terminator. */
size_t decimal_write(const struct decimal *decimal, char text[DECIMAL_TEXT_BYTES]);
