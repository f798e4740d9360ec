// SPDX-License-Identifier: Apache-2.0
#include "folder.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

int folder_open(int directory, const char *name)
{
    return folder_open_file(directory, name, O_RDONLY | O_DIRECTORY, 0);
}

int folder_open_file(int directory, const char *name, int flags, mode_t mode)
{
    if (!strchr(name, '/')) return openat(directory, name, flags | O_NOFOLLOW | O_CLOEXEC, mode);
    errno = EINVAL;
    return -1;
}
