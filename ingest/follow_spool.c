/* A directory that files are moved into. Each is one batch, as `tally ingest` loads it, and is moved on when it is in
 * the store: to done/, or to failed/ if it cannot be loaded. A kill between the commit and the move does no harm: the
 * ledger knows the file by its bytes.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/inotify.h>
#include <sys/stat.h>

#include "follow.h"
#include "service.h"
#include "visible.h"

/* Not every file system tells of changes. */
enum { LOOK_BY_ITSELF_MS = 5000 };

static const char *const unfinished_endings[] = {".tmp", ".part", ".partial", "~"};

/* Hidden names, and those that programs give to what they still write. */
static int is_wanted(const struct dirent *entry)
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
    AUTO_FD int const fd = openat(folder, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    struct stat stat;
    if (fd < 0) return errno != ENOENT; /* what cannot be read is told when it is loaded */
    return fstat(fd, &stat) == 0 && S_ISREG(stat.st_mode) && follow_writers(fd) != WRITERS_SOME;
}

/* A name that is taken gets a number behind it. */
static bool move_to(int folder, const char *name, const char *where, struct error *err)
{
    for (unsigned number = 0;; number++) {
        AUTO_BUFFER struct buffer to = {0};
        buffer_format(&to, "%s/%s", where, name);
        if (number > 0) buffer_format(&to, ".%u", number);
        buffer_add_byte(&to, '\0');
        if (renameat2(folder, name, folder, (const char *)to.at, RENAME_NOREPLACE) == 0)
            return true;
        if (errno != EEXIST) return error_system(err, errno, "cannot move %s to %s", name, where);
    }
}

static void tell(struct follow *follow, const char *name, enum batch_ending ending)
{
    const struct batch *const batch = &follow->report.batch;
    AUTO_BUFFER struct buffer shown = {0};
    visible_write(slice_text(name), SIZE_MAX, &shown);
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

static bool load_file(struct follow *follow, int folder, const char *path, const char *name,
                      struct error *err)
{
    AUTO_BUFFER struct buffer whole = {0};
    buffer_format(&whole, "%s/%s", path, name);
    buffer_add_byte(&whole, '\0');
    struct batch_input const input = {.path = (const char *)whole.at};
    enum batch_ending const ending = follow_load(follow, &input, err);
    switch (ending) {
    case BATCH_INGESTED:
    case BATCH_KNOWN: break;
    case BATCH_REFUSED: (void)report_error(err); return move_to(folder, name, "failed", err);
    case BATCH_STOPPED: return false;
    }
    tell(follow, name, ending);
    return move_to(folder, name, "done", err);
}

static bool load_all(struct follow *follow, int folder, const char *path, struct error *err)
{
    struct dirent **entries;
    int const count = scandirat(folder, ".", &entries, is_wanted, by_bytes);
    if (count < 0) return error_system(err, errno, "cannot list it");
    bool good = true;
    for (int i = 0; i < count; i++) {
        good = good && (follow_stopped() || !is_ready(folder, entries[i]->d_name) ||
                        load_file(follow, folder, path, entries[i]->d_name, err));
        free(entries[i]);
    }
    free(entries);
    return good;
}

static bool make_folder(int folder, const char *name, struct error *err)
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
    if (!make_folder(folder, "done", err) || !make_folder(folder, "failed", err))
        return error_place(err, "%s", path);
    service_tell("READY=1");
    while (!follow_stopped()) {
        if (watch >= 0) forget_events(watch);
        if (!load_all(follow, folder, path, err)) return error_wrap(err, "%s", path);
        if (!follow_stopped()) (void)follow_wait(watch, LOOK_BY_ITSELF_MS);
    }
    return true;
}
