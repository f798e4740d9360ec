/* references.h - the table of references: which events refer to an event.
 *
 * Place    commit.c notes each event that comes or goes; ripple.c asks when a target changes.
 * Promise  finding those that refer to one event costs their number.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once
#include "arena.h"
#include "db.h"
#include "schema.h"

/* What changes in the table: collected in any order, written in that of its keys. Zeroed is empty. */
struct references_log {
    struct arena arena;
    struct references_change *changes;
    size_t count;
    size_t capacity;
};
void references_log_done(struct references_log *log);
/* Notes that the event with KEY is there, or is no longer: VALUES are its fields. */
void references_note(struct references_log *log, const struct stream *stream, struct slice key,
                     const struct value *values, bool is_there);
/* Writes what is noted, and forgets it. */
bool references_save(struct txn *txn, struct references_log *log, struct error *err) MUST_CHECK;

/* Nothing may be written to the table while it is open. */
struct references_reader;
bool references_reader_open(const struct txn *txn, struct references_reader **ret_reader,
                            struct error *err) MUST_CHECK;
void references_reader_close(struct references_reader *reader); /* takes NULL */
/* Calls SEE with the key of every event of STREAM of which REFERENCE leads to the event with the key TARGET, both as in the
 * table of events. */
bool references_each(struct references_reader *reader, const struct stream *stream,
                     size_t reference, struct slice target,
                     void (*see)(void *context, struct slice key), void *context,
                     struct error *err) MUST_CHECK;
/* Forgets all references of a stream. */
bool references_clear(struct txn *txn, uint16_t stream, struct error *err) MUST_CHECK;
/* Notes all stored events of a stream. */
bool references_make(struct txn *txn, const struct stream *stream, struct error *err) MUST_CHECK;
