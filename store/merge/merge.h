/* merge.h - adding a delta to the store: states, rows, totals, listings, changes.
 *
 * Place    commit.c calls it in its write transaction.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once
#include "merge/delta.h"
#include "tables/change_log.h"
#include "tables/meta.h"

/* META gives group ids and the commit's number, and has its row count kept. The delta is used up:
 * clear it. */
bool merge_delta(struct txn *txn, struct delta *delta, struct meta *meta, struct change_log *log,
                 struct error *err) MUST_CHECK;
