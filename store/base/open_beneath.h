/* open_beneath.h - opening what is inside a store, and nothing outside of it.
 *
 * Place    whatever opens a file of a store by its name, but for LMDB's own two.
 * Promise  no link is followed: whoever may write into a store must not lead the programs of
 *          others, who may do more than they, to other files.
 * Memory   none; the descriptor is the caller's to close.
 * Threads  any.
 * Errors   -1 with errno; ELOOP where a link is in the way (ENOTDIR where a folder should be),
 *          EINVAL for a name that is a path.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once
#include <sys/types.h>

int open_beneath_folder(int directory, const char *name);
/* FLAGS and MODE as of open(2). */
int open_beneath_file(int directory, const char *name, int flags, mode_t mode);
