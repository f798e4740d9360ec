/* Standard input that stays open: `journalctl -f -o json | tally follow STORE -`. It is spooled
 * into a nameless file that is one batch; what was taken of it is given back to the disk. As a pipe
 * cannot be read again, a run that is killed loses what it had not committed, and the next one is
 * another batch: events with a key may be sent twice.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/random.h"
#include "follow/follow.h"
#include "host/service_notify.h"
#include "input/spool.h"

enum { READ_BYTES = 64 << 10, KEPT_BYTES = 1 << 20 };

struct pipe {
    struct follow *follow;
    struct tail_checkpoint checkpoint;
    uint64_t size;      /* of the spool */
    uint64_t offset;    /* what was taken */
    uint64_t kept;      /* how much of its beginning stays: a CSV header is read again each time */
    int64_t waiting_ms; /* since when a whole line waits; 0: none does */
    bool ended;
};

/* Spools what there is, if anything. */
static bool follow_pipe_take(struct pipe *pipe, struct error *err)
{
    uint8_t bytes[READ_BYTES];
    ssize_t const got = read(STDIN_FILENO, bytes, sizeof bytes);
    if (got < 0 && (errno == EINTR || errno == EAGAIN)) return true;
    if (got < 0) return error_system(err, errno, "cannot read");
    pipe->ended = got == 0;
    if (!spool_write(pipe->checkpoint.fd, bytes, (size_t)got, err)) return false;
    const uint8_t *const last = got ? memrchr(bytes, '\n', (size_t)got) : NULL;
    if (last && pipe->checkpoint.end_bytes == 0)
        pipe->kept = pipe->size + (uint64_t)got + KEPT_BYTES;
    if (last) pipe->checkpoint.end_bytes = pipe->size + (uint64_t)(last - bytes) + 1;
    pipe->size += (uint64_t)got;
    if (last && pipe->waiting_ms == 0) pipe->waiting_ms = follow_now_ms();
    return true;
}

static bool follow_pipe_load(struct pipe *pipe, struct error *err)
{
    struct follow *const follow = pipe->follow;
    struct batch_input const input = {.path = "-", .checkpoint = &pipe->checkpoint};
    if (pipe->ended) pipe->checkpoint.end_bytes = pipe->size; /* its last line needs no end */
    pipe->checkpoint.ends = pipe->ended || follow_stopped();
    switch (follow_load(follow, &input, err)) {
    case BATCH_INGESTED:
    case BATCH_KNOWN:
    case BATCH_PAUSED: break;
    case BATCH_CHANGED:
    case BATCH_REFUSED:
    case BATCH_STOPPED: return false;
    }
    pipe->offset = follow->report.batch.resume_offset;
    pipe->waiting_ms = 0;
    if (pipe->checkpoint.ends && pipe->offset < pipe->size)
        notices_show(&follow->notices,
                     "standard input: the %llu bytes of a last line without its end are not loaded",
                     (unsigned long long)(pipe->size - pipe->offset));
    /* By the last page it is known again. */
    if (pipe->offset > GROWTH_PAGE_BYTES)
        spool_release(pipe->checkpoint.fd, pipe->kept, pipe->offset - GROWTH_PAGE_BYTES);
    return true;
}

static bool is_due(const struct pipe *pipe)
{
    const struct follow_bound *const bound = &pipe->follow->bound;
    if (pipe->ended || follow_stopped()) return true;
    return pipe->waiting_ms != 0 && (follow_now_ms() - pipe->waiting_ms >= bound->ms ||
                                     pipe->checkpoint.end_bytes - pipe->offset >= bound->bytes);
}

static bool follow_pipe_run(struct pipe *pipe, struct error *err)
{
    const struct follow_bound *const bound = &pipe->follow->bound;
    while (!pipe->checkpoint.ends) {
        int64_t const until =
            pipe->waiting_ms ? pipe->waiting_ms + bound->ms - follow_now_ms() : -1;
        bool const ready = follow_wait(STDIN_FILENO, pipe->waiting_ms && until < 0 ? 0 : until);
        if (ready && !follow_pipe_take(pipe, err)) return false;
        if (is_due(pipe) && !follow_pipe_load(pipe, err)) return false;
    }
    return true;
}

bool follow_pipe(struct follow *follow, struct error *err)
{
    struct pipe pipe = {.follow = follow};
    AUTO_FD int const directory = open(follow->store_path, O_PATH | O_DIRECTORY | O_CLOEXEC);
    AUTO_FD int spool = -1;
    if (directory < 0) return error_system(err, errno, "%s", follow->store_path);
    if (!spool_open(directory, &spool, err)) return false;
    pipe.checkpoint.fd = spool;
    follow->is_unrepeatable = true;
    follow->batch.stopped = NULL;
    if (!random_draw(&pipe.checkpoint.digest, sizeof pipe.checkpoint.digest))
        return error_system(err, errno, "no random number for the name of the input");
    service_notify("READY=1");
    return follow_pipe_run(&pipe, err);
}
