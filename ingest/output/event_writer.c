/* A column may be read by several fields, and is written once: by the field from whose value the
 * others can be read, too. Those that lie within one member of the record are written as one
 * object, so the columns are a tree:
 *
 *   id, /output/score, /output/label  ->  {"id":..., "output":{"score":..., "label":...}}
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "output/event_writer.h"

#include "base/arena.h"

enum { NO_FIELD = -1 };

/* A member of a record, or of an object in it. */
struct member {
    struct slice name;
    int field; /* whose value it has; NO_FIELD: it only has members */
    struct member *first;
    struct member *last;
    struct member *next;
};

struct event_writer {
    const struct stream *stream;
    const struct time_zone *zone;
    enum event_format format;
    struct arena arena;
    struct member record;
    struct buffer text; /* of the value at hand */
};

/* The lower, the more of the others can be read from what it writes: a string is the cell as it
 * was, a whole number may be an epoch. */
static int rank(enum field_type type)
{
    switch (type) {
    case FIELD_STRING: return 0;
    case FIELD_DECIMAL: return 1;
    case FIELD_INT: return 2;
    case FIELD_FLOAT: return 3;
    case FIELD_TIME: return 4;
    case FIELD_BOOL: return 5;
    }
    return 6;
}

static struct member *find_member(struct event_writer *writer, struct member *of, struct slice name)
{
    for (struct member *member = of->first; member; member = member->next) {
        if (slice_equal(member->name, name)) return member;
    }
    struct member *const added = ARENA_ARRAY(&writer->arena, struct member, 1);
    *added = (struct member){.name = name, .field = NO_FIELD};
    if (of->last)
        of->last->next = added;
    else
        of->first = added;
    of->last = added;
    return added;
}

/* One step of a JSON pointer, where ~1 and ~0 stand for / and ~. */
static struct slice step_name(struct slice step, struct arena *arena)
{
    AUTO_BUFFER struct buffer name = {0};
    for (size_t i = 0; i < step.length; i++) {
        bool const escapes = step.at[i] == '~' && i + 1 < step.length;
        uint8_t const byte = escapes ? step.at[++i] == '1' ? '/' : '~' : step.at[i];
        buffer_add_byte(&name, byte);
    }
    return arena_copy(arena, buffer_slice(&name));
}

/* The member that COLUMN names; in CSV it is a name like any other. */
static struct member *member_of(struct event_writer *writer, struct slice column)
{
    struct member *member = &writer->record;
    bool const is_pointer =
        writer->format == EVENTS_NDJSON && column.length > 0 && column.at[0] == '/';
    if (!is_pointer) return find_member(writer, member, column);
    for (size_t at = 0; at < column.length;) {
        size_t const begin = at + 1; /* behind the slash */
        for (at = begin; at < column.length && column.at[at] != '/';)
            at++;
        struct slice const step = slice_of(column.at + begin, at - begin);
        member = find_member(writer, member, step_name(step, &writer->arena));
    }
    return member;
}

struct event_writer *event_writer_new(const struct stream *stream, const struct time_zone *zone,
                                      enum event_format format)
{
    struct event_writer *const writer = memory_alloc(sizeof *writer);
    *writer = (struct event_writer){.stream = stream, .zone = zone, .format = format};
    for (size_t i = 0; i < stream->field_count; i++) {
        const struct field *const field = &stream->fields[i];
        struct member *const member = member_of(writer, field->column);
        if (member->field == NO_FIELD ||
            rank(field->type) < rank(stream->fields[member->field].type))
            member->field = (int)i;
    }
    return writer;
}

void event_writer_free(struct event_writer *writer)
{
    if (!writer) return;
    arena_done(&writer->arena);
    buffer_done(&writer->text);
    free(writer);
}

void event_writer_begin(const struct event_writer *writer, struct buffer *into)
{
    if (writer->format != EVENTS_CSV) return;
    for (const struct member *member = writer->record.first; member; member = member->next) {
        csv_cell(member->name, into);
        buffer_add_byte(into, member->next ? ',' : '\n');
    }
}

static bool format_lacks(const struct field *field, const struct value *value,
                         const struct time_zone *zone, struct error *err)
{
    char time[CALENDAR_TEXT_BYTES];
    size_t const length = calendar_write(value->time_ns, zone, time);
    (void)error_set(err, ERROR_INPUT, "%.*s: the format '%.*s' cannot say the stored time %.*s",
                    (int)field->name.length, (const char *)field->name.at,
                    (int)field->format.length, (const char *)field->format.at, (int)length, time);
    return error_remedy(err, "apply a schema whose \"format\" of the field has all of it");
}

static bool write_time(struct event_writer *writer, const struct field *field,
                       const struct value *value, struct error *err)
{
    struct buffer *const text = &writer->text;
    int128 again;
    if (field->format.length == 0) {
        char time[CALENDAR_TEXT_BYTES];
        buffer_add(text, time, calendar_write(value->time_ns, writer->zone, time));
        return true;
    }
    calendar_write_format(value->time_ns, field->format, writer->zone, text);
    bool const exact =
        calendar_read_format(buffer_slice(text), field->format, writer->zone, &again) &&
        again == value->time_ns;
    return exact || format_lacks(field, value, writer->zone, err);
}

/* Into `text`: the value's characters, without quotes. */
static bool write_text(struct event_writer *writer, const struct field *field,
                       const struct value *value, struct error *err)
{
    buffer_clear(&writer->text);
    if (value->kind == VALUE_TIME) return write_time(writer, field, value, err);
    value_text(value, field->value, writer->zone, &writer->text);
    return true;
}

static bool write_json(struct event_writer *writer, size_t field, const struct value *value,
                       struct buffer *into, struct error *err)
{
    bool const quoted = value->kind == VALUE_STRING || value->kind == VALUE_TIME;
    if (!write_text(writer, &writer->stream->fields[field], value, err)) return false;
    if (quoted)
        json_string(buffer_slice(&writer->text), into);
    else
        buffer_add_slice(into, buffer_slice(&writer->text));
    return true;
}

/* An object of the members that have a value; the record itself, also where none has. */
static bool write_object(struct event_writer *writer, const struct member *of,
                         const struct value *values, struct buffer *into, struct error *err)
{
    bool any = false;
    buffer_add_byte(into, '{');
    for (const struct member *member = of->first; member; member = member->next) {
        size_t const start = into->length;
        const struct value *const value = member->field < 0 ? NULL : &values[member->field];
        if (any) buffer_add_byte(into, ',');
        json_string(member->name, into);
        buffer_add_byte(into, ':');
        size_t const begin = into->length;
        bool written = value && value->kind != VALUE_NULL;
        if (written) {
            if (!write_json(writer, (size_t)member->field, value, into, err)) return false;
        } else if (member->first) {
            if (!write_object(writer, member, values, into, err)) return false;
            written = into->length > begin + strlen("{}");
        }
        if (!written) into->length = start;
        any |= written;
    }
    buffer_add_byte(into, '}');
    return true;
}

static bool write_line(struct event_writer *writer, const struct value *values, struct buffer *into,
                       struct error *err)
{
    for (const struct member *member = writer->record.first; member; member = member->next) {
        const struct value *const value = &values[member->field];
        if (value->kind != VALUE_NULL) {
            if (!write_text(writer, &writer->stream->fields[member->field], value, err))
                return false;
            csv_cell(buffer_slice(&writer->text), into);
        }
        if (member->next) buffer_add_byte(into, ',');
    }
    return true;
}

bool event_writer_add(struct event_writer *writer, const struct value *values, struct buffer *into,
                      struct error *err)
{
    bool const good = writer->format == EVENTS_CSV
                          ? write_line(writer, values, into, err)
                          : write_object(writer, &writer->record, values, into, err);
    buffer_add_byte(into, '\n');
    return good;
}
