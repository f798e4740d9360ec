// SPDX-License-Identifier: Apache-2.0
#include "infer/discover.h"

#include "input/json_value.h"
#include "types/value.h"

/* A schema is UTF-8 without NUL. */
static bool is_text(struct slice name)
{
    while (name.length > 0) {
        size_t const length = utf8_length(name);
        if (length == 0 || name.at[0] == '\0') return false;
        name = slice_of(name.at + length, name.length - length);
    }
    return true;
}

/* HINT: where the column is, if the records are alike. Returns where it is. */
static size_t add_column(struct sample *sample, struct slice column, size_t hint)
{
    for (size_t i = 0; i < sample->column_count; i++) {
        size_t const place = (hint + i) % sample->column_count;
        if (slice_equal(sample->columns[place], column)) return place;
    }
    if (sample->column_count == SAMPLE_COLUMNS_MAX) {
        sample->too_many_columns = true;
        return hint;
    }
    sample->columns[sample->column_count] = arena_copy(&sample->arena, column);
    return sample->column_count++;
}

/* NAMES: the header of a CSV. */
static void discover_header(struct sample *sample, const struct slice *names, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        size_t same = 0;
        for (size_t j = 0; j < count; j++)
            same += slice_equal(names[i], names[j]);
        if (same > 1)
            sample_omit(sample, names[i], names[i].length ? OMITTED_TWICE : OMITTED_NAMELESS);
        else if (!is_text(names[i]))
            sample_omit(sample, names[i], OMITTED_UNREADABLE);
        else
            (void)add_column(sample, names[i], 0);
    }
}

/* The scan through one record. */
struct scan {
    struct sample *sample;
    struct buffer pointer; /* to where it is: "/output" */
    size_t place;          /* of the column found last */
};

static void scan_object(struct scan *scan, struct slice object, unsigned steps);

static void add_step(struct buffer *pointer, struct slice name)
{
    buffer_add_byte(pointer, '/');
    for (size_t i = 0; i < name.length; i++) {
        if (name.at[i] == '~' || name.at[i] == '/')
            buffer_add_text(pointer, name.at[i] == '~' ? "~0" : "~1");
        else
            buffer_add_byte(pointer, name.at[i]);
    }
}

/* A member of the record itself goes by its name, unless that looks like a pointer. */
static struct slice column_of(const struct scan *scan, struct slice name, unsigned steps)
{
    bool const plain = steps == 1 && (name.length == 0 || name.at[0] != '/');
    return plain ? name : buffer_slice(&scan->pointer);
}

static void visit_member(struct scan *scan, struct slice name, const struct cell *cell,
                         unsigned steps)
{
    size_t const outside = scan->pointer.length;
    add_step(&scan->pointer, name);
    struct slice const column = column_of(scan, name, steps);
    if (!is_text(name))
        sample_omit(scan->sample, column, OMITTED_UNREADABLE);
    else if (cell->kind != CELL_NESTED)
        scan->place = add_column(scan->sample, column, scan->place + 1);
    else if (cell->text.at[0] == '[')
        sample_omit(scan->sample, column, OMITTED_ARRAY);
    else if (steps == SAMPLE_STEPS_MAX)
        sample_omit(scan->sample, column, OMITTED_DEEP);
    else
        scan_object(scan, cell->text, steps + 1);
    scan->pointer.length = outside;
}

/* OBJECT is well-formed: the reader has seen it. */
static void scan_object(struct scan *scan, struct slice object, unsigned steps)
{
    struct json_cursor cursor = {.at = object.at, .end = object.at + object.length};
    AUTO_BUFFER struct buffer unescaped = {0};
    do {
        struct slice name;
        struct cell cell;
        cursor.at++; /* the brace or the comma */
        json_skip_blanks(&cursor);
        buffer_clear(&unescaped);
        if (!json_take(&cursor, '"') || !json_read_string(&cursor, &unescaped, &name)) return;
        json_skip_blanks(&cursor);
        if (!json_take(&cursor, ':')) return;
        json_skip_blanks(&cursor);
        if (!json_read_value(&cursor, NULL, &cell)) return;
        visit_member(scan, name, &cell, steps);
        json_skip_blanks(&cursor);
    } while (cursor.at < cursor.end && *cursor.at == ',');
}

static void discover_visit_record(void *context, const struct record *record)
{
    struct slice object = record->raw;
    while (object.length > 0 && object.at[0] != '{')
        object = slice_of(object.at + 1, object.length - 1);
    scan_object(context, object, 1);
}

/* The values in JSON records, those in objects inside them by JSON pointer (RFC 6901). */
static bool discover_members(struct sample *sample, struct error *err)
{
    static const struct stream any = {.field_count = 0};
    struct scan scan = {.sample = sample};
    bool const good = sample_read(sample, &any, discover_visit_record, &scan, err);
    buffer_done(&scan.pointer);
    return good;
}

/* Semicolons, bars: a form of CSV that is not read. */
static bool check_delimiter(const struct sample *sample, struct error *err)
{
    if (!sample->is_csv || sample->column_count != 1 || sample->omission_count > 0) return true;
    struct slice const only = sample->columns[0];
    const uint8_t *const other = only.length ? memchr(only.at, ';', only.length) : NULL;
    const uint8_t *const mark = other || !only.length ? other : memchr(only.at, '|', only.length);
    if (!mark) return true;
    (void)error_set(err, ERROR_INPUT, "the header has '%c', but neither commas nor tabs", *mark);
    (void)error_remedy(err, "write the table with commas or tabs between the cells");
    return source_place(sample->source, 1, err);
}

bool discover_columns(struct sample *sample, struct error *err)
{
    struct slice *names;
    size_t count;
    if (!source_start(sample->source, 0, err) ||
        !reader_columns(sample->source, &sample->arena, &names, &count, err))
        return false;
    sample->is_csv = names != NULL;
    sample->columns = ARENA_ARRAY(&sample->arena, struct slice, SAMPLE_COLUMNS_MAX);
    sample->omissions = ARENA_ARRAY(&sample->arena, struct omission, SAMPLE_COLUMNS_MAX);
    if (names)
        discover_header(sample, names, count);
    else if (!discover_members(sample, err))
        return false;
    if (!check_delimiter(sample, err)) return false;
    if (!names && sample->record_count == 0) return sample_has_nothing(sample, "record", err);
    if (sample->column_count == 0)
        return sample_has_nothing(sample, "value that a field could read", err);
    return true;
}
