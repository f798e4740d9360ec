// SPDX-License-Identifier: Apache-2.0
#include "kv/short_write.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "base/cleanup.h"

/* More than what a write leaves over that stops in the middle of a page. */
enum { PROBE_BYTES = 64 << 10 };

static bool is_limited(int fd)
{
    struct rlimit limit;
    struct stat status;
    return getrlimit(RLIMIT_FSIZE, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY &&
           fstat(fd, &status) == 0 && (rlim_t)status.st_size + PROBE_BYTES > limit.rlim_cur;
}

int short_write_reason(const char *directory, int fd)
{
    if (is_limited(fd)) return EFBIG;
    /* A nameless file, which is gone with its descriptor. */
    AUTO_FD int const probe = open(directory, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (probe < 0) return errno == ENOSPC || errno == EDQUOT ? errno : EIO;
    int const reason = posix_fallocate(probe, 0, PROBE_BYTES);
    return reason == ENOSPC || reason == EDQUOT ? reason : EIO;
}
