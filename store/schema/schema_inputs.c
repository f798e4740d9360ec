/* A view over several streams sees events of one kind: with every field that one of the streams
 * has, and those that "from" defines by expressions over one stream's events. What a stream has not
 * is null in its events.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "expr/expr_p.h"
#include "schema/schema_p.h"

enum { INPUTS_MAX = 100 };

/* One field of the view's events while it is put together. */
struct common_field {
    struct field field;
    const struct expr *values[INPUTS_MAX];
};

struct reading {
    struct schema *schema;
    struct view_input *inputs;
    size_t input_count;
    struct common_field *fields;
    size_t field_count;
};

static bool schema_inputs_same_type(const struct value_type *a, const struct value_type *b)
{
    return a->kind == b->kind && a->unit == b->unit;
}

/* Another input's value of a field that there is already. */
static bool join_types(struct common_field *common, const struct expr *expr, enum field_type type,
                       struct error *err)
{
    struct value_type const value = expr_type(expr);
    if (value.kind == VALUE_NULL) return true;
    if (common->field.value.kind == VALUE_NULL) {
        common->field.value = value;
        common->field.type = type;
        return true;
    }
    if (common->field.type != type)
        common->field.type = FIELD_DECIMAL; /* of any number of digits */
    if (schema_inputs_same_type(&common->field.value, &value)) return true;
    (void)error_set(err, ERROR_SCHEMA, "'%.*s' is %s in one stream and %s in another",
                    (int)common->field.name.length, common->field.name.at,
                    type_name(common->field.value.kind), type_name(value.kind));
    return error_remedy(err, "define it by another name: {\"stream\": {\"name\": \"field\"}}");
}

static bool schema_inputs_add_value(struct reading *reading, size_t input, struct slice name,
                                    const struct expr *expr, enum field_type type,
                                    struct error *err)
{
    for (size_t i = 0; i < reading->field_count; i++) {
        struct common_field *const common = &reading->fields[i];
        if (!slice_equal(common->field.name, name)) continue;
        common->values[input] = expr;
        return join_types(common, expr, type, err);
    }
    if (reading->field_count == SCHEMA_FIELDS_MAX)
        return error_set(err, ERROR_SCHEMA, "more than %d fields", SCHEMA_FIELDS_MAX);
    struct common_field *const common = &reading->fields[reading->field_count++];
    common->field = (struct field){.name = name, .type = type, .value = expr_type(expr)};
    common->values[input] = expr;
    return true;
}

/* The fields of the stream itself, but for those that are defined anew. */
static bool add_own_fields(struct reading *reading, size_t input, const cJSON *defined,
                           struct error *err)
{
    const struct stream *const stream = reading->inputs[input].stream;
    struct expr_parser parser = {.stream = stream, .arena = &reading->schema->arena, .err = err};
    for (size_t i = 0; i < stream->field_count; i++) {
        const struct field *const field = &stream->fields[i];
        if (json_get(defined, (const char *)field->name.at)) continue;
        if (!schema_inputs_add_value(reading, input, field->name, parser_field(&parser, i),
                                     field->type, err))
            return false;
    }
    return true;
}

static bool add_defined(struct reading *reading, size_t input, const cJSON *defined,
                        struct error *err)
{
    struct schema *const schema = reading->schema;
    const cJSON *entry;
    cJSON_ArrayForEach(entry, defined)
    {
        const struct expr *expr;
        if (!json_is_text(entry, "an expression over a stream's fields", err))
            return error_wrap_dot(err, entry->string);
        struct slice const text = arena_copy(&schema->arena, slice_text(entry->valuestring));
        struct slice const name = arena_copy(&schema->arena, slice_text(entry->string));
        if (name.length == 0) return error_set(err, ERROR_SCHEMA, "the name of a field is empty");
        if (!expr_parse(text, reading->inputs[input].stream, schema->zone, &schema->arena, &expr,
                        err))
            return error_wrap_dot(err, entry->string);
        if (slice_is(name, "where")) {
            reading->inputs[input].where = expr;
            if (expr_type(expr).kind == VALUE_BOOL) continue;
            (void)error_set(err, ERROR_SCHEMA, "a condition is true or false, this is neither");
            return error_wrap_dot(err, entry->string);
        }
        if (!schema_inputs_add_value(reading, input, name, expr, FIELD_DECIMAL, err))
            return error_wrap_dot(err, entry->string);
    }
    return true;
}

static bool read_input(struct reading *reading, const char *name, const cJSON *defined,
                       struct error *err)
{
    const struct schema *const schema = reading->schema;
    const struct stream *const stream = schema_stream(schema, slice_text(name));
    size_t const input = reading->input_count;
    if (!stream) {
        struct slice *const names =
            ARENA_ARRAY(&reading->schema->arena, struct slice, schema->stream_count);
        for (size_t i = 0; i < schema->stream_count; i++)
            names[i] = schema->streams[i].name;
        return json_unknown("stream", name, names, schema->stream_count, err);
    }
    for (size_t i = 0; i < input; i++) {
        if (reading->inputs[i].stream == stream)
            return error_set(err, ERROR_SCHEMA, "stream '%s' is named twice", name);
    }
    if (input == INPUTS_MAX)
        return error_set(err, ERROR_SCHEMA, "more than %d streams", INPUTS_MAX);
    reading->inputs[reading->input_count++] = (struct view_input){.stream = stream};
    return add_own_fields(reading, input, defined, err) &&
           add_defined(reading, input, defined, err);
}

static bool schema_inputs_read_list(struct reading *reading, const cJSON *json, struct error *err)
{
    size_t index = 0;
    const cJSON *entry;
    cJSON_ArrayForEach(entry, json)
    {
        if (!json_is_text(entry, "the name of a stream", err) ||
            !read_input(reading, entry->valuestring, NULL, err))
            return error_wrap_index(err, index);
        index++;
    }
    return true;
}

static bool schema_inputs_read_object(struct reading *reading, const cJSON *json, struct error *err)
{
    const cJSON *entry;
    if (!json_is_object(json, NULL, err)) return false;
    cJSON_ArrayForEach(entry, json)
    {
        if (!json_is_object(entry, NULL, err) || !read_input(reading, entry->string, entry, err))
            return error_wrap_dot(err, entry->string);
    }
    return true;
}

/* Whether the field is each stream's own time, not what "from" makes of its name. */
static bool is_time(const struct reading *reading, size_t field)
{
    for (size_t i = 0; i < reading->input_count; i++) {
        int const own = reading->inputs[i].stream->time_field;
        const struct expr *const value = reading->fields[field].values[i];
        if (own < 0 || !value || expr_field(value) != own) return false;
    }
    return true;
}

/* The time of the view's events, where all streams have it in a field of one name. */
static int common_time(const struct reading *reading)
{
    for (size_t i = 0; i < reading->field_count; i++) {
        if (is_time(reading, i)) return (int)i;
    }
    return -1;
}

static void place_values(struct reading *reading)
{
    for (size_t i = 0; i < reading->input_count; i++) {
        const struct expr **const values =
            ARENA_ARRAY(&reading->schema->arena, const struct expr *, reading->field_count);
        for (size_t j = 0; j < reading->field_count; j++)
            values[j] = reading->fields[j].values[i];
        reading->inputs[i].values = values;
    }
}

static struct slice joined_name(const struct reading *reading)
{
    AUTO_BUFFER struct buffer name = {0};
    for (size_t i = 0; i < reading->input_count; i++) {
        if (i > 0) buffer_add_text(&name, "+");
        buffer_add_slice(&name, reading->inputs[i].stream->name);
    }
    return arena_copy(&reading->schema->arena, buffer_slice(&name));
}

static bool retracts(const struct reading *reading)
{
    for (size_t i = 0; i < reading->input_count; i++) {
        if (reading->inputs[i].stream->retracts) return true;
    }
    return false;
}

static void set_stream(struct reading *reading, struct view *view)
{
    struct arena *const arena = &reading->schema->arena;
    struct field *const fields = ARENA_ARRAY(arena, struct field, reading->field_count);
    struct stream *const stream = ARENA_NEW(arena, struct stream);
    for (size_t i = 0; i < reading->field_count; i++)
        fields[i] = reading->fields[i].field;
    place_values(reading);
    *stream = (struct stream){
        .name = joined_name(reading),
        .fields = fields,
        .field_count = reading->field_count,
        .time_field = common_time(reading),
        .version_field = -1,
        .retracts = retracts(reading),
        .is_of_several = true,
    };
    view->stream = stream;
    view->inputs = reading->inputs;
    view->input_count = reading->input_count;
    view->retracts = stream->retracts;
}

bool schema_read_inputs(struct schema *schema, const cJSON *json, struct view *view,
                        struct error *err)
{
    AUTO_FREE struct common_field *const fields = memory_alloc(SCHEMA_FIELDS_MAX * sizeof *fields);
    struct reading reading = {.schema = schema, .fields = fields};
    if (cJSON_GetArraySize(json) == 0)
        return error_set(err, ERROR_SCHEMA, "expected the name of a stream, or several");
    reading.inputs = ARENA_ARRAY(&schema->arena, struct view_input, INPUTS_MAX);
    if (!(cJSON_IsArray(json) ? schema_inputs_read_list(&reading, json, err)
                              : schema_inputs_read_object(&reading, json, err)))
        return false;
    set_stream(&reading, view);
    return true;
}

void schema_set_input(struct schema *schema, struct view *view, const struct stream *stream)
{
    struct view_input *const input = ARENA_NEW(&schema->arena, struct view_input);
    input->stream = stream;
    view->stream = stream;
    view->inputs = input;
    view->input_count = 1;
    view->retracts = stream->retracts;
}
