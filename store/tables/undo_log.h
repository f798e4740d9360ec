/* undo_log.h - the table of before-images: what a batch found where it replaced or deleted.
 *
 * Place    commit.c and event_edit.c note them, undo.c reads them, undo_retention.c forgets them.
 * Promise  of each key that a batch changed there is what was there before its first change. A key
 *          that had nothing has no entry: its event says which batch it came with.
 * Memory   notes are held until undo_log_save; what is found borrows until the next question.
 * Threads  as the transaction.
 * Errors   those of lsm_writer.h; ERROR_CORRUPT: an entry cannot be read.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once
#include "lsm/lsm_changes.h"
#include "lsm/lsm_reader.h"
#include "schema/schema.h"

/* Who changed the event: a record of the batch, or what undoes another batch in it. */
enum undo_cause { UNDO_REVERSAL, UNDO_RECORD };
struct undo_image {
    enum undo_cause cause;
    struct slice packed; /* as in the table of events; empty: nothing */
};
/* KEY: as in the table of events. */
void undo_log_note(struct lsm_changes *changes, uint64_t batch_id, struct slice key,
                   const struct undo_image *image);
bool undo_log_save(struct txn *txn, struct lsm_changes *changes, struct error *err) MUST_CHECK;

/* Of one stream. */
bool undo_log_open(const struct txn *txn, uint16_t stream, struct lsm_reader **ret_reader,
                   struct error *err) MUST_CHECK;
enum db_finding undo_log_find(struct lsm_reader *reader, uint64_t batch_id, struct slice key,
                              struct undo_image *ret_image, struct error *err);

/* All images of a stream in the order of batches, those of one in that of keys, about. */
struct undo_log_entry {
    uint64_t batch_id;
    struct slice key; /* as in the table of events */
    struct undo_image image;
};
struct undo_log_scan;
bool undo_log_scan_open(const struct txn *txn, uint16_t stream, uint64_t first_batch_id,
                        struct undo_log_scan **ret_scan, struct error *err) MUST_CHECK;
enum db_finding undo_log_scan_next(struct undo_log_scan *scan, struct undo_log_entry *ret_entry,
                                   struct error *err);
void undo_log_scan_close(struct undo_log_scan *scan); /* takes NULL */

/* Removes the images of batches up to LAST_BATCH_ID, or all of a stream. */
bool undo_log_forget(struct txn *txn, uint16_t stream, uint64_t last_batch_id,
                     struct error *err) MUST_CHECK;
bool undo_log_clear(struct txn *txn, uint16_t stream, struct error *err) MUST_CHECK;
