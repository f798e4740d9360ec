/* expire.h - letting go of a snapshot that readers have kept open for too long.
 *
 * Place    notify.c, each time that it has looked for commits.
 * Promise  what is still read of it is copied first (copies.h). Requests are let in between the
 *          pieces, and nothing is written to a disk under the lock.
 * Memory   what is being copied is its own until an inode or a handle has it.
 * Threads  the notify thread's.
 * Errors   are logged: what cannot be copied keeps its snapshot.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once
#include "mount.h"

/* The oldest snapshot whose time is over, if there is one. */
void expire(struct mount *mount);
