/* event_writer.h - goes over the table of events in the order of keys, and changes what is there.
 *
 * Promise  each block that it comes to is read and written once, however many of its events change.
 * Memory   what a seek returns borrows until the next one. A transaction that only reads may seek, too.
 * Threads  as the transaction.
 * Errors   ERROR_CORRUPT: the sum or the structure of a block is wrong.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once
#include "db.h"
#include "events.h"

struct event_writer;
bool event_writer_open(struct txn *txn, const struct stream *stream,
                       struct event_writer **ret_writer, struct error *err) MUST_CHECK;
/* Goes to KEY, which is behind that of the seek before. *RET_PACKED: what the table has for it, live or deleted;
 * empty: nothing. */
bool event_writer_seek(struct event_writer *writer, struct slice key, struct slice *ret_packed,
                       struct error *err) MUST_CHECK;
/* Once at most behind a seek: what the key has from now on. Empty: nothing. */
bool event_writer_set(struct event_writer *writer, struct slice packed,
                      struct error *err) MUST_CHECK;
/* Writes what is left. Until then events may be missing from the table: without it, the transaction must not be
 * committed. */
bool event_writer_finish(struct event_writer *writer, struct error *err) MUST_CHECK;
void event_writer_close(struct event_writer *writer); /* takes NULL */
