/* open_beneath.h - opening what is inside a store, and nothing outside of it.
 *
 * Promise  no link is followed: whoever may write into a store must not lead the programs of others, who may do more than
 *          they, to other files.
 * Errors   -1 with errno; ELOOP where a link is in the way (ENOTDIR where a folder should be), EINVAL for a name that
 *          is a path.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once
#include <sys/types.h>

int open_beneath_folder(int directory, const char *name);
/* FLAGS and MODE as of open(2). */
int open_beneath_file(int directory, const char *name, int flags, mode_t mode);
