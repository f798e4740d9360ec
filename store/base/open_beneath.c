// SPDX-License-Identifier: Apache-2.0
#include "base/open_beneath.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"

int open_beneath_folder(int directory, const char *name)
{
    return open_beneath_file(directory, name, O_RDONLY | O_DIRECTORY, 0);
}

int open_beneath_file(int directory, const char *name, int flags, mode_t mode)
{
    struct stat status;
    if (strchr(name, '/')) {
        errno = EINVAL;
        return -1;
    }
    /* A pipe would be waited for. */
    AUTO_FD int fd =
        openat(directory, name, flags | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, mode);
    if (fd < 0 || (flags & O_DIRECTORY)) return take_fd(&fd);
    if (fstat(fd, &status) < 0) return -1;
    if (S_ISREG(status.st_mode)) return take_fd(&fd);
    errno = EINVAL;
    return -1;
}
