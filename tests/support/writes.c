/* Records what a program writes to the data.mdb of stores, for LD_PRELOAD: $WRITES
 * gets, for each write,
 *
 *   [offset u64][length u64][bytes]      and length ~0, without bytes, for each sync
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#undef _FILE_OFFSET_BITS
#include <dlfcn.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#define NEXT(name) ((__typeof__(&name))(uintptr_t)dlsym(RTLD_NEXT, #name))

static int log_file = -1;

__attribute__((constructor)) static void begin(void)
{
    const char *const path = getenv("WRITES");
    log_file = path ? open(path, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0600) : -1;
    if (log_file < 0) abort();
}

static bool is_data(int fd)
{
    static const char name[] = "/data.mdb";
    char link[64], path[4096];
    (void)snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t const length = readlink(link, path, sizeof path);
    size_t const suffix = sizeof name - 1;
    return length > (ssize_t)suffix && memcmp(path + (size_t)length - suffix, name, suffix) == 0;
}

static void record(uint64_t offset, const struct iovec *parts, int count, uint64_t length)
{
    uint64_t const head[2] = {offset, length};
    if (NEXT(write)(log_file, head, sizeof head) != (ssize_t)sizeof head) abort();
    for (int i = 0; i < count; i++) {
        ssize_t const want = (ssize_t)parts[i].iov_len;
        if (NEXT(write)(log_file, parts[i].iov_base, parts[i].iov_len) != want) abort();
    }
}

ssize_t pwrite(int fd, const void *bytes, size_t length, off_t offset)
{
    struct iovec const part = {.iov_base = (void *)(uintptr_t)bytes, .iov_len = length};
    if (is_data(fd)) record((uint64_t)offset, &part, 1, length);
    return NEXT(pwrite)(fd, bytes, length, offset);
}

ssize_t write(int fd, const void *bytes, size_t length)
{
    struct iovec const part = {.iov_base = (void *)(uintptr_t)bytes, .iov_len = length};
    if (is_data(fd)) record((uint64_t)lseek(fd, 0, SEEK_CUR), &part, 1, length);
    return NEXT(write)(fd, bytes, length);
}

ssize_t writev(int fd, const struct iovec *parts, int count)
{
    uint64_t length = 0;
    for (int i = 0; i < count; i++)
        length += parts[i].iov_len;
    if (is_data(fd)) record((uint64_t)lseek(fd, 0, SEEK_CUR), parts, count, length);
    return NEXT(writev)(fd, parts, count);
}

int fdatasync(int fd)
{
    if (is_data(fd)) record(0, NULL, 0, UINT64_MAX);
    return NEXT(fdatasync)(fd);
}

extern __typeof__(pwrite) pwrite64 __attribute__((alias("pwrite")));
