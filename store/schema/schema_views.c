// SPDX-License-Identifier: Apache-2.0
#include <math.h>
#include <stdio.h>

#include "schema/prometheus_names.h"
#include "schema/schema_p.h"

enum { VIEW_NAME_BYTES_MAX = 200 };

/* The views while they are read: one may be over another that is declared behind it. */
struct views {
    struct schema *schema;
    struct view *views;
    const cJSON **entries;
    enum { NOT_READ, IN_READING, READ } * progress;
    const struct view **order;
    size_t read_count;
    size_t current;   /* the view being read */
    size_t *asked_by; /* for those in reading: which view is over it */
};

static bool read_view_at(struct views *all, size_t index, struct error *err);

/* While views are read they may ask for what references lead to. */
static void open_joins(const struct schema *schema, bool is_open)
{
    for (size_t i = 0; i < schema->stream_count; i++) {
        if (schema->streams[i].joins) schema->streams[i].joins->is_open = is_open;
    }
}

/* Tells the chain of views that leads back to its beginning. */
static bool schema_views_is_cycle(const struct views *all, size_t index, struct error *err)
{
    AUTO_BUFFER struct buffer chain = {0};
    buffer_add_slice(&chain, all->views[index].name);
    for (size_t at = all->current; at != index; at = all->asked_by[at]) {
        AUTO_BUFFER struct buffer longer = {0};
        buffer_add_slice(&longer, all->views[at].name);
        buffer_add_text(&longer, " -> ");
        buffer_add_slice(&longer, buffer_slice(&chain));
        buffer_clear(&chain);
        buffer_add_slice(&chain, buffer_slice(&longer));
    }
    (void)error_set(err, ERROR_SCHEMA, "a view is over its own rows: %.*s -> %.*s",
                    (int)all->views[index].name.length, all->views[index].name.at,
                    (int)chain.length, chain.at);
    return error_wrap_dot(err, "from");
}

static bool no_source(const struct views *all, const char *name, struct error *err)
{
    const struct schema *const schema = all->schema;
    AUTO_FREE struct slice *names =
        memory_alloc((schema->stream_count + schema->view_count) * sizeof *names);
    for (size_t i = 0; i < schema->stream_count; i++)
        names[i] = schema->streams[i].name;
    for (size_t i = 0; i < schema->view_count; i++)
        names[schema->stream_count + i] = all->views[i].name;
    (void)json_unknown("stream or view", name, names, schema->stream_count + schema->view_count,
                       err);
    return error_wrap_dot(err, "from");
}

static bool set_source(struct view *view, const struct view *source, struct error *err)
{
    if (source->hierarchy) {
        (void)error_set(err, ERROR_SCHEMA, "'%.*s' is a tree, and a view cannot be over its nodes",
                        (int)source->name.length, source->name.at);
        (void)error_remedy(err, "name the stream that the tree is from");
        return error_wrap_dot(err, "from");
    }
    view->source = source;
    view->stream = source->rows;
    view->retracts = true; /* rows change */
    return true;
}

static bool read_from(struct views *all, const cJSON *json, struct view *view, struct error *err)
{
    struct schema *const schema = all->schema;
    const struct stream *stream = NULL;
    if (cJSON_IsArray(json) || cJSON_IsObject(json))
        return schema_read_inputs(schema, json, view, err) || error_wrap_dot(err, "from");
    if (!json && schema->stream_count == 1) {
        stream = &schema->streams[0];
    } else if (!json) {
        (void)error_set(err, ERROR_SCHEMA, "the view does not say which stream it is from");
        return error_remedy(err, "add \"from\": \"%.*s\"", (int)schema->streams[0].name.length,
                            schema->streams[0].name.at);
    } else if (!json_is_text(json, "the name of a stream or view", err)) {
        return error_wrap_dot(err, "from");
    } else {
        stream = schema_stream(schema, slice_text(json->valuestring));
    }
    if (stream) {
        schema_set_input(schema, view, stream);
        return true;
    }
    for (size_t i = 0; i < schema->view_count; i++) {
        if (!slice_is(all->views[i].name, json->valuestring)) continue;
        if (all->progress[i] == IN_READING) return schema_views_is_cycle(all, i, err);
        if (all->progress[i] == NOT_READ && !read_view_at(all, i, err)) return false;
        return set_source(view, &all->views[i], err);
    }
    return no_source(all, json->valuestring, err);
}

void schema_describe_rows(struct schema *schema, struct view *view)
{
    size_t const most = view->dimension_count + view->measure_count;
    struct field *const fields = ARENA_ARRAY(&schema->arena, struct field, most);
    struct stream *const rows = ARENA_NEW(&schema->arena, struct stream);
    size_t count = 0;
    for (size_t i = 0; i < view->dimension_count; i++)
        fields[count++] = (struct field){.name = view->dimensions[i].name,
                                         .type = FIELD_DECIMAL,
                                         .value = view->dimensions[i].type};
    for (size_t i = 0; i < view->measure_count; i++) {
        if (formula_is_list(view->measures[i].formula)) continue;
        fields[count++] = (struct field){.name = view->measures[i].name,
                                         .type = FIELD_DECIMAL,
                                         .value = formula_type(view->measures[i].formula)};
    }
    *rows = (struct stream){.name = view->name,
                            .fields = fields,
                            .field_count = count,
                            .time_field = -1,
                            .version_field = -1,
                            .retracts = true};
    view->rows = rows;
}

bool schema_read_where(struct schema *schema, const cJSON *json, struct view *view,
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
    if (field >= 0) return stream_field(view->stream, (size_t)field)->name;
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
    if (schema_read_distance(schema, view, text, dimension)) return true;
    if (!expr_parse(text, view->stream, schema->zone, &schema->arena, &dimension->expr, err) ||
        !is_dimension(dimension->expr, err))
        return false;
    if (source == json) dimension->name = default_name(view, dimension->expr);
    dimension->type = expr_type(dimension->expr);
    return true;
}

bool schema_read_by(struct schema *schema, const cJSON *json, struct view *view, struct error *err)
{
    if (!json) return true;
    if (!cJSON_IsArray(json)) {
        (void)error_set(err, ERROR_SCHEMA, "expected a list of dimensions");
        return error_remedy(err, "write \"by\": [\"field\", …]");
    }
    size_t const count = (size_t)cJSON_GetArraySize(json);
    if (count > SCHEMA_DIMENSIONS_MAX)
        return error_set(err, ERROR_SCHEMA, "more than %d dimensions", SCHEMA_DIMENSIONS_MAX);
    for (size_t i = 0; i < count; i++) {
        if (schema_names_hierarchy(cJSON_GetArrayItem(json, (int)i)))
            return schema_read_hierarchy(schema, json, view, err);
    }
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

/* A view that lets old groups go takes their events out of the groups above. */
static bool read_retain(const cJSON *json, struct view *view, struct error *err)
{
    view->time_dimension = -1;
    if (!json) return true;
    const struct view *bottom = view;
    while (bottom->source)
        bottom = bottom->source;
    if (bottom->input_count > 1)
        return error_set(err, ERROR_SCHEMA, "a view over several streams cannot let groups go");
    if (!json_read_duration(json, &view->retain_seconds, err)) return false;
    view->retracts = true;
    for (size_t i = 0; i < view->dimension_count; i++) {
        enum value_kind const kind = view->dimensions[i].type.kind;
        if (kind != VALUE_BUCKET && kind != VALUE_TIME) continue;
        view->time_dimension = (int)i;
        return true;
    }
    (void)error_set(err, ERROR_SCHEMA, "no dimension of the view is a time");
    return error_remedy(err, "add one to \"by\", such as \"day(time field)\"");
}

static bool read_max_rows(const cJSON *json, struct view *view, struct error *err)
{
    double const most = 1e15; /* doubles count that far */
    view->max_rows = SCHEMA_MAX_ROWS;
    if (!json) return true;
    double const number = cJSON_IsNumber(json) ? json->valuedouble : 0;
    if (!(number >= 1 && number <= most && floor(number) == number))
        return error_set(err, ERROR_SCHEMA, "expected a number of rows, 1 or more");
    view->max_rows = (uint64_t)number;
    return true;
}

static bool read_format(const cJSON *json, struct view *view, struct error *err)
{
    struct slice known[ROWS_FORMATS];
    if (!json_is_text(json, "the name of a format", err)) return false;
    for (unsigned i = 0; i < ROWS_FORMATS; i++) {
        known[i] = slice_text(rows_extensions[i] + 1); /* behind the dot */
        if (slice_is(known[i], json->valuestring)) {
            view->formats[i] = true;
            return true;
        }
    }
    return json_unknown("format", json->valuestring, known, ROWS_FORMATS, err);
}

static bool read_formats(const cJSON *json, struct view *view, struct error *err)
{
    view->formats[ROWS_JSON] = true;
    view->formats[ROWS_NDJSON] = view->formats[ROWS_CSV] = !json;
    if (!json) return true;
    if (!cJSON_IsArray(json)) {
        (void)error_set(err, ERROR_SCHEMA, "expected a list of formats");
        return error_remedy(err, "write \"formats\": [\"json\", \"ndjson\", \"csv\", \"prom\"]");
    }
    size_t index = 0;
    const cJSON *entry;
    cJSON_ArrayForEach(entry, json)
    {
        if (!read_format(entry, view, err)) return error_wrap_index(err, index);
        index++;
    }
    return !view->formats[ROWS_PROM] || prometheus_check(view, err);
}

/* What the view's content depends on. */
static struct slice view_definition(const cJSON *json, struct arena *arena)
{
    cJSON *const copy = cJSON_Duplicate(json, true);
    cJSON_DeleteItemFromObjectCaseSensitive(copy, "max_rows");
    cJSON_DeleteItemFromObjectCaseSensitive(copy, "formats");
    cJSON_DeleteItemFromObjectCaseSensitive(copy, "was");
    struct slice const definition = json_definition(copy, arena);
    cJSON_Delete(copy);
    return definition;
}

static bool schema_views_check_name(const char *name, struct error *err)
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

static bool read_view(struct views *all, const cJSON *json, struct view *view, struct error *err)
{
    static const char *const keys[] = {"from",   "by",       "where",   "measures",
                                       "retain", "max_rows", "formats", "depth",
                                       "within", "was",      NULL};
    struct schema *const schema = all->schema;
    if (!schema_views_check_name(json->string, err) || !json_is_object(json, keys, err))
        return false;
    if (!schema_read_was(schema, json, &view->was, err)) return false;
    if (!read_from(all, json_get(json, "from"), view, err)) return false;
    if (!schema_read_by(schema, json_get(json, "by"), view, err)) return error_wrap_dot(err, "by");
    if (!schema_read_levels(json_get(json, "depth"), view, err))
        return error_wrap_dot(err, "depth");
    if (view->hierarchy && !schema_check_hierarchy(view, json, err)) return false;
    if (!schema_read_where(schema, json_get(json, "where"), view, err))
        return error_wrap_dot(err, "where");
    if (!schema_check_links(schema, view, err)) return false;
    if (!read_retain(json_get(json, "retain"), view, err)) return error_wrap_dot(err, "retain");
    if (!read_max_rows(json_get(json, "max_rows"), view, err))
        return error_wrap_dot(err, "max_rows");
    if (!schema_read_measures(schema, json_get(json, "measures"), view, err))
        return error_wrap_dot(err, "measures");
    if (!read_formats(json_get(json, "formats"), view, err)) return error_wrap_dot(err, "formats");
    schema_describe_rows(schema, view);
    if (!schema_read_breakdown(schema, json_get(json, "within"), view, err))
        return error_wrap_dot(err, "within");
    return true;
}

static bool read_view_at(struct views *all, size_t index, struct error *err)
{
    all->asked_by[index] = all->current;
    all->current = index;
    all->progress[index] = IN_READING;
    if (!read_view(all, all->entries[index], &all->views[index], err)) return false;
    for (size_t i = 0; i < all->schema->all_view_count;
         i++) { /* those that feed it are merged before */
        if (all->views[i].owner == &all->views[index])
            all->order[all->read_count++] = &all->views[i];
    }
    all->current = all->asked_by[index]; /* else it stays: it is the one at fault */
    all->progress[index] = READ;
    all->order[all->read_count++] = &all->views[index];
    return true;
}

bool schema_read_views(struct schema *schema, const cJSON *json, struct error *err)
{
    size_t index = 0;
    if (!json) return error_set(err, ERROR_SCHEMA, "a schema needs \"views\"");
    if (!json_is_object(json, NULL, err)) return false;
    size_t const count = (size_t)cJSON_GetArraySize(json);
    if (count > SCHEMA_VIEWS_MAX)
        return error_set(err, ERROR_SCHEMA, "more than %d views", SCHEMA_VIEWS_MAX);
    size_t const most = count * (1 + SCHEMA_FEEDERS_MAX);
    struct view *const views = ARENA_ARRAY(&schema->arena, struct view, most);
    struct views all = {
        .schema = schema,
        .views = views,
        .entries = ARENA_ARRAY(&schema->arena, const cJSON *, count),
        .order = ARENA_ARRAY(&schema->arena, const struct view *, most),
        .asked_by = ARENA_ARRAY(&schema->arena, size_t, count),
    };
    all.progress = arena_alloc(&schema->arena, count * sizeof *all.progress);
    schema->views = views;
    schema->view_count = schema->all_view_count = count;
    schema->order = all.order;
    const cJSON *entry;
    cJSON_ArrayForEach(entry, json)
    {
        views[index].id = (uint16_t)index;
        views[index].name = arena_copy(&schema->arena, slice_text(entry->string));
        views[index].definition = view_definition(entry, &schema->arena);
        all.entries[index++] = entry;
    }
    open_joins(schema, true);
    for (size_t i = 0; i < count; i++) {
        if (all.progress[i] == READ || read_view_at(&all, i, err)) continue;
        return error_wrap_dot(err, all.entries[all.current]->string);
    }
    open_joins(schema, false);
    if (!prometheus_check_families(views, count, err)) return false;
    schema_collect_fallible(schema);
    schema_collect_paths(schema);
    return true;
}
