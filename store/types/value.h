/* value.h - one typed value: of a field, a dimension, an expression.
 *
 * Place    fields of events, dimensions, results of expressions.
 * Memory   a string value borrows its bytes; its source says until when.
 * Threads  pure functions.
 * Errors   float_read alone: false.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once
#include "types/calendar.h"
#include "types/decimal.h"

enum value_kind {
    VALUE_NULL,
    /* a reference led to nothing: null to expressions, a value of its own to dimensions */
    VALUE_UNRESOLVED,
    VALUE_BOOL,
    VALUE_NUMBER, /* of int and decimal fields alike */
    VALUE_FLOAT,
    VALUE_TIME,
    VALUE_BUCKET,
    VALUE_STRING, /* any bytes */
};

struct value {
    enum value_kind kind;
    union {
        bool boolean;
        struct decimal number;
        double real; /* finite, never -0 */
        int128 time_ns;
        struct bucket bucket;
        struct slice string;
    };
};

/* What a value of a field, dimension or expression can be, known from the schema. */
struct value_type {
    enum value_kind kind;  /* VALUE_NULL only for the literal null */
    enum bucket_unit unit; /* of VALUE_BUCKET */
};

/* Whether it is a time or a bucket of times. */
bool value_has_time(const struct value *value);
/* Total order within one kind, null and then unresolved before everything: false < true, numbers
 * and floats by size, times and buckets by time, strings by bytes. */
int value_compare(const struct value *a, const struct value *b);

/* The bytes that the strings among them have together. */
size_t values_string_bytes(const struct value *values, size_t count);

/* The text of a value that is not null, as it stands in names, CSV and (quoted where it is a string
 * or a time) in JSON rows. */
void value_text(const struct value *value, struct value_type type, const struct time_zone *zone,
                struct buffer *text);
/* JSON: null, true, 5, 19.9, "text". A string's bytes that are not UTF-8 become \udcXX, so that any
 * bytes survive (PEP 383) and every row parses. */
void value_json(const struct value *value, struct value_type type, const struct time_zone *zone,
                struct buffer *json);
/* A JSON string with its quotes, escaping as above. */
void json_string(struct slice text, struct buffer *json);
/* A cell of RFC 4180, with quotes where it needs them. The empty text has them, to tell it from
 * null. */
void csv_cell(struct slice text, struct buffer *line);
/* The float nearest to a number as decimal_read takes it, of any length; false: no number, or
 * beyond the range of floats. */
bool float_read(struct slice text, double *ret_real) MUST_CHECK;
/* The length of the valid UTF-8 sequence at the start of TEXT (RFC 3629), 0 if there is none. */
size_t utf8_length(struct slice text);
/* Whether TEXT begins with U+0080 to U+009F: to a terminal some of them begin a command, as the
 * escape character does. */
bool is_c1_control(struct slice text);
