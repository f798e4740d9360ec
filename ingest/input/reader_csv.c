/* CSV as RFC 4180 has it, and TSV with the same quotes. The first line names the columns; the
 * delimiter is the one of comma and tab that finds more of the stream's columns there.
 *
 * A cell that begins with a quote goes up to the quote that is not doubled, over line ends too.
 * Elsewhere a quote is a character like any other. An empty cell without quotes is null.
 *
 * One stray quote must not swallow the file. So the closing quote is looked for in
 * CSV_QUOTED_BYTES_MAX bytes at most; where it is missing there, or something other than a
 * delimiter or line end stands behind it, only the line on which the record begins is refused, and
 * reading goes on with the next line:
 *
 *     1,"oops,2        refused: the quote closes behind `3,`, where 4 stands
 *     3,"4",5          a record
 *
 * A line without a quote, as most are, is cut at its delimiters by memchr and nothing else.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "input/csv_header.h"
#include "input/reader.h"

enum { CSV_QUOTED_BYTES_MAX = 1 << 20 };

struct reader_csv {
    struct reader base;
    uint8_t delimiter;
    bool in_header;       /* any number of cells is welcome */
    struct cell *columns; /* the cells of the record, of which the fields take theirs */
    size_t column_count;
    size_t column_capacity;
    int32_t *field_columns; /* one a field */
    struct buffer scratch;  /* cells in which quotes were doubled */
};

/* How far the cells of one record are cut. */
struct cut {
    const uint8_t *at;
    const uint8_t *end; /* of what is held */
    bool final;         /* the input ends there */
    bool is_open;       /* within a cell that might end if there were more */
    size_t count;
};

enum cut_step {
    CUT_DONE,       /* the record, and its line's end, end at `at` */
    CUT_CELL,       /* another cell begins at `at` */
    CUT_MORE,       /* more must be held to tell */
    CUT_NO_QUOTE,   /* no closing quote */
    CUT_BAD_BEHIND, /* text behind a closing quote */
    CUT_TOO_LONG,
};

static void put_cell(struct reader_csv *csv, struct cut *cut, enum cell_kind kind,
                     struct slice text)
{
    size_t const index = cut->count++;
    if (index >= csv->column_capacity) {
        if (!csv->in_header) return; /* counted all the same */
        csv->column_capacity = csv->column_capacity ? csv->column_capacity * 2 : 16;
        csv->columns = memory_resize(csv->columns, csv->column_capacity * sizeof *csv->columns);
    }
    csv->columns[index] = (struct cell){.kind = kind, .text = text};
}

static void put_plain(struct reader_csv *csv, struct cut *cut, const uint8_t *start,
                      const uint8_t *end)
{
    put_cell(csv, cut, end > start ? CELL_TEXT : CELL_NULL, slice_of(start, (size_t)(end - start)));
}

/* A line without quotes. */
static size_t reader_csv_cut_line(struct reader_csv *csv, struct slice line)
{
    struct cut cut = {.at = line.at, .end = line.at + line.length};
    const uint8_t *delimiter;
    while (cut.at < cut.end &&
           (delimiter = memchr(cut.at, csv->delimiter, (size_t)(cut.end - cut.at)))) {
        put_plain(csv, &cut, cut.at, delimiter);
        cut.at = delimiter + 1;
    }
    put_plain(csv, &cut, cut.at, cut.end);
    return cut.count;
}

/* A cell that does not begin with a quote. */
static enum cut_step cut_plain(struct reader_csv *csv, struct cut *cut)
{
    const uint8_t *const start = cut->at;
    const uint8_t *at = start;
    while (at < cut->end && *at != csv->delimiter && *at != '\n')
        at++;
    if (at == cut->end && !cut->final) return CUT_MORE;
    bool const line_end = at == cut->end || *at == '\n';
    const uint8_t *const end = line_end && at > start && at[-1] == '\r' ? at - 1 : at;
    put_plain(csv, cut, start, end);
    cut->at = at < cut->end ? at + 1 : at;
    return line_end ? CUT_DONE : CUT_CELL;
}

/* Behind a closing quote. */
static enum cut_step cut_behind(const struct reader_csv *csv, struct cut *cut)
{
    size_t const left = (size_t)(cut->end - cut->at);
    if (left < 2 && !cut->final) return CUT_MORE;
    if (left == 0) return CUT_DONE;
    if (cut->at[0] == csv->delimiter) {
        cut->at++;
        return CUT_CELL;
    }
    size_t const line_end = cut->at[0] == '\n'   ? 1
                            : cut->at[0] != '\r' ? 0
                            : left == 1          ? 1
                            : cut->at[1] == '\n' ? 2
                                                 : 0;
    cut->at += line_end;
    return line_end ? CUT_DONE : CUT_BAD_BEHIND;
}

/* The closing quote of the cell that begins at START, or what there is instead. */
static enum cut_step find_quote(const struct cut *cut, const uint8_t *start, bool *ret_doubled,
                                const uint8_t **ret_quote)
{
    *ret_doubled = false;
    for (const uint8_t *at = start;; at += 2) {
        const uint8_t *const quote =
            at < cut->end ? memchr(at, '"', (size_t)(cut->end - at)) : NULL;
        if (quote && quote - start > CSV_QUOTED_BYTES_MAX) return CUT_NO_QUOTE;
        if (quote && quote + 1 < cut->end && quote[1] == '"') {
            *ret_doubled = true;
            at = quote;
            continue;
        }
        if (quote && (quote + 1 < cut->end || cut->final)) {
            *ret_quote = quote;
            return CUT_CELL;
        }
        bool const hopeless = cut->final || cut->end - start > CSV_QUOTED_BYTES_MAX;
        return hopeless ? CUT_NO_QUOTE : CUT_MORE;
    }
}

static struct slice undouble(struct reader_csv *csv, const struct cut *cut, struct slice text)
{
    /* Large enough for the rest of the record, so that it does not move under the cells. */
    buffer_reserve(&csv->scratch, (size_t)(cut->end - text.at));
    size_t const start = csv->scratch.length;
    while (text.length > 0) {
        const uint8_t *const quote = memchr(text.at, '"', text.length);
        size_t const length = quote ? (size_t)(quote + 1 - text.at) : text.length;
        buffer_add(&csv->scratch, text.at, length);
        size_t const step = quote ? length + 1 : length;
        text = slice_of(text.at + step, text.length - step);
    }
    return slice_of(csv->scratch.at + start, csv->scratch.length - start);
}

/* A cell that begins with a quote. */
static enum cut_step cut_quoted(struct reader_csv *csv, struct cut *cut)
{
    const uint8_t *const start = cut->at + 1;
    const uint8_t *quote;
    bool doubled;
    enum cut_step const step = find_quote(cut, start, &doubled, &quote);
    if (step != CUT_CELL) {
        cut->is_open =
            step == CUT_NO_QUOTE && cut->final && cut->end - start <= CSV_QUOTED_BYTES_MAX;
        return step;
    }
    struct slice const text = slice_of(start, (size_t)(quote - start));
    put_cell(csv, cut, CELL_TEXT, doubled ? undouble(csv, cut, text) : text);
    cut->at = quote + 1;
    return cut_behind(csv, cut);
}

static enum cut_step cut_cells(struct reader_csv *csv, struct cut *cut)
{
    enum cut_step step = CUT_CELL;
    buffer_clear(&csv->scratch);
    while (step == CUT_CELL) {
        bool const quoted = cut->at < cut->end && *cut->at == '"';
        step = quoted ? cut_quoted(csv, cut) : cut_plain(csv, cut);
    }
    return step;
}

/* Cuts the record at the source's place, holding as much of it as is needed. CUT_MORE: reading
 * failed. */
static enum cut_step cut_record(struct reader_csv *csv, struct source *source, struct cut *ret_cut,
                                struct error *err)
{
    bool final = false;
    for (;;) {
        struct slice const held = source_held(source);
        struct cut cut = {.at = held.at, .end = held.at + held.length, .final = final};
        enum cut_step step = cut_cells(csv, &cut);
        size_t const length = step == CUT_DONE ? (size_t)(cut.at - held.at) : held.length;
        if ((step == CUT_DONE || step == CUT_MORE) && length > csv->base.record_bytes_most)
            step = CUT_TOO_LONG;
        *ret_cut = cut;
        if (step != CUT_MORE) return step;
        switch (source_more(source, err)) {
        case SOURCE_MORE: break;
        case SOURCE_END: final = true; break;
        case SOURCE_FAILED: return CUT_MORE;
        }
    }
}

static const char *cut_fault(enum cut_step step)
{
    if (step == CUT_TOO_LONG) return "too long";
    return step == CUT_NO_QUOTE ? "a quoted cell has no closing quote"
                                : "text behind a closing quote";
}

static struct slice without_line_end(struct slice text)
{
    if (text.length > 0 && text.at[text.length - 1] == '\n') text.length--;
    if (text.length > 0 && text.at[text.length - 1] == '\r') text.length--;
    return text;
}

static enum reader_step reader_csv_finish(struct reader_csv *csv, size_t count,
                                          struct record *record, struct refusal *refusal)
{
    if (count != csv->column_count) {
        refusal_set(refusal, "wrong number of cells");
        refusal_detail(refusal, ": %zu, the header has %zu", count, csv->column_count);
        return READER_REFUSED;
    }
    static const struct cell null = {.kind = CELL_NULL};
    for (size_t i = 0; i < csv->base.stream->field_count; i++) {
        int32_t const column = csv->field_columns[i];
        csv->base.cells[i] = column == CSV_NO_COLUMN ? null : csv->columns[column];
    }
    record->cells = csv->base.cells;
    return READER_RECORD;
}

/* A record with quotes somewhere on its first line, which is LINE. */
static enum reader_step next_quoted(struct reader_csv *csv, struct reader_line line,
                                    struct record *ret_record, struct refusal *refusal,
                                    struct error *err)
{
    struct reader *const reader = &csv->base;
    struct cut cut;
    enum cut_step const step = cut_record(csv, reader->source, &cut, err);
    if (step == CUT_MORE) return READER_FAILED;
    struct slice const held = source_held(reader->source); /* may have moved */
    size_t const length = step == CUT_DONE ? (size_t)(cut.at - held.at) : line.taken_bytes;
    ret_record->raw = without_line_end(slice_of(held.at, length));
    reader->line += reader_count_lines(slice_of(held.at, length));
    source_take(reader->source, length);
    if (step == CUT_DONE) return reader_csv_finish(csv, cut.count, ret_record, refusal);
    ret_record->is_open = cut.is_open;
    refusal_set(refusal, "%s", cut_fault(step));
    return READER_REFUSED;
}

static enum reader_step reader_csv_next_record(struct reader *reader, struct record *ret_record,
                                               struct refusal *refusal, struct error *err)
{
    struct reader_csv *const csv = (struct reader_csv *)reader;
    struct reader_line line;
    for (;;) {
        switch (reader_find_line(reader, &line, err)) {
        case LINE_FOUND: break;
        case LINE_TOO_LONG: return reader_refuse_long_line(reader, &line, ret_record, refusal);
        case LINE_NONE: return READER_END;
        case LINE_FAILED: return READER_FAILED;
        }
        if (line.text.length > 0) break;
        reader->line++;
        source_take(reader->source, line.taken_bytes);
    }
    *ret_record = (struct record){.line = reader->line, .raw = line.text};
    if (memchr(line.text.at, '"', line.text.length))
        return next_quoted(csv, line, ret_record, refusal, err);
    reader->line++;
    source_take(reader->source, line.taken_bytes);
    return reader_csv_finish(csv, reader_csv_cut_line(csv, line.text), ret_record, refusal);
}

static void csv_done(struct reader *reader)
{
    struct reader_csv *const csv = (struct reader_csv *)reader;
    buffer_done(&csv->scratch);
    free(csv->columns);
    free(csv->field_columns);
}

/* The header's cells under one delimiter; borrowed until the next cut. */
static bool cut_header(struct reader_csv *csv, struct source *source, uint8_t delimiter,
                       struct cut *ret_cut, struct error *err)
{
    csv->delimiter = delimiter;
    enum cut_step const step = cut_record(csv, source, ret_cut, err);
    if (step == CUT_DONE) return true;
    if (step == CUT_MORE) return false;
    (void)error_set(err, ERROR_INPUT, "the header cannot be read: %s", cut_fault(step));
    return source_place(source, 1, err);
}

static struct slice *header_names(const struct reader_csv *csv, const struct cut *cut)
{
    struct slice *const names = memory_alloc(cut->count * sizeof *names);
    for (size_t i = 0; i < cut->count; i++)
        names[i] = csv->columns[i].text;
    return names;
}

/* How well a delimiter fits: by the stream's columns found, then by the number of cells. */
static bool rate_delimiter(struct reader_csv *csv, struct source *source,
                           const struct stream *stream, uint8_t delimiter, size_t *ret_matches,
                           size_t *ret_cells, struct error *err)
{
    struct cut cut;
    if (!cut_header(csv, source, delimiter, &cut, err)) return false;
    AUTO_FREE const struct slice *const names = header_names(csv, &cut);
    struct csv_header const header = {.names = names, .count = cut.count};
    *ret_matches = csv_header_matches(&header, stream);
    *ret_cells = cut.count;
    return true;
}

static bool choose_delimiter(struct reader_csv *csv, struct source *source,
                             const struct stream *stream, uint8_t *ret_delimiter, struct error *err)
{
    size_t comma_matches, comma_cells, tab_matches, tab_cells;
    struct error ignored;
    bool const comma = rate_delimiter(csv, source, stream, ',', &comma_matches, &comma_cells, err);
    bool const tab = rate_delimiter(csv, source, stream, '\t', &tab_matches, &tab_cells, &ignored);
    *ret_delimiter = ',';
    if (!comma && (!tab || tab_matches == 0)) return false;
    if (!comma || (tab && (tab_matches > comma_matches ||
                           (tab_matches == comma_matches && tab_cells > comma_cells))))
        *ret_delimiter = '\t';
    return true;
}

static bool reader_csv_read_header(struct reader_csv *csv, struct source *source,
                                   const struct stream *stream, const struct notices *notices,
                                   struct error *err)
{
    uint8_t delimiter;
    struct cut cut;
    csv->in_header = true;
    if (!choose_delimiter(csv, source, stream, &delimiter, err) ||
        !cut_header(csv, source, delimiter, &cut, err))
        return false;
    AUTO_FREE const struct slice *const names = header_names(csv, &cut);
    struct csv_header const header = {.names = names, .count = cut.count};
    csv->field_columns = memory_alloc(stream->field_count * sizeof *csv->field_columns);
    if (!csv_header_map(&header, source, stream, notices, csv->field_columns, err)) return false;
    struct slice const held = source_held(source);
    size_t const length = (size_t)(cut.at - held.at);
    csv->base.line = reader_count_lines(slice_of(held.at, length));
    source_take(source, length);
    csv->column_count = cut.count;
    csv->in_header = false;
    return true;
}

bool reader_csv_columns(struct source *source, struct arena *arena, struct slice **ret_names,
                        size_t *ret_count, struct error *err)
{
    static const struct stream any = {.field_count = 0};
    struct reader_csv csv = {.base.record_bytes_most = RECORD_BYTES_MAX, .in_header = true};
    struct cut cut;
    uint8_t delimiter;
    bool const good = choose_delimiter(&csv, source, &any, &delimiter, err) &&
                      cut_header(&csv, source, delimiter, &cut, err);
    if (good) {
        *ret_count = cut.count;
        *ret_names = ARENA_ARRAY(arena, struct slice, cut.count);
        for (size_t i = 0; i < cut.count; i++)
            (*ret_names)[i] = arena_copy(arena, csv.columns[i].text);
    }
    csv_done(&csv.base);
    return good;
}

static struct reader *csv_copy(const struct reader *reader)
{
    const struct reader_csv *const csv = (const struct reader_csv *)reader;
    size_t const field_bytes = reader->stream->field_count * sizeof *csv->field_columns;
    struct reader_csv *const copy = memory_alloc(sizeof *copy);
    copy->base.methods = reader->methods;
    copy->delimiter = csv->delimiter;
    copy->column_count = copy->column_capacity = csv->column_count;
    copy->columns = memory_alloc(csv->column_count * sizeof *copy->columns);
    copy->field_columns = memory_alloc(field_bytes);
    memcpy(copy->field_columns, csv->field_columns, field_bytes);
    return &copy->base;
}

bool reader_csv_new(struct source *source, const struct stream *stream,
                    const struct notices *notices, struct reader **ret_reader, struct error *err)
{
    static const struct reader_methods methods = {.next = reader_csv_next_record,
                                                  .rest = reader_rest_of_line,
                                                  .done = csv_done,
                                                  .copy = csv_copy};
    struct reader_csv *const csv = memory_alloc(sizeof *csv);
    csv->base.record_bytes_most = RECORD_BYTES_MAX; /* the header, before anybody says less */
    csv->base.methods = &methods;
    if (!reader_csv_read_header(csv, source, stream, notices, err)) {
        reader_free(&csv->base);
        return false;
    }
    *ret_reader = &csv->base;
    return true;
}
