/* A file that another program appends to, and now and then replaces.
 *
 *     app.log     r1 r2 r3          r4 r5 | r6       each file is a batch: app.log's
 *                                                    number 0, 1, ...
 *                          rotated          `- line without its end: waits
 *
 * Rotated by renaming: PATH names another file than the one that is open. The old one is read on
 * until nobody has it open for writing, or it has not grown for a while; then its last line needs
 * no end, and the next one is read, which may have been rotated away in turn (succession.h).
 * Rotated by copying and truncating: the file is no longer what was taken of it; the copy is read
 * to its end, and the file begins anew.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/inotify.h>
#include <sys/stat.h>

#include "follow/follow_file_p.h"
#include "host/service_notify.h"

enum { LOOK_BY_ITSELF_MS = 1000, LAST_WORDS_MS = 10000, SCAN_BYTES = 64 << 10 };

/* Behind the last line that is whole, between the offset and the size. */
static bool follow_file_find_end(struct tail *tail, uint64_t *ret_end, struct error *err)
{
    uint8_t bytes[SCAN_BYTES];
    uint64_t end = tail->size;
    off_t const data = lseek(tail->fd, (off_t)tail->scanned, SEEK_DATA);
    /* No line ends in a hole, however large it is. */
    if (data > 0 && (uint64_t)data > tail->scanned) tail->scanned = (uint64_t)data;
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

/* Goes to the file that came behind this one; there may be none yet. */
static bool leave_file(struct tail *tail, struct error *err)
{
    if (tail->succession.count == 0 && !succession_look(&tail->succession, tail->fd, err))
        return false;
    if (tail->succession.count > 0 && !tail->is_whole &&
        !succession_look_again(&tail->succession, tail->fd, err))
        return false;
    succession_know(&tail->succession, &tail->probe);
    (void)close(tail->fd);
    tail->fd = -1;
    tail->number++;
    return follow_file_open_next(tail, err);
}

/* Holds what the path has named since, as it may be renamed in turn before this one is over. */
static bool look_behind(struct tail *tail, struct error *err)
{
    succession_count_arrivals(&tail->succession, tail->watch);
    return succession_look(&tail->succession, tail->fd, err);
}

static void follow_file_meanwhile(void *context)
{
    struct error ignored; /* the next look meets it again */
    (void)look_behind(context, &ignored);
}

/* Whether nothing more will come into the file. */
static bool is_over(const struct tail *tail, int64_t now)
{
    if (tail->succession.count == 0) return false;
    return tail->is_whole || follow_writers(tail->fd) == WRITERS_NONE ||
           now - tail->grown_ms >= LAST_WORDS_MS;
}

/* A copy that was made before has what was not taken yet, and ends where it ends; behind it come
 * later copies, and the file that was truncated. */
static bool read_copy(struct tail *tail, int truncated, uint64_t inode, struct error *err)
{
    struct succession *const succession = &tail->succession;
    bool is_held = tail->inode == inode;
    tail->size = tail->probe.to;
    tail->scanned = tail->offset;
    succession_drop(succession);
    bool const good = look_behind(tail, err);
    for (size_t i = 0; i < succession->count; i++)
        is_held = is_held || succession->held[i].inode == inode;
    if (is_held)
        (void)close(truncated);
    else
        succession_put(succession,
                       (struct successor){.fd = truncated, .inode = inode, .form = SIBLING_PLAIN});
    succession->seen = succession->arrivals; /* a copy takes nobody's name */
    return good;
}

/* It is shorter than it was, or has other bytes: it was truncated. */
static bool begin_anew(struct tail *tail, struct error *err)
{
    int const truncated = take_fd(&tail->fd);
    uint64_t const inode = tail->inode;
    uint64_t const lost = tail->size - tail->offset;
    if (follow_file_find(tail, &tail->probe, 0)) return read_copy(tail, truncated, inode, err);
    if (lost > 0)
        notices_show(&tail->follow->notices,
                     "%s: begins anew; %llu bytes that it had, or more, are not loaded", tail->path,
                     (unsigned long long)lost);
    else
        notices_show(&tail->follow->notices, "%s: begins anew", tail->path);
    if (tail->offset > 0) tail->number++; /* else it is no batch yet */
    follow_file_begin(tail, truncated, inode);
    return true;
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
    bool truncated, ended;
    uint64_t end;
    if (!look_behind(tail, err)) return false;
    bool const over = is_over(tail, now); /* before its size is taken */
    if (fstat(tail->fd, &stat) != 0) return error_system(err, errno, "cannot look at it");
    if (!is_truncated(tail, (uint64_t)stat.st_size, &truncated, err)) return false;
    if (truncated) return begin_anew(tail, err);
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
    if (tail->waiting_ms) { /* what comes meanwhile changes nothing before it is time */
        int64_t const until = tail->waiting_ms + tail->follow->bound.ms - follow_now_ms();
        (void)follow_wait(-1, until < 0                   ? 0
                              : until < LOOK_BY_ITSELF_MS ? until
                                                          : LOOK_BY_ITSELF_MS);
        return;
    }
    (void)follow_wait(tail->watch, LOOK_BY_ITSELF_MS);
}

static bool follow_file_run(struct tail *tail, struct error *err)
{
    tail->follow->meanwhile = follow_file_meanwhile;
    tail->follow->meanwhile_context = tail;
    if (!follow_file_go_on(tail, err)) return false;
    if (tail->fd < 0)
        notices_show(&tail->follow->notices, "%s: is not there yet, and is waited for", tail->path);
    succession_count_arrivals(&tail->succession, tail->watch);
    tail->succession.seen = tail->succession.arrivals; /* of what came before it was looked */
    service_notify("READY=1");
    for (;;) {
        bool const last = follow_stopped();
        uint64_t const number = tail->number;
        if (tail->fd < 0 && (!look_behind(tail, err) || !follow_file_open_next(tail, err)))
            return false;
        if (tail->fd >= 0 && !follow_file_look(tail, err)) return false;
        if (last) return true;
        if (tail->number == number) wait_for_more(tail); /* else the next one has waited already */
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
    struct tail tail = {.follow = follow, .path = whole, .name = slash + 1, .fd = -1};
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
    tail.succession = (struct succession){
        .folder = folder, .path = whole, .name = tail.name, .notices = &follow->notices};
    bool const good = follow_file_run(&tail, err) || error_wrap(err, "%s", path);
    auto_fd(&tail.fd);
    succession_done(&tail.succession);
    return good;
}
