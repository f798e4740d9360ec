// SPDX-License-Identifier: Apache-2.0
#include "input/json_scan.h"
#include "input/reader.h"

struct reader_ndjson {
    struct reader base;
    struct json_scanner *scanner;
};

static bool line_is_blank(struct slice line)
{
    for (size_t i = 0; i < line.length; i++) {
        if (line.at[i] != ' ' && line.at[i] != '\t' && line.at[i] != '\r') return false;
    }
    return true;
}

static enum reader_step reader_ndjson_next_record(struct reader *reader, struct record *ret_record,
                                                  struct refusal *refusal, struct error *err)
{
    struct reader_ndjson *const ndjson = (struct reader_ndjson *)reader;
    struct reader_line line;
    do {
        switch (reader_find_line(reader, &line, err)) {
        case LINE_FOUND: break;
        case LINE_TOO_LONG: return reader_refuse_long_line(reader, &line, ret_record, refusal);
        case LINE_NONE: return READER_END;
        case LINE_FAILED: return READER_FAILED;
        }
        ret_record->line = reader->line++;
        source_take(reader->source, line.taken_bytes);
    } while (line_is_blank(line.text));
    size_t offset;
    ret_record->raw = line.text;
    ret_record->more = ret_record->is_open = false;
    ret_record->cells = reader->cells;
    enum json_fault const fault = json_scan(ndjson->scanner, line.text, reader->cells, &offset);
    if (fault == JSON_GOOD) return READER_RECORD;
    json_fault_refuse(fault, offset, refusal);
    return READER_REFUSED;
}

static void ndjson_done(struct reader *reader)
{
    json_scanner_free(((struct reader_ndjson *)reader)->scanner);
}

static struct reader *ndjson_copy(const struct reader *reader)
{
    return reader_ndjson_new(reader->stream);
}

struct reader *reader_ndjson_new(const struct stream *stream)
{
    static const struct reader_methods methods = {.next = reader_ndjson_next_record,
                                                  .rest = reader_rest_of_line,
                                                  .done = ndjson_done,
                                                  .copy = ndjson_copy};
    struct reader_ndjson *const ndjson = memory_alloc(sizeof *ndjson);
    ndjson->base.methods = &methods;
    ndjson->scanner = json_scanner_new(stream);
    return &ndjson->base;
}
