// SPDX-License-Identifier: Apache-2.0
#include "input/key_file.h"

#include "common/printable.h"
#include "input/json_text.h"
#include "input/reader.h"

static bool refused(const struct refusal *refusal, struct error *err)
{
    return error_set(err, ERROR_INPUT, "%.*s", (int)refusal->text.length,
                     (const char *)refusal->text.at);
}

static bool add_cells(struct binder *binder, const struct cell *cells, struct events_chunk *chunk,
                      struct error *err)
{
    struct refusal refusal = {.text = {.at = NULL}};
    bool const good = bind_key(binder, cells, &refusal);
    if (good)
        events_chunk_add(chunk, binder->values);
    else
        (void)refused(&refusal, err);
    refusal_done(&refusal);
    return good;
}

/* A number or a word of JSON, up to what ends it. */
static struct cell read_word(struct json_cursor *cursor)
{
    const uint8_t *const start = cursor->at;
    while (cursor->at < cursor->end && !strchr(",] \t\r\n", (char)*cursor->at))
        cursor->at++;
    struct slice const text = slice_of(start, (size_t)(cursor->at - start));
    if (slice_is(text, "null")) return (struct cell){.kind = CELL_NULL};
    if (slice_is(text, "true")) return (struct cell){.kind = CELL_TRUE};
    if (slice_is(text, "false")) return (struct cell){.kind = CELL_FALSE};
    return (struct cell){.kind = CELL_NUMBER, .text = text};
}

static bool key_file_no_key(const struct binder *binder, struct slice text, struct error *err)
{
    AUTO_BUFFER struct buffer shown = {0}, names = {0};
    const struct stream *const stream = binder->stream;
    printable_write(text, 60, &shown);
    for (size_t i = 0; i < stream->key_count; i++) {
        if (i > 0) buffer_add_text(&names, ", ");
        printable_write(stream->fields[stream->key_fields[i]].name, 60, &names);
    }
    (void)error_set(err, ERROR_INPUT, "'%.*s' is no key of %zu fields", (int)shown.length,
                    (const char *)shown.at, stream->key_count);
    return error_remedy(err, "write a JSON array of its values: [%.*s]", (int)names.length,
                        (const char *)names.at);
}

/* The elements of a JSON array, one a field of the key. */
static bool read_array(const struct binder *binder, struct slice text, struct arena *arena,
                       struct cell *cells)
{
    const struct stream *const stream = binder->stream;
    struct json_cursor cursor = {.at = text.at, .end = text.at + text.length};
    AUTO_BUFFER struct buffer scratch = {0};
    if (!json_take(&cursor, '[')) return false;
    for (size_t i = 0; i < stream->key_count; i++) {
        struct cell *const cell = &cells[stream->key_fields[i]];
        json_skip_blanks(&cursor);
        if (i > 0 && !json_take(&cursor, ',')) return false;
        json_skip_blanks(&cursor);
        if (json_take(&cursor, '"')) {
            buffer_clear(&scratch);
            cell->kind = CELL_TEXT;
            if (!json_read_string(&cursor, &scratch, &cell->text)) return false;
            cell->text = arena_copy(arena, cell->text);
        } else {
            *cell = read_word(&cursor);
        }
    }
    json_skip_blanks(&cursor);
    if (!json_take(&cursor, ']')) return false;
    json_skip_blanks(&cursor);
    return cursor.at == cursor.end;
}

bool key_file_add_text(struct binder *binder, struct slice text, struct events_chunk *chunk,
                       struct error *err)
{
    const struct stream *const stream = binder->stream;
    AUTO_ARENA struct arena arena = {0};
    struct cell *const cells = ARENA_ARRAY(&arena, struct cell, stream->field_count);
    if (stream->key_count == 1 && (text.length == 0 || text.at[0] != '['))
        cells[stream->key_fields[0]] = (struct cell){.kind = CELL_TEXT, .text = text};
    else if (!read_array(binder, text, &arena, cells))
        return key_file_no_key(binder, text, err);
    return add_cells(binder, cells, chunk, err);
}

/* Whether one of the cells of a header is NAME. */
static bool names_column(struct slice header, struct slice name)
{
    static const char ends[] = ",\t\"";
    for (size_t i = 0; i + name.length <= header.length; i++) {
        size_t const end = i + name.length;
        if (memcmp(header.at + i, name.at, name.length) == 0 &&
            (i == 0 || strchr(ends, (char)header.at[i - 1])) &&
            (end == header.length || strchr(ends, (char)header.at[end])))
            return true;
    }
    return false;
}

/* Whether the file's first line is JSON's, or a header that names the whole key. */
static bool has_records(const struct stream *stream, struct slice line)
{
    if (line.length && line.at[0] == '{') return true;
    for (size_t i = 0; i < stream->key_count; i++) {
        if (!names_column(line, stream->fields[stream->key_fields[i]].column)) return false;
    }
    return true;
}

static bool add_records(struct binder *binder, struct reader *reader, struct source *source,
                        struct events_chunk *chunk, struct error *err)
{
    struct refusal refusal = {.text = {.at = NULL}};
    struct record record;
    enum reader_step step;
    bool good = true;
    while (good && (step = reader_next(reader, &record, &refusal, err)) != READER_END) {
        if (step == READER_RECORD)
            good = add_cells(binder, record.cells, chunk, err);
        else
            good = step == READER_REFUSED && refused(&refusal, err);
        if (!good && step != READER_FAILED) (void)source_place(source, record.line, err);
    }
    refusal_done(&refusal);
    return good;
}

/* Holds all of the source: keys are few beside events. */
static bool hold_all(struct source *source, struct error *err)
{
    enum source_step step;
    while ((step = source_more(source, err)) == SOURCE_MORE) {
    }
    return step == SOURCE_END;
}

static struct slice key_file_cut_line(struct slice *rest)
{
    const uint8_t *const end = rest->length ? memchr(rest->at, '\n', rest->length) : NULL;
    size_t length = end ? (size_t)(end - rest->at) : rest->length;
    size_t const used = length + (end ? 1 : 0);
    struct slice line = slice_of(rest->at, length);
    if (length && line.at[length - 1] == '\r') line.length--;
    *rest = slice_of(rest->at + used, rest->length - used);
    return line;
}

static bool add_lines(struct binder *binder, struct source *source, struct events_chunk *chunk,
                      struct error *err)
{
    struct slice rest = source_held(source);
    for (uint64_t number = 1; rest.length; number++) {
        struct slice const line = key_file_cut_line(&rest);
        if (line.length && !key_file_add_text(binder, line, chunk, err))
            return source_place(source, number, err);
    }
    return true;
}

bool key_file_add_file(struct binder *binder, const char *path, int spool,
                       struct progress *progress, struct events_chunk *chunk, struct error *err)
{
    static const struct notices nobody = {.show = NULL}; /* of columns that are no key's */
    AUTO_SOURCE struct source *source = NULL;
    AUTO_READER struct reader *reader = NULL;
    progress_begin(progress, slice_text(path));
    if (!source_open(path, spool, progress, &source, err) || !source_start(source, 0, err) ||
        !hold_all(source, err))
        return false;
    struct slice held = source_held(source);
    if (!has_records(binder->stream, key_file_cut_line(&held)))
        return add_lines(binder, source, chunk, err);
    return source_start(source, 0, err) &&
           reader_open(source, binder->stream, NULL, &nobody, &reader, err) &&
           add_records(binder, reader, source, chunk, err);
}
