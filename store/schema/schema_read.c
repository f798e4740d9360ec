/* cJSON reads the text, in which blanks stand for comments so that places stay right; what it lets
 * through (see check_text and check_object) is refused here. Each level reads its object, and wraps
 * its place around the error of the level below.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <cjson/cJSON.h>
#include <stdio.h>

#include "schema/schema.h"
#include "schema/schema_p.h"
#include "types/time_zone.h"

static bool check_utf8(struct slice text, struct error *err)
{
    size_t line = 1;
    for (size_t i = 0; i < text.length;) {
        size_t const length = utf8_length(slice_of(text.at + i, text.length - i));
        if (text.at[i] == '\n') line++;
        if (length == 0 || text.at[i] == '\0')
            return error_set(err, ERROR_SCHEMA, "line %zu has a byte that is not UTF-8 text", line);
        i += length;
    }
    return true;
}

static bool check_escapes(struct slice text, struct error *err)
{
    size_t line = 1;
    for (size_t i = 0; i < text.length; i++) {
        if (text.at[i] == '\n') line++;
        if (text.at[i] != '\\') continue;
        if (slice_starts(slice_of(text.at + i, text.length - i), slice_text("\\u0000")))
            return error_set(err, ERROR_SCHEMA, "line %zu has \\u0000 in a name or text", line);
        if (i + 1 < text.length && text.at[i + 1] != '\n') i++;
    }
    return true;
}

/* Sets the fact WHAT "at line 3, column 7", which is where END is in TEXT. */
static bool syntax_error(struct slice text, const char *end, const char *what, struct error *err)
{
    size_t line = 1, column = 1;
    for (const uint8_t *at = text.at; end && at < (const uint8_t *)end; at++, column++) {
        if (*at != '\n') continue;
        line++;
        column = 0;
    }
    return error_set(err, ERROR_SCHEMA, "%s at line %zu, column %zu", what, line, column);
}

/* cJSON ends strings at a NUL and takes bytes that are not UTF-8; the text must have neither. */
static bool check_text(struct slice text, uint8_t *ret_blanked, struct error *err)
{
    size_t unclosed;
    if (!check_utf8(text, err)) return false;
    if (schema_blank_comments(text, ret_blanked, &unclosed))
        return check_escapes(slice_of(ret_blanked, text.length), err);
    (void)syntax_error(text, (const char *)text.at + unclosed, "a comment without an end", err);
    return error_remedy(err, "end it with */");
}

static bool parse_json(struct slice as_written, cJSON **ret_json, struct error *err)
{
    const char *end = NULL;
    AUTO_FREE uint8_t *const blanked = memory_alloc(as_written.length);
    struct slice const text = slice_of(blanked, as_written.length);
    if (!check_text(as_written, blanked, err)) return false;
    cJSON *const json = cJSON_ParseWithLengthOpts((const char *)text.at, text.length, &end, false);
    if (!json) return syntax_error(text, end, "not JSON", err);
    const char *const last = (const char *)text.at + text.length;
    while (end < last && strchr(" \t\r\n", *end))
        end++;
    if (end == last) {
        *ret_json = json;
        return true;
    }
    cJSON_Delete(json);
    (void)syntax_error(text, end, "not JSON", err);
    return error_remedy(err, "remove what follows the closing brace");
}

static bool read_timezone(struct schema *schema, const cJSON *json, const struct slice *zone_bytes,
                          struct error *err)
{
    AUTO_BUFFER struct buffer loaded = {0};
    if (json && !json_is_text(json, "the name of a time zone", err)) return false;
    schema->timezone = arena_copy(&schema->arena, slice_text(json ? json->valuestring : "UTC"));
    if (zone_bytes) return time_zone_new(*zone_bytes, &schema->zone, err);
    return time_zone_load(schema->timezone, &loaded, err) &&
           time_zone_new(buffer_slice(&loaded), &schema->zone, err);
}

static bool read_top(struct schema *schema, const cJSON *json, const struct slice *zone_bytes,
                     struct error *err)
{
    static const char *const keys[] = {"timezone", "streams", "views", NULL};
    if (!json_is_object(json, keys, err)) return false;
    if (!read_timezone(schema, json_get(json, "timezone"), zone_bytes, err))
        return error_wrap_dot(err, "timezone");
    if (!schema_read_streams(schema, json_get(json, "streams"), err))
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
    time_zone_free(schema->zone);
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

bool view_dimension_is_time(const struct view *view, size_t dimension)
{
    const struct expr *const expr = view->dimensions[dimension].expr;
    return !view->source && view->stream->time_field >= 0 &&
           expr_time_field(expr) == view->stream->time_field;
}

const struct stream *schema_stream_of(const struct schema *schema, uint16_t id)
{
    for (size_t i = 0; i < schema->stream_count; i++) {
        if (schema->streams[i].id == id) return &schema->streams[i];
    }
    return NULL;
}

const struct view *schema_view_of(const struct schema *schema, uint16_t id)
{
    /* Most schemas are as they were first: then an id is a place. */
    if (id < schema->all_view_count && schema->views[id].id == id) return &schema->views[id];
    for (size_t i = 0; i < schema->all_view_count; i++) {
        if (schema->views[i].id == id) return &schema->views[i];
    }
    return NULL;
}
