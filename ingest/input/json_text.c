// SPDX-License-Identifier: Apache-2.0
#include "input/json_text.h"

static bool read_hex(struct json_cursor *cursor, unsigned *ret_unit)
{
    unsigned unit = 0;
    for (int i = 0; i < 4; i++) {
        if (cursor->at >= cursor->end) return json_fail(cursor, JSON_ENDS_EARLY);
        unsigned const byte = *cursor->at, letter = byte | 0x20;
        if (byte >= '0' && byte <= '9')
            unit = unit << 4 | (byte - '0');
        else if (letter >= 'a' && letter <= 'f')
            unit = unit << 4 | (letter - 'a' + 10);
        else
            return json_fail(cursor, JSON_BAD_ESCAPE);
        cursor->at++;
    }
    *ret_unit = unit;
    return true;
}

static void add_utf8(struct buffer *into, unsigned code)
{
    uint8_t bytes[4];
    size_t length;
    if (code < 0x80) {
        bytes[0] = (uint8_t)code;
        length = 1;
    } else if (code < 0x800) {
        bytes[0] = (uint8_t)(0xc0 | code >> 6);
        bytes[1] = (uint8_t)(0x80 | (code & 0x3f));
        length = 2;
    } else if (code < 0x10000) {
        bytes[0] = (uint8_t)(0xe0 | code >> 12);
        bytes[1] = (uint8_t)(0x80 | (code >> 6 & 0x3f));
        bytes[2] = (uint8_t)(0x80 | (code & 0x3f));
        length = 3;
    } else {
        bytes[0] = (uint8_t)(0xf0 | code >> 18);
        bytes[1] = (uint8_t)(0x80 | (code >> 12 & 0x3f));
        bytes[2] = (uint8_t)(0x80 | (code >> 6 & 0x3f));
        bytes[3] = (uint8_t)(0x80 | (code & 0x3f));
        length = 4;
    }
    buffer_add(into, bytes, length);
}

/* Behind "\u". INTO may be NULL. */
static bool read_unicode(struct json_cursor *cursor, struct buffer *into)
{
    const uint8_t *const start = cursor->at - 2;
    unsigned unit, low;
    if (!read_hex(cursor, &unit)) return false;
    if (unit >= 0xdc80 && unit <= 0xdcff) { /* a byte that was no UTF-8 */
        if (into) buffer_add_byte(into, (uint8_t)(unit - 0xdc00));
        return true;
    }
    if (unit >= 0xd800 && unit <= 0xdbff && cursor->end - cursor->at >= 2 &&
        cursor->at[0] == '\\' && cursor->at[1] == 'u') {
        cursor->at += 2;
        if (!read_hex(cursor, &low)) return false;
        if (low >= 0xdc00 && low <= 0xdfff)
            unit = 0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00);
    }
    if (unit >= 0xd800 && unit <= 0xdfff) {
        cursor->at = start;
        return json_fail(cursor, JSON_LONE_SURROGATE);
    }
    if (into) add_utf8(into, unit);
    return true;
}

/* Behind a backslash. */
static bool read_escape(struct json_cursor *cursor, struct buffer *into)
{
    if (cursor->at >= cursor->end) return json_fail(cursor, JSON_ENDS_EARLY);
    uint8_t byte;
    switch (*cursor->at) {
    case '"':
    case '\\':
    case '/': byte = *cursor->at; break;
    case 'b': byte = '\b'; break;
    case 'f': byte = '\f'; break;
    case 'n': byte = '\n'; break;
    case 'r': byte = '\r'; break;
    case 't': byte = '\t'; break;
    case 'u': cursor->at++; return read_unicode(cursor, into);
    default: return json_fail(cursor, JSON_BAD_ESCAPE);
    }
    cursor->at++;
    if (into) buffer_add_byte(into, byte);
    return true;
}

bool json_read_escaped(struct json_cursor *cursor, const uint8_t *plain, struct buffer *scratch,
                       struct slice *ret_text)
{
    size_t const start = scratch ? scratch->length : 0;
    if (scratch) buffer_reserve(scratch, (size_t)(cursor->end - plain)); /* see json_scan.c */
    for (;;) {
        const uint8_t *const special = json_find_special(cursor->at, cursor->end);
        if (scratch) buffer_add(scratch, plain, (size_t)(special - plain));
        cursor->at = special;
        if (special == cursor->end) return json_fail(cursor, JSON_ENDS_EARLY);
        if (*special == '"') break;
        if (*special != '\\') return json_fail(cursor, JSON_CONTROL);
        cursor->at++;
        if (!read_escape(cursor, scratch)) return false;
        plain = cursor->at;
    }
    cursor->at++;
    if (scratch) *ret_text = slice_of(scratch->at + start, scratch->length - start);
    return true;
}
