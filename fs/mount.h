/* mount.h - the state of one mount, shared by its two threads.
 *
 *   worker  fuse_session_loop: every request of the kernel (ops.c, ops_directory.c)
 *   notify  new commits, expired snapshots, the announcement socket (notify.c)
 *
 * Place    main.c makes the one that the process has and ends it; all of fs/ works on it.
 * Memory   it owns the store, the session and all that is protected by the lock, from main.c's
 *          start to its end. `options` is borrowed.
 * Threads  `lock` protects everything that says so. It is held neither over a reply nor over a
 *          notification to the kernel. A snapshot is used under the lock only.
 * Errors   mount_errno is the one place where a struct error becomes an errno.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once
#include <fuse_lowlevel.h>
#include <pthread.h>

#include "base/arena.h"
#include "database/announce.h"
#include "inodes.h"
#include "metrics_batches.h"
#include "options.h"
#include "snapshots.h"
#include "store_place.h"
#include "unmounter.h"

/* The requests that tests count. */
enum upcall {
    UPCALL_LOOKUP,
    UPCALL_GETATTR,
    UPCALL_OPEN,
    UPCALL_READ,
    UPCALL_OPENDIR,
    UPCALL_READDIR,
    UPCALL_STATFS,
};
enum { UPCALLS = 7, READERS = 16 };

/* Where a file is being read on from: the few that are read in pieces at a time. */
struct file_reader {
    uint64_t inode_id; /* 0: unused */
    uint64_t used;     /* when, by `reads` */
    struct tree_reader reader;
};

struct publication;

/* So many inodes, names or entries are handled before requests are let in. */
enum { MOUNT_PORTION = 1024 };

struct mount {
    struct options *options;
    struct store *store; /* of the notify thread, while it runs */
    struct fuse_session *session;
    int ready_pipe; /* -1: nobody waits */

    pthread_mutex_t lock;
    pthread_mutex_t turn;                /* held while waiting for `lock`: see mount_lock */
    struct inodes inodes;                /* protected by lock */
    struct snapshots snapshots;          /* protected by lock */
    struct publication *publication;     /* under way, or NULL; protected by lock */
    uint64_t publications;               /* begun so far; protected by lock */
    size_t longest_portion;              /* handled with the lock held; protected by lock */
    struct handle *handles;              /* open directories; protected by lock */
    uint64_t handle_count;               /* opened so far; protected by lock */
    bool names_only;                     /* no listing gives inodes now; protected by lock */
    struct file_reader readers[READERS]; /* protected by lock */
    uint64_t reads;                      /* protected by lock */
    uint64_t upcalls[UPCALLS];           /* protected by lock */
    struct {
        uint64_t commits;
        uint64_t events;         /* that they have added */
    } shown;                     /* since the mount began; protected by lock */
    struct batch_totals batches; /* for metrics.c; protected by lock */
    struct buffer reply;         /* of the worker alone */
    struct arena scratch;        /* likewise: of one lookup */

    pthread_t notify_thread;
    int stop_event;   /* eventfd: the thread is to end */
    int ended_event;  /* eventfd: it has ended */
    int state_signal; /* signalfd: SIGUSR1 */
    struct announce_socket announce;
    struct store_place place;
    bool follows; /* another store, and hears of its commits; protected by lock */
    struct unmounter unmounter;
};

/* Fair: who waits for the lock gets it before who lets go of it and takes it again. */
void mount_lock(struct mount *mount);
void mount_unlock(struct mount *mount);
/* Long work under the lock has handled *HELD things since it took the lock: when they are enough,
 * requests are let in, and *HELD is 0. */
void mount_let_in(struct mount *mount, size_t *held);
/* Ends the connection with the kernel; an error is logged. */
void mount_unmount(struct mount *mount);
void mount_log(const struct mount *mount, const struct error *err);
/* The one place where an error becomes an errno; it is logged. */
int mount_errno(const struct mount *mount, const struct error *err);
