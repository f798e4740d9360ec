// SPDX-License-Identifier: Apache-2.0
#include "input/csv_header.h"

#include "base/arena.h"
#include "base/nearest.h"
#include "common/printable.h"

enum { SHOWN_NAME_BYTES = 60, SHOWN_LIST_BYTES = 180 };

static int32_t find_column(const struct csv_header *header, struct slice name, size_t from)
{
    for (size_t i = from; i < header->count; i++) {
        if (slice_equal(header->names[i], name)) return (int32_t)i;
    }
    return CSV_NO_COLUMN;
}

size_t csv_header_matches(const struct csv_header *header, const struct stream *stream)
{
    size_t matches = 0;
    for (size_t i = 0; i < stream->field_count; i++) {
        if (find_column(header, stream->fields[i].column, 0) != CSV_NO_COLUMN) matches++;
    }
    return matches;
}

static bool is_key(const struct stream *stream, size_t field)
{
    for (size_t i = 0; i < stream->key_count; i++) {
        if (stream->key_fields[i] == field) return true;
    }
    return false;
}

/* A name as text: shown, and ended by a NUL. */
static const char *name_text(struct slice name, struct arena *arena)
{
    AUTO_BUFFER struct buffer shown = {0};
    printable_write(name, SHOWN_NAME_BYTES, &shown);
    return arena_text(arena, buffer_slice(&shown));
}

static void csv_header_add_name(struct slice name, struct buffer *list)
{
    if (list->length > SHOWN_LIST_BYTES) return;
    if (list->length > 0) buffer_add_text(list, ", ");
    printable_write(name, SHOWN_NAME_BYTES, list);
    if (list->length > SHOWN_LIST_BYTES) buffer_add_text(list, ", ...");
}

static bool no_column(const struct csv_header *header, const struct source *source,
                      const struct stream *stream, struct error *err)
{
    AUTO_BUFFER struct buffer found = {0};
    AUTO_BUFFER struct buffer wanted = {0};
    for (size_t i = 0; i < header->count; i++)
        csv_header_add_name(header->names[i], &found);
    for (size_t i = 0; i < stream->field_count; i++)
        csv_header_add_name(stream->fields[i].column, &wanted);
    (void)error_set(err, ERROR_INPUT,
                    "the header has none of the stream's columns: it has %.*s; wanted are %.*s",
                    (int)found.length, (const char *)found.at, (int)wanted.length,
                    (const char *)wanted.at);
    (void)error_remedy(err, "the first line must name the columns%s",
                       source_grows(source) ? "; or give --format ndjson" : "");
    return source_place(source, 1, err);
}

static bool csv_header_no_key(const struct csv_header *header, const struct source *source,
                              struct slice column, struct arena *arena, struct error *err)
{
    struct slice const nearest = nearest_name(column, header->names, header->count);
    (void)error_set(err, ERROR_INPUT, "the header has no column '%s', which the key needs",
                    name_text(column, arena));
    if (nearest.length)
        (void)error_remedy(err, "it has '%s': name it as \"column\" of the field",
                           name_text(nearest, arena));
    return source_place(source, 1, err);
}

static void emit_missing(const struct csv_header *header, const struct source *source,
                         const struct field *field, const struct notices *notices,
                         struct arena *arena)
{
    struct slice const nearest = nearest_name(field->column, header->names, header->count);
    AUTO_BUFFER struct buffer name = {0};
    source_write_name(source, &name);
    notices_show(notices,
                 "%.*s: the header has no column '%s'%s%s%s; the field is null in every record",
                 (int)name.length, (const char *)name.at, name_text(field->column, arena),
                 nearest.length ? " (but '" : "", nearest.length ? name_text(nearest, arena) : "",
                 nearest.length ? "')" : "");
}

bool csv_header_map(const struct csv_header *header, const struct source *source,
                    const struct stream *stream, const struct notices *notices,
                    int32_t *ret_columns, struct error *err)
{
    AUTO_ARENA struct arena arena = {0};
    if (csv_header_matches(header, stream) == 0) return no_column(header, source, stream, err);
    for (size_t i = 0; i < stream->field_count; i++) {
        const struct field *const field = &stream->fields[i];
        int32_t const column = find_column(header, field->column, 0);
        ret_columns[i] = column;
        if (column == CSV_NO_COLUMN && is_key(stream, i))
            return csv_header_no_key(header, source, field->column, &arena, err);
        if (column == CSV_NO_COLUMN) {
            emit_missing(header, source, field, notices, &arena);
        } else if (find_column(header, field->column, (size_t)column + 1) != CSV_NO_COLUMN) {
            (void)error_set(err, ERROR_INPUT, "the header has the column '%s' twice",
                            name_text(field->column, &arena));
            return source_place(source, 1, err);
        }
    }
    return true;
}
