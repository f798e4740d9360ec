/* commits.h - when each commit was made, and of which batch, for ever: a file tells the time of the
 * commit that changed it last.
 *
 *   meta     "commits"          -> [first commit u64] commit*     the newest ones, at most
 *                                                                 COMMITS_IN_BLOCK
 *   commits  [first commit u64] -> commit*                        those before them, as many each
 *            commit = [2 * milliseconds since the commit before, or since 1970 the first][batch]?
 *            The batch is there where it is another one, or not 0 the first time; then the number
 *            in front of it is odd. It is told by how much it is more, 2 * n, or less, 2 * n - 1.
 *
 * Place    meta.c, which keeps it with the store's state.
 * Promise  a commit of the same batch that comes within eight seconds takes two bytes, within
 *          17 minutes three; of the next batch one more. Blocks are written once, and pages
 *          are full of them.
 * Units    times are whole milliseconds, in nanoseconds.
 * Memory   results are the caller's.
 * Threads  as the transaction.
 * Errors   ERROR_CORRUPT: a block cannot be read.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once
#include "tables/meta.h"

enum { COMMITS_IN_BLOCK = 256, COMMIT_RESOLUTION_NS = 1000000 };

/* COMMIT_ID is the last one's and 1; the time is later. ERROR_CORRUPT: the last
 * ones cannot be read. */
bool commits_add(struct txn *txn, uint64_t commit_id, const struct meta_commit *commit,
                 struct error *err) MUST_CHECK;
/* DB_MISSING: there is no such commit, or it cannot be read. */
enum db_finding commits_find(const struct txn *txn, uint64_t commit_id,
                             struct meta_commit *ret_commit, struct error *err);
