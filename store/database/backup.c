// SPDX-License-Identifier: Apache-2.0
#include "database/backup.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "base/arena.h"
#include "base/open_beneath.h"
#include "kv/db.h"

struct backup {
    char *target;
    char *path;    /* TARGET.partial */
    int directory; /* of it */
    int lock;      /* its ingest.lock: two processes do not write to one copy */
    int rejects;   /* its directory of rejects */
    bool made;     /* by this process */
    bool finished;
};

static const char *const own_files[] = {"data.mdb", "lock.mdb"};
static const char *const own_folders[] = {"mounts", "rejects"};

/* Removes the files in a folder of the copy; there are no folders in it. */
static void empty_folder(int directory, const char *name)
{
    int const fd = open_beneath_folder(directory, name);
    DIR *const folder = fd < 0 ? NULL : fdopendir(fd);
    if (!folder) {
        if (fd >= 0) (void)close(fd);
        return;
    }
    for (const struct dirent *entry; (entry = readdir(folder));)
        (void)unlinkat(fd, entry->d_name, 0); /* what stays is found by whoever needs its place */
    (void)closedir(folder);
}

static void empty_copy(const struct backup *backup)
{
    for (size_t i = 0; i < COUNT_OF(own_files); i++)
        (void)unlinkat(backup->directory, own_files[i], 0); /* as above */
    for (size_t i = 0; i < COUNT_OF(own_folders); i++) {
        empty_folder(backup->directory, own_folders[i]);
        (void)unlinkat(backup->directory, own_folders[i], AT_REMOVEDIR);
    }
}

/* Best effort, behind an error that is told. Another process's is left alone. */
static void remove_copy(const struct backup *backup)
{
    if (backup->lock >= 0) empty_copy(backup);
    if (backup->lock < 0 && !backup->made) return;
    if (backup->directory >= 0) (void)unlinkat(backup->directory, "ingest.lock", 0);
    (void)rmdir(backup->path);
}

void backup_free(struct backup *backup)
{
    if (!backup) return;
    if (!backup->finished) remove_copy(backup);
    auto_fd(&backup->rejects);
    auto_fd(&backup->lock);
    auto_fd(&backup->directory);
    free(backup->target);
    free(backup->path);
    free(backup);
}

const char *backup_path(const struct backup *backup)
{
    return backup->path;
}

static char *copy_text(const char *text, size_t length, const char *behind)
{
    char *const copy = memory_alloc(length + strlen(behind) + 1);
    memcpy(copy, text, length);
    memcpy(copy + length, behind, strlen(behind) + 1);
    return copy;
}

static bool check_target(const char *target, struct error *err)
{
    struct stat status;
    if (lstat(target, &status) < 0)
        return errno == ENOENT || error_system(err, errno, "%s", target);
    (void)error_set(err, ERROR_INPUT, "is there already");
    (void)error_remedy(err, "give the name of a new directory, or move this one away");
    return error_place(err, "%s", target);
}

static bool backup_take_lock(struct backup *backup, struct error *err)
{
    AUTO_FD int fd = open_beneath_file(backup->directory, "ingest.lock", O_RDWR | O_CREAT, 0666);
    if (fd < 0 || flock(fd, LOCK_EX | LOCK_NB) < 0) {
        if (errno != EWOULDBLOCK) return error_system(err, errno, "cannot lock %s", backup->path);
        (void)error_set(err, ERROR_BUSY, "another process is writing it");
        return error_place(err, "%s", backup->path);
    }
    backup->lock = take_fd(&fd);
    return true;
}

/* The folder of the copy, this process's alone, and empty whatever an earlier try left in it. */
static bool backup_make_folder(struct backup *backup, const struct store *store, struct error *err)
{
    struct stat like;
    backup->made = mkdir(backup->path, 0777) == 0;
    if (!backup->made && errno != EEXIST)
        return error_system(err, errno, "cannot make %s", backup->path);
    backup->directory = open(backup->path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (backup->directory < 0) return error_system(err, errno, "%s", backup->path);
    if (!backup_take_lock(backup, err)) return false;
    if (fstat(store_directory(store), &like) < 0 ||
        fchmod(backup->directory, like.st_mode & 0777) < 0)
        return error_system(err, errno, "%s", backup->path);
    empty_copy(backup);
    for (size_t i = 0; i < COUNT_OF(own_folders); i++) {
        if (mkdirat(backup->directory, own_folders[i], 0777) < 0)
            return error_system(err, errno, "cannot make %s/%s", backup->path, own_folders[i]);
    }
    backup->rejects = open_beneath_folder(backup->directory, "rejects");
    return backup->rejects >= 0 || error_system(err, errno, "%s/rejects", backup->path);
}

/* The snapshot sees to it that the newest data.mdb is copied, should it have been
 * compacted meanwhile. */
static bool copy_data(const struct backup *backup, struct store *store, struct error *err)
{
    struct snapshot *snapshot;
    struct stat status;
    AUTO_FD int data =
        open_beneath_file(backup->directory, "data.mdb", O_WRONLY | O_CREAT | O_EXCL, 0600);
    if (data < 0 || fstatat(store_directory(store), "data.mdb", &status, 0) < 0 ||
        fchmod(data, status.st_mode & 0777) < 0)
        return error_system(err, errno, "cannot make %s/data.mdb", backup->path);
    if (!snapshot_open(store, &snapshot, err)) return false;
    bool const good =
        db_copy(store_db(store), data, err) &&
        (fsync(data) == 0 || error_system(err, errno, "cannot write %s", backup->path));
    snapshot_close(snapshot);
    return good;
}

static bool copy_bytes(int from, int to)
{
    char bytes[65536];
    ssize_t length;
    while ((length = read(from, bytes, sizeof bytes)) != 0) {
        if (length < 0 && errno == EINTR) continue;
        if (length < 0) return false;
        for (ssize_t done = 0, step; done < length; done += step) {
            step = write(to, bytes + done, (size_t)(length - done));
            if (step < 0 && errno != EINTR) return false;
            if (step < 0) step = 0;
        }
    }
    return fsync(to) == 0;
}

/* The refused records were synced before the commit that tells of them: what the data
 * knows of is there. */
static bool copy_reject(const struct backup *backup, int folder, const char *name,
                        struct error *err)
{
    AUTO_FD int to = -1;
    AUTO_FD int const from = open_beneath_file(folder, name, O_RDONLY, 0);
    if (from >= 0) to = open_beneath_file(backup->rejects, name, O_WRONLY | O_CREAT | O_EXCL, 0666);
    if (to >= 0 && copy_bytes(from, to)) return true;
    return error_system(err, errno, "cannot copy rejects/%s to %s", name, backup->path);
}

static bool copy_rejects(const struct backup *backup, const struct store *store, struct error *err)
{
    int const fd = open_beneath_folder(store_directory(store), "rejects");
    DIR *const folder = fd < 0 ? NULL : fdopendir(fd);
    if (!folder) {
        int const reason = errno;
        if (fd >= 0) (void)close(fd);
        return reason == ENOENT || error_system(err, reason, "%s/rejects", store_path(store));
    }
    bool good = true;
    for (const struct dirent *entry; good && (entry = readdir(folder));) {
        struct stat status;
        if (fstatat(fd, entry->d_name, &status, AT_SYMLINK_NOFOLLOW) == 0 &&
            S_ISREG(status.st_mode))
            good = copy_reject(backup, fd, entry->d_name, err);
    }
    (void)closedir(folder); /* only read */
    return good;
}

bool backup_begin(struct store *store, const char *target, struct backup **ret_backup,
                  struct error *err)
{
    struct backup *const backup = memory_alloc(sizeof *backup);
    size_t length = strlen(target);
    while (length > 1 && target[length - 1] == '/')
        length--;
    *backup = (struct backup){.target = copy_text(target, length, ""),
                              .path = copy_text(target, length, ".partial"),
                              .directory = -1,
                              .lock = -1,
                              .rejects = -1};
    if (check_target(backup->target, err) && backup_make_folder(backup, store, err) &&
        copy_data(backup, store, err) && copy_rejects(backup, store, err)) {
        *ret_backup = backup;
        return true;
    }
    backup_free(backup);
    return false;
}

/* The folder in which the copy stands. */
static bool sync_parent(const struct backup *backup, struct error *err)
{
    const char *const slash = strrchr(backup->target, '/');
    size_t const length = slash ? (size_t)(slash - backup->target) : 0;
    AUTO_FREE char *const parent =
        length ? copy_text(backup->target, length, "") : copy_text(slash ? "/" : ".", 1, "");
    AUTO_FD int const fd = open(parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return (fd >= 0 && fsync(fd) == 0) || error_system(err, errno, "%s", parent);
}

/* Not every file system can refuse to replace: check_target has looked. */
static int move(const struct backup *backup)
{
    int const answer =
        renameat2(AT_FDCWD, backup->path, AT_FDCWD, backup->target, RENAME_NOREPLACE);
    return answer < 0 && errno == EINVAL ? rename(backup->path, backup->target) : answer;
}

bool backup_finish(struct backup *backup, struct error *err)
{
    if (fsync(backup->rejects) < 0 || fsync(backup->directory) < 0)
        return error_system(err, errno, "%s", backup->path);
    if (move(backup) < 0) {
        if (errno == EEXIST) return check_target(backup->target, err);
        return error_system(err, errno, "cannot rename %s", backup->path);
    }
    backup->finished = true;
    return sync_parent(backup, err);
}
