/* ascii.h - classes of ASCII characters, whatever the locale.
 *
 * Memory   nothing is kept.
 * Threads  pure.
 * Errors   none.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once
#include <stdbool.h>
#include <stdint.h>

static inline bool ascii_is_digit(uint8_t byte)
{
    return byte >= '0' && byte <= '9';
}

static inline bool ascii_is_letter(uint8_t byte)
{
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z');
}

/* As isspace() in the C locale. */
static inline bool ascii_is_space(uint8_t byte)
{
    return byte == ' ' || (byte >= '\t' && byte <= '\r');
}

/* What JSON takes for white space (RFC 8259, section 2). */
static inline bool ascii_is_json_space(uint8_t byte)
{
    return byte == ' ' || byte == '\t' || byte == '\n' || byte == '\r';
}
