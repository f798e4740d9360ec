/* compaction.h - runs of a tree become fewer: some that follow each other are merged into one.
 *
 * Of the runs of one size COMPACTION_FANOUT are merged into one of the next, so that an entry is
 * written again once for each power of the fanout that the tree is larger than the head, and a tree
 * has a few runs of each size. What a merge has taken is deleted from its inputs at once: a key is
 * in the output or in the inputs, never in both, so that a merge may stop behind any key, readers
 * need not know of it, and the tree is not twice as large meanwhile.
 *
 * Place    lsm_writer.c, where a commit has written blocks.
 * Promise  the work follows what was written: for each block of it, each merge under way writes
 *          about as much, and a little more, so that it ends before the next one of its size has to
 *          begin.
 * Memory   a block a run.
 * Threads  as the transaction.
 * Errors   ERROR_CORRUPT: a block is damaged; those of db.h.
 * Source   P. O'Neil et al., "The Log-Structured Merge-Tree", 1996, with the tiers of N. Dayan and
 *          S. Idreos, "Dostoevsky", 2018.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once
#include "lsm/run_list.h"

#ifdef TINY_RUNS
enum { COMPACTION_HEAD_BLOCKS = 1 };
#else
enum { COMPACTION_HEAD_BLOCKS = 64 };
#endif
enum { COMPACTION_FANOUT = 8 };

/* Whether a merge of the run with all that are newer is due: the head has to become one, too. */
bool compaction_is_stale(const struct run *run);
/* WRITTEN: blocks, since the last time. The list changes; a run may be left without a block. */
bool compaction_advance(struct txn *txn, struct run_list *list, uint64_t written,
                        struct error *err) MUST_CHECK;
