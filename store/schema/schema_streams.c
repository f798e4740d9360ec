// SPDX-License-Identifier: Apache-2.0
#include <stdio.h>

#include "schema/schema_p.h"

enum { NAME_BYTES_LIMIT = 200, PATTERN_BYTES_LIMIT = 200 };

static bool schema_streams_read_name(const char *name, const char *what, struct error *err)
{
    size_t const length = strlen(name);
    if (length == 0) return error_set(err, ERROR_SCHEMA, "the name of a %s is empty", what);
    if (length > NAME_BYTES_LIMIT)
        return error_set(err, ERROR_SCHEMA, "the name of a %s is longer than %d bytes", what,
                         NAME_BYTES_LIMIT);
    for (size_t i = 0; i < length; i++) {
        if ((unsigned char)name[i] < 0x20 || name[i] == 0x7f)
            return error_set(err, ERROR_SCHEMA, "the name of a %s has a control character", what);
    }
    return true;
}

bool schema_read_was(struct schema *schema, const cJSON *json, struct slice *ret_was,
                     struct error *err)
{
    const cJSON *const was = json_get(json, "was");
    if (!was) return true;
    if (!json_is_text(was, "the name that it had before", err)) return error_wrap_dot(err, "was");
    *ret_was = arena_copy(&schema->arena, slice_text(was->valuestring));
    return true;
}

static bool read_type(const cJSON *json, enum field_type *ret_type, struct error *err)
{
    static const char *const types[] = {"string", "bool", "int", "decimal", "time", "float"};
    struct slice names[COUNT_OF(types)];
    if (!json_is_text(json, "the name of a type", err)) return false;
    for (unsigned i = 0; i < COUNT_OF(types); i++) {
        names[i] = slice_text(types[i]);
        if (strcmp(json->valuestring, types[i]) != 0) continue;
        *ret_type = (enum field_type)i;
        return true;
    }
    return json_unknown("type", json->valuestring, names, COUNT_OF(names), err);
}

static bool read_field_type(const cJSON *json, struct field *field, struct error *err)
{
    static enum value_kind const kinds[] = {
        [FIELD_STRING] = VALUE_STRING,  [FIELD_BOOL] = VALUE_BOOL, [FIELD_INT] = VALUE_NUMBER,
        [FIELD_DECIMAL] = VALUE_NUMBER, [FIELD_TIME] = VALUE_TIME, [FIELD_FLOAT] = VALUE_FLOAT,
    };
    if (!read_type(json, &field->type, err)) return false;
    field->value.kind = kinds[field->type];
    return true;
}

static bool schema_streams_read_field(struct schema *schema, const cJSON *json, struct field *field,
                                      struct error *err)
{
    static const char *const keys[] = {"type", "format", "column", "references", "was", NULL};
    field->name = field->column = arena_copy(&schema->arena, slice_text(json->string));
    if (!schema_streams_read_name(json->string, "field", err)) return false;
    if (cJSON_IsString(json)) return read_field_type(json, field, err);
    if (!json_is_object(json, keys, err)) return false;
    const cJSON *const type = json_get(json, "type");
    if (!type) return error_set(err, ERROR_SCHEMA, "a field needs a \"type\"");
    if (!read_field_type(type, field, err)) return error_wrap_dot(err, "type");
    if (!schema_read_was(schema, json, &field->was, err)) return false;
    const cJSON *const column = json_get(json, "column"), *const format = json_get(json, "format");
    if (column) {
        if (!json_is_text(column, "the name of a column", err))
            return error_wrap_dot(err, "column");
        field->column = arena_copy(&schema->arena, slice_text(column->valuestring));
    }
    if (!format) return true;
    size_t offset = 0;
    if (!json_is_text(format, "a pattern of strptime", err)) return error_wrap_dot(err, "format");
    struct slice const pattern = slice_text(format->valuestring);
    if (field->type != FIELD_TIME)
        (void)error_set(err, ERROR_SCHEMA, "only a field of type 'time' has a format");
    else if (pattern.length == 0 || pattern.length > PATTERN_BYTES_LIMIT)
        (void)error_set(err, ERROR_SCHEMA, "a format has 1 to %d bytes", PATTERN_BYTES_LIMIT);
    else if (!calendar_check_format(pattern, &offset))
        (void)error_set(err, ERROR_SCHEMA, "'%.2s' at column %zu is no directive of a time",
                        (const char *)pattern.at + offset, offset + 1);
    else {
        field->format = arena_copy(&schema->arena, pattern);
        return true;
    }
    return error_wrap_dot(err, "format");
}

static bool schema_streams_read_fields(struct schema *schema, const cJSON *json,
                                       struct stream *stream, struct error *err)
{
    size_t index = 0;
    if (!json_is_object(json, NULL, err)) return false;
    size_t const count = (size_t)cJSON_GetArraySize(json);
    if (count == 0) return error_set(err, ERROR_SCHEMA, "a stream needs at least one field");
    if (count > SCHEMA_FIELDS_MAX)
        return error_set(err, ERROR_SCHEMA, "more than %d fields", SCHEMA_FIELDS_MAX);
    struct field *const fields = ARENA_ARRAY(&schema->arena, struct field, count);
    const cJSON *entry;
    cJSON_ArrayForEach(entry, json)
    {
        if (!schema_streams_read_field(schema, entry, &fields[index++], err))
            return error_wrap_dot(err, entry->string);
    }
    struct slot *const slots = ARENA_ARRAY(&schema->arena, struct slot, count);
    for (size_t i = 0; i < count; i++)
        slots[i] = (struct slot){.field = (int)i, .type = fields[i].type};
    stream->fields = fields;
    stream->field_count = count;
    stream->slots = slots;
    stream->slot_count = count;
    return true;
}

bool stream_find_field(const struct stream *stream, const char *name, size_t *ret_index,
                       struct error *err)
{
    struct slice names[SCHEMA_FIELDS_MAX];
    for (size_t i = 0; i < stream->field_count; i++) {
        names[i] = stream->fields[i].name;
        if (!slice_is(names[i], name)) continue;
        *ret_index = i;
        return true;
    }
    return json_unknown("field", name, names, stream->field_count, err);
}

static bool read_key(struct schema *schema, const cJSON *json, struct stream *stream,
                     struct error *err)
{
    if (!json) return true;
    bool const list = cJSON_IsArray(json);
    size_t const count = list ? (size_t)cJSON_GetArraySize(json) : 1;
    if (count == 0 || count > SCHEMA_KEY_FIELDS_MAX)
        return error_set(err, ERROR_SCHEMA, "a key has 1 to %d fields", SCHEMA_KEY_FIELDS_MAX);
    uint16_t *const fields = ARENA_ARRAY(&schema->arena, uint16_t, count);
    for (size_t i = 0; i < count; i++) {
        const cJSON *const item = list ? cJSON_GetArrayItem(json, (int)i) : json;
        size_t field;
        if (!json_is_text(item, "the name of a field, or a list of names", err) ||
            !stream_find_field(stream, item->valuestring, &field, err))
            return list ? error_wrap_index(err, i) : false;
        for (size_t j = 0; j < i; j++) {
            if (fields[j] == field)
                return error_set(err, ERROR_SCHEMA, "field '%s' is in the key twice",
                                 item->valuestring);
        }
        fields[i] = (uint16_t)field;
    }
    stream->key_fields = fields;
    stream->key_count = count;
    return true;
}

static bool schema_streams_read_time(const cJSON *json, struct stream *stream, struct error *err)
{
    size_t field;
    stream->time_field = -1;
    if (!json) return true;
    if (!json_is_text(json, "the name of a field", err) ||
        !stream_find_field(stream, json->valuestring, &field, err))
        return false;
    if (stream->fields[field].type != FIELD_TIME)
        return error_set(err, ERROR_SCHEMA, "field '%s' is not of type 'time'", json->valuestring);
    stream->time_field = (int)field;
    return true;
}

static bool needs_key(const struct stream *stream, const char *what, struct error *err)
{
    if (stream->key_count) return true;
    (void)error_set(err, ERROR_SCHEMA, "%s needs to know which records are of one event", what);
    return error_remedy(err, "give the stream a \"key\"");
}

static bool expected_rule(struct error *err)
{
    (void)error_set(err, ERROR_SCHEMA,
                    "expected \"ignore\", \"replace\" or {\"newest\": \"field\"}");
    return error_remedy(err, "the first event of a key stays, the last one, or the newest version");
}

static bool read_newest(const cJSON *json, struct stream *stream, struct error *err)
{
    static const char *const keys[] = {"newest", NULL};
    const cJSON *const newest = json_get(json, "newest");
    size_t field;
    if (!json_is_object(json, keys, err)) return false;
    if (!newest) return expected_rule(err);
    if (!json_is_text(newest, "the name of a field", err) ||
        !stream_find_field(stream, newest->valuestring, &field, err))
        return error_wrap_dot(err, "newest");
    for (size_t i = 0; i < stream->key_count; i++) {
        if (stream->key_fields[i] != field) continue;
        (void)error_set(err, ERROR_SCHEMA, "field '%s' is in the key: one key has one of it",
                        newest->valuestring);
        return error_wrap_dot(err, "newest");
    }
    stream->on_duplicate = DUPLICATE_NEWEST;
    stream->version_field = (int)field;
    return needs_key(stream, "\"newest\"", err);
}

static bool read_on_duplicate(const cJSON *json, struct stream *stream, struct error *err)
{
    stream->version_field = -1;
    if (!json) return true;
    if (cJSON_IsObject(json)) return read_newest(json, stream, err);
    if (!cJSON_IsString(json)) return expected_rule(err);
    if (strcmp(json->valuestring, "ignore") == 0) return true;
    if (strcmp(json->valuestring, "replace") != 0) return expected_rule(err);
    stream->on_duplicate = DUPLICATE_REPLACE;
    return needs_key(stream, "\"replace\"", err);
}

static bool read_delete_when(struct schema *schema, const cJSON *json, struct stream *stream,
                             struct error *err)
{
    struct joins closed = {.is_open = false}; /* what references lead to is not known yet */
    if (!json) return true;
    if (!json_is_text(json, "a condition such as \"op = 'd'\"", err)) return false;
    struct slice const text = arena_copy(&schema->arena, slice_text(json->valuestring));
    stream->joins = &closed;
    bool const good =
        expr_parse(text, stream, schema->zone, &schema->arena, &stream->delete_when, err);
    stream->joins = NULL;
    if (!good) return false;
    if (expr_type(stream->delete_when).kind != VALUE_BOOL)
        return error_set(err, ERROR_SCHEMA, "a condition is true or false, this is neither");
    return needs_key(stream, "\"delete_when\"", err);
}

static bool read_keep(const cJSON *json, struct stream *stream, struct error *err)
{
    if (!json) return true;
    if (!json_read_duration(json, &stream->keep_seconds, err)) return false;
    if (stream->time_field >= 0) return true;
    (void)error_set(err, ERROR_SCHEMA, "the stream does not say when an event was");
    return error_remedy(err, "name its field of type 'time' as \"time\"");
}

/* How long a batch can be undone. */
static bool read_undo(const cJSON *json, struct stream *stream, struct error *err)
{
    enum { DEFAULT_SECONDS = 7 * 86400 };
    stream->undo_seconds = DEFAULT_SECONDS;
    if (!json) return true;
    if (!cJSON_IsNumber(json)) return json_read_duration(json, &stream->undo_seconds, err);
    stream->undo_seconds = 0;
    if (json->valuedouble == 0) return true;
    (void)error_set(err, ERROR_SCHEMA, "a number without a unit is no duration");
    return error_remedy(err, "write one such as \"30 days\", or 0 for none");
}

static bool schema_streams_read_stream(struct schema *schema, const cJSON *json,
                                       struct stream *stream, struct error *err)
{
    static const char *const keys[] = {"key",  "time",   "on_duplicate", "delete_when",
                                       "keep", "fields", "references",   "undo",
                                       "was",  NULL};
    stream->name = arena_copy(&schema->arena, slice_text(json->string));
    stream->definition = json_definition(json, &schema->arena);
    if (!schema_streams_read_name(json->string, "stream", err) || !json_is_object(json, keys, err))
        return false;
    if (!schema_read_was(schema, json, &stream->was, err)) return false;
    const cJSON *const fields = json_get(json, "fields");
    if (!fields) return error_set(err, ERROR_SCHEMA, "a stream needs \"fields\"");
    if (!schema_streams_read_fields(schema, fields, stream, err))
        return error_wrap_dot(err, "fields");
    if (!read_key(schema, json_get(json, "key"), stream, err)) return error_wrap_dot(err, "key");
    if (!schema_streams_read_time(json_get(json, "time"), stream, err))
        return error_wrap_dot(err, "time");
    if (!read_on_duplicate(json_get(json, "on_duplicate"), stream, err))
        return error_wrap_dot(err, "on_duplicate");
    if (!read_delete_when(schema, json_get(json, "delete_when"), stream, err))
        return error_wrap_dot(err, "delete_when");
    if (!read_keep(json_get(json, "keep"), stream, err)) return error_wrap_dot(err, "keep");
    if (!read_undo(json_get(json, "undo"), stream, err)) return error_wrap_dot(err, "undo");
    stream->retracts = stream->on_duplicate != DUPLICATE_IGNORE || stream->delete_when;
    return true;
}

bool schema_read_streams(struct schema *schema, const cJSON *json, struct error *err)
{
    size_t index = 0;
    if (!json) return error_set(err, ERROR_SCHEMA, "a schema needs \"streams\"");
    if (!json_is_object(json, NULL, err)) return false;
    size_t const count = (size_t)cJSON_GetArraySize(json);
    if (count == 0 || count > SCHEMA_STREAMS_MAX)
        return error_set(err, ERROR_SCHEMA, "a schema has 1 to %d streams", SCHEMA_STREAMS_MAX);
    struct stream *const streams = ARENA_ARRAY(&schema->arena, struct stream, count);
    schema->streams = streams;
    schema->stream_count = count;
    const cJSON *entry;
    cJSON_ArrayForEach(entry, json)
    {
        streams[index].id = (uint16_t)index;
        if (!schema_streams_read_stream(schema, entry, &streams[index++], err))
            return error_wrap_dot(err, entry->string);
    }
    return schema_read_references(schema, streams, json, err);
}
