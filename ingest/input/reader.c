// SPDX-License-Identifier: Apache-2.0
#include "input/reader.h"

#include "base/ascii.h"

/* What stands in front of the first record. */
struct lead {
    uint64_t line; /* behind it */
    uint64_t zero_bytes;
};

static enum source_step skip_zeros(struct source *source, struct lead *lead, struct error *err)
{
    uint64_t count;
    enum source_step const step = source_skip_zeros(source, &count, err);
    lead->zero_bytes += count;
    return step;
}

/* Takes blank lines and zero bytes. *RET_BYTE: the first one behind them that is not blank; 0 if
 * there is none. */
static bool reader_sniff(struct source *source, struct lead *lead, uint8_t *ret_byte,
                         struct error *err)
{
    *ret_byte = 0;
    for (;;) {
        struct slice const held = source_held(source);
        size_t blank = 0, whole_lines = 0;
        for (; blank < held.length && ascii_is_json_space(held.at[blank]); blank++) {
            if (held.at[blank] == '\n') whole_lines = blank + 1;
        }
        lead->line += reader_count_lines(slice_of(held.at, whole_lines));
        source_take(source, whole_lines);
        bool const is_zero = whole_lines == blank && blank < held.length && held.at[blank] == 0;
        if (blank < held.length && !is_zero) {
            *ret_byte = held.at[blank];
            return true;
        }
        if (blank - whole_lines > RECORD_BYTES_MAX) return true;
        switch (is_zero ? skip_zeros(source, lead, err) : source_more(source, err)) {
        case SOURCE_MORE: break;
        case SOURCE_END: return true;
        case SOURCE_FAILED: return false;
        }
    }
}

/* Tells the format by the first byte that is not blank, unless it was given. */
static bool tell_format(struct source *source, struct lead *lead, enum input_format *format,
                        struct error *err)
{
    uint8_t first;
    if (!reader_sniff(source, lead, &first, err)) return false;
    if (*format != INPUT_BY_CONTENT) return true;
    *format = first == '{' || first == 0 ? INPUT_NDJSON : first == '[' ? INPUT_ARRAY : INPUT_TABLE;
    return true;
}

bool reader_columns(struct source *source, struct arena *arena, struct slice **ret_names,
                    size_t *ret_count, struct error *err)
{
    struct lead lead = {.line = 1};
    enum input_format format = INPUT_BY_CONTENT;
    *ret_names = NULL;
    *ret_count = 0;
    if (!tell_format(source, &lead, &format, err)) return false;
    return format != INPUT_TABLE || reader_csv_columns(source, arena, ret_names, ret_count, err);
}

/* Its end would be its last byte. */
static bool refuse_array(const struct source *source, struct error *err)
{
    (void)error_set(err, ERROR_INPUT, "is a JSON array, and cannot be followed");
    (void)error_remedy(err, "write an object a line, as jq -c '.[]' does");
    return source_place(source, 0, err);
}

bool reader_open(struct source *source, const struct stream *stream, enum input_format format,
                 const struct reader_place *from, size_t record_bytes_most,
                 const struct notices *notices, struct reader **ret_reader, struct error *err)
{
    struct reader *reader;
    struct lead lead = {.line = 1};
    if (!tell_format(source, &lead, &format, err)) return false;
    if (format == INPUT_ARRAY) {
        if (source_grows(source)) return refuse_array(source, err);
        reader = reader_array_new(stream, from == NULL);
    } else if (format == INPUT_TABLE) {
        if (!reader_csv_new(source, stream, notices, &reader, err)) return false;
    } else {
        reader = reader_ndjson_new(stream);
    }
    reader->source = source;
    reader->stream = stream;
    reader->record_bytes_most = record_bytes_most;
    reader->cells = memory_alloc(stream->field_count * sizeof *reader->cells);
    reader->line += lead.line;
    reader->zero_bytes = from ? 0 : lead.zero_bytes;
    if (from && !source_start(source, from->offset, err)) {
        reader_free(reader);
        return false;
    }
    if (from) reader->line = from->line;
    *ret_reader = reader;
    return true;
}

struct reader *reader_copy(const struct reader *reader, struct source *source)
{
    if (!reader->methods->copy) return NULL;
    struct reader *const copy = reader->methods->copy(reader);
    copy->source = source;
    copy->stream = reader->stream;
    copy->record_bytes_most = reader->record_bytes_most;
    copy->cells = memory_alloc(reader->stream->field_count * sizeof *copy->cells);
    return copy;
}

void reader_free(struct reader *reader)
{
    if (!reader) return;
    if (reader->methods->done) reader->methods->done(reader);
    free(reader->cells);
    free(reader);
}

struct reader_place reader_place(const struct reader *reader)
{
    return (struct reader_place){.offset = source_offset(reader->source), .line = reader->line};
}

uint64_t reader_count_lines(struct slice bytes)
{
    uint64_t count = 0;
    while (bytes.length > 0) {
        const uint8_t *const end = memchr(bytes.at, '\n', bytes.length);
        if (!end) break;
        count++;
        bytes = slice_of(end + 1, bytes.length - (size_t)(end + 1 - bytes.at));
    }
    return count;
}

/* Goes to the first byte of the next line, which is not zero. */
static enum reader_line_step begin_line(struct reader *reader, struct error *err)
{
    for (;;) {
        struct slice const held = source_held(reader->source);
        uint64_t zeros = 0;
        if (held.length > 0 && held.at[0] != 0) return LINE_FOUND;
        enum source_step const step = held.length > 0
                                          ? source_skip_zeros(reader->source, &zeros, err)
                                          : source_more(reader->source, err);
        reader->zero_bytes += zeros;
        if (step == SOURCE_FAILED) return LINE_FAILED;
        if (step == SOURCE_END) return LINE_NONE;
    }
}

enum reader_line_step reader_find_line(struct reader *reader, struct reader_line *ret_line,
                                       struct error *err)
{
    enum reader_line_step const begun = begin_line(reader, err);
    if (begun != LINE_FOUND) return begun;
    size_t searched = 0;
    struct slice held = source_held(reader->source);
    const uint8_t *end;
    while (!(end = held.length > searched ? memchr(held.at + searched, '\n', held.length - searched)
                                          : NULL)) {
        searched = held.length;
        if (searched > reader->record_bytes_most) {
            *ret_line = (struct reader_line){.text = held, .taken_bytes = held.length};
            return LINE_TOO_LONG;
        }
        enum source_step const step = source_more(reader->source, err);
        if (step == SOURCE_FAILED) return LINE_FAILED;
        held = source_held(reader->source);
        if (step == SOURCE_MORE) continue;
        end = held.at + held.length;
        break;
    }
    struct slice text = slice_of(held.at, (size_t)(end - held.at));
    ret_line->taken_bytes = text.length < held.length ? text.length + 1 : text.length;
    if (text.length > 0 && text.at[text.length - 1] == '\r') text.length--;
    ret_line->text = text;
    return text.length > reader->record_bytes_most ? LINE_TOO_LONG : LINE_FOUND;
}

size_t reader_bytes_most(size_t memory_bytes, enum reader_shares shares)
{
    size_t const share = memory_bytes / shares;
    return share < RECORD_BYTES_MAX ? share : RECORD_BYTES_MAX;
}

void reader_write_bytes_most(size_t bytes_most, enum reader_shares shares, struct buffer *into)
{
    if (bytes_most == RECORD_BYTES_MAX)
        buffer_format(into, "%d MiB", RECORD_BYTES_MAX >> 20);
    else
        buffer_format(into, "%zu KiB, the most with --memory %zuM", bytes_most >> 10,
                      bytes_most * shares >> 20);
}

void reader_refuse_long(const struct reader *reader, struct refusal *refusal)
{
    AUTO_BUFFER struct buffer most = {0};
    reader_write_bytes_most(reader->record_bytes_most, RECORD_SHARES, &most);
    refusal_set(refusal, "longer than %.*s", (int)most.length, (const char *)most.at);
}

enum reader_step reader_refuse_long_line(struct reader *reader, const struct reader_line *line,
                                         struct record *ret_record, struct refusal *refusal)
{
    *ret_record = (struct record){
        .line = reader->line, .raw = line->text, .more = line->taken_bytes == line->text.length};
    reader_refuse_long(reader, refusal);
    source_take(reader->source, line->taken_bytes);
    if (!ret_record->more) reader->line++;
    return READER_REFUSED;
}

bool reader_rest_of_line(struct reader *reader, struct record *record, struct error *err)
{
    enum source_step const step = source_more(reader->source, err);
    if (step == SOURCE_FAILED) return false;
    struct slice const held = source_held(reader->source);
    const uint8_t *const end = held.length ? memchr(held.at, '\n', held.length) : NULL;
    record->raw = slice_of(held.at, end ? (size_t)(end - held.at) : held.length);
    record->more = !end && step == SOURCE_MORE;
    source_take(reader->source, record->raw.length + (end ? 1 : 0));
    if (end) reader->line++;
    return true;
}
