/* reference_index.h - the table of references: which events refer to an event.
 *
 * Place    commit.c notes each event that comes or goes; propagation.c asks when a target changes.
 * Promise  finding those that refer to one event costs their number.
 * Memory   notes are held until reference_index_save.
 * Threads  as the transaction.
 * Errors   those of db.h.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once
#include "tables/event_index.h"

event_index_note reference_index_note;
bool reference_index_save(struct txn *txn, struct lsm_changes *changes,
                          struct error *err) MUST_CHECK;

/* Who refers to whom. Begins with the transaction and zeros; nothing may be written to the table
 * while it is used. */
struct reference_lookup {
    const struct txn *txn;
    struct reference_lookup_stream *streams; /* those that were asked for */
    size_t count;
};
void reference_lookup_done(struct reference_lookup *lookup); /* takes a zeroed one */
/* Calls VISIT with the key of every event of STREAM of which REFERENCE leads to the event with the
 * key TARGET, both as in the table of events. */
bool reference_lookup_find(struct reference_lookup *lookup, const struct stream *stream,
                           size_t reference, struct slice target,
                           void (*visit)(void *context, struct slice key), void *context,
                           struct error *err) MUST_CHECK;
/* Forgets all references of a stream. */
bool reference_index_clear(struct txn *txn, uint16_t stream, struct error *err) MUST_CHECK;
/* All stored events of a stream anew. */
bool reference_index_make(struct txn *txn, const struct stream *stream,
                          struct error *err) MUST_CHECK;
