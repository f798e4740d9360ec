/* A directory that files are moved into. Each is one batch, as `tally ingest` loads it, and is moved on when it is in
 * the store: to done/, or to failed/ if it cannot be loaded. A kill between the commit and the move does no harm: the
 * ledger knows the file by its bytes.
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

#include "common/printable.h"
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

static int by_bytes(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

/* Whether it is a file that is whole. */
static bool is_ready(int folder, const char *name)
{
    struct stat stat;
    if (fstatat(folder, name, &stat, 0) != 0 || !S_ISREG(stat.st_mode)) return false;
    AUTO_FD int const fd = openat(folder, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    return fd < 0 || follow_writers(fd) != WRITERS_SOME; /* what cannot be read is told later */
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

/* A name that is taken gets a number behind it. One that is gone was moved by another. */
static bool move_to(int folder, const char *name, const char *where, struct error *err)
{
    enum { ROOM_FOR_NUMBER = 12 };
    int const most = NAME_MAX - ROOM_FOR_NUMBER;
    for (unsigned number = 0;; number++) {
        AUTO_BUFFER struct buffer to = {0};
        if (number > 0)
            buffer_format(&to, "%s/%.*s.%u", where, most, name, number);
        else
            buffer_format(&to, "%s/%s", where, name);
        buffer_add_byte(&to, '\0');
        if (rename_if_free(folder, name, (const char *)to.at) == 0) return true;
        int const reason = errno;
        if (faccessat(folder, name, F_OK, AT_SYMLINK_NOFOLLOW) != 0) return true;
        errno = reason;
        if (errno != EEXIST) return error_system(err, errno, "cannot move it to %s", where);
    }
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

/* The directory, and the names in it that could not be moved: they are told of once, and left. */
struct spool {
    struct follow *follow;
    const char *path;
    int folder;
    struct buffer left; /* each with a NUL */
};

static bool is_left(const struct spool *spool, const char *name)
{
    for (size_t at = 0; at < spool->left.length;) {
        const char *const each = (const char *)spool->left.at + at;
        if (strcmp(each, name) == 0) return true;
        at += strlen(each) + 1;
    }
    return false;
}

static void move_on(struct spool *spool, const char *name, const char *where)
{
    struct error err;
    if (move_to(spool->folder, name, where, &err)) return;
    (void)error_wrap(&err, "%s/%s", spool->path, name);
    (void)error_remedy(&err, "it is left there; move it yourself");
    (void)console_error(&err);
    buffer_add(&spool->left, name, strlen(name) + 1);
}

/* Whether it is the file that is at fault, and not the machine. */
static bool is_of_the_file(const struct error *err)
{
    return err->kind == ERROR_INPUT || err->kind == ERROR_SCHEMA || err->kind == ERROR_DENIED;
}

static void emit_failed(struct spool *spool, const char *name)
{
    const struct batch_report *const report = &spool->follow->report;
    AUTO_BUFFER struct buffer shown = {0};
    printable_write(slice_text(name), SIZE_MAX, &shown);
    spool->follow->refused_some = true;
    if (report->too_many_rejects)
        notices_show(&spool->follow->notices,
                     "%.*s: goes to failed; its refused records: %s/rejects/%.*s",
                     (int)shown.length, (const char *)shown.at, spool->follow->store_path,
                     (int)report->batch.rejects.length, (const char *)report->batch.rejects.at);
    else
        notices_show(&spool->follow->notices, "%.*s: goes to failed", (int)shown.length,
                     (const char *)shown.at);
}

static bool load_file(struct spool *spool, const char *name, struct error *err)
{
    AUTO_BUFFER struct buffer whole = {0};
    buffer_format(&whole, "%s/%s", spool->path, name);
    buffer_add_byte(&whole, '\0');
    struct batch_input const input = {.path = (const char *)whole.at};
    enum batch_ending const ending = follow_load(spool->follow, &input, err);
    switch (ending) {
    case BATCH_INGESTED:
    case BATCH_KNOWN: break;
    case BATCH_PAUSED: return true;
    case BATCH_REFUSED:
        if (err->kind == ERROR_MISSING) return true; /* another has taken it */
        if (!is_of_the_file(err)) return false;
        (void)console_error(err);
        emit_failed(spool, name);
        move_on(spool, name, "failed");
        return true;
    case BATCH_CHANGED:
    case BATCH_STOPPED: return false;
    }
    follow_spool_tell(spool->follow, name, ending);
    move_on(spool, name, "done");
    return true;
}

static bool load_all(struct spool *spool, struct error *err)
{
    struct dirent **entries;
    int const count = scandirat(spool->folder, ".", &entries, follow_spool_is_wanted, by_bytes);
    if (count < 0) return error_system(err, errno, "cannot list it");
    bool good = true;
    for (int i = 0; i < count; i++) {
        const char *const name = entries[i]->d_name;
        good = good && (follow_stopped() || is_left(spool, name) ||
                        !is_ready(spool->folder, name) || load_file(spool, name, err));
        free(entries[i]);
    }
    free(entries);
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
    AUTO_FD int const watch = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
    if (folder < 0) return error_system(err, errno, "%s", path);
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
