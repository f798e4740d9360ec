/* bind.h - a record's cells as the typed values of an event.
 *
 * Place    reader.h -> bind.h -> events_chunk_add.
 * Promise  a number keeps its digits; a value that does not fit its field's type is refused, never
 *          guessed.
 * Memory   values borrow from the record, so they live as long as it.
 * Threads  one owner at a time.
 * Errors   false: the refusal says why. No struct error: a bad record is no failure.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once
#include "input/cell.h"
#include "input/refusal.h"
#include "schema/schema.h"

struct binder {
    const struct stream *stream;
    const struct time_zone *zone;
    struct value *values;    /* one a field: the event */
    uint64_t batch_id;       /* of the events; 0: of none */
    size_t event_bytes_most; /* of its strings; EVENT_BYTES_MAX where nobody says less */
    /* Older events are gone, so that a repeat of one cannot be told; null: none. */
    struct value dropped_before;
};

void binder_init(struct binder *binder, const struct stream *stream, const struct time_zone *zone);
/* As another one binds, with values of its own. */
void binder_init_like(struct binder *binder, const struct binder *other);
void binder_done(struct binder *binder); /* takes a zeroed one */

/* The same for the fields of the key alone; the others are null. */
bool bind_key(struct binder *binder, const struct cell *cells, struct refusal *refusal) MUST_CHECK;
/* CELLS: one a field of the stream. Fills binder->values, or refuses the record. */
bool bind_cells(struct binder *binder, const struct cell *cells,
                struct refusal *refusal) MUST_CHECK;
