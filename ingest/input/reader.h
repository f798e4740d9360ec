/* reader.h - an input's bytes as records: NDJSON, one JSON array, CSV or TSV, told by content.
 *
 *   source_open -> source_start -> reader_open -> { reader_next -> reader_rest... }...
 *                                              -> reader_free
 *
 * Place    source.h -> reader.h -> bind.h. reader.c tells the format; reader_ndjson.c,
 *          reader_array.c and reader_csv.c take one format each.
 * Promise  a record that cannot be read is handed out as refused, with its bytes, and reading goes
 *          on behind it. Nothing of the input is left out silently but blank lines; zero
 *          bytes in front of a line, as a hole of a file has them, are left out and counted.
 * Memory   a record and its cells live until the next reader_next.
 * Threads  one owner at a time.
 * Errors   of the input as a whole, placed there: READER_FAILED, after which the reader is only to
 *          be freed. Of a record: READER_REFUSED.
 * Limits   RECORD_BYTES_MAX a record, and an eighth of the memory; a longer one is refused, and
 *          handed out in parts.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once
#include "base/arena.h"
#include "common/notice.h"
#include "input/cell.h"
#include "input/input_format.h"
#include "input/refusal.h"
#include "input/source.h"
#include "tables/events.h"

enum { RECORD_BYTES_MAX = EVENT_BYTES_MAX };

struct record {
    uint64_t line;    /* of its first byte, from 1 */
    struct slice raw; /* verbatim, without the line's end */
    bool more;        /* of a refused record: this was a part of it, reader_rest gives the next */
    bool is_open;     /* of a refused record: the input ends within it */
    const struct cell *cells; /* one a field of the stream; of a refused record nothing */
};

/* Where reading may go on: behind a record. */
struct reader_place {
    uint64_t offset; /* source_offset */
    uint64_t line;
};

enum reader_step { READER_RECORD, READER_REFUSED, READER_END, READER_FAILED };

struct reader;
struct reader_methods {
    enum reader_step (*next)(struct reader *reader, struct record *ret_record,
                             struct refusal *refusal, struct error *err);
    bool (*rest)(struct reader *reader, struct record *record, struct error *err);
    void (*done)(struct reader *reader); /* what is its own; NULL: nothing */
    /* another one of the same format, which may begin at any record; NULL: none can */
    struct reader *(*copy)(const struct reader *reader);
};

/* The beginning of each reader's own struct. */
struct reader {
    const struct reader_methods *methods;
    struct source *source;
    const struct stream *stream;
    struct cell *cells;
    uint64_t line;            /* of the source's place */
    uint64_t zero_bytes;      /* left out in front of lines */
    size_t record_bytes_most; /* a longer one is refused */
};

/* FORMAT: what it is taken for, whatever it looks like. FROM: a place that reader_place gave in an
 * earlier run over the same input, or NULL. A record longer than RECORD_BYTES_MOST is refused.
 * Fails where the input cannot be of this stream: a CSV header without its columns. */
bool reader_open(struct source *source, const struct stream *stream, enum input_format format,
                 const struct reader_place *from, size_t record_bytes_most,
                 const struct notices *notices, struct reader **ret_reader,
                 struct error *err) MUST_CHECK;
/* The longest record that is taken where so much memory is to be used, and the longest strings of
 * an event: these are held several times on their way into the rows of views. */
enum reader_shares { RECORD_SHARES = 8, EVENT_SHARES = 32 };
size_t reader_bytes_most(size_t memory_bytes, enum reader_shares shares);
void reader_write_bytes_most(size_t bytes_most, enum reader_shares shares, struct buffer *into);
/* The names in the header of a CSV or TSV, in the arena; NULL where the input is JSON, or empty. At
 * the source's start, which has to be started again for a reader. */
bool reader_columns(struct source *source, struct arena *arena, struct slice **ret_names,
                    size_t *ret_count, struct error *err) MUST_CHECK;
void reader_free(struct reader *reader); /* takes NULL */
/* A reader of what SOURCE has, as READER reads, with lines counted from 0. NULL: what a record is
 * depends on what stands in front of it. */
struct reader *reader_copy(const struct reader *reader, struct source *source);
/* READER_REFUSED: REFUSAL says why. */
static inline enum reader_step reader_next(struct reader *reader, struct record *ret_record,
                                           struct refusal *refusal, struct error *err)
{
    return reader->methods->next(reader, ret_record, refusal, err);
}
/* The next part of a refused record that has more, in `raw` and `more`. All of it
 * has to be taken. */
static inline bool reader_rest(struct reader *reader, struct record *record, struct error *err)
{
    return reader->methods->rest(reader, record, err);
}
/* Not within a record that has more. */
struct reader_place reader_place(const struct reader *reader);

/* For reader.c, one a format: their own struct, ready but for what reader_open fills. AT_START: not
 * behind a record. */
struct reader *reader_ndjson_new(const struct stream *stream);
struct reader *reader_array_new(const struct stream *stream, bool at_start);
/* Takes the header from the source's start. */
bool reader_csv_new(struct source *source, const struct stream *stream,
                    const struct notices *notices, struct reader **ret_reader,
                    struct error *err) MUST_CHECK;

bool reader_csv_columns(struct source *source, struct arena *arena, struct slice **ret_names,
                        size_t *ret_count, struct error *err) MUST_CHECK;

/* For the formats. A line that is held as a whole, without its end; at the end of the input what is
 * left. */
struct reader_line {
    struct slice text;
    size_t taken_bytes; /* with its end */
};
enum reader_line_step { LINE_FOUND, LINE_TOO_LONG, LINE_NONE, LINE_FAILED };
enum reader_line_step reader_find_line(struct reader *reader, struct reader_line *ret_line,
                                       struct error *err);
/* After LINE_TOO_LONG: takes what is held of it. */
enum reader_step reader_refuse_long_line(struct reader *reader, const struct reader_line *line,
                                         struct record *ret_record, struct refusal *refusal);
bool reader_rest_of_line(struct reader *reader, struct record *record, struct error *err);
void reader_refuse_long(const struct reader *reader, struct refusal *refusal);
uint64_t reader_count_lines(struct slice bytes);

static inline void auto_reader(struct reader **reader)
{
    reader_free(*reader);
}
#define AUTO_READER AUTO(auto_reader)
