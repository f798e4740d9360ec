/* event_retention.h - streams with "keep": dropping the events that are too old.
 *
 * Place    commit.c, when a batch ends, and by hand; which those are, expiry.h knows.
 * Promise  dropping costs the number of events dropped. The groups that counted them stay as
 *          they are. "Too old" is told from the newest event of the stream, or the clock where
 *          that is earlier: so a history may be loaded late, and one event from the future
 *          drops nothing early.
 * Memory   keys of what is dropped, while it is dropped.
 * Threads  as the transaction.
 * Errors   those of db.h; ERROR_CORRUPT: an event cannot be read.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once
#include "write/write_txn.h"

/* Drops the events of every stream that are too old. Events that refer to one of them
 * are folded again. */
bool event_retention_drop(struct write_txn *write, struct error *err) MUST_CHECK;
/* The same of one stream, which has "keep". */
bool event_retention_drop_of(struct write_txn *write, const struct stream *stream,
                             struct error *err) MUST_CHECK;
/* The time SECONDS before the newest event of the stream, or before now; null where it has none, or
 * where nothing can be older. */
struct value event_retention_cutoff(const struct meta_stream *meta, int64_t seconds,
                                    const struct time_zone *zone);
