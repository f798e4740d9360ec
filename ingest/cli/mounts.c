// SPDX-License-Identifier: Apache-2.0
#include "cli/mounts.h"

#include <errno.h>
#include <fcntl.h>
#include <mntent.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* The number stands at the head of the metrics. */
enum { PATIENCE_MS = 1000, HEAD_BYTES = 512 };

/* In a process of its own: the head of the mount's metrics into PIPE. Of other files the kernel may
 * still have what a daemon has said that is dead by now. */
static void ask(const char *place, int pipe)
{
    AUTO_BUFFER struct buffer path = {0};
    char head[HEAD_BYTES];
    buffer_format(&path, "%s/.tallyfs/daemon.prom", place);
    buffer_add_byte(&path, '\0');
    int const fd = open((const char *)path.at, O_RDONLY | O_CLOEXEC);
    ssize_t const got = fd < 0 ? -1 : read(fd, head, sizeof head);
    if (got > 0) (void)!write(pipe, head, (size_t)got);
}

static bool read_commit(int pipe, uint64_t *ret_commit_id)
{
    static const char name[] = "\ntallyfs_commit ";
    char head[HEAD_BYTES + 1] = {0};
    char *end;
    struct pollfd waiting = {.fd = pipe, .events = POLLIN};
    if (poll(&waiting, 1, PATIENCE_MS) != 1 || read(pipe, head, HEAD_BYTES) <= 0) return false;
    const char *const at = strstr(head, name);
    if (!at) return false;
    *ret_commit_id = strtoull(at + strlen(name), &end, 10);
    return *end == '\n';
}

/* What is asked of a mount that hangs can be killed, but not timed out. */
static bool mounts_look(const char *place, uint64_t *ret_commit_id, struct error *err)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) < 0) return error_system(err, errno, "cannot ask a mount");
    pid_t const child = fork();
    int const reason = errno;
    if (child == 0) {
        ask(place, ends[1]);
        _exit(0);
    }
    (void)close(ends[1]);
    bool const good = child > 0 && read_commit(ends[0], ret_commit_id);
    (void)close(ends[0]);
    if (child < 0) return error_system(err, reason, "cannot ask a mount");
    (void)kill(child, SIGKILL);
    (void)waitpid(child, NULL, 0);
    *ret_commit_id = good ? *ret_commit_id : 0;
    return true;
}

static bool is_same(const char *path, const struct stat *store)
{
    struct stat status;
    return stat(path, &status) == 0 && status.st_dev == store->st_dev &&
           status.st_ino == store->st_ino;
}

bool mounts_scan(const char *path, void (*visit)(void *context, const struct mount_point *mount),
                 void *context, struct error *err)
{
    struct stat store;
    if (stat(path, &store) != 0) return error_system(err, errno, "%s", path);
    FILE *const table = setmntent("/proc/self/mounts", "re");
    if (!table) return error_system(err, errno, "/proc/self/mounts");
    bool good = true;
    for (const struct mntent *entry; good && (entry = getmntent(table));) {
        if (strcmp(entry->mnt_type, "fuse.tallyfs") != 0 || !is_same(entry->mnt_fsname, &store))
            continue;
        struct mount_point mount = {.place = slice_text(entry->mnt_dir)};
        good = mounts_look(entry->mnt_dir, &mount.commit_id, err);
        mount.answers = mount.commit_id > 0;
        if (good) visit(context, &mount);
    }
    (void)endmntent(table); /* only read */
    return good;
}
