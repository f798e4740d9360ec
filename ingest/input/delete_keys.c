// SPDX-License-Identifier: Apache-2.0
#include "input/delete_keys.h"

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

static bool delete_keys_no_key(const struct binder *binder, struct slice text, struct error *err)
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

bool delete_keys_add_text(struct binder *binder, struct slice text, struct events_chunk *chunk,
                          struct error *err)
{
    const struct stream *const stream = binder->stream;
    AUTO_ARENA struct arena arena = {0};
    struct cell *const cells = ARENA_ARRAY(&arena, struct cell, stream->field_count);
    if (stream->key_count == 1 && (text.length == 0 || text.at[0] != '['))
        cells[stream->key_fields[0]] = (struct cell){.kind = CELL_TEXT, .text = text};
    else if (!read_array(binder, text, &arena, cells))
        return delete_keys_no_key(binder, text, err);
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

/* Either its records are read, or `lines` has its place and each line is a key. */
struct delete_keys {
    struct binder *binder;
    struct source *source;
    struct reader *records; /* NULL: lines */
    struct reader lines;
};

bool delete_keys_open(struct binder *binder, const char *path, int spool, struct progress *progress,
                      struct delete_keys **ret_file, struct error *err)
{
    struct delete_keys *const file = memory_alloc(sizeof *file);
    file->binder = binder;
    progress_begin(progress, slice_text(path));
    if (!source_open(path, spool, progress, &file->source, err)) {
        delete_keys_close(file);
        return false;
    }
    *ret_file = file;
    return true;
}

void delete_keys_close(struct delete_keys *file)
{
    if (!file) return;
    reader_free(file->records);
    source_close(file->source);
    free(file);
}

bool delete_keys_rewind(struct delete_keys *file, struct error *err)
{
    static const struct notices nobody = {.show = NULL}; /* of columns that are no key's */
    const struct stream *const stream = file->binder->stream;
    struct reader_line first;
    reader_free(TAKE(file->records));
    file->lines =
        (struct reader){.source = file->source, .line = 1, .record_bytes_most = RECORD_BYTES_MAX};
    if (!source_start(file->source, 0, err)) return false;
    switch (reader_find_line(&file->lines, &first, err)) {
    case LINE_FAILED: return false;
    case LINE_NONE: return true;
    case LINE_FOUND:
    case LINE_TOO_LONG: break;
    }
    return !has_records(stream, first.text) ||
           reader_open(file->source, stream, INPUT_BY_CONTENT, NULL, RECORD_BYTES_MAX, &nobody,
                       &file->records, err);
}

/* One record, or one line; a line may be empty. */
enum key_step { KEY_ADDED, KEY_END, KEY_FAILED };

static enum key_step add_record(struct delete_keys *file, struct events_chunk *chunk,
                                struct error *err)
{
    AUTO(refusal_done) struct refusal refusal = {.text = {.at = NULL}};
    struct record record;
    bool good = false;
    switch (reader_next(file->records, &record, &refusal, err)) {
    case READER_RECORD: good = add_cells(file->binder, record.cells, chunk, err); break;
    case READER_REFUSED: (void)refused(&refusal, err); break;
    case READER_END: return KEY_END;
    case READER_FAILED: return KEY_FAILED;
    }
    if (good) return KEY_ADDED;
    (void)source_place(file->source, record.line, err);
    return KEY_FAILED;
}

static enum key_step add_line(struct delete_keys *file, struct events_chunk *chunk,
                              struct error *err)
{
    struct reader_line line;
    bool good = false;
    switch (reader_find_line(&file->lines, &line, err)) {
    case LINE_FOUND:
        good = line.text.length == 0 || delete_keys_add_text(file->binder, line.text, chunk, err);
        break;
    case LINE_TOO_LONG: (void)error_set(err, ERROR_INPUT, "a line that long is no key"); break;
    case LINE_NONE: return KEY_END;
    case LINE_FAILED: return KEY_FAILED;
    }
    if (!good) {
        (void)source_place(file->source, file->lines.line, err);
        return KEY_FAILED;
    }
    source_take(file->source, line.taken_bytes);
    file->lines.line++;
    return KEY_ADDED;
}

bool delete_keys_read(struct delete_keys *file, size_t most_bytes, struct events_chunk *chunk,
                      struct error *err)
{
    enum key_step step = KEY_ADDED;
    while (step == KEY_ADDED && events_chunk_bytes(chunk) < most_bytes)
        step = file->records ? add_record(file, chunk, err) : add_line(file, chunk, err);
    return step != KEY_FAILED;
}
