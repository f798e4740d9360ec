// SPDX-License-Identifier: Apache-2.0
#include "input/spool.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

enum { PAGE_BYTES = 4096 };

/* Not every file system has nameless files: then a named one loses its name at once. */
bool spool_open(int directory, int *ret_fd, struct error *err)
{
    int fd = openat(directory, ".", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (fd < 0 && (errno == EOPNOTSUPP || errno == EISDIR || errno == EINVAL)) {
        char name[40];
        (void)snprintf(name, sizeof name, ".spool-%ld", (long)getpid()); /* fits */
        fd = openat(directory, name, O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0600);
        if (fd >= 0) (void)unlinkat(directory, name, 0); /* if not, an empty name is left over */
    }
    if (fd < 0)
        return error_system(err, errno,
                            "cannot make a file for the input in the store's directory");
    *ret_fd = fd;
    return true;
}

bool spool_write(int fd, const uint8_t *bytes, size_t length, struct error *err)
{
    while (length > 0) {
        ssize_t const done = write(fd, bytes, length);
        if (done < 0 && errno == EINTR) continue;
        if (done < 0)
            return error_system(err, errno, "cannot copy the input into the store's directory");
        bytes += done;
        length -= (size_t)done;
    }
    return true;
}

void spool_release(int fd, uint64_t from, uint64_t to)
{
    to -= to % PAGE_BYTES;
    if (to <= from) return;
    /* If it cannot be, the file is larger than it need be. */
    (void)!fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, (off_t)from,
                     (off_t)(to - from));
}
