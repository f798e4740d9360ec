/* mount_table.h - where a store is mounted on this machine, and what each mount shows.
 *
 * Place    cmd_status.c; store_copy.c, cmd_init.c and writer_lock.c wait for the mounts that are to
 *          notice a store which took the place of another, cmd_wait.c for those that are to show a
 *          commit.
 * Promise  does not hang with a mount that hangs: it is asked by a process of its own, for
 *          a second at most.
 * Memory   what VISIT is shown lives until it returns.
 * Threads  any. It forks; the child makes system calls alone.
 * Errors   ERROR_SYSTEM: the table of mounts cannot be read. A mount that does not
 *          answer is no error.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once
#include <stdint.h>

#include "base/bytes.h"
#include "base/error.h"
#include "database/store.h"

struct mount_point {
    struct slice place; /* lives until the call is over */
    bool answers;
    uint64_t commit_id; /* that it shows, if it answers; of another store or copy perhaps */
    uint64_t nonce;     /* of that commit */
    uint64_t pid;
    uint64_t publishing; /* 1: names that the commit replaced may be seen still */
    uint64_t follows;    /* 0: it stays with its store, or looks by itself: nobody waits for it */
};
/* Calls VISIT for each mount of the path PATH in this process' mount namespace. */
bool mount_table_scan(const char *path,
                      void (*visit)(void *context, const struct mount_point *mount), void *context,
                      struct error *err) MUST_CHECK;
/* How many there are, dead ones too. They are not asked. */
bool mount_table_count(const char *path, unsigned *ret_count, struct error *err) MUST_CHECK;
/* Whether what the mount shows is a commit of STORE; *RET_BEHIND: how many commits it is behind. */
bool mount_table_shows(struct store *store, const struct mount_point *mount, bool *ret_shows,
                       uint64_t *ret_behind, struct error *err) MUST_CHECK;
/* Waits until all mounts of the path of STORE that answer and follow show COMMIT_ID of it, or a
 * later one; false: one does not by the end of DEADLINE_MS, its place in *PLACE, or none could be
 * looked for, and *PLACE is empty. */
bool mount_table_await(struct store *store, uint64_t commit_id, int deadline_ms,
                       struct buffer *place);
