/* mounts.h - where a store is mounted on this machine, and what each mount shows.
 *
 * Place    cmd_status.c.
 * Promise  does not hang with a mount that hangs: it is asked by a process of its own, for
 *          a second at most.
 * Memory   what VISIT is shown lives until it returns.
 * Threads  the main thread: it forks.
 * Errors   ERROR_SYSTEM: the table of mounts cannot be read. A mount that does not
 *          answer is no error.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once
#include <stdint.h>

#include "base/bytes.h"
#include "base/error.h"

struct mount_point {
    struct slice place; /* lives until the call is over */
    bool answers;
    uint64_t commit_id; /* that it shows, if it answers */
};
/* Calls VISIT for each mount of the store at PATH in this process' mount namespace. */
bool mounts_scan(const char *path, void (*visit)(void *context, const struct mount_point *mount),
                 void *context, struct error *err) MUST_CHECK;
