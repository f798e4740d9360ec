/* A directory that files are moved into. Each is one batch, as `tally ingest` loads it, and is
 * moved on when it is in the store: to done/, or to failed/ if it cannot be loaded, with the reason
 * beside it. A kill between the commit and the move does no harm: the batch log knows the file by
 * its bytes.
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

#include "base/open_beneath.h"
#include "common/printable.h"
#include "follow/failed_reason.h"
#include "follow/follow.h"
#include "host/service_notify.h"

/* Not every file system tells of changes. */
enum { LOOK_BY_ITSELF_MS = 5000 };

static const char *const unfinished_endings[] = {".tmp", ".part", ".partial", "~"};

/* Hidden names, and those that programs give to what they still write. */
static int follow_spool_is_wanted(const struct dirent *entry)
{
    size_t const length = strlen(entry->d_name);
    if (entry->d_name[0] == '.') return 0;
    for (size_t i = 0; i < COUNT_OF(unfinished_endings); i++) {
        size_t const ending = strlen(unfinished_endings[i]);
        if (length > ending && strcmp(entry->d_name + length - ending, unfinished_endings[i]) == 0)
            return 0;
    }
    return 1;
}

/* A file of it that is open. */
struct spooled {
    const char *name;
    int fd;
    uint64_t inode;
};

static int by_bytes(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

/* Where the file system cannot tell whether the name is free, as NFS. */
static int rename_if_free(int folder, const char *from, const char *to)
{
    if (renameat2(folder, from, folder, to, RENAME_NOREPLACE) == 0) return 0;
    if (errno != EINVAL) return -1;
    if (faccessat(folder, to, F_OK, AT_SYMLINK_NOFOLLOW) == 0) {
        errno = EEXIST;
        return -1;
    }
    return renameat(folder, from, folder, to);
}

/* Whether its name still stands for it: else another has moved it, or put a new one in its place,
 * which is loaded next. */
static bool is_still_there(int folder, const struct spooled *file)
{
    struct stat stat;
    return fstatat(folder, file->name, &stat, AT_SYMLINK_NOFOLLOW) == 0 &&
           stat.st_ino == file->inode;
}

/* A name that is taken gets a number behind it. RET_TO: the new one, empty if it is not there any
 * more. */
static bool move_to(int folder, const struct spooled *file, const char *where,
                    struct buffer *ret_to, struct error *err)
{
    enum { ROOM_FOR_NUMBER = 12 };
    int const most = NAME_MAX - ROOM_FOR_NUMBER;
    int reason = EEXIST;
    for (unsigned number = 0; reason == EEXIST && is_still_there(folder, file); number++) {
        buffer_clear(ret_to);
        if (number > 0)
            buffer_format(ret_to, "%s/%.*s.%u", where, most, file->name, number);
        else
            buffer_format(ret_to, "%s/%s", where, file->name);
        buffer_add_byte(ret_to, '\0');
        if (rename_if_free(folder, file->name, (const char *)ret_to->at) == 0) return true;
        reason = errno;
    }
    buffer_clear(ret_to);
    if (!is_still_there(folder, file)) return true;
    return error_system(err, reason, "cannot move it to %s", where);
}

static void follow_spool_tell(struct follow *follow, const char *name, enum batch_ending ending)
{
    const struct batch *const batch = &follow->report.batch;
    AUTO_BUFFER struct buffer shown = {0};
    printable_write(slice_text(name), SIZE_MAX, &shown);
    buffer_add_byte(&shown, '\0');
    if (ending == BATCH_KNOWN)
        notices_show(&follow->notices, "%s: already loaded (batch %llu)", (const char *)shown.at,
                     (unsigned long long)batch->id);
    else
        notices_show(&follow->notices, "%s: read %llu, rejected %llu, commit %llu",
                     (const char *)shown.at, (unsigned long long)batch->read_count,
                     (unsigned long long)batch->rejected_count,
                     (unsigned long long)batch->last_commit);
}

/* The directory, and what in it is told of once, and left: what could not be moved, and links. */
struct spool {
    struct follow *follow;
    const char *path;
    int folder;
    struct buffer left; /* number and name of each with a NUL: the name may get another file */
};

static void write_identity(const struct spooled *file, struct buffer *into)
{
    buffer_format(into, "%llu %s", (unsigned long long)file->inode, file->name);
    buffer_add_byte(into, '\0');
}

static bool is_left(const struct spool *spool, const struct spooled *file)
{
    AUTO_BUFFER struct buffer wanted = {0};
    write_identity(file, &wanted);
    for (size_t at = 0; at < spool->left.length;) {
        const char *const each = (const char *)spool->left.at + at;
        if (strcmp(each, (const char *)wanted.at) == 0) return true;
        at += strlen(each) + 1;
    }
    return false;
}

static void leave(struct spool *spool, const struct spooled *file, struct error *err)
{
    (void)error_place(err, "%s/%s", spool->path, file->name);
    notices_show_error(&spool->follow->notices, err);
    write_identity(file, &spool->left);
}

/* RET_TO: as that of move_to; also empty where it could not be moved. */
static void move_on(struct spool *spool, const struct spooled *file, const char *where,
                    struct buffer *ret_to)
{
    struct error err;
    if (move_to(spool->folder, file, where, ret_to, &err)) return;
    (void)error_remedy(&err, "it is left there; move it yourself");
    leave(spool, file, &err);
}

/* Whether it is the file that is at fault, and not the machine. */
static bool is_of_the_file(const struct error *err)
{
    return err->kind == ERROR_INPUT || err->kind == ERROR_SCHEMA || err->kind == ERROR_DENIED;
}

static void emit_failed(struct spool *spool, const char *name, struct slice rejects)
{
    AUTO_BUFFER struct buffer shown = {0};
    printable_write(slice_text(name), SIZE_MAX, &shown);
    spool->follow->refused_some = true;
    if (rejects.length)
        notices_show(&spool->follow->notices, "%.*s: goes to failed; its refused records: %.*s",
                     (int)shown.length, (const char *)shown.at, (int)rejects.length,
                     (const char *)rejects.at);
    else
        notices_show(&spool->follow->notices, "%.*s: goes to failed", (int)shown.length,
                     (const char *)shown.at);
}

/* Moves it on to failed/, and puts the reason beside it. REJECTS: the file of refused records, if
 * these were too many. */
static void fail_file(struct spool *spool, const struct spooled *file, const struct error *reason,
                      struct slice rejects)
{
    AUTO_BUFFER struct buffer to = {0};
    struct error err;
    notices_show_error(&spool->follow->notices, reason);
    emit_failed(spool, file->name, rejects);
    move_on(spool, file, "failed", &to);
    if (to.length == 0) return;
    const char *const path = (const char *)to.at;
    AUTO_FD int const failed = open_beneath_folder(spool->folder, "failed");
    bool const good =
        failed >= 0 ? failed_reason_write(failed, strchr(path, '/') + 1, reason, rejects, &err)
                    : error_system(&err, errno, "cannot write the reason beside it");
    if (good) return;
    (void)error_place(&err, "%s/%s", spool->path, path);
    notices_show_error(&spool->follow->notices, &err);
}

static bool load_file(struct spool *spool, const struct spooled *file, struct error *err)
{
    const struct batch_report *const report = &spool->follow->report;
    AUTO_BUFFER struct buffer whole = {0};
    AUTO_BUFFER struct buffer rejects = {0};
    AUTO_BUFFER struct buffer moved = {0};
    buffer_format(&whole, "%s/%s", spool->path, file->name);
    buffer_add_byte(&whole, '\0');
    struct batch_input const input = {
        .path = (const char *)whole.at, .is_open = true, .fd = file->fd};
    enum batch_ending const ending = follow_load(spool->follow, &input, err);
    switch (ending) {
    case BATCH_INGESTED:
    case BATCH_KNOWN: break;
    case BATCH_PAUSED: return true;
    case BATCH_REFUSED:
        if (!is_of_the_file(err)) return false;
        if (report->too_many_rejects)
            buffer_format(&rejects, "%s/rejects/%.*s", spool->follow->store_path,
                          (int)report->batch.rejects.length,
                          (const char *)report->batch.rejects.at);
        fail_file(spool, file, err, buffer_slice(&rejects));
        return true;
    case BATCH_CHANGED:
    case BATCH_STOPPED: return false;
    }
    follow_spool_tell(spool->follow, file->name, ending);
    move_on(spool, file, "done", &moved);
    return true;
}

/* What is no file that can be opened: a link is told of once, as whoever may write into the spool
 * could lead to files that they may not read. */
static void look_at_other(struct spool *spool, struct spooled *file, int reason)
{
    struct stat stat;
    struct error err;
    if (fstatat(spool->folder, file->name, &stat, AT_SYMLINK_NOFOLLOW) != 0) return;
    file->inode = stat.st_ino;
    if ((!S_ISLNK(stat.st_mode) && !S_ISREG(stat.st_mode)) || is_left(spool, file)) return;
    if (S_ISLNK(stat.st_mode)) {
        (void)error_set(&err, ERROR_INPUT, "is a link, and is not followed");
        (void)error_remedy(&err, "move the file itself there");
        leave(spool, file, &err);
        return;
    }
    (void)error_system(&err, reason, "cannot open");
    (void)error_place(&err, "%s/%s", spool->path, file->name);
    fail_file(spool, file, &err, (struct slice){0});
}

/* Loads it, if it is a file that is whole. */
static bool look_at(struct spool *spool, const char *name, struct error *err)
{
    struct stat stat;
    AUTO_FD int const fd = open_beneath_file(spool->folder, name, O_RDONLY, 0);
    struct spooled file = {.name = name, .fd = fd};
    if (fd < 0) {
        look_at_other(spool, &file, errno);
        return true;
    }
    if (fstat(fd, &stat) != 0) return error_system(err, errno, "cannot look at %s", name);
    file.inode = stat.st_ino;
    if (is_left(spool, &file) || follow_writers(fd) == WRITERS_SOME) return true;
    if (!failed_reason_is_one(spool->folder, name)) return load_file(spool, &file, err);
    (void)unlinkat(spool->folder, name, 0); /* came back with its file; it is tried again */
    return true;
}

static bool load_all(struct spool *spool, struct error *err)
{
    struct dirent **entries;
    int const count = scandirat(spool->folder, ".", &entries, follow_spool_is_wanted, by_bytes);
    if (count < 0) return error_system(err, errno, "cannot list it");
    bool good = true;
    for (int i = 0; i < count; i++) {
        good = good && (follow_stopped() || look_at(spool, entries[i]->d_name, err));
        free(entries[i]);
    }
    free(entries);
    AUTO_FD int const failed = open_beneath_folder(spool->folder, "failed");
    if (failed >= 0) failed_reason_sweep(failed);
    return good;
}

static bool follow_spool_make_folder(int folder, const char *name, struct error *err)
{
    if (mkdirat(folder, name, 0777) == 0 || errno == EEXIST) return true;
    return error_system(err, errno, "cannot make %s in it", name);
}

/* What happens to the names does not matter: it is looked at what is there. */
static void forget_events(int watch)
{
    char events[4096];
    while (read(watch, events, sizeof events) > 0) {
    }
}

bool follow_spool(struct follow *follow, const char *path, struct error *err)
{
    AUTO_FD int const folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder < 0) return error_system(err, errno, "%s", path);
    AUTO_FD int const watch = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
    /* Where there can be no watch, it is looked every few seconds. */
    if (watch >= 0) (void)inotify_add_watch(watch, path, IN_MOVED_TO | IN_CLOSE_WRITE | IN_CREATE);
    if (!follow_spool_make_folder(folder, "done", err) ||
        !follow_spool_make_folder(folder, "failed", err))
        return error_place(err, "%s", path);
    service_notify("READY=1");
    struct spool spool = {.follow = follow, .path = path, .folder = folder};
    bool good = true;
    while (good && !follow_stopped()) {
        if (watch >= 0) forget_events(watch);
        good = load_all(&spool, err) || error_wrap(err, "%s", path);
        if (good && !follow_stopped()) (void)follow_wait(watch, LOOK_BY_ITSELF_MS);
    }
    buffer_done(&spool.left);
    return good;
}
