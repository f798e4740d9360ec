/* commit_wait.h - waiting for the next commit of a store.
 *
 * A commit is heard of by the announcement of its writer (announce.h). Where the system does not
 * tell (no inotify watch left, a writer that was killed before it announced) the store is looked at
 * every COMMIT_WAIT_LOOK_MS.
 *
 * Place    libtally's tally_wait, `tally wait` and `tally watch`.
 * Promise  takes no more rights than reading; no writer ever waits for it.
 * Units    milliseconds.
 * Memory   the store is borrowed.
 * Threads  any.
 * Errors   those of snapshot_open. ERROR_MISSING with COMMIT_WAIT_REPLACED, without a remedy, which
 *          is the caller's.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once
#include "database/store.h"

enum { COMMIT_WAIT_LOOK_MS = 2000 };

enum commit_wait_answer {
    COMMIT_WAIT_CAME,
    COMMIT_WAIT_NONE,     /* none in time, or a handler of a signal ran in this thread */
    COMMIT_WAIT_REPLACED, /* another directory is at the store's path */
    COMMIT_WAIT_UNREAD,   /* nobody reads OUTPUT any more */
    COMMIT_WAIT_FAILED,
};
/* Waits until there is a commit after AFTER, and gives the number of the newest. TIMEOUT_MS below
 * 0: no limit; 0: looks once. OUTPUT: a descriptor whose reader may go away, or -1. */
enum commit_wait_answer commit_wait(struct store *store, uint64_t after, int64_t timeout_ms,
                                    int output, uint64_t *ret_commit_id, struct error *err);
