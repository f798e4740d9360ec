// SPDX-License-Identifier: Apache-2.0
#include "types/value.h"

#include <math.h>

#include "types/decimal_sum.h"

static int compare_times(int128 a, int128 b)
{
    return (a > b) - (a < b);
}

bool value_has_time(const struct value *value)
{
    return value->kind == VALUE_TIME || value->kind == VALUE_BUCKET;
}

int value_compare(const struct value *a, const struct value *b)
{
    if (a->kind != b->kind) return a->kind < b->kind ? -1 : 1; /* null is the least kind */
    switch (a->kind) {
    case VALUE_NULL:
    case VALUE_UNRESOLVED: return 0;
    case VALUE_BOOL: return a->boolean - b->boolean;
    case VALUE_NUMBER: return decimal_compare(&a->number, &b->number);
    case VALUE_FLOAT: return (a->real > b->real) - (a->real < b->real);
    case VALUE_TIME: return compare_times(a->time_ns, b->time_ns);
    case VALUE_BUCKET: {
        int const order = compare_times(a->bucket.local_seconds - a->bucket.offset_seconds,
                                        b->bucket.local_seconds - b->bucket.offset_seconds);
        return order ? order : compare_times(a->bucket.offset_seconds, b->bucket.offset_seconds);
    }
    case VALUE_STRING: return slice_compare(a->string, b->string);
    }
    return 0;
}

size_t values_string_bytes(const struct value *values, size_t count)
{
    size_t bytes = 0;
    for (size_t i = 0; i < count; i++) {
        if (values[i].kind == VALUE_STRING) bytes += values[i].string.length;
    }
    return bytes;
}

void value_text(const struct value *value, struct value_type type, const struct time_zone *zone,
                struct buffer *text)
{
    char number[DECIMAL_TEXT_BYTES], real[DOUBLE_TEXT_BYTES], time[CALENDAR_TEXT_BYTES];
    switch (value->kind) {
    case VALUE_NULL: return;
    case VALUE_UNRESOLVED: buffer_add_text(text, "%unresolved"); return;
    case VALUE_BOOL: buffer_add_text(text, value->boolean ? "true" : "false"); return;
    case VALUE_NUMBER: buffer_add(text, number, decimal_write(&value->number, number)); return;
    case VALUE_FLOAT: buffer_add(text, real, double_write(value->real, real)); return;
    case VALUE_TIME:
        buffer_add(text, time, calendar_name_write(value->time_ns, zone, time));
        return;
    case VALUE_BUCKET:
        buffer_add(text, time, calendar_bucket_write(&value->bucket, type.unit, zone, time));
        return;
    case VALUE_STRING: buffer_add_slice(text, value->string); return;
    }
}

void value_json(const struct value *value, struct value_type type, const struct time_zone *zone,
                struct buffer *json)
{
    switch (value->kind) {
    case VALUE_NULL: buffer_add_text(json, "null"); return;
    case VALUE_STRING: json_string(value->string, json); return;
    case VALUE_BOOL:
    case VALUE_NUMBER:
    case VALUE_FLOAT: value_text(value, type, zone, json); return;
    case VALUE_UNRESOLVED:
    case VALUE_TIME:
    case VALUE_BUCKET: /* digits, letters and signs: nothing to escape */
        buffer_add_byte(json, '"');
        value_text(value, type, zone, json);
        buffer_add_byte(json, '"');
        return;
    }
}

static size_t value_count_digits(struct slice text, size_t at)
{
    size_t count = 0;
    while (at + count < text.length && text.at[at + count] >= '0' && text.at[at + count] <= '9')
        count++;
    return count;
}

static bool is_sign(struct slice text, size_t at)
{
    return at < text.length && (text.at[at] == '+' || text.at[at] == '-');
}

/* [+-]digits[.digits][(e|E)[+-]digits]: strtod takes more, such as "inf" and "0x1p3". */
static bool is_number(struct slice text)
{
    size_t at = is_sign(text, 0);
    size_t digits = value_count_digits(text, at);
    at += digits;
    if (at < text.length && text.at[at] == '.') {
        size_t const fraction = value_count_digits(text, at + 1);
        digits += fraction;
        at += 1 + fraction;
    }
    if (digits == 0) return false;
    if (at < text.length && (text.at[at] | 0x20) == 'e') {
        at += 1 + (size_t)is_sign(text, at + 1);
        size_t const exponent = value_count_digits(text, at);
        if (exponent == 0) return false;
        at += exponent;
    }
    return at == text.length;
}

bool float_read(struct slice text, double *ret_real)
{
    AUTO_BUFFER struct buffer copy = {0};
    if (!is_number(text)) return false;
    buffer_add_slice(&copy, text);
    buffer_add_byte(&copy, '\0');
    double const real = strtod((char *)copy.at, NULL);
    if (!isfinite(real)) return false;
    *ret_real = real == 0 ? 0 : real; /* no -0 */
    return true;
}

size_t utf8_length(struct slice text)
{
    if (text.length == 0) return 0;
    uint8_t const lead = text.at[0];
    size_t length;
    uint32_t code, least;
    if (lead < 0x80) return 1;
    if (lead < 0xc2) return 0; /* a continuation, or the overlong C0 and C1 */
    if (lead < 0xe0) {
        length = 2, code = lead & 0x1fu, least = 0x80;
    } else if (lead < 0xf0) {
        length = 3, code = lead & 0x0fu, least = 0x800;
    } else if (lead < 0xf5) {
        length = 4, code = lead & 0x07u, least = 0x10000;
    } else {
        return 0;
    }
    if (text.length < length) return 0;
    for (size_t i = 1; i < length; i++) {
        if ((text.at[i] & 0xc0) != 0x80) return 0;
        code = code << 6 | (text.at[i] & 0x3fu);
    }
    bool const surrogate = code >= 0xd800 && code < 0xe000;
    return code < least || code > 0x10ffff || surrogate ? 0 : length;
}

bool is_c1_control(struct slice text)
{
    return text.length >= 2 && text.at[0] == 0xc2 && text.at[1] >= 0x80 && text.at[1] < 0xa0;
}

static void escape_byte(uint8_t byte, struct buffer *json)
{
    switch (byte) {
    case '"': buffer_add_text(json, "\\\""); return;
    case '\\': buffer_add_text(json, "\\\\"); return;
    case '\b': buffer_add_text(json, "\\b"); return;
    case '\f': buffer_add_text(json, "\\f"); return;
    case '\n': buffer_add_text(json, "\\n"); return;
    case '\r': buffer_add_text(json, "\\r"); return;
    case '\t': buffer_add_text(json, "\\t"); return;
    default: buffer_format(json, "\\u%s%02x", byte < 0x80 ? "00" : "dc", byte); return;
    }
}

/* The length of the run at the start of TEXT that stands in JSON as it is. */
static size_t plain_run(struct slice text)
{
    size_t i = 0;
    while (i < text.length) {
        uint8_t const byte = text.at[i];
        if (byte >= 0x80) {
            struct slice const rest = slice_of(text.at + i, text.length - i);
            size_t const length = utf8_length(rest);
            if (length == 0 || is_c1_control(rest)) break;
            i += length;
        } else {
            if (byte < 0x20 || byte == 0x7f || byte == '"' || byte == '\\') break;
            i++;
        }
    }
    return i;
}

void json_string(struct slice text, struct buffer *json)
{
    buffer_add_byte(json, '"');
    while (text.length) {
        size_t const run = plain_run(text);
        buffer_add(json, text.at, run);
        text = slice_of(text.at + run, text.length - run);
        if (text.length == 0) break;
        bool const c1 = is_c1_control(text);
        if (c1)
            buffer_format(json, "\\u%04x", text.at[1]);
        else
            escape_byte(text.at[0], json);
        text = slice_of(text.at + 1 + c1, text.length - 1 - c1);
    }
    buffer_add_byte(json, '"');
}

/* RFC 4180 asks for quotes around commas, quotes and line ends; blanks at the ends are quoted too,
 * as many readers trim, and the empty string, to tell it from null. */
static bool wants_quotes(struct slice text)
{
    static const bool asks[256] = {[','] = true, ['"'] = true, ['\r'] = true, ['\n'] = true};
    if (text.length == 0) return true;
    if (text.at[0] == ' ' || text.at[0] == '\t') return true;
    if (text.at[text.length - 1] == ' ' || text.at[text.length - 1] == '\t') return true;
    for (size_t i = 0; i < text.length; i++) {
        if (asks[text.at[i]]) return true;
    }
    return false;
}

void csv_cell(struct slice text, struct buffer *line)
{
    if (!wants_quotes(text)) {
        buffer_add_slice(line, text);
        return;
    }
    buffer_add_byte(line, '"');
    for (size_t i = 0; i < text.length; i++) {
        if (text.at[i] == '"') buffer_add_byte(line, '"');
        buffer_add_byte(line, text.at[i]);
    }
    buffer_add_byte(line, '"');
}
