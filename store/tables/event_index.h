/* event_index.h - a table that events of a stream are found by, beside that of the events.
 *
 * Place    reference_index.c, expiry.c and undo_log.c, each with what its entries are.
 * Memory   a portion of the notes while all events of a stream are noted.
 * Threads  as the transaction.
 * Errors   those of lsm_writer.h; ERROR_CORRUPT: an event cannot be read.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once
#include "lsm/lsm_changes.h"
#include "schema/schema.h"

/* Notes the entries of the event with KEY, as in the table of events, which is there, or is no
 * longer; VALUES are its fields. */
typedef void event_index_note(struct lsm_changes *changes, const struct stream *stream,
                              struct slice key, const struct value *values, bool is_there);

/* Adds the KEY of an event, without its stream, to ENTRY. A long one is cut, with its digest behind
 * it: false, then the entry's value has to tell it. */
bool event_index_add_key(struct slice key, struct buffer *entry);
/* Writes what is noted, of any streams, and forgets it. */
bool event_index_save(struct txn *txn, enum db_table table, struct lsm_changes *changes,
                      struct error *err) MUST_CHECK;
/* Forgets all events of a stream. */
bool event_index_clear(struct txn *txn, enum db_table table, uint16_t stream,
                       struct error *err) MUST_CHECK;
/* Notes and writes all stored events of a stream. */
bool event_index_fill(struct txn *txn, enum db_table table, const struct stream *stream,
                      event_index_note *note, struct error *err) MUST_CHECK;
