/* batch_history.h - which batches of a stream are in force, and which have changed a key.
 *
 * Place    undo.c.
 * Memory   two bytes a batch since images are kept, until batch_history_done.
 * Threads  as the transaction.
 * Errors   those of batch_log.h.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once
#include "tables/batch_log.h"

struct txn;

struct batch_history {
    const struct txn *txn; /* in which it is looked up */
    uint16_t stream;
    uint64_t first; /* of the flags: older batches have no images */
    uint64_t last;
    uint8_t *flags;
    /* Rising numbers of batches with images: of those that are not in force or that take back
     * others, and of those in force whose records delete. */
    uint64_t *unsettled;
    size_t unsettled_count;
    uint64_t *deleting;
    size_t deleting_count;
};
bool batch_history_load(struct batch_history *history, const struct txn *txn, uint16_t stream,
                        uint64_t first, uint64_t last, struct error *err) MUST_CHECK;
void batch_history_done(struct batch_history *history); /* takes a zeroed one */
struct batch_standing {
    bool in_force;
    bool grows; /* of an input that does: its events may be newer than those of later batches */
};
/* 0 is the batch of what no batch brought: it is in force. */
bool batch_history_find(const struct batch_history *history, uint64_t batch_id,
                        struct batch_standing *ret_standing, struct error *err) MUST_CHECK;
