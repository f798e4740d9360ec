// SPDX-License-Identifier: Apache-2.0
#include "input/bind.h"

#include <strings.h>

#include "base/arena.h"
#include "base/ascii.h"
#include "input/reader.h"
#include "tables/events.h"
#include "tables/hierarchy.h"

enum { FAST_DIGITS = 18 };

static const char time_in_range[] = "a time of the years 0001 to 9999 in the schema's time zone";

void binder_init(struct binder *binder, const struct stream *stream, const struct time_zone *zone)
{
    *binder = (struct binder){
        .stream = stream,
        .zone = zone,
        .event_bytes_most = EVENT_BYTES_MAX,
        .values = memory_alloc(stream->field_count * sizeof *binder->values),
    };
}

void binder_init_like(struct binder *binder, const struct binder *other)
{
    *binder = *other;
    binder->values = memory_alloc(other->stream->field_count * sizeof *binder->values);
}

void binder_done(struct binder *binder)
{
    free(binder->values);
    *binder = (struct binder){0};
}

static struct slice bind_trim(struct slice text)
{
    while (text.length > 0 && ascii_is_space(text.at[0]))
        text = slice_of(text.at + 1, text.length - 1);
    while (text.length > 0 && ascii_is_space(text.at[text.length - 1]))
        text.length--;
    return text;
}

/* The text of a cell as it is shown in a refusal. */
static struct slice cell_text(const struct cell *cell)
{
    switch (cell->kind) {
    case CELL_ABSENT:
    case CELL_NULL: return slice_text("null");
    case CELL_TRUE: return slice_text("true");
    case CELL_FALSE: return slice_text("false");
    case CELL_TEXT:
    case CELL_NUMBER:
    case CELL_NESTED: break;
    }
    return cell->text;
}

/* Most numbers are a few digits: these need no general reader. */
static bool read_short_int(struct slice text, int64_t *ret_integer)
{
    bool const negative = text.length > 0 && text.at[0] == '-';
    size_t at = negative ? 1 : 0;
    if (text.length == at || text.length - at > FAST_DIGITS) return false;
    int64_t integer = 0;
    for (; at < text.length; at++) {
        if (text.at[at] < '0' || text.at[at] > '9') return false;
        integer = integer * 10 + (text.at[at] - '0');
    }
    *ret_integer = negative ? -integer : integer;
    return true;
}

static enum decimal_reading bind_read_number(struct slice text, struct value *value)
{
    int64_t integer;
    value->kind = VALUE_NUMBER;
    if (!read_short_int(text, &integer)) return decimal_read(text, &value->number);
    value->number = decimal_from_int(integer);
    return DECIMAL_READ;
}

/* This and the readers below return NULL, or what the text is not. */
static const char *read_decimal(struct slice text, struct value *value)
{
    switch (bind_read_number(text, value)) {
    case DECIMAL_READ: return NULL;
    case DECIMAL_TOO_LONG: return "a number of at most 38 digits";
    case DECIMAL_MALFORMED: break;
    }
    return "a number";
}

static const char *read_float(struct slice text, struct value *value)
{
    value->kind = VALUE_FLOAT;
    return float_read(text, &value->real) ? NULL : "a number within the range of a double";
}

static const char *read_int(struct slice text, struct value *value)
{
    int64_t integer;
    switch (bind_read_number(text, value)) {
    case DECIMAL_READ:
        if (decimal_to_int(&value->number, &integer)) return NULL;
        return value->number.scale > 0 ? "a whole number" : "a 64-bit integer";
    case DECIMAL_TOO_LONG: return "a 64-bit integer";
    case DECIMAL_MALFORMED: break;
    }
    return "a number";
}

static const char *read_bool(struct slice text, struct value *value)
{
    static const char *const words[] = {"false", "true", "f", "t", "no", "yes", "n", "y", "0", "1"};
    for (size_t i = 0; i < COUNT_OF(words); i++) {
        if (strlen(words[i]) != text.length ||
            strncasecmp(words[i], (const char *)text.at, text.length) != 0)
            continue;
        value->kind = VALUE_BOOL;
        value->boolean = i % 2 == 1;
        return NULL;
    }
    return "true or false";
}

static const char *bind_read_time(const struct binder *binder, const struct field *field,
                                  struct slice text, struct value *value)
{
    value->kind = VALUE_TIME;
    if (field->format.length == 0) {
        if (!calendar_read(text, binder->zone, &value->time_ns)) return "a time";
    } else if (!calendar_read_format(text, field->format, binder->zone, &value->time_ns)) {
        return "a time of the declared format";
    }
    return calendar_in_range(value->time_ns, binder->zone) ? NULL : time_in_range;
}

static const char *bind_read_typed(const struct binder *binder, const struct field *field,
                                   struct slice text, struct value *value)
{
    switch (field->type) {
    case FIELD_STRING:
        value->kind = VALUE_STRING;
        value->string = text;
        return NULL;
    case FIELD_BOOL: return read_bool(text, value);
    case FIELD_INT: return read_int(text, value);
    case FIELD_DECIMAL: return read_decimal(text, value);
    case FIELD_TIME: return bind_read_time(binder, field, text, value);
    case FIELD_FLOAT: return read_float(text, value);
    }
    return "of a known type";
}

static const char *type_wanted(enum field_type type)
{
    switch (type) {
    case FIELD_STRING: return "a string";
    case FIELD_BOOL: return "true or false";
    case FIELD_INT:
    case FIELD_DECIMAL:
    case FIELD_FLOAT: return "a number";
    case FIELD_TIME: return "a time";
    }
    return "a value";
}

/* true and false are texts and truth values, but neither numbers nor times. */
static const char *bind_cell(const struct binder *binder, const struct field *field,
                             const struct cell *cell, struct value *value)
{
    bool const word = cell->kind == CELL_TRUE || cell->kind == CELL_FALSE;
    bool const takes_words = field->type == FIELD_STRING || field->type == FIELD_BOOL;
    value->kind = VALUE_NULL;
    if (cell->kind == CELL_ABSENT || cell->kind == CELL_NULL) return NULL;
    if (cell->kind == CELL_NESTED || (word && !takes_words)) return type_wanted(field->type);
    struct slice text = cell_text(cell);
    if (field->type != FIELD_STRING && cell->kind == CELL_TEXT) {
        text = bind_trim(text);
        if (text.length == 0) return NULL;
    }
    return bind_read_typed(binder, field, text, value);
}

/* Several fields may read one column, so that an event can be longer than its record. */
static bool check_size(const struct binder *binder, struct refusal *refusal)
{
    size_t const length = values_string_bytes(binder->values, binder->stream->field_count);
    if (length <= binder->event_bytes_most) return true;
    AUTO_BUFFER struct buffer most = {0};
    reader_write_bytes_most(binder->event_bytes_most, EVENT_SHARES, &most);
    refusal_set(refusal, "the event's strings are longer than %.*s", (int)most.length,
                (const char *)most.at);
    return false;
}

/* A part of a key may be missing, as the province of a country without provinces. */
static bool has_key(const struct binder *binder)
{
    const struct stream *const stream = binder->stream;
    for (size_t i = 0; i < stream->key_count; i++) {
        if (binder->values[stream->key_fields[i]].kind != VALUE_NULL) return true;
    }
    return false;
}

static bool bind_field(struct binder *binder, size_t field, const struct cell *cells,
                       struct refusal *refusal)
{
    const struct stream *const stream = binder->stream;
    const char *const wanted =
        bind_cell(binder, &stream->fields[field], &cells[field], &binder->values[field]);
    if (!wanted) return true;
    refusal_set_value(refusal, stream->fields[field].name, cell_text(&cells[field]), wanted);
    return false;
}

static bool check_key(const struct binder *binder, struct refusal *refusal)
{
    const struct stream *const stream = binder->stream;
    if (stream->key_count == 0 || has_key(binder)) return true;
    refusal_set_field(refusal, stream->fields[stream->key_fields[0]].name, "key is missing");
    return false;
}

static bool check_age(const struct binder *binder, struct refusal *refusal)
{
    const struct stream *const stream = binder->stream;
    if (binder->dropped_before.kind == VALUE_NULL) return true;
    const struct value *const time = &binder->values[stream->time_field];
    if (time->kind == VALUE_NULL || value_compare(time, &binder->dropped_before) >= 0) return true;
    refusal_set_field(refusal, stream->fields[stream->time_field].name,
                      "older than what \"keep\" has dropped");
    return false;
}

static bool path_fits(const struct binder *binder, const struct hierarchy_path *path)
{
    AUTO_BUFFER struct buffer scratch = {0};
    struct value value;
    for (size_t i = 0; i < COUNT_OF(path->conditions); i++) {
        if (!expr_holds(path->conditions[i], binder->values, binder->zone)) return true;
    }
    return !expr_eval(path->path, binder->values, binder->zone, &value) ||
           hierarchy_normalise(path->spec, &value, &scratch);
}

/* Each segment of a path is a node. */
static bool check_paths(const struct binder *binder, struct refusal *refusal)
{
    const struct stream *const stream = binder->stream;
    for (size_t i = 0; i < stream->path_count; i++) {
        const struct hierarchy_path *const path = &stream->paths[i];
        int const field = expr_field(path->path);
        if (path_fits(binder, path)) continue;
        refusal_set_field(refusal, field < 0 ? slice_text("path") : stream->fields[field].name,
                          "a path of more than 255 segments or 16384 bytes");
        return false;
    }
    return true;
}

bool bind_key(struct binder *binder, const struct cell *cells, struct refusal *refusal)
{
    const struct stream *const stream = binder->stream;
    memset(binder->values, 0, stream->field_count * sizeof *binder->values);
    for (size_t i = 0; i < stream->key_count; i++) {
        if (!bind_field(binder, stream->key_fields[i], cells, refusal)) return false;
    }
    return check_key(binder, refusal);
}

bool bind_cells(struct binder *binder, const struct cell *cells, struct refusal *refusal)
{
    const struct stream *const stream = binder->stream;
    for (size_t i = 0; i < stream->field_count; i++) {
        if (!bind_field(binder, i, cells, refusal)) return false;
    }
    if (!check_key(binder, refusal) || !check_age(binder, refusal)) return false;
    for (size_t i = 0; i < stream->fallible_count; i++) {
        struct value result;
        if (expr_eval(stream->fallible[i], binder->values, binder->zone, &result)) continue;
        refusal_set(refusal, "an expression of a view outgrows %d digits", DECIMAL_DIGITS);
        return false;
    }
    return check_paths(binder, refusal) && check_size(binder, refusal);
}
