// SPDX-License-Identifier: Apache-2.0
#include "schema/renames.h"

#include "base/nearest.h"

static int find_field(const struct stream *stream, struct slice name)
{
    for (size_t i = 0; i < stream->field_count; i++) {
        if (slice_equal(stream->fields[i].name, name)) return (int)i;
    }
    return -1;
}

const struct stream *renamed_stream(const struct schema *next, struct slice name)
{
    const struct stream *const same = schema_stream(next, name);
    for (size_t i = 0; i < next->stream_count && !same; i++) {
        if (slice_equal(next->streams[i].was, name)) return &next->streams[i];
    }
    return same;
}

int renamed_field(const struct stream *next, struct slice name)
{
    int const same = find_field(next, name);
    for (size_t i = 0; i < next->field_count && same < 0; i++) {
        if (slice_equal(next->fields[i].was, name)) return (int)i;
    }
    return same;
}

const struct view *renamed_view(const struct schema *next, struct slice name)
{
    const struct view *const same = schema_view(next, name);
    for (size_t i = 0; i < next->view_count && !same; i++) {
        if (slice_equal(next->views[i].was, name)) return &next->views[i];
    }
    return same;
}

/* The NAMES are those of the schema in force. */
static bool refuse(const char *what, struct slice was, const struct slice *names, size_t count,
                   struct error *err)
{
    struct slice const nearest = nearest_name(was, names, count);
    (void)error_set(err, ERROR_SCHEMA, "the schema in force has no %s '%.*s'", what,
                    (int)was.length, (const char *)was.at);
    if (nearest.length == 0) return error_remedy(err, "leave \"was\" out");
    return error_remedy(err, "did you mean '%.*s'?", (int)nearest.length, (const char *)nearest.at);
}

static bool settle_fields(const struct stream *old, struct stream *next, struct error *err)
{
    struct field *const fields = (struct field *)(uintptr_t)next->fields; /* NEXT is ours */
    for (size_t i = 0; i < next->field_count; i++) {
        struct field *const field = &fields[i];
        if (find_field(old, field->name) >= 0) field->was.length = 0;
        if (field->was.length == 0 || find_field(old, field->was) >= 0) continue;
        struct slice names[SCHEMA_FIELDS_MAX];
        for (size_t j = 0; j < old->field_count; j++)
            names[j] = old->fields[j].name;
        (void)refuse("field", field->was, names, old->field_count, err);
        return error_place(err, "streams.%.*s.fields.%.*s.was", (int)next->name.length,
                           (const char *)next->name.at, (int)field->name.length,
                           (const char *)field->name.at);
    }
    return true;
}

static bool settle_stream(const struct schema *old, struct stream *next, struct error *err)
{
    const struct stream *before = schema_stream(old, next->name);
    if (before) next->was.length = 0;
    if (next->was.length) before = schema_stream(old, next->was);
    if (before) return settle_fields(before, next, err);
    if (next->was.length == 0) return true;
    struct slice names[SCHEMA_STREAMS_MAX];
    for (size_t i = 0; i < old->stream_count; i++)
        names[i] = old->streams[i].name;
    (void)refuse("stream", next->was, names, old->stream_count, err);
    return error_place(err, "streams.%.*s.was", (int)next->name.length,
                       (const char *)next->name.at);
}

static bool settle_view(const struct schema *old, struct view *next, struct error *err)
{
    if (schema_view(old, next->name)) next->was.length = 0;
    if (next->was.length == 0 || schema_view(old, next->was)) return true;
    struct slice names[SCHEMA_VIEWS_MAX];
    for (size_t i = 0; i < old->view_count; i++)
        names[i] = old->views[i].name;
    (void)refuse("view", next->was, names, old->view_count, err);
    return error_place(err, "views.%.*s.was", (int)next->name.length, (const char *)next->name.at);
}

bool renames_settle(const struct schema *old, struct schema *next, struct error *err)
{
    struct stream *const streams = (struct stream *)(uintptr_t)next->streams;
    struct view *const views = (struct view *)(uintptr_t)next->views;
    for (size_t i = 0; i < next->stream_count; i++) {
        if (!settle_stream(old, &streams[i], err)) return false;
    }
    for (size_t i = 0; i < next->view_count; i++) {
        if (!settle_view(old, &views[i], err)) return false;
    }
    return true;
}
