/* expire.h - letting go of a snapshot that readers have kept open for too long.
 *
 * Promise  what is still read of it is copied first (copies.h). Requests are let in between the
 *          pieces, and nothing is written to a disk under the lock.
 * Threads  the notify thread's.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once
#include "mount.h"

/* The oldest snapshot whose time is over, if there is one. */
void expire(struct mount *mount);
