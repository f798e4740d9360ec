/* Makes one call of the system fail, for LD_PRELOAD.
 *
 *   FAULT=writev:3:28      the third writev fails with errno 28
 *   FAULT=writev:3:short   the third writev writes half of what it should
 *   FAULT=pwrite:3:kill    behind the third pwrite the process is killed
 *   FAULT_CLOCK=-86400     the wall clock is a day late
 *   FAULT_COUNTS=FILE      when the program ends, FILE gets lines "writev 17": how
 *                          often each was called
 *
 * What the C library calls for itself is not seen. Programs call open64 where libraries call open:
 * both are meant here by either name, so the header must not turn one into the other.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#undef _FILE_OFFSET_BITS
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

enum call {
    MALLOC,
    MMAP,
    OPEN,
    OPENAT,
    READ,
    PREAD,
    WRITE,
    PWRITE,
    WRITEV,
    FSYNC,
    FDATASYNC,
    FTRUNCATE,
    FLOCK,
    FSTAT,
    MKDIR,
    RENAMEAT,
    FCNTL,
    LSEEK,
    POLL,
    ACCEPT4,
    PTHREADCREATE,
    CALLS
};
static const char *const names[CALLS] = {
    "malloc", "mmap",     "open",  "openat",    "read",      "pread",   "write",
    "pwrite", "writev",   "fsync", "fdatasync", "ftruncate", "flock",   "fstat",
    "mkdir",  "renameat", "fcntl", "lseek",     "poll",      "accept4", "pthreadcreate"};
enum { NEVER = -1, SHORT = -2, KILL = -3 };

static atomic_long counts[CALLS];
static int failing = NEVER; /* which call */
static long failing_at;
static int reason;
static long clock_offset_s;

__attribute__((constructor)) static void begin(void)
{
    const char *const fault = getenv("FAULT");
    const char *const clock_offset = getenv("FAULT_CLOCK");
    char name[32], kind[16];
    if (clock_offset) clock_offset_s = atol(clock_offset);
    if (!fault || sscanf(fault, "%31[a-z]:%ld:%15s", name, &failing_at, kind) != 3) return;
    reason = strcmp(kind, "short") == 0 ? SHORT : strcmp(kind, "kill") == 0 ? KILL : atoi(kind);
    for (int i = 0; i < CALLS; i++) {
        if (strcmp(names[i], name) == 0) failing = i;
    }
}

__attribute__((destructor)) static void end(void)
{
    const char *const path = getenv("FAULT_COUNTS");
    FILE *const file = path ? fopen(path, "w") : NULL;
    if (!file) return;
    long seen[CALLS];
    for (int i = 0; i < CALLS; i++)
        seen[i] = atomic_load(&counts[i]);
    for (int i = 0; i < CALLS; i++)
        (void)fprintf(file, "%s %ld\n", names[i], seen[i]);
    (void)fclose(file);
}

/* Whether this call is the one; sets errno unless it is to be short. */
static bool fails(enum call call)
{
    long const number = atomic_fetch_add(&counts[call], 1) + 1;
    if (failing != (int)call || number != failing_at) return false;
    if (reason != SHORT) errno = reason;
    return true;
}

#define NEXT(name) ((__typeof__(&name))(uintptr_t)dlsym(RTLD_NEXT, #name))

#ifndef WITHOUT_MALLOC
void *__libc_malloc(size_t bytes);
void *__libc_calloc(size_t items, size_t bytes);
void *__libc_realloc(void *old, size_t bytes);

/* What these libraries do then is not ours: libseccomp 2.5 loads a filter with rules missing where
 * there was no memory for them, and libfuse 3.14 waits for ever behind the first request when there
 * was none for that. */
static bool is_spared(const void *caller)
{
    Dl_info object;
    return dladdr(caller, &object) &&
           (strstr(object.dli_fname, "libseccomp") || strstr(object.dli_fname, "libfuse"));
}

static bool has_memory(const void *caller)
{
    return is_spared(caller) || !fails(MALLOC);
}

void *malloc(size_t bytes)
{
    return has_memory(__builtin_return_address(0)) ? __libc_malloc(bytes) : NULL;
}

void *calloc(size_t items, size_t bytes)
{
    return has_memory(__builtin_return_address(0)) ? __libc_calloc(items, bytes) : NULL;
}

void *realloc(void *old, size_t bytes)
{
    return has_memory(__builtin_return_address(0)) ? __libc_realloc(old, bytes) : NULL;
}

#endif

void *mmap(void *at, size_t length, int protection, int flags, int fd, off_t offset)
{
    return fails(MMAP) ? MAP_FAILED : NEXT(mmap)(at, length, protection, flags, fd, offset);
}

static mode_t mode_of(int flags, va_list rest)
{
    return flags & (O_CREAT | O_TMPFILE) ? (mode_t)va_arg(rest, int) : 0;
}

int open(const char *path, int flags, ...)
{
    va_list rest;
    va_start(rest, flags);
    mode_t const mode = mode_of(flags, rest);
    va_end(rest);
    return fails(OPEN) ? -1 : NEXT(open)(path, flags, mode);
}

int openat(int folder, const char *path, int flags, ...)
{
    va_list rest;
    va_start(rest, flags);
    mode_t const mode = mode_of(flags, rest);
    va_end(rest);
    return fails(OPENAT) ? -1 : NEXT(openat)(folder, path, flags, mode);
}

ssize_t read(int fd, void *bytes, size_t length)
{
    if (!fails(READ)) return NEXT(read)(fd, bytes, length);
    return reason == SHORT ? NEXT(read)(fd, bytes, (length + 1) / 2) : -1;
}

ssize_t pread(int fd, void *bytes, size_t length, off_t offset)
{
    if (!fails(PREAD)) return NEXT(pread)(fd, bytes, length, offset);
    return reason == SHORT ? NEXT(pread)(fd, bytes, (length + 1) / 2, offset) : -1;
}

/* An eventfd, or a pipe for a byte, has always room. */
static bool is_file(int fd)
{
    struct stat status;
    return NEXT(fstat)(fd, &status) == 0 && S_ISREG(status.st_mode);
}

ssize_t write(int fd, const void *bytes, size_t length)
{
    if (!is_file(fd) || !fails(WRITE)) return NEXT(write)(fd, bytes, length);
    return reason == SHORT ? NEXT(write)(fd, bytes, (length + 1) / 2) : -1;
}

ssize_t pwrite(int fd, const void *bytes, size_t length, off_t offset)
{
    if (!fails(PWRITE)) return NEXT(pwrite)(fd, bytes, length, offset);
    if (reason == KILL) {
        (void)!NEXT(pwrite)(fd, bytes, length, offset);
        (void)raise(SIGKILL);
    }
    return reason == SHORT ? NEXT(pwrite)(fd, bytes, (length + 1) / 2, offset) : -1;
}

ssize_t writev(int fd, const struct iovec *parts, int count)
{
    if (!fails(WRITEV)) return NEXT(writev)(fd, parts, count);
    return reason == SHORT ? NEXT(write)(fd, parts[0].iov_base, (parts[0].iov_len + 1) / 2) : -1;
}

int fsync(int fd)
{
    return fails(FSYNC) ? -1 : NEXT(fsync)(fd);
}

int fdatasync(int fd)
{
    return fails(FDATASYNC) ? -1 : NEXT(fdatasync)(fd);
}

int ftruncate(int fd, off_t length)
{
    return fails(FTRUNCATE) ? -1 : NEXT(ftruncate)(fd, length);
}

int flock(int fd, int operation)
{
    return fails(FLOCK) ? -1 : NEXT(flock)(fd, operation);
}

int fstat(int fd, struct stat *status)
{
    return fails(FSTAT) ? -1 : NEXT(fstat)(fd, status);
}

int mkdir(const char *path, mode_t mode)
{
    return fails(MKDIR) ? -1 : NEXT(mkdir)(path, mode);
}

int renameat(int from_folder, const char *from, int to_folder, const char *to)
{
    return fails(RENAMEAT) ? -1 : NEXT(renameat)(from_folder, from, to_folder, to);
}

int fcntl(int fd, int command, ...)
{
    va_list rest;
    va_start(rest, command);
    void *const argument = va_arg(rest, void *); /* an int fits, too */
    va_end(rest);
    return fails(FCNTL) ? -1 : NEXT(fcntl)(fd, command, argument);
}

off_t lseek(int fd, off_t offset, int whence)
{
    return fails(LSEEK) ? -1 : NEXT(lseek)(fd, offset, whence);
}

int poll(struct pollfd *waiting, nfds_t count, int patience_ms)
{
    return fails(POLL) ? -1 : NEXT(poll)(waiting, count, patience_ms);
}

int accept4(int fd, __SOCKADDR_ARG address, socklen_t *length, int flags)
{
    return fails(ACCEPT4) ? -1 : (int)syscall(SYS_accept4, fd, address.__sockaddr__, length, flags);
}

int clock_gettime(clockid_t clock, struct timespec *time)
{
    int const answer = NEXT(clock_gettime)(clock, time);
    if (clock == CLOCK_REALTIME) time->tv_sec += clock_offset_s;
    return answer;
}

int pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*run)(void *),
                   void *argument)
{
    return fails(PTHREADCREATE) ? errno : NEXT(pthread_create)(thread, attributes, run, argument);
}

extern __typeof__(mmap) mmap64 __attribute__((alias("mmap")));
extern __typeof__(open) open64 __attribute__((alias("open")));
extern __typeof__(openat) openat64 __attribute__((alias("openat")));
extern __typeof__(pread) pread64 __attribute__((alias("pread")));
extern __typeof__(pwrite) pwrite64 __attribute__((alias("pwrite")));
extern __typeof__(ftruncate) ftruncate64 __attribute__((alias("ftruncate")));
extern __typeof__(lseek) lseek64 __attribute__((alias("lseek")));
extern __typeof__(fcntl) fcntl64 __attribute__((alias("fcntl")));
int fstat64(int fd, struct stat64 *status);

int fstat64(int fd, struct stat64 *status)
{
    return fails(FSTAT) ? -1 : NEXT(fstat64)(fd, status);
}
