/* The name of a value is its text with what a file name, a shell or this tree gives a meaning
 * to written as %XX. As % itself is written so, the words that begin with a plain % followed
 * by no two hex digits are free for what has no text: %null, %unresolved, %empty, and %~ in
 * front of a digest.
 *
 *   a/b.json   ->  a%2Fb%2Ejson     the last dot, as b.json would be a file of rows
 *   -5         ->  %2D5             a leading - is an option to many programs
 *   300 bytes  ->  <214 bytes>%~0123456789abcdef0123456789abcdef
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "types/file_name.h"

#include <stdio.h>

#include "base/digest.h"
#include "types/rows_formats.h"

enum { TEXT_ROOM_BYTES = 512 }; /* nearly all values are shorter */
enum { CUT_BYTES = 2 + DIGEST_HEX_BYTES, UNIT_BYTES_MAX = 4 };

static const char page_extension[] = ".html";

static bool ends_in(struct slice text, const char *extension)
{
    size_t const length = strlen(extension);
    return text.length >= length && memcmp(text.at + text.length - length, extension, length) == 0;
}

/* The place of the dot that would make TEXT look like a file of rows or a page, or its length. */
static size_t extension_dot(struct slice text)
{
    for (size_t i = 0; i < ROWS_FORMATS; i++) {
        if (ends_in(text, rows_extensions[i])) return text.length - strlen(rows_extensions[i]);
    }
    return ends_in(text, page_extension) ? text.length - strlen(page_extension) : text.length;
}

/* One unit of a name: a character as it is or an escape. Returns how much of TEXT it stands for. */
static size_t write_unit(struct slice text, bool escaped, char unit[UNIT_BYTES_MAX],
                         size_t *ret_length)
{
    uint8_t const byte = text.at[0];
    size_t const length = utf8_length(text);
    if (byte < 0x20 || byte == 0x7f || byte == '/' || byte == '\\' || byte == '%' || length == 0)
        escaped = true;
    if (!escaped) {
        memcpy(unit, text.at, length);
        *ret_length = length;
        return length;
    }
    static const char hex[] = "0123456789ABCDEF";
    unit[0] = '%';
    unit[1] = hex[byte >> 4];
    unit[2] = hex[byte & 15];
    *ret_length = 3;
    return 1;
}

void file_name_escape(struct slice text, struct buffer *into)
{
    static const char hex[] = "0123456789ABCDEF";
    while (text.length) {
        uint8_t const byte = text.at[0];
        size_t const length = utf8_length(text);
        bool const plain =
            length && byte >= 0x20 && byte != 0x7f && byte != '%' && !is_c1_control(text);
        size_t const used = length ? length : 1;
        if (plain) buffer_add(into, text.at, used);
        for (size_t i = 0; i < used && !plain; i++) {
            buffer_add_byte(into, '%');
            buffer_add_byte(into, (uint8_t)hex[text.at[i] >> 4]);
            buffer_add_byte(into, (uint8_t)hex[text.at[i] & 15]);
        }
        text = slice_of(text.at + used, text.length - used);
    }
}

static void file_name_write_text(struct slice text, struct buffer *name)
{
    size_t const dot = extension_dot(text), start = name->length;
    size_t cut = start; /* where the last unit ends that leaves room for a digest */
    for (size_t i = 0; i < text.length;) {
        char unit[UNIT_BYTES_MAX];
        size_t length;
        uint8_t const byte = text.at[i];
        bool const leading = i == 0 && (byte == '.' || byte == '-' || byte == '~');
        i += write_unit(slice_of(text.at + i, text.length - i), leading || i == dot, unit, &length);
        buffer_add(name, unit, length);
        size_t const total = name->length - start;
        if (total <= NAME_STEM_BYTES_MAX - CUT_BYTES) cut = name->length;
        if (total <= NAME_STEM_BYTES_MAX) continue;
        name->length = cut;
        struct digest const digest = digest_of(text);
        buffer_add_text(name, "%~");
        digest_write(&digest, name);
        return;
    }
}

void file_name_write(const struct value *value, struct value_type type,
                     const struct time_zone *zone, struct buffer *name)
{
    STACK_BUFFER(text, TEXT_ROOM_BYTES);
    if (value->kind == VALUE_NULL) {
        buffer_add_text(name, "%null");
        return;
    }
    if (value->kind == VALUE_UNRESOLVED) {
        buffer_add_text(name, "%unresolved");
        return;
    }
    value_text(value, type, zone, &text);
    if (text.length == 0)
        buffer_add_text(name, "%empty");
    else
        file_name_write_text(buffer_slice(&text), name);
}

static int file_name_hex_value(uint8_t digit)
{
    if (digit >= '0' && digit <= '9') return digit - '0';
    if (digit >= 'A' && digit <= 'F') return digit - 'A' + 10;
    return -1;
}

/* Undoes the escapes; false where a % begins none. */
static bool read_text(struct slice name, struct arena *arena, struct slice *ret_text)
{
    uint8_t *const text = arena_alloc(arena, name.length);
    size_t length = 0;
    for (size_t i = 0; i < name.length; i++) {
        if (name.at[i] != '%') {
            text[length++] = name.at[i];
            continue;
        }
        if (i + 2 >= name.length) return false;
        int const high = file_name_hex_value(name.at[i + 1]),
                  low = file_name_hex_value(name.at[i + 2]);
        if (high < 0 || low < 0) return false;
        text[length++] = (uint8_t)(high << 4 | low);
        i += 2;
    }
    *ret_text = slice_of(text, length);
    return true;
}

static bool file_name_read_typed(struct slice text, struct value_type type,
                                 const struct time_zone *zone, struct value *value)
{
    value->kind = type.kind;
    switch (type.kind) {
    case VALUE_NULL:
    case VALUE_UNRESOLVED: return false;
    case VALUE_BOOL: value->boolean = slice_is(text, "true"); return true;
    case VALUE_NUMBER: return decimal_read(text, &value->number) == DECIMAL_READ;
    case VALUE_FLOAT: return float_read(text, &value->real);
    case VALUE_TIME: return calendar_name_read(text, zone, &value->time_ns);
    case VALUE_BUCKET: return calendar_bucket_read(text, type.unit, zone, &value->bucket);
    case VALUE_STRING: value->string = text; return true;
    }
    return false;
}

/* A cut name leaves no room for one more unit of the longest kind. */
static bool is_cut(struct slice name)
{
    if (name.length <= NAME_STEM_BYTES_MAX - UNIT_BYTES_MAX) return false;
    const uint8_t *const mark = name.at + name.length - CUT_BYTES;
    if (mark[0] != '%' || mark[1] != '~') return false;
    for (size_t i = 2; i < CUT_BYTES; i++) {
        bool const digit = (mark[i] >= '0' && mark[i] <= '9') || (mark[i] >= 'a' && mark[i] <= 'f');
        if (!digit) return false;
    }
    return true;
}

enum name_reading file_name_read(struct slice name, struct value_type type,
                                 const struct time_zone *zone, struct arena *arena,
                                 struct value *ret_value)
{
    STACK_BUFFER(again, TEXT_ROOM_BYTES);
    struct value value = {.kind = VALUE_NULL};
    struct slice text;
    bool const unresolved = slice_is(name, "%unresolved");
    if (unresolved || slice_is(name, "%null")) {
        if (unresolved) value.kind = VALUE_UNRESOLVED;
        *ret_value = value;
        return NAME_EXACT;
    }
    if (name.length > NAME_STEM_BYTES_MAX) return NAME_INVALID;
    bool const cut = type.kind == VALUE_STRING && is_cut(name);
    if (cut) name.length -= CUT_BYTES;
    if (slice_is(name, "%empty"))
        text = slice_text("");
    else if (!read_text(name, arena, &text) || text.length == 0)
        return NAME_INVALID;
    if (!file_name_read_typed(text, type, zone, &value)) return NAME_INVALID;
    if (!cut) {
        file_name_write(&value, type, zone, &again);
        if (!slice_equal(buffer_slice(&again), name)) return NAME_INVALID;
    }
    *ret_value = value;
    return cut ? NAME_HASHED : NAME_EXACT;
}
