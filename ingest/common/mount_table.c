// SPDX-License-Identifier: Apache-2.0
#include "common/mount_table.h"

#include <errno.h>
#include <fcntl.h>
#include <mntent.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/same_file.h"

/* What it shows stands at the head of the metrics. */
enum { PATIENCE_MS = 1000, HEAD_BYTES = 2048, LOOK_MS = 5 };

/* In a process of its own, which may have been forked beside other threads and so makes system
 * calls alone: the head of the mount's metrics into PIPE. Of other files the kernel may still have
 * what a daemon has said that is dead by now. */
static void ask(const char *metrics, int pipe)
{
    char head[HEAD_BYTES];
    int const fd = open(metrics, O_RDONLY | O_CLOEXEC);
    ssize_t const got = fd < 0 ? -1 : read(fd, head, sizeof head);
    if (got > 0) (void)!write(pipe, head, (size_t)got);
}

/* The number behind NAME, which begins a line or a label. */
static bool read_number(const char *head, const char *name, int base, uint64_t *ret_number)
{
    char *end;
    const char *const at = strstr(head, name);
    if (!at) return false;
    *ret_number = strtoull(at + strlen(name), &end, base);
    return *end == '\n' || *end == '"';
}

static bool read_answer(int pipe, struct mount_point *mount)
{
    char head[HEAD_BYTES + 1] = {0};
    struct pollfd waiting = {.fd = pipe, .events = POLLIN};
    if (poll(&waiting, 1, PATIENCE_MS) != 1 || read(pipe, head, HEAD_BYTES) <= 0) return false;
    return read_number(head, "\ntallyfs_commit ", 10, &mount->commit_id) &&
           read_number(head, "\ntallyfs_commit_info{nonce=\"", 16, &mount->nonce) &&
           read_number(head, "\ntallyfs_pid ", 10, &mount->pid) &&
           read_number(head, "\ntallyfs_publishing ", 10, &mount->publishing) &&
           read_number(head, "\ntallyfs_follows ", 10, &mount->follows);
}

/* What is asked of a mount that hangs can be killed, but not timed out. */
static bool mount_table_look(const char *place, struct mount_point *mount, struct error *err)
{
    AUTO_BUFFER struct buffer metrics = {0};
    int ends[2];
    buffer_format(&metrics, "%s/.tallyfs/daemon.prom", place);
    buffer_add_byte(&metrics, '\0');
    if (pipe2(ends, O_CLOEXEC) < 0) return error_system(err, errno, "cannot ask a mount");
    pid_t const child = fork();
    int const reason = errno;
    if (child == 0) {
        ask((const char *)metrics.at, ends[1]);
        _exit(0);
    }
    (void)close(ends[1]);
    mount->answers = child > 0 && read_answer(ends[0], mount);
    (void)close(ends[0]);
    if (child < 0) return error_system(err, reason, "cannot ask a mount");
    (void)kill(child, SIGKILL);
    (void)waitpid(child, NULL, 0);
    return true;
}

static int64_t now_ms(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now); /* cannot fail for this clock */
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static bool leads_to(const char *path, const struct stat *store)
{
    struct stat status;
    return stat(path, &status) == 0 && is_same_file(&status, store);
}

/* The table of mounts, from one of the store at PATH to the next. */
struct scan {
    struct stat store;
    FILE *table;
};

static bool begin(const char *path, struct scan *scan, struct error *err)
{
    if (stat(path, &scan->store) != 0) return error_system(err, errno, "%s", path);
    scan->table = setmntent("/proc/self/mounts", "re");
    return scan->table || error_system(err, errno, "/proc/self/mounts");
}

static const char *next_place(const struct scan *scan)
{
    for (const struct mntent *entry; (entry = getmntent(scan->table));) {
        if (strcmp(entry->mnt_type, "fuse.tallyfs") == 0 &&
            leads_to(entry->mnt_fsname, &scan->store))
            return entry->mnt_dir;
    }
    return NULL;
}

bool mount_table_scan(const char *path,
                      void (*visit)(void *context, const struct mount_point *mount), void *context,
                      struct error *err)
{
    struct scan scan;
    bool good = true;
    if (!begin(path, &scan, err)) return false;
    for (const char *place; good && (place = next_place(&scan));) {
        struct mount_point mount = {.place = slice_text(place)};
        good = mount_table_look(place, &mount, err);
        if (good) visit(context, &mount);
    }
    (void)endmntent(scan.table); /* only read */
    return good;
}

bool mount_table_count(const char *path, unsigned *ret_count, struct error *err)
{
    struct scan scan;
    unsigned count = 0;
    if (!begin(path, &scan, err)) return false;
    while (next_place(&scan))
        count++;
    (void)endmntent(scan.table); /* only read */
    *ret_count = count;
    return true;
}

/* The snapshot is opened behind the mount's answer: of the same store, it has every commit that the
 * mount may have. */
bool mount_table_shows(struct store *store, const struct mount_point *mount, bool *ret_shows,
                       uint64_t *ret_behind, struct error *err)
{
    struct snapshot *newest;
    bool shows;
    if (!snapshot_open(store, &newest, err)) return false;
    bool const good = snapshot_holds(newest, mount->commit_id, mount->nonce, &shows, err);
    if (good) {
        *ret_shows = shows;
        *ret_behind = shows ? newest->commit_id - mount->commit_id : 0;
    }
    snapshot_close(newest);
    return good;
}

struct awaiting {
    struct store *store;
    uint64_t commit_id;
    struct buffer *place; /* of one that does not show it yet */
    bool failed;
};

static void visit_awaited(void *context, const struct mount_point *mount)
{
    struct awaiting *const awaiting = context;
    uint64_t behind;
    bool shows;
    struct error err;
    if (!mount->answers || !mount->follows) return; /* dead, or nobody else's to see */
    if (!mount_table_shows(awaiting->store, mount, &shows, &behind, &err))
        awaiting->failed = true;
    else if (awaiting->place->length == 0 &&
             (!shows || mount->publishing || mount->commit_id < awaiting->commit_id))
        buffer_add_slice(awaiting->place, mount->place);
}

bool mount_table_await(struct store *store, uint64_t commit_id, int deadline_ms,
                       struct buffer *place)
{
    struct awaiting awaiting = {.store = store, .commit_id = commit_id, .place = place};
    struct timespec const pause = {.tv_nsec = LOOK_MS * 1000000};
    int64_t const deadline = now_ms() + deadline_ms;
    struct error err;
    for (;;) {
        buffer_clear(place);
        if (!mount_table_scan(store_path(store), visit_awaited, &awaiting, &err) || awaiting.failed)
            return false;
        if (place->length == 0) return true;
        if (now_ms() >= deadline) return false;
        (void)nanosleep(&pause, NULL);
    }
}
