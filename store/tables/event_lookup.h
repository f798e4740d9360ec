/* event_lookup.h - one stored event after another, of any stream, by its key.
 *
 * Place    join.c, link_check.c.
 * Memory   what is found borrows until the next question to the same stream. Nothing may be written
 *          to the table of events while it is open.
 * Threads  as the transaction.
 * Errors   as lsm_reader.h.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once
#include "base/bytes.h"
#include "kv/db.h"

/* Begins with the transaction and zeros. */
struct event_lookup {
    const struct txn *txn;
    struct event_lookup_stream *streams; /* those that were asked for */
    size_t count;
};
void event_lookup_done(struct event_lookup *lookup); /* takes a zeroed one */
/* KEY: as in the table of events. Also one that is deleted: see event_is_live. */
enum db_finding event_lookup_find(struct event_lookup *lookup, struct slice key,
                                  struct slice *ret_packed, struct error *err);
