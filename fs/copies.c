// SPDX-License-Identifier: Apache-2.0
#include "copies.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "base/arena.h"

enum { MEMORY_BYTES_MAX = 64 << 10 };

struct copy {
    struct buffer bytes;
    int fd; /* -1: all of it is in `bytes` */
    uint64_t size_bytes;
};

struct copy *copy_new(void)
{
    struct copy *const copy = memory_alloc(sizeof *copy);
    copy->fd = -1;
    return copy;
}

void copy_free(struct copy *copy)
{
    if (!copy) return;
    buffer_done(&copy->bytes);
    if (copy->fd >= 0) (void)close(copy->fd); /* nobody's but ours */
    free(copy);
}

static bool write_all(int fd, struct slice bytes, struct error *err)
{
    while (bytes.length) {
        ssize_t const written = write(fd, bytes.at, bytes.length);
        if (written < 0 && errno == EINTR) continue;
        if (written <= 0)
            return error_system(err, written ? errno : EIO, "cannot copy an old version of a file");
        bytes = slice_of(bytes.at + written, bytes.length - (size_t)written);
    }
    return true;
}

/* /var/tmp is on a disk where /tmp may be memory. */
static bool move_to_file(struct copy *copy, struct error *err)
{
    copy->fd = open("/var/tmp", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (copy->fd < 0) return error_system(err, errno, "cannot make a file in /var/tmp");
    if (!write_all(copy->fd, buffer_slice(&copy->bytes), err)) return false;
    buffer_done(&copy->bytes);
    return true;
}

bool copy_add(struct copy *copy, struct slice bytes, struct error *err)
{
    copy->size_bytes += bytes.length;
    if (copy->fd < 0 && copy->size_bytes <= MEMORY_BYTES_MAX) {
        buffer_add_slice(&copy->bytes, bytes);
        return true;
    }
    if (copy->fd < 0 && !move_to_file(copy, err)) return false;
    return write_all(copy->fd, bytes, err);
}

bool copy_read(const struct copy *copy, uint64_t offset, size_t size, struct buffer *into,
               struct error *err)
{
    if (offset >= copy->size_bytes) return true;
    uint64_t const left = copy->size_bytes - offset;
    if (size > left) size = (size_t)left;
    if (copy->fd < 0) {
        buffer_add(into, copy->bytes.at + offset, size);
        return true;
    }
    buffer_reserve(into, size);
    while (size) {
        ssize_t const got = pread(copy->fd, into->at + into->length, size, (off_t)offset);
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0)
            return error_system(err, got ? errno : EIO, "cannot read an old version of a file");
        into->length += (size_t)got;
        offset += (uint64_t)got;
        size -= (size_t)got;
    }
    return true;
}
