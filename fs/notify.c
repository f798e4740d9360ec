/* How a commit becomes visible.
 *
 * The kernel keeps names, attributes and pages for ever. When the store has a new commit, this thread
 *
 *   1. opens its snapshot, and sees to it that no listing is under way that gives the kernel old inodes,
 *   2. under the lock makes it the current one and goes through what the commit changed: an inode that
 *      the kernel holds of a replaced file is retired, pinned to the snapshot that has its content, and
 *      its name queued; so is a name that was told not to be there and is now,
 *   3. without the lock tells the kernel to drop the queued names and listings,
 *   4. answers the writer that announced the commit: from here on every look-up shows it.
 *
 * Why no look-up can slip an old version in between: the kernel holds the directory's inode lock
 * (shared) from sending LOOKUP or READDIRPLUS until the answer is in its cache, and takes it exclusively to
 * drop a name. A request that saw the old snapshot registered its inode under our lock before step 2
 * looked, so the name is queued, and the kernel drops it only after the answer was cached. A request
 * that comes later sees the new snapshot. Two look-ups of one name are one for the kernel, so that none
 * puts an old version in the place of a new one; READDIRPLUS would, which is what step 1 is for. That
 * same lock is why a handler must never notify: it would wait for a request that itself has to answer.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "notify.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <time.h>

#include "copies.h"
#include "log.h"
#include "metrics.h"
#include "ops.h"

enum { LOOK_BY_ITSELF_MS = 2000, COPY_STEP_BYTES = 1 << 20 };

/* One thing to tell the kernel. */
struct note {
    uint64_t id;    /* of the directory */
    size_t name_at; /* in `names`; NO_NAME: the directory's listing and attributes */
    size_t name_length;
};
enum { NO_NAME = -1 };

struct queue {
    struct buffer notes; /* of struct note */
    struct buffer names;
};

struct recheck {
    struct mount *mount;
    struct queue *queue;
    struct pinned *older; /* the snapshot that was shown until now */
    const struct snapshot *newer;
    bool has_new_schema; /* by which a name that was not there may be another node */
};

static void queue_name(struct queue *queue, const struct inode *inode)
{
    struct note const note = {
        .id = inode->parent_id, .name_at = queue->names.length, .name_length = inode->name_length};
    buffer_add(&queue->names, inode_name(inode), inode->name_length + 1u);
    buffer_add(&queue->notes, &note, sizeof note);
}

static void queue_directory(struct queue *queue, const struct inode *inode)
{
    struct note const note = {.id = inode->id, .name_at = (size_t)NO_NAME};
    buffer_add(&queue->notes, &note, sizeof note);
}

/* A replaced file goes on to serve whoever has it open, from the snapshot that it is of. */
static void retire(struct recheck *recheck, struct inode *inode)
{
    queue_name(recheck->queue, inode);
    if (inode->id != 0 && !inode->stat.directory && !inode->pinned)
        inode->pinned = snapshots_acquire(recheck->older);
    inodes_retire(&recheck->mount->inodes, inode);
}

/* Compares what the kernel was told with the new snapshot. */
static void recheck_inode(void *context, struct inode *inode)
{
    struct recheck *const recheck = context;
    struct node node;
    struct node_stat stat;
    struct error err;
    if (!node_unpack(inode_node(inode), &node)) return; /* packed by us */
    enum tree_answer const answer = tree_stat(recheck->newer, &node, &stat, &err);
    if (answer == TREE_FAILED) (void)mount_errno(recheck->mount, &err);
    bool const there = answer == TREE_FOUND;
    if (inode->id == 0) {
        if (there || recheck->has_new_schema) retire(recheck, inode);
    } else if (!there) {
        retire(recheck, inode);
    } else if (stat.commit_id != inode->stat.commit_id) {
        if (stat.directory) {
            inode->stat = stat;
            queue_directory(recheck->queue, inode);
        } else {
            retire(recheck, inode);
        }
    }
}

static void recheck_node(void *context, const struct node *node, bool replaced)
{
    (void)replaced; /* the look below tells */
    struct recheck *const recheck = context;
    AUTO_BUFFER struct buffer packed = {0};
    node_pack(node, &packed);
    struct inode *const inode = inodes_find_node(&recheck->mount->inodes, buffer_slice(&packed));
    if (inode) recheck_inode(recheck, inode);
}

static void recheck_change(void *context, const struct change *change)
{
    struct recheck *const recheck = context;
    tree_change_nodes(recheck->newer, change, recheck_node, recheck);
}

/* Steps 2: under the lock. */
static void publish(struct mount *mount, struct snapshot *newer, struct queue *queue)
{
    struct pinned *const older = snapshots_acquire(mount->snapshots.current);
    struct recheck recheck = {
        .mount = mount,
        .queue = queue,
        .older = older,
        .newer = newer,
        .has_new_schema = newer->schema_commit_id != older->snapshot->schema_commit_id,
    };
    uint64_t const shown = older->snapshot->commit_id;
    struct error err;
    mount->shown.commits += newer->commit_id - shown;
    if (newer->event_count > older->snapshot->event_count)
        mount->shown.events += newer->event_count - older->snapshot->event_count;
    snapshots_publish(&mount->snapshots, newer);
    switch (change_log_scan(newer, shown, recheck_change, &recheck, &err)) {
    case CHANGE_LOG_COMPLETE: tree_commit_nodes(newer, shown, recheck_node, &recheck); break;
    case CHANGE_LOG_FAILED: (void)mount_errno(mount, &err); /* fall through */
    case CHANGE_LOG_UNKNOWN: inodes_each_newest(&mount->inodes, recheck_inode, &recheck); break;
    }
    snapshots_release(&mount->snapshots, older);
}

/* Step 3. ENOENT: the kernel has dropped it by itself. */
static void notify_kernel(struct mount *mount, const struct queue *queue)
{
    const struct note *const notes = (const struct note *)(const void *)queue->notes.at;
    size_t const count = queue->notes.length / sizeof *notes;
    for (size_t i = 0; i < count; i++) {
        bool const directory = notes[i].name_at == (size_t)NO_NAME;
        const char *const name =
            directory ? NULL : (const char *)queue->names.at + notes[i].name_at;
        int const answer = directory
                               ? fuse_lowlevel_notify_inval_inode(mount->session, notes[i].id, 0, 0)
                               : fuse_lowlevel_notify_inval_entry(mount->session, notes[i].id, name,
                                                                  notes[i].name_length);
        if (answer == 0 || answer == -ENOENT || answer == -EBADF || answer == -ENODEV) continue;
        struct error err;
        (void)error_system(&err, -answer, "the kernel did not take an invalidation");
        mount_log(mount, &err);
    }
}

/* A name that no value has: dropping it takes the directory's lock in the kernel, and changes nothing. */
static const char no_name[] = "%";

/* Step 1. Once the kernel has had the directory's lock alone, it has taken the listings that were on their way. */
static void pause_listings(struct mount *mount)
{
    AUTO_BUFFER struct buffer ids = {0};
    mount_lock(mount);
    handles_names_only(mount, &ids);
    mount_unlock(mount);
    for (size_t at = 0; at < ids.length; at += sizeof(uint64_t)) {
        uint64_t id;
        memcpy(&id, ids.at + at, sizeof id);
        (void)fuse_lowlevel_notify_inval_entry(mount->session, id, no_name, strlen(no_name));
    }
}

/* The commit that is shown stands in another file by now: what it shows is the same, so the kernel is told nothing, but
 * as long as a snapshot of the old file is open, its space stays taken. */
static void move_to_new_file(struct mount *mount, struct snapshot *newer)
{
    mount_lock(mount);
    bool const superseded = snapshot_is_superseded(mount->snapshots.current->snapshot);
    if (superseded) snapshots_publish(&mount->snapshots, newer);
    mount_unlock(mount);
    if (!superseded) snapshot_close(newer);
}

/* Shows the newest commit; returns the number of the one that is shown then. */
static uint64_t show_newest(struct mount *mount)
{
    struct queue queue = {0};
    struct snapshot *newer;
    struct error err;
    mount_lock(mount);
    uint64_t shown = mount->snapshots.current->snapshot->commit_id;
    mount_unlock(mount);
    if (!snapshot_open(mount->store, &newer, &err)) {
        mount_log(mount, &err);
        return shown;
    }
    if (newer->commit_id == shown) {
        move_to_new_file(mount, newer);
        return shown;
    }
    shown = newer->commit_id;
    pause_listings(mount);
    mount_lock(mount);
    publish(mount, newer, &queue);
    mount_unlock(mount);
    notify_kernel(mount, &queue);
    mount_lock(mount);
    mount->names_only = false;
    mount_unlock(mount);
    buffer_done(&queue.notes);
    buffer_done(&queue.names);
    return shown;
}

/* One step of copying the content of an inode; false: there is nothing more to do. The inode may be forgotten between
 * two steps. */
static bool copy_step(struct mount *mount, uint64_t id, const struct pinned *pinned,
                      struct tree_reader *reader, uint64_t *offset, struct copy **copy)
{
    AUTO_BUFFER struct buffer bytes = {0};
    struct node node;
    struct error err;
    struct inode *const inode = inodes_find(&mount->inodes, id);
    if (!inode || inode->pinned != pinned || !node_unpack(inode_node(inode), &node)) return false;
    bool const good =
        tree_read(pinned->snapshot, &node, reader, *offset, COPY_STEP_BYTES, &bytes, &err) &&
        copy_add(*copy, buffer_slice(&bytes), &err);
    if (!good) {
        mount_log(mount, &err);
        /* It keeps its snapshot, better a large store than a lost file; but not for one that its owner has taken away. */
        if (err.kind != ERROR_MISSING) return false;
    }
    *offset += bytes.length;
    if (*offset < inode->stat.size_bytes && bytes.length) return true;
    inode->copy = TAKE(*copy);
    struct pinned *const released = inode->pinned;
    inode->pinned = NULL;
    snapshots_release(&mount->snapshots, released);
    return false;
}

static void copy_inode(struct mount *mount, uint64_t id, const struct pinned *pinned)
{
    struct tree_reader reader = {0};
    struct copy *copy = copy_new();
    uint64_t offset = 0;
    bool more = true;
    while (more) {
        mount_lock(mount);
        more = copy_step(mount, id, pinned, &reader, &offset, &copy);
        mount_unlock(mount);
    }
    copy_free(copy);
    tree_reader_done(&reader);
}

/* The numbers of the inodes that pin the snapshot. */
static void collect_pinning(const struct inodes *inodes, const struct pinned *pinned,
                            struct buffer *ids)
{
    for (size_t i = 0; i < inodes->by_id.capacity; i++) {
        for (const struct inode *inode = inodes->by_id.slots[i]; inode; inode = inode->next_of_id) {
            if (inode->pinned == pinned) buffer_add(ids, &inode->id, sizeof inode->id);
        }
    }
}

/* Lets go of the oldest snapshot whose time is over. */
static void let_go(struct mount *mount)
{
    AUTO_BUFFER struct buffer ids = {0};
    int64_t const deadline = clock_ms() - (int64_t)mount->options->snapshot_deadline_s * 1000;
    mount_lock(mount);
    struct pinned *const pinned = snapshots_expired(&mount->snapshots, deadline);
    if (pinned) {
        (void)snapshots_acquire(pinned); /* it must not go while it is being copied from */
        handles_copy(mount, pinned);
        collect_pinning(&mount->inodes, pinned, &ids);
    }
    mount_unlock(mount);
    if (!pinned) return;
    for (size_t at = 0; at < ids.length; at += sizeof(uint64_t)) {
        uint64_t id;
        memcpy(&id, ids.at + at, sizeof id);
        copy_inode(mount, id, pinned);
    }
    mount_lock(mount);
    snapshots_release(&mount->snapshots, pinned);
    mount_unlock(mount);
}

static void answer_writer(struct mount *mount)
{
    int connection;
    uint64_t announced;
    if (announce_accept(&mount->announce, &connection, &announced) == ANNOUNCE_NONE) return;
    announce_reply(connection, show_newest(mount));
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
                               {.fd = mount->state_signal, .events = POLLIN}};
    while (!(waiting[0].revents & POLLIN)) {
        int const ready = poll(waiting, COUNT_OF(waiting), LOOK_BY_ITSELF_MS);
        if (ready < 0) continue; /* EINTR: nothing is asked for */
        if (waiting[2].revents & POLLIN) emit_state(mount, waiting[2].fd);
        if (waiting[1].revents & POLLIN)
            answer_writer(mount);
        else if (ready == 0)
            (void)show_newest(mount); /* a writer that died between commit and announcement */
        let_go(mount);
    }
    (void)!write(mount->ended_event, &one, sizeof one); /* cannot block: it is written once */
    return NULL;
}

bool notify_start(struct mount *mount, struct error *err)
{
    sigset_t all, before, state;
    (void)sigemptyset(&state); /* these cannot fail for a signal that there is */
    (void)sigaddset(&state, SIGUSR1);
    (void)pthread_sigmask(SIG_BLOCK, &state, NULL);
    mount->state_signal = signalfd(-1, &state, SFD_CLOEXEC | SFD_NONBLOCK);
    mount->stop_event = eventfd(0, EFD_CLOEXEC);
    mount->ended_event = eventfd(0, EFD_CLOEXEC);
    if (mount->stop_event < 0 || mount->ended_event < 0 || mount->state_signal < 0)
        return error_system(err, errno, "cannot start");
    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &before); /* signals are the worker's */
    int const reason = pthread_create(&mount->notify_thread, NULL, notify_main, mount);
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    return reason == 0 || error_system(err, reason, "cannot start a thread");
}

/* Takes one request, if there is one, and answers it; false: there will be none any more. */
static bool answer_request(struct mount *mount, struct fuse_buf *request)
{
    int const got = fuse_session_receive_buf(mount->session, request);
    if (got > 0) fuse_session_process_buf(mount->session, request);
    return got > 0 || got == -EINTR || got == -EAGAIN;
}

/* The thread may wait for the kernel, and that for a listing that is still to be answered (step 1): so requests are
 * answered until the thread has ended. */
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
