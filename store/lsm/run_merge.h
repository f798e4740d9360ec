/* run_merge.h - a share of one merge: from the inputs of a run into it.
 *
 * Place    compaction.c.
 * Memory   a block an input, and the output's.
 * Threads  as the transaction.
 * Errors   ERROR_CORRUPT: a block is damaged; those of db.h.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once
#include "lsm/run_list.h"

/* OUTPUT is the place of the merge's run, which INPUTS others follow in the list. Writes about
 * MOST_BLOCKS of it. *RET_END: nothing is left in the inputs, the output is whole. */
bool run_merge_advance(struct txn *txn, struct run_list *list, size_t output, size_t inputs,
                       uint64_t most_blocks, bool *ret_end, struct error *err) MUST_CHECK;
