/* same_file.h - whether two names or descriptors lead to one file or directory.
 *
 * Place    whoever opened something by a path, and looks again.
 * Memory   none.
 * Threads  pure.
 * Errors   none.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once
#include <stdbool.h>
#include <sys/stat.h>

static inline bool is_same_file(const struct stat *one, const struct stat *other)
{
    return one->st_ino == other->st_ino && one->st_dev == other->st_dev;
}
