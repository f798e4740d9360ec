/* What leads from one stream to another: declared at a field for a target that is known by one, in "references" of the
 * stream for one that is known by several.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "schema/schema_p.h"

/* The references of one stream while they are read. */
struct reading {
    struct schema *schema;
    struct stream *stream;
    struct reference *references;
    size_t count;
};

static bool find_target(const struct reading *reading, const char *name,
                        const struct stream **ret_target, struct error *err)
{
    const struct schema *const schema = reading->schema;
    const struct stream *const target = schema_stream(schema, slice_text(name));
    if (target && target->key_count) {
        *ret_target = target;
        return true;
    }
    if (target) {
        (void)error_set(err, ERROR_SCHEMA, "stream '%s' has no key that could be referred to",
                        name);
        return error_remedy(err, "give it a \"key\"");
    }
    struct slice *const names =
        ARENA_ARRAY(&reading->schema->arena, struct slice, schema->stream_count);
    for (size_t i = 0; i < schema->stream_count; i++)
        names[i] = schema->streams[i].name;
    return json_unknown("stream", name, names, schema->stream_count, err);
}

static bool schema_references_same_type(const struct reading *reading, const struct stream *target,
                                        size_t place, uint16_t field, struct error *err)
{
    const struct field *const own = &reading->stream->fields[field];
    const struct field *const key = &target->fields[target->key_fields[place]];
    if (own->type == key->type) return true;
    return error_set(err, ERROR_SCHEMA,
                     "field '%.*s' and the key '%.*s' of stream '%.*s' differ in type",
                     (int)own->name.length, own->name.at, (int)key->name.length, key->name.at,
                     (int)target->name.length, target->name.at);
}

static void add_reference(struct reading *reading, struct slice name, const struct stream *target,
                          const uint16_t *fields)
{
    reading->references[reading->count++] =
        (struct reference){.name = name, .target = target, .fields = fields};
}

static bool read_of_field(struct reading *reading, const cJSON *json, uint16_t field,
                          struct error *err)
{
    const struct stream *target;
    if (!json_is_text(json, "the name of a stream", err) ||
        !find_target(reading, json->valuestring, &target, err))
        return false;
    if (target->key_count > 1) {
        (void)error_set(err, ERROR_SCHEMA, "the key of stream '%s' has %zu fields",
                        json->valuestring, target->key_count);
        return error_remedy(err,
                            "write \"references\": {\"name\": {\"stream\": \"%s\", \"by\": "
                            "[fields]}} beside \"fields\"",
                            json->valuestring);
    }
    if (!schema_references_same_type(reading, target, 0, field, err)) return false;
    uint16_t *const fields = ARENA_NEW(&reading->schema->arena, uint16_t);
    *fields = field;
    add_reference(reading, reading->stream->fields[field].name, target, fields);
    return true;
}

static bool read_by(const struct reading *reading, const cJSON *json, const struct stream *target,
                    uint16_t *fields, struct error *err)
{
    if (!cJSON_IsArray(json) || (size_t)cJSON_GetArraySize(json) != target->key_count)
        return error_set(err, ERROR_SCHEMA,
                         "expected a list of %zu fields, as the key of stream '%.*s' has",
                         target->key_count, (int)target->name.length, target->name.at);
    for (size_t i = 0; i < target->key_count; i++) {
        const cJSON *const item = cJSON_GetArrayItem(json, (int)i);
        size_t field;
        if (!json_is_text(item, "the name of a field", err) ||
            !stream_find_field(reading->stream, item->valuestring, &field, err))
            return error_wrap_index(err, i);
        fields[i] = (uint16_t)field;
        if (!schema_references_same_type(reading, target, i, fields[i], err))
            return error_wrap_index(err, i);
    }
    return true;
}

static bool schema_references_name_is_free(const struct reading *reading, struct slice name,
                                           struct error *err)
{
    if (name.length == 0) return error_set(err, ERROR_SCHEMA, "the name of a reference is empty");
    for (size_t i = 0; i < reading->stream->field_count; i++) {
        if (slice_equal(reading->stream->fields[i].name, name))
            return error_set(err, ERROR_SCHEMA, "a field of the stream has this name");
    }
    return true;
}

static bool read_of_stream(struct reading *reading, const cJSON *json, struct error *err)
{
    static const char *const keys[] = {"stream", "by", NULL};
    struct arena *const arena = &reading->schema->arena;
    const cJSON *const stream = json_get(json, "stream"), *const by = json_get(json, "by");
    const struct stream *target;
    struct slice const name = arena_copy(arena, slice_text(json->string));
    if (!schema_references_name_is_free(reading, name, err) || !json_is_object(json, keys, err))
        return false;
    if (!stream || !by)
        return error_set(err, ERROR_SCHEMA, "expected {\"stream\": \"name\", \"by\": [fields]}");
    if (!json_is_text(stream, "the name of a stream", err) ||
        !find_target(reading, stream->valuestring, &target, err))
        return error_wrap_dot(err, "stream");
    uint16_t *const fields = ARENA_ARRAY(arena, uint16_t, target->key_count);
    if (!read_by(reading, by, target, fields, err)) return error_wrap_dot(err, "by");
    add_reference(reading, name, target, fields);
    return true;
}

static bool schema_references_read_fields(struct reading *reading, const cJSON *json,
                                          struct error *err)
{
    uint16_t index = 0;
    const cJSON *entry;
    cJSON_ArrayForEach(entry, json)
    {
        const cJSON *const references = json_get(entry, "references");
        if (references && !read_of_field(reading, references, index, err)) {
            (void)error_wrap_dot(err, "references");
            return error_wrap_dot(err, entry->string);
        }
        index++;
    }
    return true;
}

static bool schema_references_read_list(struct reading *reading, const cJSON *json,
                                        struct error *err)
{
    const cJSON *entry;
    if (!json) return true;
    if (!json_is_object(json, NULL, err)) return false;
    cJSON_ArrayForEach(entry, json)
    {
        if (!read_of_stream(reading, entry, err)) return error_wrap_dot(err, entry->string);
    }
    return true;
}

static bool schema_references_read_stream(struct reading *reading, const cJSON *json,
                                          struct error *err)
{
    const cJSON *const fields = json_get(json, "fields"), *const list =
                                                              json_get(json, "references");
    size_t const most = reading->stream->field_count + (size_t)cJSON_GetArraySize(list);
    reading->references = ARENA_ARRAY(&reading->schema->arena, struct reference, most);
    if (!schema_references_read_fields(reading, fields, err)) return error_wrap_dot(err, "fields");
    if (!schema_references_read_list(reading, list, err)) return error_wrap_dot(err, "references");
    if (reading->count > SCHEMA_REFERENCES_MAX)
        return error_set(err, ERROR_SCHEMA, "more than %d references", SCHEMA_REFERENCES_MAX);
    reading->stream->references = reading->references;
    reading->stream->reference_count = reading->count;
    if (reading->count) reading->stream->joins = ARENA_NEW(&reading->schema->arena, struct joins);
    return true;
}

bool schema_read_references(struct schema *schema, struct stream *streams, const cJSON *json,
                            struct error *err)
{
    size_t index = 0;
    const cJSON *entry;
    cJSON_ArrayForEach(entry, json)
    {
        struct reading reading = {.schema = schema, .stream = &streams[index++]};
        if (!schema_references_read_stream(&reading, entry, err))
            return error_wrap_dot(err, entry->string);
    }
    return true;
}

size_t stream_value_count(const struct stream *stream)
{
    return stream->field_count + (stream->joins ? stream->joins->count : 0);
}

const struct field *stream_field(const struct stream *stream, size_t value)
{
    while (value >= stream->field_count) {
        const struct joined *const joined = &stream->joins->list[value - stream->field_count];
        stream = stream->references[joined->reference].target;
        value = joined->field;
    }
    return &stream->fields[value];
}

size_t stream_join(const struct stream *stream, size_t reference, size_t field, struct arena *arena)
{
    struct joins *const joins = stream->joins;
    const struct stream *const target = stream->references[reference].target;
    for (size_t i = 0; i < joins->count; i++) {
        if (joins->list[i].reference == reference && joins->list[i].field == field)
            return stream->field_count + i;
    }
    if (joins->count == joins->capacity) {
        size_t const capacity = joins->capacity ? joins->capacity * 2 : 8;
        struct joined *const larger = ARENA_ARRAY(arena, struct joined, capacity);
        if (joins->count) memcpy(larger, joins->list, joins->count * sizeof *larger);
        joins->list = larger;
        joins->capacity = capacity;
    }
    unsigned const below =
        field < target->field_count ? 0 : target->joins->list[field - target->field_count].length;
    ((struct stream *)(uintptr_t)target)->is_target = true; /* the schema's own, in the making */
    joins->list[joins->count] =
        (struct joined){.reference = reference, .field = field, .length = below + 1};
    return stream->field_count + joins->count++;
}
