/* commits.h - when each commit was made, of which batch, and what it is told by, for ever.
 *
 *   meta     "commits"          -> [first commit u64] block    the newest ones, at most
 *                                                              COMMITS_IN_BLOCK
 *   commits  [first commit u64] -> block                       those before them, as many each
 *            block  = [nonce u64 of the commit before the first] commit*
 *            commit = [2 * milliseconds since the commit before, or since 1970 the first]
 *                     [batch]? [random u16]
 *            The batch is there where it is another one, or not 0 the first time; then the number
 *            in front of it is odd. It is told by how much it is more, 2 * n, or less, 2 * n - 1.
 *
 * The nonce of a commit is made of what stands here of it and of the nonce of the commit before, as
 * the name of a commit in git is; that before a store's first commit is random. So it tells the
 * commit and all that led to it. Copies of a store have the commits before the copy in common. What
 * each commits later has other nonces, for ever: the random numbers see to it even where both
 * clocks were set back, so that both count on from the last time that they have in common.
 *
 * Place    meta.c, which keeps it with the store's state.
 * Promise  a commit of the same batch that comes within eight seconds takes four bytes, within
 *          17 minutes five; of the next batch one more. Blocks are written once, and pages
 *          are full of them. A look-up goes over one block, which is short so that this takes
 *          less time than to find it.
 * Units    times are whole milliseconds, in nanoseconds.
 * Memory   results are the caller's.
 * Threads  as the transaction.
 * Errors   ERROR_CORRUPT: a block cannot be read. ERROR_SYSTEM: there are no random numbers.
 * Limits   copies that part at one time with one batch have the same next nonce once in 65,536
 *          times, and then part one commit later. Others agree once in 2^64 times.
 * Source   the finaliser of SplitMix64: G. Steele, D. Lea and C. Flood, "Fast splittable
 *          pseudorandom number generators", 2014.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once
#include "tables/meta.h"

enum { COMMITS_IN_BLOCK = 64, COMMIT_RESOLUTION_NS = 1000000 };

/* COMMIT_ID is the last one's and 1; the time is later. ERROR_CORRUPT: the last
 * ones cannot be read. */
bool commits_add(struct txn *txn, uint64_t commit_id, int64_t commit_ns, uint64_t batch_id,
                 struct error *err) MUST_CHECK;
/* DB_MISSING: there is no such commit, or it cannot be read. */
enum db_finding commits_find(const struct txn *txn, uint64_t commit_id,
                             struct meta_commit *ret_commit, struct error *err);
