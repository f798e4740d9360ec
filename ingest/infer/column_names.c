// SPDX-License-Identifier: Apache-2.0
#include "infer/column_names.h"

#include <strings.h>

#include "expr/expr.h"
#include "types/value.h"

enum { FIELD_NAME_BYTES = 60 };

static bool column_names_is_small(uint8_t byte)
{
    return byte >= 'a' && byte <= 'z';
}

static bool is_capital(uint8_t byte)
{
    return byte >= 'A' && byte <= 'Z';
}

static bool is_digit(uint8_t byte)
{
    return byte >= '0' && byte <= '9';
}

static bool is_letter(uint8_t byte)
{
    return column_names_is_small(byte) || is_capital(byte) || byte >= 0x80;
}

/* Whether a word ends in front of AT, which is inside a run of letters and digits: userId, userID, HTTPStatus, line2. */
static bool is_seam(struct slice name, size_t at)
{
    uint8_t const before = name.at[at - 1], here = name.at[at];
    bool const small_follows = at + 1 < name.length && column_names_is_small(name.at[at + 1]);
    return is_digit(before) != is_digit(here) ||
           (is_capital(here) && (!is_capital(before) || small_follows));
}

static bool is_word_of(struct slice word, const char *words)
{
    while (*words) {
        size_t const length = strcspn(words, " ");
        if (length == word.length && strncasecmp(words, (const char *)word.at, length) == 0)
            return true;
        words += length + (words[length] == ' ');
    }
    return false;
}

bool column_name_has(struct slice name, const char *words)
{
    for (size_t at = 0; at < name.length;) {
        size_t const start = at;
        if (!is_letter(name.at[at]) && !is_digit(name.at[at])) {
            at++;
            continue;
        }
        for (at++; at < name.length && (is_letter(name.at[at]) || is_digit(name.at[at])); at++) {
            if (is_seam(name, at)) break;
        }
        if (is_word_of(slice_of(name.at + start, at - start), words)) return true;
    }
    return false;
}

/* How many bytes at the start of NAME can stand in a name without quotes: all of one character, or 0. */
static size_t plain_length(struct slice name)
{
    size_t const length = utf8_length(name);
    if (length == 0) return 0;
    if (length == 1)
        return is_letter(name.at[0]) || is_digit(name.at[0]) || name.at[0] == '_' ? 1 : 0;
    bool const is_blank = length == 2 && name.at[0] == 0xc2 && name.at[1] == 0xa0;
    return is_blank || is_c1_control(name) ? 0 : length;
}

/* What is plain, with one underscore for each run of the rest between. */
static void add_plain(struct slice name, struct buffer *into)
{
    bool gap = false;
    while (name.length > 0 && into->length < FIELD_NAME_BYTES) {
        size_t const length = plain_length(name);
        if (length > 0 && gap && into->length > 0 && into->at[into->length - 1] != '_')
            buffer_add_byte(into, '_');
        gap = length == 0;
        buffer_add(into, name.at, length);
        size_t const step = length ? length : 1;
        name = slice_of(name.at + step, name.length - step);
    }
}

struct slice column_name_field(struct slice name, struct arena *arena)
{
    AUTO_BUFFER struct buffer plain = {0};
    AUTO_BUFFER struct buffer text = {0};
    add_plain(name, &plain);
    if (plain.length == 0) buffer_add_text(&plain, "column");
    if (is_digit(plain.at[0])) buffer_add_byte(&text, '_');
    buffer_add_slice(&text, buffer_slice(&plain));
    if (expr_is_keyword(buffer_slice(&text))) buffer_add_byte(&text, '_');
    return arena_copy(arena, buffer_slice(&text));
}

static bool is_taken(struct slice name, const struct slice *taken, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (slice_equal(name, taken[i])) return true;
    }
    return false;
}

struct slice column_name_unique(struct slice name, struct slice *taken, size_t *count,
                                struct arena *arena)
{
    AUTO_BUFFER struct buffer text = {0};
    buffer_add_slice(&text, name);
    for (unsigned i = 2; is_taken(buffer_slice(&text), taken, *count); i++) {
        buffer_set(&text, name);
        buffer_format(&text, "_%u", i);
    }
    return taken[(*count)++] = arena_copy(arena, buffer_slice(&text));
}
