/* The order of start and end matters:
 *
 *   fork            before threads, sockets and LMDB, none of which survive it; again for the
 *                   process that unmounts
 *   open the store  a store that cannot be read is told before anything is mounted
 *   mount, listen, restrict this process, notify thread, session loop
 *   tell the parent when the kernel's first request was answered: then the mount answers
 *
 * and backwards at the end: stop to notify, remove the socket, unmount, close the store.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/wait.h>
#include <syslog.h>

#include "base/digest.h"
#include "handles.h"
#include "host/crash_signals.h"
#include "host/service_notify.h"
#include "host/signals.h"
#include "host/stdio_fds.h"
#include "kv/db.h"
#include "notify.h"
#include "ops.h"
#include "sandbox.h"
#include "tree/documents.h"

static int tallyfs_fail(const struct error *err)
{
    char text[ERROR_TEXT_BYTES], head[STANDARD_ERROR_HEAD_BYTES];
    (void)fprintf(stderr, "%s%s\n", standard_error_head("tallyfs", LINE_ERROR, head),
                  error_text(err, text, sizeof text)); /* no one to tell */
    return 1;
}

/* Whether a file system of ours is mounted exactly there. */
static bool is_mounted(const char *mountpoint)
{
    FILE *const mounts = fopen("/proc/self/mountinfo", "re");
    char *line = NULL;
    size_t capacity = 0;
    bool found = false;
    if (!mounts) return false;
    while (!found && getline(&line, &capacity, mounts) > 0) {
        char *rest = line;
        for (int i = 0; i < 4; i++)
            (void)strsep(&rest, " ");
        const char *const place = strsep(&rest, " ");
        found = place && rest && strcmp(place, mountpoint) == 0 && strstr(rest, " - fuse.tallyfs ");
    }
    free(line);
    (void)fclose(mounts);
    return found;
}

/* statfs, as the kernel answers a stat of the root from its cache, whoever has died. */
static bool is_dead(const char *mountpoint)
{
    struct statvfs status;
    return statvfs(mountpoint, &status) < 0 && errno == ENOTCONN;
}

static bool clear_dead(const struct options *options, struct error *err)
{
    if (!is_dead(options->mountpoint)) return true;
    if (options->replace && umount2(options->mountpoint, MNT_DETACH) == 0) return true;
    if (options->replace) return error_system(err, errno, "cannot unmount %s", options->mountpoint);
    (void)error_set(err, ERROR_BUSY, "%s: a mount whose daemon is dead is in the way",
                    options->mountpoint);
    return error_remedy(err, "fusermount3 -u %s, or mount with -o replace", options->mountpoint);
}

static bool is_empty(const char *path)
{
    DIR *const directory = opendir(path);
    bool empty = true;
    if (!directory) return true; /* whoever may mount there is told by the mount itself */
    for (const struct dirent *entry; empty && (entry = readdir(directory));)
        empty = strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0;
    (void)closedir(directory);
    return empty;
}

static bool is_store(const char *place)
{
    AUTO_BUFFER struct buffer data = {0};
    struct stat status;
    buffer_format(&data, "%s/data.mdb", place);
    buffer_add_byte(&data, '\0');
    return stat((const char *)data.at, &status) == 0;
}

static bool check_mountpoint(const struct options *options, struct error *err)
{
    const char *const place = options->mountpoint;
    struct stat status;
    if (!clear_dead(options, err)) return false;
    if (stat(place, &status) < 0) return error_system(err, errno, "%s", place);
    if (!S_ISDIR(status.st_mode))
        return error_set(err, ERROR_INPUT, "%s is not a directory", place);
    if (is_mounted(place)) {
        (void)error_set(err, ERROR_BUSY, "%s: a tallyfs is mounted there already", place);
        return error_remedy(err, "umount %s", place);
    }
    if (is_store(place)) {
        (void)error_set(err, ERROR_INPUT, "%s is a store", place);
        return error_remedy(err, "the store comes first: tallyfs STORE MOUNTPOINT");
    }
    if (options->nonempty || is_empty(place)) return true;
    (void)error_set(err, ERROR_INPUT, "%s is not empty", place);
    return error_remedy(err, "mount on an empty directory, or with -o nonempty");
}

/* What the root is from the start. */
static bool add_root(struct mount *mount, struct error *err)
{
    AUTO_BUFFER struct buffer packed = {0};
    struct node const root = {.kind = NODE_ROOT};
    struct node_stat stat;
    node_pack(&root, &packed);
    if (tree_stat(mount->snapshots.current->snapshot, &root, &stat, err) != TREE_FOUND)
        return false;
    (void)inodes_add(&mount->inodes, buffer_slice(&packed), FUSE_ROOT_ID, slice_text("/"), &stat);
    return true;
}

static bool open_store(struct mount *mount, struct error *err)
{
    struct snapshot *snapshot;
    if (!store_open(mount->options->store, STORE_READ, &mount->store, err) ||
        !snapshot_open(mount->store, &snapshot, err))
        return false;
    snapshots_publish(&mount->snapshots, snapshot);
    return add_root(mount, err);
}

/* Between the mount and the first request. */
static bool tallyfs_begin(struct mount *mount, struct error *err)
{
    struct error no_socket;
    if (!announce_listen(mount->store, &mount->announce, &no_socket)) {
        (void)error_remedy(&no_socket, "new commits show within two seconds only");
        mount_log(mount, &no_socket); /* a store on a read-only medium has no writers */
    }
    mount->place = store_place_open(mount->options);
    mount->follows = mount->place.folder >= 0 && mount->announce.fd >= 0;
#ifdef TALLYFS_SANDBOX
    if (!sandbox_enter(store_directory(mount->store), mount->place.folder, err)) return false;
#endif
    return notify_start(mount, err);
}

/* Mounted, from the first request to the last. */
static bool answer_requests(struct mount *mount, struct error *err)
{
    bool good = tallyfs_begin(mount, err);
    if (good) {
        int const ended = fuse_session_loop(mount->session); /* a signal's number, or -errno */
        good = ended >= 0 || error_system(err, -ended, "the kernel's requests cannot be read");
        service_notify("STOPPING=1");
        (void)signal(SIGTERM,
                     SIG_IGN); /* told once more, libfuse would no longer give us requests */
        (void)signal(SIGINT, SIG_IGN);
        notify_stop(mount);
    }
    announce_unlisten(&mount->announce);
    store_place_close(&mount->place);
    mount_unmount(mount);
    fuse_session_unmount(mount->session); /* finds nothing mounted, and lets go of its memory */
    return good;
}

/* libfuse prints what is wrong with its options or the mount itself, mostly. */
static bool serve(struct mount *mount, struct error *err)
{
    const char *const place = mount->options->mountpoint;
    bool good = false;
    /* There is nothing to read again. In front of a terminal that goes away, the
     * daemon goes with it. */
    if (!mount->options->foreground || !isatty(STDERR_FILENO)) (void)signal(SIGHUP, SIG_IGN);
    mount->session = fuse_session_new(&mount->options->fuse, &mount_ops, sizeof mount_ops, mount);
    if (!mount->session || fuse_set_signal_handlers(mount->session) != 0) {
        (void)error_set(err, ERROR_SYSTEM, "cannot begin to mount");
        (void)error_remedy(err, "tallyfs --help tells the options");
    } else if (fuse_session_mount(mount->session, place) != 0) {
        (void)error_set(err, ERROR_SYSTEM, "cannot mount on %s", place);
    } else {
        good = answer_requests(mount, err);
    }
    if (!mount->session) return false;
    fuse_remove_signal_handlers(mount->session);
    fuse_session_destroy(mount->session);
    return good;
}

static void mount_done(struct mount *mount)
{
    handles_done(mount);
    for (size_t i = 0; i < READERS; i++)
        tree_reader_done(&mount->readers[i].reader);
    inodes_done(&mount->inodes);
    snapshots_done(&mount->snapshots);
    store_close(mount->store);
    batch_totals_done(&mount->batches);
    buffer_done(&mount->reply);
    arena_done(&mount->scratch);
    (void)pthread_mutex_destroy(&mount->lock);
    (void)pthread_mutex_destroy(&mount->turn);
}

static int tallyfs_run(struct options *options, int ready_pipe)
{
    struct mount mount = {.options = options,
                          .ready_pipe = ready_pipe,
                          .announce = {.fd = -1, .directory = -1},
                          .place = {.folder = -1, .watch = -1}};
    struct error err;
    (void)pthread_mutex_init(&mount.lock, NULL); /* cannot fail for a plain mutex */
    (void)pthread_mutex_init(&mount.turn, NULL);
    inodes_init(&mount.inodes);
    bool const good = unmounter_start(options->mountpoint, &mount.unmounter, &err) &&
                      open_store(&mount, &err) && serve(&mount, &err);
    if (!good && mount.ready_pipe >= 0)
        (void)tallyfs_fail(&err); /* the parent waits, and its caller reads */
    else if (!good)
        mount_log(&mount, &err);
    unmounter_end(&mount.unmounter);
    mount_done(&mount);
    return good ? 0 : 1;
}

/* Behind a daemon nobody reads what it prints. */
static bool become_daemon(void)
{
    int const null = open("/dev/null", O_RDWR);
    bool const good = null >= 0 && setsid() >= 0 && chdir("/") == 0 && dup2(null, 0) >= 0;
    if (null > 2) (void)close(null);
    return good;
}

/* The child's standard error stays the parent's until it is ready, so that its errors are seen. */
static int run_in_background(struct options *options)
{
    int pipe_ends[2];
    if (pipe2(pipe_ends, O_CLOEXEC) < 0) {
        perror("tallyfs");
        return 1;
    }
    pid_t const child = fork();
    if (child < 0) {
        perror("tallyfs");
        return 1;
    }
    if (child == 0) {
        (void)close(pipe_ends[0]);
        openlog("tallyfs", LOG_PID | LOG_NDELAY, LOG_DAEMON);
        return become_daemon() ? tallyfs_run(options, pipe_ends[1]) : 1;
    }
    char ready;
    (void)close(pipe_ends[1]);
    ssize_t got;
    do {
        got = read(pipe_ends[0], &ready, 1);
    } while (got < 0 && errno == EINTR);
    if (got == 1) return 0;
    int status;
    (void)waitpid(child, &status, 0); /* it has ended, or is about to */
    return 1;
}

static void show_version(void)
{
    AUTO_BUFFER struct buffer text = {0};
    buffer_format(&text, "tallyfs %s\nlibfuse %s\n", TALLYFS_VERSION, fuse_pkgversion());
    db_libraries(&text);
    document_libraries(&text);
    digest_libraries(&text);
    (void)fwrite(text.at, 1, text.length, stdout); /* main looks */
#ifndef TALLYFS_SANDBOX
    (void)puts("built without restricting itself");
#endif
}

int main(int argc, char **argv)
{
    struct options options;
    struct error err;
    if (!stdio_fds_hold()) return 1;
    signals_begin();
    damage_answer_signals("tallyfs");
    if (!options_read(argc, argv, &options, &err)) return tallyfs_fail(&err);
    if (options.show_help || options.show_version) {
        if (options.show_help) options_help();
        if (options.show_version) show_version();
        options_done(&options);
        return fflush(stdout) == 0 ? 0 : 1;
    }
    if (!check_mountpoint(&options, &err)) {
        options_done(&options);
        return tallyfs_fail(&err);
    }
    int const status = options.foreground ? tallyfs_run(&options, -1) : run_in_background(&options);
    options_done(&options);
    return status;
}
