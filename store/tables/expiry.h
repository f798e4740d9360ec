/* expiry.h - the table of events by time, of streams with "keep": which are the oldest.
 *
 * Place    commit.c, commit_delete.c and apply.c note events that come and go, event_retention.c
 *          takes the oldest out.
 * Promise  finding those that are too old costs their number.
 * Memory   notes are held until expiry_save.
 * Threads  as the transaction.
 * Errors   those of lsm_writer.h; ERROR_CORRUPT: an entry cannot be read.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once
#include "tables/event_index.h"

/* Nothing happens where the stream keeps all, or the event has no time. */
event_index_note expiry_note;
/* The entry of that event, as format.h has it. false: it has none. */
bool expiry_entry(const struct stream *stream, struct slice key, const struct value *values,
                  struct buffer *ret_entry, struct buffer *ret_value);
bool expiry_save(struct txn *txn, struct lsm_changes *changes, struct error *err) MUST_CHECK;

/* Takes out the entries in front of END, MOST at a time, and gives the keys of their events, which
 * live in ARENA. PLACE is where to go on: at first FROM, a time which no entry is in front of, or
 * null. *RET_COUNT 0: there are no more. */
void expiry_begin(const struct stream *stream, const struct value *from, struct buffer *place);
bool expiry_take(struct txn *txn, struct buffer *place, const struct value *end, size_t most,
                 struct arena *arena, struct slice *keys, size_t *ret_count,
                 struct error *err) MUST_CHECK;

/* Forgets all events of a stream. */
bool expiry_clear(struct txn *txn, uint16_t stream, struct error *err) MUST_CHECK;
/* All stored events of a stream anew. */
bool expiry_make(struct txn *txn, const struct stream *stream, struct error *err) MUST_CHECK;
