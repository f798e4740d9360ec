/* segment.h - a part of an input between two line ends, read as if the input began there.
 *
 *   segment_open -> ( segment_place -> segment_read )* -> segment_close
 *
 * Place    event_reader.c, which has several read side by side.
 * Promise  what it finds is what a reader finds that comes to its first byte between two records.
 *          Whether one does is for the owner to see: a line end may stand within a record, too. A
 *          record that is refused is told by its place alone.
 * Memory   the packed events, MEMORY_BYTES of segment_read at most and one event; where there is
 *          more, it ends early. They live until the next segment_place.
 * Threads  one at a time. Several segments may look at one source while it is left alone.
 * Errors   none: where it cannot go on, it ends early.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once
#include "base/bytes.h"
#include "input/bind.h"
#include "input/reader.h"

/* Offsets from the segment's first byte. What is held is at most a few records of
 * RECORD_BYTES_MAX. */
struct segment_record {
    uint32_t raw; /* where its bytes stand, and how many there are without the line's end */
    uint32_t raw_length;
    uint32_t end;      /* where reading goes on */
    uint32_t line;     /* of its first byte; that of the segment's is 0 */
    uint32_t end_line; /* of `end` */
    bool refused;      /* then all but `end` and `end_line` is missing */
    uint32_t event;    /* in `packed`: the key, and the fields behind it */
    uint32_t key_length;
    uint32_t event_length; /* of both */
};

struct segment {
    uint64_t offset; /* of its first byte, in the input */
    size_t length;   /* the last record may go on behind it */
    struct segment_record *records;
    size_t count;
    size_t capacity;
    struct buffer packed;
    struct source *window;
    struct reader *reader;
    struct binder binder;
    struct refusal refusal;
};

/* Reads and binds as these do. false: READER cannot begin but at the input's start. */
bool segment_open(struct segment *segment, const struct reader *reader,
                  const struct binder *binder);
void segment_close(struct segment *segment); /* takes a zeroed one */
/* LENGTH bytes, BEHIND the place of SOURCE. ENDS: the input does, with what SOURCE holds. */
void segment_place(struct segment *segment, const struct source *source, size_t behind,
                   size_t length, bool ends);
void segment_read(struct segment *segment, size_t memory_bytes);
