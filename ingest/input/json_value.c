/* Nested values are checked without recursion, with one bit a level: object or array.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "input/json_value.h"

static bool skip_digits(struct json_cursor *cursor)
{
    const uint8_t *const start = cursor->at;
    while (cursor->at < cursor->end && *cursor->at >= '0' && *cursor->at <= '9')
        cursor->at++;
    return cursor->at > start || json_fail(cursor, JSON_BAD_NUMBER);
}

static bool json_value_read_number(struct json_cursor *cursor, struct cell *cell)
{
    const uint8_t *const start = cursor->at;
    (void)json_take(cursor, '-'); /* there or not */
    if (!json_take(cursor, '0') && !skip_digits(cursor)) return false;
    if (json_take(cursor, '.') && !skip_digits(cursor)) return false;
    if (json_take(cursor, 'e') || json_take(cursor, 'E')) {
        if (!json_take(cursor, '-')) (void)json_take(cursor, '+'); /* there or not */
        if (!skip_digits(cursor)) return false;
    }
    *cell =
        (struct cell){.kind = CELL_NUMBER, .text = slice_of(start, (size_t)(cursor->at - start))};
    return true;
}

static bool read_literal(struct json_cursor *cursor, const char *word, enum cell_kind kind,
                         struct cell *cell)
{
    *cell = (struct cell){.kind = kind};
    for (const char *letter = word; *letter; letter++) {
        if (!json_take(cursor, (uint8_t)*letter)) return json_fail(cursor, JSON_NO_VALUE);
    }
    return true;
}

/* Anything but an object or array. */
static inline bool read_scalar(struct json_cursor *cursor, struct buffer *scratch,
                               struct cell *cell)
{
    if (cursor->at >= cursor->end) return json_fail(cursor, JSON_ENDS_EARLY);
    switch (*cursor->at) {
    case '"':
        cursor->at++;
        cell->kind = CELL_TEXT;
        return json_read_string(cursor, scratch, &cell->text);
    case '-':
    case '0':
    case '1':
    case '2':
    case '3':
    case '4':
    case '5':
    case '6':
    case '7':
    case '8':
    case '9': return json_value_read_number(cursor, cell);
    case 't': return read_literal(cursor, "true", CELL_TRUE, cell);
    case 'f': return read_literal(cursor, "false", CELL_FALSE, cell);
    case 'n': return read_literal(cursor, "null", CELL_NULL, cell);
    default: return json_fail(cursor, JSON_NO_VALUE);
    }
}

/* The levels of a nested value that are open: a bit each, set for an object. */
struct levels {
    uint8_t bits[JSON_DEPTH_MAX / 8 + 1];
    unsigned depth;
};

static bool in_object(const struct levels *levels)
{
    return levels->bits[levels->depth / 8] >> levels->depth % 8 & 1;
}

static bool json_value_skip_name(struct json_cursor *cursor)
{
    struct slice ignored;
    if (!json_take(cursor, '"')) return json_fail(cursor, JSON_NO_NAME);
    return json_read_string(cursor, NULL, &ignored) && json_read_colon(cursor);
}

/* Opens a level if a bracket comes next, which *ret_opened tells; goes on to its first value, if it
 * has one. */
static bool json_value_open_level(struct json_cursor *cursor, struct levels *levels,
                                  bool *ret_opened)
{
    bool const object = json_take(cursor, '{');
    *ret_opened = object || json_take(cursor, '[');
    if (!*ret_opened) return true;
    if (++levels->depth >= JSON_DEPTH_MAX) return json_fail(cursor, JSON_TOO_DEEP);
    uint8_t const bit = (uint8_t)(1 << levels->depth % 8);
    uint8_t *const bits = &levels->bits[levels->depth / 8];
    *bits = (uint8_t)(object ? *bits | bit : *bits & ~bit);
    json_skip_blanks(cursor);
    if (cursor->at < cursor->end && *cursor->at == (object ? '}' : ']')) {
        *ret_opened = false; /* empty: close_levels takes it */
        return true;
    }
    return !object || json_value_skip_name(cursor);
}

/* Behind a value: closes what ends here, and goes on to the next value if a level is left. */
static bool close_levels(struct json_cursor *cursor, struct levels *levels)
{
    while (levels->depth > 0) {
        bool const object = in_object(levels);
        json_skip_blanks(cursor);
        if (json_take(cursor, ',')) {
            json_skip_blanks(cursor);
            return !object || json_value_skip_name(cursor);
        }
        if (!json_take(cursor, object ? '}' : ']')) return json_fail(cursor, JSON_NO_COMMA);
        levels->depth--;
    }
    return true;
}

/* An object or array inside the record. */
static bool read_nested(struct json_cursor *cursor, struct cell *cell)
{
    const uint8_t *const start = cursor->at;
    struct levels levels = {.depth = 0};
    do {
        bool opened;
        unsigned const depth = levels.depth;
        struct cell ignored;
        if (!json_value_open_level(cursor, &levels, &opened)) return false;
        if (opened) continue;
        bool const empty = levels.depth > depth;
        if (!empty && !read_scalar(cursor, NULL, &ignored)) return false;
        if (!close_levels(cursor, &levels)) return false;
    } while (levels.depth > 0);
    *cell =
        (struct cell){.kind = CELL_NESTED, .text = slice_of(start, (size_t)(cursor->at - start))};
    return true;
}

bool json_read_value(struct json_cursor *cursor, struct buffer *scratch, struct cell *cell)
{
    if (cursor->at < cursor->end && (*cursor->at == '{' || *cursor->at == '['))
        return read_nested(cursor, cell);
    return read_scalar(cursor, scratch, cell);
}
