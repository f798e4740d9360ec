/* merge.h - adding a delta to the store: states, rows, totals, listings, changes.
 *
 * Place    commit.c calls it in its write transaction.
 * Promise  afterwards states, rows, sums of bytes and listings are what a recomputation from
 *          all events gives.
 * Memory   about delta_bytes of the delta, and LMDB's changed pages.
 * Threads  as the transaction.
 * Errors   ERROR_FULL: more rows than `max_rows`; ERROR_INPUT: a cycle; ERROR_CORRUPT: a count
 *          would be negative. The transaction must then be aborted.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once
#include "merge/delta.h"
#include "tables/change_log.h"
#include "tables/meta.h"

/* META gives group ids and the commit's number, and has its row count kept. The delta is used up:
 * clear it. What is stored of its groups is loaded in portions of about PORTION_BYTES, and of one
 * group at least; of a hierarchy as a whole. */
bool merge_delta(struct txn *txn, struct delta *delta, struct meta *meta, struct change_log *log,
                 size_t portion_bytes, struct error *err) MUST_CHECK;
