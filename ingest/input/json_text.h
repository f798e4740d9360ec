/* json_text.h - JSON text from left to right: a cursor, and the strings on its way.
 *
 * Place    json_scan.c and json_value.c move it over a record.
 * Promise  a step that returns false has set the fault, and the cursor stands where it is.
 * Memory   texts borrow from the record, or from SCRATCH until it changes.
 * Threads  pure, on the caller's cursor.
 * Errors   false with `fault` set.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once
#include <endian.h>

#include "input/json_fault.h"

struct json_cursor {
    const uint8_t *at;
    const uint8_t *end;
    enum json_fault fault;
};

/* Returns false. At the end of the text every fault is JSON_ENDS_EARLY. */
static inline bool json_fail(struct json_cursor *cursor, enum json_fault fault)
{
    cursor->fault = cursor->at >= cursor->end ? JSON_ENDS_EARLY : fault;
    return false;
}

static inline void json_skip_blanks(struct json_cursor *cursor)
{
    while (cursor->at < cursor->end && (*cursor->at == ' ' || *cursor->at == '\t' ||
                                        *cursor->at == '\n' || *cursor->at == '\r'))
        cursor->at++;
}

/* Takes the byte if it comes next. */
static inline bool json_take(struct json_cursor *cursor, uint8_t byte)
{
    if (cursor->at >= cursor->end || *cursor->at != byte) return false;
    cursor->at++;
    return true;
}

/* The first byte from AT on that is a quote, a backslash or a control character. */
static inline const uint8_t *json_find_special(const uint8_t *at, const uint8_t *end)
{
    uint64_t const ones = UINT64_C(0x0101010101010101), highs = ones * 0x80;
    while (end - at >= 8) {
        uint64_t word;
        memcpy(&word, at, sizeof word);
        word = le64toh(word);
        uint64_t const quote = word ^ ones * '"', backslash = word ^ ones * '\\';
        uint64_t const hits = (((quote - ones) & ~quote) | ((backslash - ones) & ~backslash) |
                               ((word - ones * 0x20) & ~word)) &
                              highs;
        /* Borrows may mark a byte wrongly, but only behind a true hit. */
        if (hits) return at + (__builtin_ctzll(hits) >> 3);
        at += 8;
    }
    while (at < end && *at != '"' && *at != '\\' && *at >= 0x20)
        at++;
    return at;
}

/* The rest of a string whose text from PLAIN to the cursor has no escapes, and goes on with a
 * backslash, or ends badly. */
bool json_read_escaped(struct json_cursor *cursor, const uint8_t *plain, struct buffer *scratch,
                       struct slice *ret_text);

/* Behind the opening quote, to behind the closing one. A string with escapes is written to SCRATCH;
 * without SCRATCH it is only checked. */
static inline bool json_read_string(struct json_cursor *cursor, struct buffer *scratch,
                                    struct slice *ret_text)
{
    const uint8_t *const start = cursor->at;
    cursor->at = json_find_special(start, cursor->end);
    if (cursor->at < cursor->end && *cursor->at == '"') {
        *ret_text = slice_of(start, (size_t)(cursor->at - start));
        cursor->at++;
        return true;
    }
    return json_read_escaped(cursor, start, scratch, ret_text);
}

/* Between a member's name and its value. */
static inline bool json_read_colon(struct json_cursor *cursor)
{
    json_skip_blanks(cursor);
    if (!json_take(cursor, ':')) return json_fail(cursor, JSON_NO_COLON);
    json_skip_blanks(cursor);
    return true;
}
