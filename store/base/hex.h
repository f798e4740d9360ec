/* hex.h - hexadecimal digits, lower-case ones alone: two of them are a byte.
 *
 * Place    key_rest.c and event_text.c, which store what is written with them in half the bytes.
 * Memory   into a buffer of the caller.
 * Threads  pure.
 * Errors   none.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once
#include "base/bytes.h"

/* By byte: the digit's value and one more; 0: it is none. */
extern const uint8_t hex_digit_plus_one[256];

static inline bool hex_is_digit(uint8_t byte)
{
    return hex_digit_plus_one[byte] != 0;
}

/* Digit I of those that BYTES has, two in each. */
static inline uint8_t hex_digit_at(const uint8_t *bytes, size_t i)
{
    uint8_t const pair = bytes[i / 2];
    return (uint8_t) "0123456789abcdef"[i % 2 ? pair & 15 : pair >> 4];
}

/* Adds one to those that stand in the end of INTO, of which TAKEN are there already. */
static inline void hex_add_digit(uint8_t digit, size_t taken, struct buffer *into)
{
    uint8_t const value = (uint8_t)(hex_digit_plus_one[digit] - 1);
    if (taken % 2)
        into->at[into->length - 1] |= value;
    else
        buffer_add_byte(into, (uint8_t)(value << 4));
}
