// SPDX-License-Identifier: Apache-2.0
#include "follow/follow.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/byte_size.h"
#include "common/duration.h"
#include "common/stream_choice.h"
#include "common/writer_lock.h"
#include "host/heap.h"

const struct follow_bound follow_bound_default = {.ms = 1000, .bytes = 16 << 20};

static volatile sig_atomic_t stopped;

static void stop(int number)
{
    (void)number;
    stopped = 1;
}

static void catch_signals(void)
{
    struct sigaction const action = {.sa_handler = stop};
    sigset_t ends;
    (void)sigemptyset(&ends); /* these cannot fail for signals that there are */
    (void)sigaddset(&ends, SIGTERM);
    (void)sigaddset(&ends, SIGINT);
    (void)sigprocmask(SIG_BLOCK, &ends, NULL);
    (void)sigaction(SIGTERM, &action, NULL);
    (void)sigaction(SIGINT, &action, NULL);
    (void)signal(SIGIO, SIG_IGN); /* of a lease, which is given back at once */
}

bool follow_stopped(void)
{
    return stopped;
}

bool follow_wait(int fd, int64_t timeout_ms)
{
    struct pollfd waiting = {.fd = fd, .events = POLLIN};
    struct timespec const timeout = {.tv_sec = timeout_ms / 1000,
                                     .tv_nsec = timeout_ms % 1000 * 1000000};
    sigset_t none;
    (void)sigemptyset(&none);
    /* EINTR: told to stop. */
    return ppoll(&waiting, fd < 0 ? 0 : 1, timeout_ms < 0 ? NULL : &timeout, &none) > 0;
}

int64_t follow_now_ms(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now); /* cannot fail */
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

enum follow_writers follow_writers(int fd)
{
    if (fcntl(fd, F_SETLEASE, F_RDLCK) == 0) {
        (void)fcntl(fd, F_SETLEASE, F_UNLCK); /* held by us, so it can be given back */
        return WRITERS_NONE;
    }
    return errno == EAGAIN ? WRITERS_SOME : WRITERS_UNKNOWN;
}

bool follow_read_bound(const char *text, struct follow_bound *bound)
{
    size_t const length = strlen(text);
    int64_t ms;
    size_t bytes;
    /* A number alone could be either, and so could "5m". */
    if (length == 0 || text[length - 1] <= '9') return false;
    bool const is_time = duration_read(text, &ms);
    if (is_time && (text[length - 1] == 'm' || ms == 0 || ms > INT_MAX)) return false;
    if (is_time) {
        bound->ms = ms;
        return true;
    }
    if (!byte_size_read(text, &bytes) || bytes == 0) return false;
    bound->bytes = bytes;
    return true;
}

void follow_done(struct follow *follow)
{
    batch_report_done(&follow->report);
}

static bool note_commit(struct follow *follow, struct store *store, struct error *err)
{
    struct snapshot *snapshot;
    if (!snapshot_open(store, &snapshot, err)) return false;
    follow->commit_id = snapshot->commit_id;
    follow->commit_nonce = snapshot->commit_nonce;
    snapshot_close(snapshot);
    return true;
}

static bool check_store(struct follow *follow, struct error *err)
{
    AUTO_STORE struct store *store = NULL;
    const struct schema *schema;
    const struct stream *stream;
    return store_open(follow->store_path, STORE_READ, &store, err) &&
           store_schema(store, &schema, err) &&
           stream_choose(schema, follow->stream, &stream, err) && note_commit(follow, store, err);
}

/* A copy that was made behind the last load is as good as the store; one from before that, or a
 * store made anew, is not. */
static bool check_has_what_was_taken(const struct follow *follow, struct store *store,
                                     struct error *err)
{
    struct snapshot *snapshot;
    bool holds;
    if (!snapshot_open(store, &snapshot, err)) return false;
    bool const good =
        snapshot_holds(snapshot, follow->commit_id, follow->commit_nonce, &holds, err);
    snapshot_close(snapshot);
    if (!good || holds) return good;
    (void)error_set(err, ERROR_MISSING,
                    "another store, without commit %llu of the one before, has taken its place",
                    (unsigned long long)follow->commit_id);
    (void)error_remedy(err, "start tally follow again: it goes on where this store stands; of a "
                            "spool, move back from done what this store lacks");
    return error_place(err, "%s", follow->store_path);
}

bool follow_begin(struct follow *follow, struct error *err)
{
    /* What cannot work is told now, not when the first event comes. */
    if (!check_store(follow, err)) return false;
    follow->batch.stopped = follow_stopped;
    catch_signals();
    return true;
}

/* Waits for the turn, but not longer than until it is told to stop. */
static enum store_locking lock(const struct follow *follow, struct store *store, struct error *err)
{
    enum { LOOK_EVERY_MS = 50, PATIENCE_MS = 1000 };
    int holder;
    for (int64_t waited_ms = 0;; waited_ms += LOOK_EVERY_MS) {
        enum store_locking const locking = store_lock(store, false, &holder, err);
        if (locking != STORE_LOCK_HELD || (follow_stopped() && !follow->is_unrepeatable))
            return locking;
        if (waited_ms == PATIENCE_MS)
            notices_show(&follow->notices, "waiting for another ingest (pid %d)", holder);
        if (follow->meanwhile) follow->meanwhile(follow->meanwhile_context);
        (void)follow_wait(-1,
                          LOOK_EVERY_MS); /* does not return at once for a signal that has come */
    }
}

/* What is new of them. */
static void emit_refused(struct follow *follow)
{
    const struct batch *const batch = &follow->report.batch;
    uint64_t const told = follow->refused_batch == batch->id ? follow->refused_count : 0;
    if (batch->rejected_count <= told) return;
    follow->refused_some = true;
    follow->refused_batch = batch->id;
    follow->refused_count = batch->rejected_count;
    notices_show(&follow->notices,
                 "%llu of %llu records refused so far, the first: %.*s (%s/rejects/%.*s)",
                 (unsigned long long)batch->rejected_count, (unsigned long long)batch->read_count,
                 (int)batch->first_error.length, (const char *)batch->first_error.at,
                 follow->store_path, (int)batch->rejects.length, (const char *)batch->rejects.at);
}

enum batch_ending follow_load(struct follow *follow, const struct batch_input *input,
                              struct error *err)
{
    AUTO_STORE struct store *store = NULL;
    struct batch_options *const batch = &follow->batch;
    if (!store_open(follow->store_path, STORE_WRITE, &store, err)) return BATCH_STOPPED;
    switch (lock(follow, store, err)) {
    case STORE_LOCKED: break;
    case STORE_LOCK_HELD: return BATCH_PAUSED;
    case STORE_LOCK_FAILED: return BATCH_STOPPED;
    }
    if (!check_has_what_was_taken(follow, store, err) ||
        !store_schema(store, &batch->schema, err) ||
        !stream_choose(batch->schema, follow->stream, &batch->stream, err))
        return BATCH_STOPPED;
    batch->mount_silent = follow->report.mount_silent;
    batch_report_done(&follow->report);
    enum batch_ending const ending = batch_ingest(store, input, batch, &follow->report, err);
    progress_erase(batch->progress);
    heap_give_back(); /* the next load may be a long time coming */
    if (ending == BATCH_INGESTED) emit_refused(follow);
    return note_commit(follow, store, err) ? ending : BATCH_STOPPED;
}
