/* Where a log is by now: after a restart, or a truncation that a copy was made before, the file of
 * the last checkpoint is looked for by inode number and last bytes, under its own name and those
 * that begin with it (app.log.1, app.log-20260101), then in those that are compressed by now.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <fcntl.h>
#include <time.h>

#include "common/stream_choice.h"
#include "common/writer_lock.h"
#include "follow/follow_file_p.h"
#include "follow/unpacked.h"

/* A compressed file costs as much as it has to be looked at. */
enum { PACKED_LOOKED_AT = 32 };

void follow_file_begin(struct tail *tail, int fd, uint64_t inode)
{
    tail->fd = fd;
    tail->inode = inode;
    tail->is_whole = false;
    tail->offset = tail->size = tail->scanned = tail->useless_size = 0;
    tail->probe = (struct probe){0};
    tail->waiting_ms = 0;
    tail->grown_ms = follow_now_ms();
}

/* Of a file that is compressed: what it has, beside the store, which has the room. */
static bool unpack(struct tail *tail, int fd, int *ret_fd, struct error *err)
{
    AUTO_FD int const directory = open(tail->follow->store_path, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (directory < 0) return error_system(err, errno, "%s", tail->follow->store_path);
    return unpacked_open(directory, fd, ret_fd, err);
}

static void tell_damaged(const struct tail *tail, int fd, struct error *err)
{
    struct sibling found = {.form = SIBLING_PACKED};
    struct error ignored;
    if (!sibling_look(fd, &found, &ignored)) found.size = 0;
    (void)error_wrap(err, "%s", tail->path);
    (void)error_remedy(err,
                       "the %llu bytes of a rotated file are not loaded: mend it, and give it "
                       "to tally ingest",
                       (unsigned long long)found.size);
    notices_show_error(&tail->follow->notices, err);
}

/* false only where the machine is at fault; a file that is damaged is told of, and not opened. */
static bool open_successor(struct tail *tail, struct successor *next, struct error *err)
{
    AUTO_FD int fd = next->fd;
    bool const is_packed = next->form == SIBLING_PACKED;
    int plain = -1;
    if (is_packed && !unpack(tail, fd, &plain, err)) {
        if (err->kind != ERROR_INPUT) return false;
        tell_damaged(tail, fd, err);
        return true;
    }
    follow_file_begin(tail, is_packed ? plain : take_fd(&fd), next->inode);
    tail->is_whole = is_packed;
    return true;
}

bool follow_file_open_next(struct tail *tail, struct error *err)
{
    while (tail->fd < 0 && tail->succession.count > 0) {
        struct successor next = succession_take(&tail->succession);
        if (!open_successor(tail, &next, err)) return false;
    }
    return true;
}

/* How closely it is looked whether a file is the one. */
enum find_pass { PASS_INODE, PASS_COPY, PASS_PACKED, PASS_COUNT };

static bool follow_file_fits(struct tail *tail, enum find_pass pass, const struct sibling *sibling,
                             const struct probe *probe, uint64_t inode, int *ret_fd)
{
    bool const is_packed = sibling->form == SIBLING_PACKED;
    if (pass == PASS_INODE && sibling->inode != inode) return false;
    if (pass != PASS_INODE && is_packed != (pass == PASS_PACKED)) return false;
    AUTO_FD int fd = openat(tail->folder, sibling->name,
                            O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY |
                                (sibling->form == SIBLING_LOG ? 0 : O_NOFOLLOW));
    struct error ignored;
    if (fd < 0) return false;
    if (is_packed) return probe_fits_packed(probe, fd) && unpack(tail, fd, ret_fd, &ignored);
    bool const is_empty = pass == PASS_INODE && probe->to == 0;
    if (!is_empty && !probe_fits(probe, fd)) return false;
    *ret_fd = take_fd(&fd);
    return true;
}

bool follow_file_find(struct tail *tail, const struct probe *probe, uint64_t inode)
{
    AUTO_SIBLINGS struct siblings siblings = {0};
    struct error ignored; /* what cannot be looked at is not the one */
    int fd, packed = 0;
    if (!siblings_read(tail->folder, tail->name, &siblings, &ignored)) return false;
    for (enum find_pass pass = inode ? PASS_INODE : PASS_COPY; pass < PASS_COUNT; pass++) {
        for (size_t i = siblings.count; i-- > 0;) {
            const struct sibling *const sibling = &siblings.at[i];
            if (pass == PASS_PACKED && packed == PACKED_LOOKED_AT) break;
            if (pass == PASS_PACKED && sibling->form == SIBLING_PACKED) packed++;
            if (!follow_file_fits(tail, pass, sibling, probe, inode, &fd)) continue;
            tail->fd = fd;
            tail->inode = sibling->inode;
            tail->is_whole = sibling->form == SIBLING_PACKED;
            tail->succession.newest = *sibling;
            tail->succession.newest.name = NULL;
            return true;
        }
    }
    return false;
}

/* What an earlier run has left. */
struct left {
    enum batch_log_finding found;
    struct batch batch;     /* of the last file; without its texts */
    int64_t last_commit_ns; /* of that */
};

/* Of the file NUMBER and those before it, as far as they are still known. */
static bool know_taken(struct tail *tail, const struct snapshot *snapshot, uint16_t stream,
                       struct error *err)
{
    AUTO_ARENA struct arena arena = {0};
    struct batch batch;
    uint64_t number = tail->number < SUCCESSION_KNOWN ? 0 : tail->number - SUCCESSION_KNOWN;
    for (; number <= tail->number; number++) {
        enum batch_log_finding const found =
            tail_checkpoint_get(snapshot, stream, tail->path, number, &arena, &batch, err);
        if (found == BATCH_LOG_FAILED) return false;
        if (found == BATCH_LOG_MISSING || batch.state != BATCH_LOADED) continue;
        struct probe const probe = probe_of(&batch);
        succession_know(&tail->succession, &probe);
    }
    return true;
}

static bool read_left(struct tail *tail, const struct snapshot *snapshot, uint16_t stream,
                      struct left *ret_left, struct error *err)
{
    AUTO_ARENA struct arena arena = {0};
    struct batch first;
    ret_left->found = tail_checkpoint_find(snapshot, stream, tail->path, &arena, &ret_left->batch,
                                           &tail->number, err);
    if (ret_left->found != BATCH_LOG_FOUND) return ret_left->found == BATCH_LOG_MISSING;
    return tail_checkpoint_get(snapshot, stream, tail->path, 0, &arena, &first, err) ==
               BATCH_LOG_FOUND &&
           snapshot_commit_time(snapshot, first.first_commit, &tail->succession.since_ns, err) &&
           snapshot_commit_time(snapshot, ret_left->batch.last_commit, &ret_left->last_commit_ns,
                                err) &&
           know_taken(tail, snapshot, stream, err);
}

static bool find_left(struct tail *tail, struct left *ret_left, struct error *err)
{
    AUTO_STORE struct store *store = NULL;
    const struct stream *stream;
    struct snapshot *snapshot;
    if (!store_open(tail->follow->store_path, STORE_READ, &store, err) ||
        !snapshot_open(store, &snapshot, err))
        return false;
    bool const good = stream_choose(snapshot->schema, tail->follow->stream, &stream, err) &&
                      read_left(tail, snapshot, stream->id, ret_left, err);
    snapshot_close(snapshot);
    return good;
}

/* By the clock that stamps files. */
static int64_t now_ns(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_REALTIME_COARSE, &now); /* cannot fail */
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static void resume(struct tail *tail, const struct left *left)
{
    const struct batch *const batch = &left->batch;
    tail->offset = tail->size = tail->scanned = batch->resume_offset;
    tail->probe = probe_of(batch);
    tail->grown_ms = follow_now_ms();
    tail->follow->refused_batch = batch->id; /* an earlier run has told of these */
    tail->follow->refused_count = batch->rejected_count;
    notices_show(&tail->follow->notices, "%s: going on at line %llu", tail->path,
                 (unsigned long long)batch->resume_line);
}

/* The last file is over, or gone: what came behind it. */
static bool go_behind(struct tail *tail, const struct left *left, bool is_there, struct error *err)
{
    if (left->batch.state == BATCH_PARTIAL)
        notices_show(
            &tail->follow->notices,
            "%s: the file that was followed is gone; what it had behind line %llu is not loaded",
            tail->path, (unsigned long long)left->batch.resume_line - 1);
    if (!is_there) succession_begin_at(&tail->succession, left->last_commit_ns, true);
    bool const good = succession_look(&tail->succession, tail->fd, err);
    auto_fd(&tail->fd);
    tail->fd = -1;
    tail->number++;
    return good && follow_file_open_next(tail, err);
}

bool follow_file_go_on(struct tail *tail, struct error *err)
{
    struct left left;
    if (!find_left(tail, &left, err)) return false;
    if (left.found == BATCH_LOG_MISSING) {
        tail->succession.since_ns = now_ns();
        succession_begin_at(&tail->succession, tail->succession.since_ns, false);
        return succession_look(&tail->succession, -1, err) && follow_file_open_next(tail, err);
    }
    struct probe const probe = probe_of(&left.batch);
    bool const is_there = follow_file_find(tail, &probe, left.batch.inode);
    if (is_there && !tail->is_whole && tail->inode != left.batch.inode)
        tail->succession.truncated = left.batch.inode;
    if (!is_there || left.batch.state == BATCH_LOADED) return go_behind(tail, &left, is_there, err);
    resume(tail, &left);
    return true;
}
