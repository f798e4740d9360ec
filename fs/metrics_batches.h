/* metrics_batches.h - the batch log for Prometheus: refused records, the last batch, and how far
 * each followed input is.
 *
 *   tallyfs_rejected_records_total 3
 *   tallyfs_last_batch_number 7
 *   tallyfs_last_batch_timestamp_seconds 1767225600.000
 *   tallyfs_last_batch_records 1000
 *   tallyfs_last_batch_rejected_records 1
 *   tallyfs_follow_offset_bytes{batch="4",stream="web",source="/var/log/web.ndjson"} 81920
 *   tallyfs_follow_checkpoint_timestamp_seconds{…} 1767225600.000
 *
 * A file that was rotated away and taken to its end is followed no more, and has no sample. How
 * much of an input is left is not known here: the daemon may not open it.
 *
 * Place    metrics.c.
 * Promise  once it has gone through the log, it reads what is new and what may still change.
 * Memory   text is appended to the caller's buffer; the totals own a list of open batches.
 * Threads  under mount->lock.
 * Errors   ERROR_CORRUPT: an entry of the log cannot be read.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once
#include "database/store.h"

/* What was found of the store's log so far; zeroed: nothing. */
struct batch_totals {
    uint64_t seen;      /* the last batch that was looked at */
    uint64_t rejected;  /* of those that are loaded: they change no more */
    struct buffer open; /* of uint64_t: the numbers of the others */
};
/* SNAPSHOT continues the one before. */
bool metrics_batches_add(const struct snapshot *snapshot, struct batch_totals *totals,
                         struct buffer *text, struct error *err) MUST_CHECK;
/* Another store's commits come next, or none. */
void batch_totals_done(struct batch_totals *totals);
