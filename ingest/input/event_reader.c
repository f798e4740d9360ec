/* Most line ends stand between two records. So what the source holds is cut into segments at line
 * ends, and each is read as if a record began there; then the owner hands the records out, and sees
 * for each segment whether one does. Where none does, and where a segment ended early or refuses a
 * record, the owner itself reads record by record up to where a segment fits again: each byte is
 * read two or three times at the worst, and all is as if there were no segments.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "input/event_reader.h"

#include "base/ascii.h"
#include "base/workers.h"
#include "input/segment.h"

enum {
#ifdef TINY_RUNS
    SEGMENT_BYTES = 200,
#else
    SEGMENT_BYTES = 256 << 10, /* a millisecond or two of work: far more than it takes to wake */
#endif
    SEGMENTS_A_THREAD = 2, /* so that a thread that ends first has another one */
    HELD_SHARES = 128,     /* of the memory, for what the source holds */
    PACKED_SHARES = 16,    /* and for what the segments have */
};

struct event_reader {
    struct source *source;
    struct reader *reader; /* its place is behind the last record that was handed out */
    struct binder *binder;
    struct refusal refusal;
    struct buffer packed; /* the event that the owner itself has read */
    struct segment *segments;
    size_t segments_most; /* 0: the format has none */
    size_t count;         /* of those that were read */
    size_t current;       /* the one that is handed out */
    size_t next;          /* its next record */
    uint64_t line;        /* of its first byte */
    size_t packed_bytes_most;
    struct workers workers;
    size_t thread_count;
    bool has_threads;
    bool ends; /* the input does, with what is held */
};

static void plan(struct event_reader *reader, const struct resources *resources)
{
    size_t const most = resources->memory_bytes / HELD_SHARES / SEGMENT_BYTES;
    size_t const threads = resources->threads ? resources->threads : 1;
    size_t const wanted = threads * SEGMENTS_A_THREAD;
    reader->thread_count = threads;
    reader->segments_most = most == 0 ? 1 : most < wanted ? most : wanted;
    reader->packed_bytes_most = resources->memory_bytes / PACKED_SHARES / reader->segments_most;
    reader->segments = memory_alloc(reader->segments_most * sizeof *reader->segments);
    workers_init(&reader->workers);
}

bool event_reader_open(struct source *source, struct binder *binder, enum input_format format,
                       const struct reader_place *from, const struct resources *resources,
                       const struct notices *notices, struct event_reader **ret_reader,
                       struct error *err)
{
    size_t const record_bytes_most = reader_bytes_most(resources->memory_bytes, RECORD_SHARES);
    struct reader *records;
    if (!reader_open(source, binder->stream, format, from, record_bytes_most, notices, &records,
                     err))
        return false;
    struct event_reader *const reader = memory_alloc(sizeof *reader);
    reader->source = source;
    reader->reader = records;
    reader->binder = binder;
    plan(reader, resources);
    *ret_reader = reader;
    return true;
}

void event_reader_close(struct event_reader *reader)
{
    if (!reader) return;
    workers_stop(&reader->workers);
    for (size_t i = 0; i < reader->segments_most; i++)
        segment_close(&reader->segments[i]);
    free(reader->segments);
    reader_free(reader->reader);
    refusal_done(&reader->refusal);
    buffer_done(&reader->packed);
    free(reader);
}

static bool is_blank(uint8_t byte)
{
    return ascii_is_json_space(byte);
}

/* Behind the last line end between FROM and LIMIT, and in front of blank lines: so that the place
 * behind the record there is the same, whoever read it. FROM: there is none. */
static size_t find_cut(struct slice held, size_t from, size_t limit)
{
    const uint8_t *const start = held.at + from;
    const uint8_t *const last = memrchr(start, '\n', limit - from);
    const uint8_t *text = last;
    if (!last) return from;
    while (text > start && is_blank(text[-1]))
        text--;
    if (text == start) return from;
    const uint8_t *const end = memchr(text, '\n', (size_t)(last - text) + 1);
    return (size_t)(end + 1 - held.at);
}

/* Cuts what the source holds. */
static void split(struct event_reader *reader)
{
    struct slice const held = source_held(reader->source);
    size_t at = 0;
    while (reader->count < reader->segments_most && at < held.length) {
        struct segment *const segment = &reader->segments[reader->count];
        bool const is_last = held.length - at <= SEGMENT_BYTES;
        size_t const limit = is_last ? held.length : at + SEGMENT_BYTES;
        size_t const cut = is_last && reader->ends ? limit : find_cut(held, at, limit);
        if (cut == at) break;
        if (!segment->reader && !segment_open(segment, reader->reader, reader->binder)) {
            reader->segments_most = 0;
            break;
        }
        segment_place(segment, reader->source, at, cut - at, reader->ends);
        reader->count++;
        at = cut;
    }
}

static void read_one_segment(void *context, size_t part)
{
    struct event_reader *const reader = context;
    segment_read(&reader->segments[part], reader->packed_bytes_most);
}

/* Holds as much as the segments can have, and reads them. */
static bool read_segments(struct event_reader *reader, struct error *err)
{
    reader->count = reader->current = reader->next = 0;
    reader->ends = false;
    while (!reader->ends &&
           source_held(reader->source).length < reader->segments_most * SEGMENT_BYTES) {
        switch (source_more(reader->source, err)) {
        case SOURCE_MORE: break;
        case SOURCE_END: reader->ends = true; break;
        case SOURCE_FAILED: return false;
        }
    }
    split(reader);
    if (reader->count > 1 && !reader->has_threads) {
        workers_start(&reader->workers, reader->thread_count);
        reader->has_threads = true;
    }
    workers_begin(&reader->workers, reader->count, reader->count, read_one_segment, reader);
    workers_wait(&reader->workers);
    return true;
}

/* Where the next record of a segment begins, in the input. */
static uint64_t next_offset(const struct event_reader *reader)
{
    const struct segment *const segment = &reader->segments[reader->current];
    return segment->offset + (reader->next ? segment->records[reader->next - 1].end : 0);
}

/* Leaves segments that are used up, and those that begin within a record. */
static void skip_segments(struct event_reader *reader)
{
    uint64_t const offset = source_offset(reader->source);
    while (
        reader->current < reader->count &&
        (reader->next == reader->segments[reader->current].count || next_offset(reader) < offset)) {
        reader->current++;
        reader->next = 0;
    }
}

/* The next record of the segment, which begins where the last one ended. */
static void hand_out(struct event_reader *reader, struct read_event *ret_event)
{
    const struct segment *const segment = &reader->segments[reader->current];
    const struct segment_record *const record = &segment->records[reader->next];
    size_t const begin = reader->next ? segment->records[reader->next - 1].end : 0;
    *ret_event = (struct read_event){
        .record = {.line = reader->line + record->line,
                   .raw = slice_of(source_held(reader->source).at + (record->raw - begin),
                                   record->raw_length)},
        .event = event_of_bytes(segment->packed.at + record->event, record->key_length,
                                record->event_length),
    };
    source_take(reader->source, record->end - begin);
    reader->reader->line = reader->line + record->end_line;
    reader->next++;
}

/* The next record as it comes. */
static enum reader_step read_record(struct event_reader *reader, struct read_event *ret_event,
                                    struct error *err)
{
    struct buffer *const packed = &reader->packed;
    struct record *const record = &ret_event->record;
    *ret_event = (struct read_event){.reason = NULL};
    enum reader_step step = reader_next(reader->reader, record, &reader->refusal, err);
    if (step == READER_RECORD && !bind_cells(reader->binder, record->cells, &reader->refusal))
        step = READER_REFUSED;
    if (step == READER_REFUSED) ret_event->reason = &reader->refusal;
    if (step != READER_RECORD) return step;
    buffer_clear(packed);
    size_t const key_length = event_pack(reader->binder->stream, reader->binder->values,
                                         reader->binder->batch_id, packed);
    ret_event->event = event_of_bytes(packed->at, key_length, packed->length);
    return step;
}

enum reader_step event_reader_next(struct event_reader *reader, struct read_event *ret_event,
                                   struct error *err)
{
    skip_segments(reader);
    if (reader->current == reader->count && reader->segments_most > 0) {
        if (!read_segments(reader, err)) return READER_FAILED;
        skip_segments(reader);
    }
    if (reader->current == reader->count || next_offset(reader) != source_offset(reader->source))
        return read_record(reader, ret_event, err);
    const struct segment *const segment = &reader->segments[reader->current];
    if (reader->next == 0) reader->line = reader->reader->line;
    if (!segment->records[reader->next].refused) {
        hand_out(reader, ret_event);
        return READER_RECORD;
    }
    reader->next++;
    return read_record(reader, ret_event, err);
}

bool event_reader_rest(struct event_reader *reader, struct record *record, struct error *err)
{
    return reader_rest(reader->reader, record, err);
}

uint64_t event_reader_zero_bytes(const struct event_reader *reader)
{
    return reader->reader->zero_bytes; /* segments end in front of them */
}

struct reader_place event_reader_place(const struct event_reader *reader)
{
    return reader_place(reader->reader);
}
