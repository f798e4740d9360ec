/* unmounter.h - a process that keeps the right to unmount, so that the daemon can give it up.
 *
 *   unmounter_start -> [mount, serve] -> unmounter_unmount? -> unmounter_end
 *
 * Unmounting takes what the daemon needs for nothing else: CAP_SYS_ADMIN, or the set-user-ID
 * program fusermount3, which no_new_privs would keep from working.
 *
 * Place    main.c starts it; mount_unmount tells it.
 * Promise  unmounts when told, and never because the daemon died: an empty directory in place of
 *          the mount would look like data that is gone.
 * Memory   none; the process and the pipe are the struct's, until unmounter_end.
 * Threads  any one thread at a time.
 * Errors   ERROR_SYSTEM: no process to be had, or the kernel refuses to unmount.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once
#include <sys/types.h>

#include "base/error.h"

struct unmounter {
    pid_t pid; /* 0: none */
    int pipe;
};

/* Before threads and LMDB are there, none of which survive a fork. MOUNTPOINT is absolute. */
bool unmounter_start(const char *mountpoint, struct unmounter *ret_unmounter,
                     struct error *err) MUST_CHECK;
/* Unmounts, lazily where files are open, and waits until that is done. Does nothing
 * the second time. */
bool unmounter_unmount(struct unmounter *unmounter, struct error *err) MUST_CHECK;
void unmounter_end(
    struct unmounter *unmounter); /* takes a zeroed one, and one that has unmounted */
