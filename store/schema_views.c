// SPDX-License-Identifier: Apache-2.0
#include <stdio.h>

#include "schema_p.h"

enum { VIEW_NAME_BYTES_MAX = 200 };

static bool read_from(const struct schema *schema, const cJSON *json, struct view *view,
                      struct error *err)
{
    if (!json) {
        if (schema->stream_count == 1) {
            view->stream = &schema->streams[0];
            return true;
        }
        (void)error_set(err, ERROR_SCHEMA, "the view does not say which stream it is from");
        return error_remedy(err, "add \"from\": \"%.*s\"", (int)schema->streams[0].name.length,
                            schema->streams[0].name.at);
    }
    if (!json_is_text(json, "the name of a stream", err)) return error_wrap_dot(err, "from");
    view->stream = schema_stream(schema, slice_text(json->valuestring));
    if (view->stream) return true;
    AUTO_FREE struct slice *names = memory_alloc(schema->stream_count * sizeof *names);
    for (size_t i = 0; i < schema->stream_count; i++)
        names[i] = schema->streams[i].name;
    (void)json_unknown("stream", json->valuestring, names, schema->stream_count, err);
    return error_wrap_dot(err, "from");
}

static bool read_where(struct schema *schema, const cJSON *json, struct view *view,
                       struct error *err)
{
    if (!json) return true;
    struct slice const text =
        arena_copy(&schema->arena, slice_text(cJSON_IsString(json) ? json->valuestring : ""));
    if (!json_is_text(json, "a condition", err) ||
        !expr_parse(text, view->stream, schema->zone, &schema->arena, &view->where, err))
        return false;
    if (expr_type(view->where).kind == VALUE_BOOL) return true;
    return error_set(err, ERROR_SCHEMA, "a condition is true or false, this is neither");
}

/* A field, or a bucket of a time field. */
static bool is_dimension(const struct expr *expr, struct error *err)
{
    if (expr_field(expr) >= 0 || expr_type(expr).kind == VALUE_BUCKET) return true;
    (void)error_set(err, ERROR_SCHEMA, "a dimension is a field or a bucket of time");
    return error_remedy(err, "write a field's name, or for example \"day(time field)\"");
}

/* Without an alias a bucket is named by its unit, as in "day": "2026-01-01". */
static struct slice default_name(const struct view *view, const struct expr *expr)
{
    int const field = expr_field(expr);
    if (field >= 0) return view->stream->fields[field].name;
    return slice_text(bucket_unit_names[expr_type(expr).unit]);
}

static bool read_dimension(struct schema *schema, const struct view *view, const cJSON *json,
                           struct dimension *dimension, struct error *err)
{
    const cJSON *source = json;
    if (cJSON_IsObject(json)) {
        source = json->child;
        if (!source || source->next)
            return error_set(err, ERROR_SCHEMA, "expected one name: {\"alias\": \"expression\"}");
        dimension->name = arena_copy(&schema->arena, slice_text(source->string));
        if (dimension->name.length == 0) return error_set(err, ERROR_SCHEMA, "the alias is empty");
    }
    if (!json_is_text(source, "a field or {\"alias\": \"expression\"}", err)) return false;
    struct slice const text = arena_copy(&schema->arena, slice_text(source->valuestring));
    if (!expr_parse(text, view->stream, schema->zone, &schema->arena, &dimension->expr, err) ||
        !is_dimension(dimension->expr, err))
        return false;
    if (source == json) dimension->name = default_name(view, dimension->expr);
    dimension->type = expr_type(dimension->expr);
    return true;
}

static bool read_by(struct schema *schema, const cJSON *json, struct view *view, struct error *err)
{
    if (!json) return true;
    if (!cJSON_IsArray(json)) {
        (void)error_set(err, ERROR_SCHEMA, "expected a list of dimensions");
        return error_remedy(err, "write \"by\": [\"field\", …]");
    }
    size_t const count = (size_t)cJSON_GetArraySize(json);
    if (count > SCHEMA_DIMENSIONS_MAX)
        return error_set(err, ERROR_SCHEMA, "more than %d dimensions", SCHEMA_DIMENSIONS_MAX);
    struct dimension *const dimensions = ARENA_ARRAY(&schema->arena, struct dimension, count);
    for (size_t i = 0; i < count; i++) {
        if (!read_dimension(schema, view, cJSON_GetArrayItem(json, (int)i), &dimensions[i], err))
            return error_wrap_index(err, i);
        for (size_t j = 0; j < i; j++) {
            if (!slice_equal(dimensions[i].name, dimensions[j].name)) continue;
            (void)error_set(err, ERROR_SCHEMA, "the name '%.*s' is taken by dimension %zu",
                            (int)dimensions[i].name.length, dimensions[i].name.at, j);
            (void)error_remedy(err, "give it an alias: {\"alias\": \"expression\"}");
            return error_wrap_index(err, i);
        }
    }
    view->dimensions = dimensions;
    view->dimension_count = count;
    return true;
}

static bool name_is_free(const struct view *view, struct slice name, struct error *err)
{
    if (name.length == 0) return error_set(err, ERROR_SCHEMA, "the name of a measure is empty");
    for (size_t i = 0; i < view->dimension_count; i++) {
        if (slice_equal(view->dimensions[i].name, name))
            return error_set(err, ERROR_SCHEMA, "a dimension of the view has this name");
    }
    return true;
}

static bool read_measures(struct schema *schema, const cJSON *json, struct view *view,
                          struct error *err)
{
    if (!json) return error_set(err, ERROR_SCHEMA, "a view needs \"measures\"");
    if (!json_is_object(json, NULL, err)) return false;
    size_t const count = (size_t)cJSON_GetArraySize(json);
    if (count == 0) return error_set(err, ERROR_SCHEMA, "a view needs at least one measure");
    if (count > SCHEMA_AGGREGATES_MAX)
        return error_set(err, ERROR_SCHEMA, "more than %d measures", SCHEMA_AGGREGATES_MAX);
    struct measure *const measures = ARENA_ARRAY(&schema->arena, struct measure, count);
    struct measure_source *const sources =
        ARENA_ARRAY(&schema->arena, struct measure_source, count);
    const struct formula **const formulas =
        ARENA_ARRAY(&schema->arena, const struct formula *, count);
    size_t index = 0, bad;
    const cJSON *entry;
    cJSON_ArrayForEach(entry, json)
    {
        if (!json_is_text(entry, "a measure such as \"sum(x)\"", err) ||
            !name_is_free(view, slice_text(entry->string), err))
            return error_wrap_dot(err, entry->string);
        sources[index].name = arena_copy(&schema->arena, slice_text(entry->string));
        sources[index++].text = arena_copy(&schema->arena, slice_text(entry->valuestring));
    }
    struct aggregate *aggregates;
    if (!formula_parse(sources, count, view->stream, schema->zone, &schema->arena, formulas,
                       &aggregates, &view->aggregate_count, &bad, err))
        return error_wrap_dot(err, (const char *)sources[bad].name.at);
    for (size_t i = 0; i < count; i++)
        measures[i] = (struct measure){
            .name = sources[i].name, .text = sources[i].text, .formula = formulas[i]};
    view->aggregates = aggregates;
    view->measures = measures;
    view->measure_count = count;
    return true;
}

static bool check_name(const char *name, struct error *err)
{
    size_t const length = strlen(name);
    if (length == 0 || length > VIEW_NAME_BYTES_MAX)
        return error_set(err, ERROR_SCHEMA, "the name of a view has 1 to %d bytes",
                         VIEW_NAME_BYTES_MAX);
    if (name[0] == '.') {
        (void)error_set(err, ERROR_SCHEMA, "the name of a view cannot begin with a dot");
        return error_remedy(err, "names with a dot in front are tallyfs's own");
    }
    for (size_t i = 0; i < length; i++) {
        if ((unsigned char)name[i] < 0x20 || name[i] == 0x7f)
            return error_set(err, ERROR_SCHEMA, "the name of a view has a control character");
    }
    return true;
}

static bool read_view(struct schema *schema, const cJSON *json, struct view *view,
                      struct error *err)
{
    static const char *const keys[] = {"from", "by", "where", "measures", NULL};
    view->name = arena_copy(&schema->arena, slice_text(json->string));
    if (!check_name(json->string, err) || !json_is_object(json, keys, err)) return false;
    if (!read_from(schema, json_get(json, "from"), view, err)) return false;
    if (!read_by(schema, json_get(json, "by"), view, err)) return error_wrap_dot(err, "by");
    if (!read_where(schema, json_get(json, "where"), view, err))
        return error_wrap_dot(err, "where");
    if (!read_measures(schema, json_get(json, "measures"), view, err))
        return error_wrap_dot(err, "measures");
    return true;
}

static void add_fallible(const struct expr *expr, const struct expr **list, size_t *count)
{
    if (!expr || !expr_can_overflow(expr)) return;
    for (size_t i = 0; i < *count; i++) {
        if (expr_equal(list[i], expr)) return;
    }
    list[(*count)++] = expr;
}

/* Every expression that an event of the stream could make outgrow a decimal, once. */
static void collect_fallible(struct schema *schema, struct stream *stream)
{
    size_t most = 0, count = 0;
    for (size_t i = 0; i < schema->view_count; i++)
        most += 1 + 2 * schema->views[i].aggregate_count;
    const struct expr **const list = ARENA_ARRAY(&schema->arena, const struct expr *, most);
    for (size_t i = 0; i < schema->view_count; i++) {
        const struct view *const view = &schema->views[i];
        if (view->stream != stream) continue;
        add_fallible(view->where, list, &count);
        for (size_t j = 0; j < view->aggregate_count; j++) {
            add_fallible(view->aggregates[j].argument, list, &count);
            add_fallible(view->aggregates[j].where, list, &count);
        }
    }
    stream->fallible = list;
    stream->fallible_count = count;
}

bool schema_read_views(struct schema *schema, const cJSON *json, struct error *err)
{
    size_t index = 0;
    if (!json) return error_set(err, ERROR_SCHEMA, "a schema needs \"views\"");
    if (!json_is_object(json, NULL, err)) return false;
    size_t const count = (size_t)cJSON_GetArraySize(json);
    if (count > SCHEMA_VIEWS_MAX)
        return error_set(err, ERROR_SCHEMA, "more than %d views", SCHEMA_VIEWS_MAX);
    struct view *const views = ARENA_ARRAY(&schema->arena, struct view, count);
    schema->views = views;
    schema->view_count = count;
    const cJSON *entry;
    cJSON_ArrayForEach(entry, json)
    {
        views[index].id = (uint16_t)index;
        if (!read_view(schema, entry, &views[index++], err))
            return error_wrap_dot(err, entry->string);
    }
    for (size_t i = 0; i < schema->stream_count; i++)
        collect_fallible(schema, (struct stream *)(uintptr_t)&schema->streams[i]);
    return true;
}
