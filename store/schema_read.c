/* cJSON reads the text; what it lets through (see check_text and check_object) is refused here. Each
 * level reads its object, and wraps its place around the error of the level below.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <cjson/cJSON.h>
#include <stdio.h>

#include "schema.h"
#include "schema_p.h"
#include "zone.h"

enum { NAME_BYTES_LIMIT = 200, PATTERN_BYTES_LIMIT = 200 };

/* cJSON ends strings at a NUL and takes bytes that are not UTF-8; the text must have neither. */
static bool check_text(struct slice text, struct error *err)
{
    size_t line = 1;
    for (size_t i = 0; i < text.length;) {
        size_t const length = utf8_length(slice_of(text.at + i, text.length - i));
        if (text.at[i] == '\n') line++;
        if (length == 0 || text.at[i] == '\0')
            return error_set(err, ERROR_SCHEMA, "line %zu has a byte that is not UTF-8 text", line);
        if (text.at[i] == '\\' &&
            slice_starts(slice_of(text.at + i, text.length - i), slice_text("\\u0000")))
            return error_set(err, ERROR_SCHEMA, "line %zu has \\u0000 in a name or text", line);
        i += text.at[i] == '\\' && i + 1 < text.length ? 2 : length;
    }
    return true;
}

static bool syntax_error(struct slice text, const char *end, struct error *err)
{
    size_t line = 1, column = 1;
    for (const uint8_t *at = text.at; end && at < (const uint8_t *)end; at++, column++) {
        if (*at != '\n') continue;
        line++;
        column = 0;
    }
    return error_set(err, ERROR_SCHEMA, "not JSON at line %zu, column %zu", line, column);
}

static bool parse_json(struct slice text, cJSON **ret_json, struct error *err)
{
    const char *end = NULL;
    if (!check_text(text, err)) return false;
    cJSON *const json = cJSON_ParseWithLengthOpts((const char *)text.at, text.length, &end, false);
    if (!json) return syntax_error(text, end, err);
    const char *const last = (const char *)text.at + text.length;
    while (end < last && strchr(" \t\r\n", *end))
        end++;
    if (end == last) {
        *ret_json = json;
        return true;
    }
    cJSON_Delete(json);
    (void)syntax_error(text, end, err);
    return error_remedy(err, "remove what follows the closing brace");
}

static bool read_name(const char *name, const char *what, struct error *err)
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

static bool read_type(const cJSON *json, enum field_type *ret_type, struct error *err)
{
    static const char *const types[] = {"string", "bool", "int", "decimal", "time"};
    struct slice names[COUNT_OF(types)];
    if (!json_is_text(json, "the name of a type", err)) return false;
    for (unsigned i = 0; i < COUNT_OF(types); i++) {
        names[i] = slice_text(types[i]);
        if (strcmp(json->valuestring, types[i]) != 0) continue;
        *ret_type = (enum field_type)i;
        return true;
    }
    if (strcmp(json->valuestring, "float") == 0) {
        (void)error_set(err, ERROR_SCHEMA, "type 'float' is not available in this version");
        return error_remedy(err, "use 'decimal': its sums are exact");
    }
    return json_unknown("type", json->valuestring, names, COUNT_OF(names), err);
}

static bool read_field(struct schema *schema, const cJSON *json, struct field *field,
                       struct error *err)
{
    static const char *const keys[] = {"type", "format", "column", NULL};
    const cJSON *type = json;
    field->name = field->column = arena_copy(&schema->arena, slice_text(json->string));
    if (!read_name(json->string, "field", err)) return false;
    if (cJSON_IsString(json)) return read_type(json, &field->type, err);
    if (!json_is_object(json, keys, err)) return false;
    type = json_get(json, "type");
    if (!type) return error_set(err, ERROR_SCHEMA, "a field needs a \"type\"");
    if (!read_type(type, &field->type, err)) return error_wrap_dot(err, "type");
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

static bool read_fields(struct schema *schema, const cJSON *json, struct stream *stream,
                        struct error *err)
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
        if (!read_field(schema, entry, &fields[index++], err))
            return error_wrap_dot(err, entry->string);
    }
    stream->fields = fields;
    stream->field_count = count;
    return true;
}

static bool find_field(const struct stream *stream, const char *name, size_t *ret_index,
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
            !find_field(stream, item->valuestring, &field, err))
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

static bool read_time(const cJSON *json, struct stream *stream, struct error *err)
{
    size_t field;
    stream->time_field = -1;
    if (!json) return true;
    if (!json_is_text(json, "the name of a field", err) ||
        !find_field(stream, json->valuestring, &field, err))
        return false;
    if (stream->fields[field].type != FIELD_TIME)
        return error_set(err, ERROR_SCHEMA, "field '%s' is not of type 'time'", json->valuestring);
    stream->time_field = (int)field;
    return true;
}

static bool read_on_duplicate(const cJSON *json, struct error *err)
{
    if (!json || (cJSON_IsString(json) && strcmp(json->valuestring, "ignore") == 0)) return true;
    bool const replace = cJSON_IsString(json) && strcmp(json->valuestring, "replace") == 0;
    if (replace || (cJSON_IsObject(json) && json_get(json, "newest"))) {
        (void)error_set(err, ERROR_SCHEMA, "'%s' is not available in this version",
                        replace ? "replace" : "newest");
        return error_remedy(err, "use \"ignore\": the first event of a key stays");
    }
    (void)error_set(err, ERROR_SCHEMA, "expected \"ignore\"");
    return error_remedy(err,
                        "the first event of a key stays, later ones are counted as duplicates");
}

static bool read_stream(struct schema *schema, const cJSON *json, struct stream *stream,
                        struct error *err)
{
    static const char *const keys[] = {"key", "time", "on_duplicate", "fields", NULL};
    stream->name = arena_copy(&schema->arena, slice_text(json->string));
    if (!read_name(json->string, "stream", err) || !json_is_object(json, keys, err)) return false;
    const cJSON *const fields = json_get(json, "fields");
    if (!fields) return error_set(err, ERROR_SCHEMA, "a stream needs \"fields\"");
    if (!read_fields(schema, fields, stream, err)) return error_wrap_dot(err, "fields");
    if (!read_key(schema, json_get(json, "key"), stream, err)) return error_wrap_dot(err, "key");
    if (!read_time(json_get(json, "time"), stream, err)) return error_wrap_dot(err, "time");
    if (!read_on_duplicate(json_get(json, "on_duplicate"), err))
        return error_wrap_dot(err, "on_duplicate");
    return true;
}

static bool read_streams(struct schema *schema, const cJSON *json, struct error *err)
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
        if (!read_stream(schema, entry, &streams[index++], err))
            return error_wrap_dot(err, entry->string);
    }
    return true;
}

static bool read_timezone(struct schema *schema, const cJSON *json, const struct slice *zone_bytes,
                          struct error *err)
{
    AUTO_BUFFER struct buffer loaded = {0};
    if (json && !json_is_text(json, "the name of a time zone", err)) return false;
    schema->timezone = arena_copy(&schema->arena, slice_text(json ? json->valuestring : "UTC"));
    if (zone_bytes) return zone_new(*zone_bytes, &schema->zone, err);
    return zone_load(schema->timezone, &loaded, err) &&
           zone_new(buffer_slice(&loaded), &schema->zone, err);
}

static bool read_top(struct schema *schema, const cJSON *json, const struct slice *zone_bytes,
                     struct error *err)
{
    static const char *const keys[] = {"timezone", "streams", "views", NULL};
    if (!json_is_object(json, keys, err)) return false;
    if (!read_timezone(schema, json_get(json, "timezone"), zone_bytes, err))
        return error_wrap_dot(err, "timezone");
    if (!read_streams(schema, json_get(json, "streams"), err))
        return error_wrap_dot(err, "streams");
    if (!schema_read_views(schema, json_get(json, "views"), err))
        return error_wrap_dot(err, "views");
    return true;
}

bool schema_read(struct slice text, const struct slice *zone_bytes, struct schema **ret_schema,
                 struct error *err)
{
    cJSON *json = NULL;
    if (!parse_json(text, &json, err)) return false;
    struct schema *const schema = memory_alloc(sizeof *schema);
    schema->text = arena_copy(&schema->arena, text);
    bool const good = read_top(schema, json, zone_bytes, err);
    cJSON_Delete(json);
    if (good)
        *ret_schema = schema;
    else
        schema_free(schema);
    return good;
}

void schema_free(struct schema *schema)
{
    if (!schema) return;
    zone_free(schema->zone);
    arena_done(&schema->arena);
    free(schema);
}

const struct stream *schema_stream(const struct schema *schema, struct slice name)
{
    for (size_t i = 0; i < schema->stream_count; i++) {
        if (slice_equal(schema->streams[i].name, name)) return &schema->streams[i];
    }
    return NULL;
}

const struct view *schema_view(const struct schema *schema, struct slice name)
{
    for (size_t i = 0; i < schema->view_count; i++) {
        if (slice_equal(schema->views[i].name, name)) return &schema->views[i];
    }
    return NULL;
}
