/* undo_retention.h - forgets what older batches have replaced and deleted.
 *
 * Place    commit.c, with what else is let go at the end of an input.
 * Promise  it costs what is forgotten, and a look at one batch a stream.
 * Memory   a portion of the entries.
 * Threads  as the transaction.
 * Errors   those of undo_log.h.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once
#include "write/write_txn.h"

bool undo_retention_drop(struct write_txn *write, struct error *err) MUST_CHECK;
/* The stream has another "undo": where that is 0, nothing is kept from now on. */
bool undo_retention_change(struct write_txn *write, const struct stream *next,
                           struct error *err) MUST_CHECK;
