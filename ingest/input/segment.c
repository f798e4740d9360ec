// SPDX-License-Identifier: Apache-2.0
#include "input/segment.h"

#include "base/arena.h"
#include "tables/events.h"

bool segment_open(struct segment *segment, const struct reader *reader, const struct binder *binder)
{
    struct source *const window = source_window();
    struct reader *const copy = reader_copy(reader, window);
    if (!copy) {
        source_close(window);
        return false;
    }
    *segment = (struct segment){.window = window, .reader = copy};
    binder_init_like(&segment->binder, binder);
    return true;
}

void segment_close(struct segment *segment)
{
    reader_free(segment->reader);
    source_close(segment->window);
    binder_done(&segment->binder);
    refusal_done(&segment->refusal);
    buffer_done(&segment->packed);
    free(segment->records);
    *segment = (struct segment){.count = 0};
}

void segment_place(struct segment *segment, const struct source *source, size_t behind,
                   size_t length, bool ends)
{
    source_look(segment->window, source, behind, ends);
    segment->offset = source_offset(segment->window);
    segment->length = length;
    segment->count = 0;
    segment->reader->line = 0;
    buffer_clear(&segment->packed);
}

static struct segment_record *next_record(struct segment *segment)
{
    if (segment->count == segment->capacity) {
        segment->capacity = segment->capacity ? segment->capacity * 2 : 256;
        segment->records =
            memory_resize(segment->records, segment->capacity * sizeof *segment->records);
    }
    return &segment->records[segment->count++];
}

/* How far the window's reader is behind the segment's first byte. */
static size_t read_length(const struct segment *segment)
{
    return (size_t)(source_offset(segment->window) - segment->offset);
}

static void add_record(struct segment *segment, const struct record *record, bool refused)
{
    struct buffer *const packed = &segment->packed;
    struct segment_record *const added = next_record(segment);
    *added = (struct segment_record){
        .end = (uint32_t)read_length(segment),
        .end_line = (uint32_t)segment->reader->line,
        .refused = refused,
    };
    if (refused) return;
    const uint8_t *const end = source_held(segment->window).at;
    added->raw = added->end - (uint32_t)(end - record->raw.at);
    added->raw_length = (uint32_t)record->raw.length;
    added->line = (uint32_t)record->line;
    added->event = (uint32_t)packed->length;
    added->key_length = (uint32_t)event_pack(segment->reader->stream, segment->binder.values,
                                             segment->binder.batch_id, packed);
    added->event_length = (uint32_t)packed->length - added->event;
}

void segment_read(struct segment *segment, size_t memory_bytes)
{
    struct record record;
    struct error ignored; /* none is set by a window */
    while (read_length(segment) < segment->length &&
           segment->packed.length + segment->count * sizeof *segment->records < memory_bytes) {
        enum reader_step const step =
            reader_next(segment->reader, &record, &segment->refusal, &ignored);
        if (step == READER_END || step == READER_FAILED) break;
        bool const taken =
            step == READER_RECORD && bind_cells(&segment->binder, record.cells, &segment->refusal);
        if (!taken && record.more) break; /* its end is not known */
        add_record(segment, &record, !taken);
    }
}
