/* A file that another program appends to, and now and then replaces.
 *
 *     app.log     r1 r2 r3          r4 r5 | r6       each file is a batch: app.log's
 *                                                    number 0, 1, ...
 *                          rotated          `- line without its end: waits
 *
 * Rotated by renaming: PATH names another file than the one that is open. The old one is read on
 * until nobody has it open for writing, or it has not grown for a while; then its last line needs
 * no end. Rotated by copying and truncating: the file is no longer what was taken of it; the copy
 * is read to its end, and the file begins anew.
 *
 * After a restart the file that the last checkpoint is of is looked for by inode number and last
 * bytes: under its own name, then under those that begin with it (app.log.1, app.log-20260101).
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/inotify.h>
#include <sys/stat.h>

#include "common/stream_choice.h"
#include "follow/follow.h"
#include "host/service_notify.h"

enum { LOOK_BY_ITSELF_MS = 1000, LAST_WORDS_MS = 10000, SCAN_BYTES = 64 << 10 };

/* Some bytes of a file, by which it is told from others: those in front of what was taken,
 * else the first ones. */
struct probe {
    uint64_t from;
    uint64_t to;
    struct digest digest;
};

struct tail {
    struct follow *follow;
    const char *path; /* absolute */
    int folder;       /* of the file */
    const char *name; /* in it */
    int watch;
    int fd;         /* -1: there is no file yet */
    uint64_t inode; /* of `fd` */
    int next_fd; /* what the path names by now, while `fd` is read to its end; -1: nothing else */
    uint64_t number; /* of the file among those of the path */
    uint64_t offset; /* what was taken */
    struct probe probe;
    uint64_t size;         /* when it was last looked at */
    uint64_t scanned;      /* there is no end of a line between what was taken and here */
    int64_t grown_ms;      /* when it last grew */
    int64_t waiting_ms;    /* since when something waits to be taken; 0: nothing does */
    uint64_t useless_size; /* at which a load took nothing: a record is not whole */
};

static struct probe probe_of(const struct batch *batch)
{
    uint64_t const to = batch->resume_offset;
    return (struct probe){.from = to < GROWTH_PAGE_BYTES ? 0 : to - GROWTH_PAGE_BYTES,
                          .to = to,
                          .digest = batch->tail};
}

/* Opens the file at NAME, if it has the same bytes there. INODE: that it must have; 0: any. */
static bool open_if_same(struct tail *tail, const char *name, const struct probe *probe,
                         uint64_t inode)
{
    AUTO_FD int fd = openat(tail->folder, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    struct stat stat;
    struct error ignored; /* what cannot be looked at is not the one */
    struct digest found;
    if (fd < 0 || fstat(fd, &stat) != 0 || !S_ISREG(stat.st_mode)) return false;
    if ((uint64_t)stat.st_size < probe->to || (inode && stat.st_ino != inode)) return false;
    if (!tail_checkpoint_digest(fd, probe->from, probe->to, &found, &ignored) ||
        !digest_equal(&found, &probe->digest))
        return false;
    tail->fd = take_fd(&fd);
    tail->inode = stat.st_ino;
    return true;
}

/* The same under a name that begins with the path's. */
static bool open_rotated(struct tail *tail, const struct probe *probe, uint64_t inode)
{
    struct dirent **entries;
    int const count = scandirat(tail->folder, ".", &entries, NULL, alphasort);
    bool found = false;
    for (int i = 0; i < count; i++) {
        bool const named = strncmp(entries[i]->d_name, tail->name, strlen(tail->name)) == 0;
        found = found || (named && open_if_same(tail, entries[i]->d_name, probe, inode));
        free(entries[i]);
    }
    if (count >= 0) free(entries);
    return found;
}

static void begin_file(struct tail *tail, int fd, uint64_t inode)
{
    tail->fd = fd;
    tail->inode = inode;
    tail->offset = tail->size = tail->scanned = tail->useless_size = 0;
    tail->probe = (struct probe){0};
    tail->waiting_ms = 0;
    tail->grown_ms = follow_now_ms();
}

/* Opens what the path names now, as the next file; it may not be there yet. */
static bool open_next(struct tail *tail, struct error *err)
{
    AUTO_FD int fd = openat(tail->folder, tail->name, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    struct stat stat;
    if (fd < 0 && errno == ENOENT) return true;
    if (fd < 0 || fstat(fd, &stat) != 0) return error_system(err, errno, "cannot open");
    if (!S_ISREG(stat.st_mode)) return error_set(err, ERROR_INPUT, "is not a file that can grow");
    begin_file(tail, take_fd(&fd), stat.st_ino);
    return true;
}

/* What an earlier run has left; FILE is set where it goes on. */
static bool find_checkpoint(struct tail *tail, enum batch_log_finding *ret_found,
                            struct batch *ret_batch, struct error *err)
{
    AUTO_ARENA struct arena arena = {0};
    const struct stream *stream;
    struct store *store;
    struct snapshot *snapshot = NULL;
    if (!store_open(tail->follow->store_path, STORE_READ, &store, err)) return false;
    bool good = snapshot_open(store, &snapshot, err) &&
                stream_choose(snapshot->schema, tail->follow->stream, &stream, err);
    if (good) {
        *ret_found = tail_checkpoint_find(snapshot, stream->id, tail->path, &arena, ret_batch,
                                          &tail->number, err);
        good = *ret_found != BATCH_LOG_FAILED;
    }
    snapshot_close(snapshot);
    store_close(store);
    return good;
}

static bool go_on(struct tail *tail, struct error *err)
{
    enum batch_log_finding found;
    struct batch batch;
    if (!find_checkpoint(tail, &found, &batch, err)) return false;
    if (found == BATCH_LOG_MISSING) return open_next(tail, err);
    struct probe const probe = probe_of(&batch);
    if (batch.state == BATCH_PARTIAL &&
        (open_if_same(tail, tail->name, &probe, batch.inode) ||
         open_rotated(tail, &probe, batch.inode) || open_rotated(tail, &probe, 0))) {
        tail->offset = tail->size = tail->scanned = batch.resume_offset;
        tail->probe = probe;
        tail->grown_ms = follow_now_ms();
        notices_show(&tail->follow->notices, "%s: going on at line %llu", tail->path,
                     (unsigned long long)batch.resume_line);
        return true;
    }
    if (batch.state == BATCH_PARTIAL)
        notices_show(
            &tail->follow->notices,
            "%s: the file that was followed is gone; what it had behind line %llu is not loaded",
            tail->path, (unsigned long long)batch.resume_line - 1);
    tail->number++;
    return open_next(tail, err);
}

/* Behind the last line that is whole, between the offset and the size. */
static bool follow_file_find_end(struct tail *tail, uint64_t *ret_end, struct error *err)
{
    uint8_t bytes[SCAN_BYTES];
    uint64_t end = tail->size;
    while (end > tail->scanned) {
        uint64_t const left = end - tail->scanned;
        size_t const length = left < sizeof bytes ? (size_t)left : sizeof bytes;
        ssize_t const got = pread(tail->fd, bytes, length, (off_t)(end - length));
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return error_system(err, errno, "cannot read");
        const uint8_t *const last = got ? memrchr(bytes, '\n', (size_t)got) : NULL;
        end -= length;
        if (!last) continue;
        *ret_end = end + (uint64_t)(last - bytes) + 1;
        return true;
    }
    tail->scanned = tail->size;
    *ret_end = tail->offset;
    return true;
}

/* Takes what there is up to END. *ret_ended: the batch is over. */
static bool follow_file_load(struct tail *tail, uint64_t end, bool ends, bool *ret_ended,
                             struct error *err)
{
    struct tail_checkpoint checkpoint = {
        .fd = tail->fd, .end_bytes = end, .inode = tail->inode, .ends = ends};
    struct batch_input const input = {.path = tail->path, .checkpoint = &checkpoint};
    const struct batch *const batch = &tail->follow->report.batch;
    checkpoint.digest = tail_checkpoint_name(tail->path, tail->number);
    *ret_ended = false;
    switch (follow_load(tail->follow, &input, err)) {
    case BATCH_INGESTED: *ret_ended = ends; break;
    case BATCH_KNOWN: *ret_ended = true; break; /* another run has come to its end */
    case BATCH_CHANGED:
    case BATCH_PAUSED: return true; /* the next look tells how, or there is none */
    case BATCH_REFUSED:
    case BATCH_STOPPED: return false;
    }
    tail->useless_size = batch->resume_offset == tail->offset ? tail->size : 0;
    tail->waiting_ms = 0;
    if (batch->id == 0) return true; /* nothing whole has come yet */
    tail->offset = batch->resume_offset;
    if (tail->scanned < tail->offset) tail->scanned = tail->offset;
    tail->probe = probe_of(batch);
    return true;
}

/* Goes to the file that the path names by now. */
static bool leave_file(struct tail *tail, struct error *err)
{
    struct stat stat;
    (void)close(tail->fd);
    tail->fd = -1;
    tail->number++;
    if (tail->next_fd < 0) return open_next(tail, err);
    int const next = tail->next_fd;
    tail->next_fd = -1;
    if (fstat(next, &stat) != 0) return error_system(err, errno, "cannot look at it");
    begin_file(tail, next, stat.st_ino);
    return true;
}

/* Whether the path names another file by now; that is held, as it may be renamed in turn before
 * this one is over. */
static bool is_replaced(struct tail *tail)
{
    struct stat stat;
    if (tail->next_fd >= 0) return true;
    if (fstatat(tail->folder, tail->name, &stat, 0) != 0 || stat.st_ino == tail->inode)
        return false;
    tail->next_fd = openat(tail->folder, tail->name, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    return true;
}

/* Whether nothing more will come into a file that was replaced. */
static bool is_over(const struct tail *tail, int64_t now)
{
    return follow_writers(tail->fd) == WRITERS_NONE || now - tail->grown_ms >= LAST_WORDS_MS;
}

/* It is shorter than it was, or has other bytes: it was truncated. A copy that was made before has
 * what was not taken yet, and ends where it ends. */
static void begin_anew(struct tail *tail)
{
    int const truncated = tail->fd;
    uint64_t const inode = tail->inode;
    if (open_rotated(tail, &tail->probe, 0)) {
        if (tail->inode != inode && tail->next_fd < 0)
            tail->next_fd = truncated;
        else
            (void)close(truncated);
        tail->size = tail->probe.to;
        tail->scanned = tail->offset;
        return;
    }
    notices_show(&tail->follow->notices, "%s: begins anew", tail->path);
    if (tail->offset > 0) tail->number++; /* else it is no batch yet */
    begin_file(tail, truncated, inode);
}

static bool is_truncated(const struct tail *tail, uint64_t size, bool *ret_truncated,
                         struct error *err)
{
    struct digest found = tail->probe.digest;
    bool const shorter = size < tail->size;
    if (!shorter && tail->probe.to > 0 &&
        !tail_checkpoint_digest(tail->fd, tail->probe.from, tail->probe.to, &found, err))
        return false;
    *ret_truncated = shorter || !digest_equal(&found, &tail->probe.digest);
    return true;
}

/* Takes note of how the file is now. */
static bool visit(struct tail *tail, uint64_t size, int64_t now, struct error *err)
{
    if (size != tail->size) tail->grown_ms = now;
    tail->size = size;
    if (tail->offset > 0 || tail->probe.to >= GROWTH_PAGE_BYTES) return true;
    tail->probe.to = size < GROWTH_PAGE_BYTES ? size : GROWTH_PAGE_BYTES;
    return tail_checkpoint_digest(tail->fd, 0, tail->probe.to, &tail->probe.digest, err);
}

/* One look at the file that is open. */
static bool follow_file_look(struct tail *tail, struct error *err)
{
    struct stat stat;
    int64_t const now = follow_now_ms();
    bool const over = is_replaced(tail) && is_over(tail, now); /* before its size is taken */
    bool truncated, ended;
    uint64_t end;
    if (fstat(tail->fd, &stat) != 0) return error_system(err, errno, "cannot look at it");
    if (!is_truncated(tail, (uint64_t)stat.st_size, &truncated, err)) return false;
    if (truncated) {
        begin_anew(tail);
        return true;
    }
    if (!visit(tail, (uint64_t)stat.st_size, now, err)) return false;
    if (over)
        return follow_file_load(tail, tail->size, true, &ended, err) &&
               (!ended || leave_file(tail, err));
    if (tail->size == tail->useless_size) return true;
    if (!follow_file_find_end(tail, &end, err)) return false;
    if (end == tail->offset) return true;
    if (tail->waiting_ms == 0) tail->waiting_ms = now;
    bool const due = now - tail->waiting_ms >= tail->follow->bound.ms ||
                     end - tail->offset >= tail->follow->bound.bytes || follow_stopped();
    if (!due) return true;
    return follow_file_load(tail, end, false, &ended, err) && (!ended || leave_file(tail, err));
}

/* Until there may be something to do. */
static void wait_for_more(const struct tail *tail)
{
    char events[4096];
    if (tail->waiting_ms) { /* what comes meanwhile changes nothing before it is time */
        int64_t const until = tail->waiting_ms + tail->follow->bound.ms - follow_now_ms();
        (void)follow_wait(-1, until < 0                   ? 0
                              : until < LOOK_BY_ITSELF_MS ? until
                                                          : LOOK_BY_ITSELF_MS);
        return;
    }
    (void)follow_wait(tail->watch, LOOK_BY_ITSELF_MS);
    while (tail->watch >= 0 && read(tail->watch, events, sizeof events) > 0) {
    }
}

static bool follow_file_run(struct tail *tail, struct error *err)
{
    if (!go_on(tail, err)) return false;
    if (tail->fd < 0)
        notices_show(&tail->follow->notices, "%s: is not there yet, and is waited for", tail->path);
    service_notify("READY=1");
    for (;;) {
        bool const last = follow_stopped();
        if (tail->fd < 0 && !open_next(tail, err)) return false;
        if (tail->fd >= 0 && !follow_file_look(tail, err)) return false;
        if (last) return true;
        wait_for_more(tail);
    }
}

/* The name by which the batch log knows it, whatever directory the next run is started in. */
static char *absolute(const char *path, struct error *err)
{
    AUTO_BUFFER struct buffer folder = {0};
    const char *const slash = strrchr(path, '/');
    const char *const name = slash ? slash + 1 : path;
    buffer_add(&folder, path, slash ? (size_t)(slash - path) : 0);
    buffer_add_text(&folder, slash == path ? "/" : slash ? "" : ".");
    buffer_add_byte(&folder, '\0');
    AUTO_FREE char *const real = realpath((const char *)folder.at, NULL);
    char *whole = NULL;
    if (!real) {
        (void)error_system(err, errno, "%s", (const char *)folder.at);
        return NULL;
    }
    if (asprintf(&whole, "%s/%s", strcmp(real, "/") == 0 ? "" : real, name) < 0) {
        (void)error_set(err, ERROR_MEMORY, "no memory for a name");
        return NULL;
    }
    return whole;
}

bool follow_file(struct follow *follow, const char *path, struct error *err)
{
    AUTO_FREE char *const whole = absolute(path, err);
    if (!whole) return false;
    char *const slash = strrchr(whole, '/');
    struct tail tail = {
        .follow = follow, .path = whole, .name = slash + 1, .fd = -1, .next_fd = -1};
    *slash = '\0';
    AUTO_FD int const folder = open(*whole ? whole : "/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder < 0) return error_system(err, errno, "%s", path);
    AUTO_FD int const watch = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
    /* Where there can be no watch, it is looked each second. */
    if (watch >= 0)
        (void)inotify_add_watch(watch, *whole ? whole : "/",
                                IN_MODIFY | IN_CREATE | IN_MOVED_TO | IN_MOVED_FROM);
    *slash = '/';
    tail.folder = folder;
    tail.watch = watch;
    bool const good = follow_file_run(&tail, err) || error_wrap(err, "%s", path);
    auto_fd(&tail.fd);
    auto_fd(&tail.next_fd);
    return good;
}
