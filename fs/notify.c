/* The thread that shows new commits. It hears of them by the announcement of a writer, or looks by
 * itself every now and then, and at once when the store's path may lead elsewhere. publish.c tells
 * how a commit becomes visible.
 *
 * Another store in the place of the one that is shown (store_place.h) is opened, listened in, and
 * its newest commit published; only then is the one before let go, whose snapshots stay as long as
 * somebody reads from them. Whether a commit continues what is shown is asked of the commits
 * themselves (snapshot_holds), not of directories or numbers: a copy may be behind, ahead, or as
 * far with other content.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "notify.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>

#include "base/thread.h"
#include "expire.h"
#include "log.h"
#include "metrics.h"
#include "publish.h"

enum { LOOK_BY_ITSELF_MS = 2000 };

/* The commit that is shown stands in another file by now, or another directory: what it shows is
 * the same, so the kernel is told nothing, but as long as a snapshot of the old file is open, its
 * space stays taken. */
static void move_to_new_file(struct mount *mount, struct snapshot *newer)
{
    mount_lock(mount);
    const struct snapshot *const shown = mount->snapshots.current->snapshot;
    bool const superseded = shown->store != newer->store || snapshot_is_superseded(shown);
    if (superseded) snapshots_publish(&mount->snapshots, newer);
    mount_unlock(mount);
    if (!superseded) snapshot_close(newer);
}

/* Whether NEWER came from what is shown. If it cannot tell, everything is compared. */
static bool continues(struct mount *mount, const struct snapshot *newer, uint64_t commit_id,
                      uint64_t nonce)
{
    struct error err;
    bool holds;
    if (snapshot_holds(newer, commit_id, nonce, &holds, &err)) return holds;
    mount_log(mount, &err);
    return false;
}

/* Returns the number of the commit that is shown then. */
static uint64_t show(struct mount *mount, struct snapshot *newer)
{
    mount_lock(mount);
    const struct snapshot *const shown = mount->snapshots.current->snapshot;
    uint64_t const commit_id = shown->commit_id, nonce = shown->commit_nonce;
    mount_unlock(mount);
    uint64_t const newest = newer->commit_id;
    if (newest == commit_id && newer->commit_nonce == nonce)
        move_to_new_file(mount, newer);
    else
        publish(mount, newer, continues(mount, newer, commit_id, nonce));
    return newest;
}

static void log_place(const struct mount *mount, enum line_level level, const char *what)
{
    AUTO_BUFFER struct buffer text = {0};
    buffer_format(&text, "%s %s", mount->place.path, what);
    buffer_add_byte(&text, '\0');
    log_line(mount->options, level, (const char *)text.at);
}

/* Told once, as it is looked for every now and then. */
static void note_place(struct mount *mount, enum place_seen seen)
{
    if (seen == mount->place.seen) return;
    mount_lock(mount);
    mount->place.seen = seen;
    mount_unlock(mount);
    switch (seen) {
    case PLACE_SAME: log_place(mount, LINE_NOTICE, "is the store that is shown, again"); break;
    case PLACE_OTHER:
        log_place(mount, LINE_ERROR, "is another now; the store that was there stays shown");
        break;
    case PLACE_GONE:
        log_place(mount, LINE_ERROR, "is gone; the store that was there stays shown");
        break;
    }
}

/* Listened in before the snapshot is opened, so that no commit comes in between unheard. */
static bool open_other(struct mount *mount, struct store **ret_store,
                       struct announce_socket *ret_socket, struct snapshot **ret_newest,
                       struct error *err)
{
    struct error no_socket;
    struct announce_socket socket = {.fd = -1, .directory = -1};
    struct store *store;
    if (mount->place.folder < 0) {
        (void)error_set(err, ERROR_DENIED, "this mount stays with its store");
        return error_remedy(err, "unmount and mount it");
    }
    if (!store_open(mount->place.path, STORE_READ, &store, err)) return false;
    if (!announce_listen(store, &socket, &no_socket)) mount_log(mount, &no_socket);
    if (!snapshot_open(store, ret_newest, err)) {
        announce_unlisten(&socket);
        store_close(store);
        return false;
    }
    *ret_store = store;
    *ret_socket = socket;
    return true;
}

/* Goes on with the store that is in the place by now; false: with the one that is shown. */
static bool show_other(struct mount *mount, uint64_t *ret_shown)
{
    struct store *other;
    struct announce_socket socket;
    struct snapshot *newest;
    struct error err;
    if (!open_other(mount, &other, &socket, &newest, &err)) {
        if (mount->place.seen != PLACE_OTHER) mount_log(mount, &err);
        note_place(mount, PLACE_OTHER);
        return false;
    }
    *ret_shown = show(mount, newest);
    announce_unlisten(&mount->announce);
    mount->announce = socket;
    store_close(mount->store);
    mount->store = other;
    mount_lock(mount);
    mount->follows = socket.fd >= 0;
    mount->place.seen = PLACE_SAME;
    mount_unlock(mount);
    log_place(mount, LINE_NOTICE, "is another store now, which is shown");
    return true;
}

/* The folder of sockets has been made anew, as by an init in the emptied directory: writers do not
 * find ours. */
static void listen_again(struct mount *mount)
{
    struct announce_socket socket;
    struct error err;
    if (mount->announce.fd < 0 || announce_is_found(&mount->announce) ||
        !announce_listen(mount->store, &socket, &err))
        return;
    announce_unlisten(&mount->announce);
    mount->announce = socket;
}

/* Shows the newest commit; returns the number of the one that is shown then. */
static uint64_t show_newest(struct mount *mount)
{
    struct snapshot *newest;
    struct error err;
    uint64_t shown;
    enum place_seen const seen = store_place_look(&mount->place, store_directory(mount->store));
    if (seen == PLACE_OTHER && show_other(mount, &shown)) return shown;
    if (seen != PLACE_OTHER) note_place(mount, seen);
    listen_again(mount);
    if (snapshot_open(mount->store, &newest, &err)) return show(mount, newest);
    if (seen == PLACE_SAME) mount_log(mount, &err); /* else it was told */
    mount_lock(mount);
    shown = mount->snapshots.current->snapshot->commit_id;
    mount_unlock(mount);
    return shown;
}

static void answer_writer(struct mount *mount)
{
    int connection;
    uint64_t announced;
    const struct store *const store = mount->store;
    if (announce_accept(&mount->announce, &connection, &announced) == ANNOUNCE_NONE) return;
    uint64_t const shown = show_newest(mount);
    if (mount->store == store)
        announce_reply(connection, shown);
    else
        (void)close(connection); /* of the store before: it is unmounted */
}

/* SIGUSR1: how it is, into the log. */
static void emit_state(struct mount *mount, int signals)
{
    AUTO_BUFFER struct buffer text = {0};
    struct signalfd_siginfo signal;
    if (read(signals, &signal, sizeof signal) != (ssize_t)sizeof signal) return;
    mount_lock(mount);
    metrics_line(mount, &text);
    mount_unlock(mount);
    buffer_add_byte(&text, '\0');
    log_line(mount->options, LINE_NOTICE, (const char *)text.at);
}

static void *notify_main(void *argument)
{
    struct mount *const mount = argument;
    uint64_t const one = 1;
    struct pollfd waiting[] = {{.fd = mount->stop_event, .events = POLLIN},
                               {.fd = mount->announce.fd, .events = POLLIN},
                               {.fd = mount->state_signal, .events = POLLIN},
                               {.fd = mount->place.watch, .events = POLLIN}};
    while (!(waiting[0].revents & POLLIN)) {
        waiting[1].fd = mount->announce.fd;
        int const ready = poll(waiting, COUNT_OF(waiting), LOOK_BY_ITSELF_MS);
        if (ready < 0) continue; /* EINTR: nothing is asked for */
        if (waiting[2].revents & POLLIN) emit_state(mount, waiting[2].fd);
        bool const touched =
            (waiting[3].revents & POLLIN) && store_place_was_touched(&mount->place);
        if (waiting[1].revents & POLLIN)
            answer_writer(mount);
        else if (touched || ready == 0) /* 0: a writer that died between commit and announcement */
            (void)show_newest(mount);
        expire(mount);
    }
    (void)!write(mount->ended_event, &one, sizeof one); /* cannot block: it is written once */
    return NULL;
}

bool notify_start(struct mount *mount, struct error *err)
{
    sigset_t state;
    (void)sigemptyset(&state); /* these cannot fail for a signal that there is */
    (void)sigaddset(&state, SIGUSR1);
    (void)pthread_sigmask(SIG_BLOCK, &state, NULL);
    mount->state_signal = signalfd(-1, &state, SFD_CLOEXEC | SFD_NONBLOCK);
    mount->stop_event = eventfd(0, EFD_CLOEXEC);
    mount->ended_event = eventfd(0, EFD_CLOEXEC);
    if (mount->stop_event < 0 || mount->ended_event < 0 || mount->state_signal < 0)
        return error_system(err, errno, "cannot start");
    int const reason = thread_start(&mount->notify_thread, notify_main, mount);
    return reason == 0 || error_system(err, reason, "cannot start a thread");
}

/* Takes one request, if there is one, and answers it; false: there will be none any more. */
static bool answer_request(struct mount *mount, struct fuse_buf *request)
{
    int const got = fuse_session_receive_buf(mount->session, request);
    if (got > 0) fuse_session_process_buf(mount->session, request);
    return got > 0 || got == -EINTR || got == -EAGAIN;
}

/* The thread may wait for the kernel, and that for a listing that is still to be answered
 * (publish.c, step 1): so requests are answered until the thread has ended. */
void notify_stop(struct mount *mount)
{
    uint64_t const one = 1;
    int const session = fuse_session_fd(mount->session);
    struct fuse_buf request = {.mem = NULL};
    struct pollfd waiting[] = {{.fd = mount->ended_event, .events = POLLIN},
                               {.fd = session, .events = POLLIN}};
    (void)!write(mount->stop_event, &one, sizeof one); /* cannot block: it is written once */
    /* A request that is interrupted may be gone by the time it is read. */
    (void)fcntl(session, F_SETFL, fcntl(session, F_GETFL) | O_NONBLOCK);
    while (!(waiting[0].revents & POLLIN)) {
        waiting[0].revents = waiting[1].revents = 0;
        (void)poll(waiting, COUNT_OF(waiting), -1);
        if (waiting[1].revents && !answer_request(mount, &request)) waiting[1].fd = -1;
    }
    (void)pthread_join(mount->notify_thread, NULL);
    free(request.mem);
    (void)close(mount->stop_event);
    (void)close(mount->ended_event);
    (void)close(mount->state_signal);
}
