// SPDX-License-Identifier: Apache-2.0
#include "environment.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "arena.h"
#include "meta.h"

/* Opening takes two files, data.mdb and lock.mdb, that belong together: a reader of the new data in the old lock
 * file would not be seen by a writer. So opening holds the directory's lock shared, and compacting holds it alone while
 * it changes both. */
static bool lock_files(const char *path, int directory, int how, int *ret_fd, struct error *err)
{
    int const fd = openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int answer = fd;
    while (fd >= 0 && (answer = flock(fd, how)) < 0 && errno == EINTR) {
    }
    if (answer < 0) {
        (void)error_system(err, errno, "cannot lock %s", path);
        if (fd >= 0) (void)close(fd); /* only a lock */
        return false;
    }
    *ret_fd = fd;
    return true;
}

/* Opens what is in the directory, and refuses a store of another format before anything else is done with it. */
bool environment_open(const char *path, int directory, bool write,
                      struct environment **ret_environment, struct error *err)
{
    AUTO_FD int files = -1;
    AUTO_TXN struct txn *txn = NULL;
    struct db *db;
    struct meta meta;
    if (!lock_files(path, directory, LOCK_SH, &files, err) ||
        !db_open(path, write ? DB_WRITE : DB_READ, &db, err))
        return false;
    if (!txn_begin(db, false, &txn, err) ||
        (!meta_load(txn, &meta, err) && !error_wrap(err, "%s", path))) {
        txn_abort(TAKE(txn));
        db_close(db);
        return false;
    }
    struct environment *const environment = memory_alloc(sizeof *environment);
    *environment = (struct environment){.db = db, .references = 1};
    *ret_environment = environment;
    return true;
}

void environment_release(struct environment *environment)
{
    if (!environment || --environment->references > 0) return;
    db_close(environment->db);
    free(environment);
}

/* A copy of the data without its free pages, durable. */
static bool write_copy(const struct environment *environment, const char *path, int directory,
                       struct error *err)
{
    if (unlinkat(directory, "data.mdb.new", 0) < 0 && errno != ENOENT)
        return error_system(err, errno, "%s/data.mdb.new", path);
    struct stat status;
    AUTO_FD int const fd =
        openat(directory, "data.mdb.new", O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0) return error_system(err, errno, "cannot make %s/data.mdb.new", path);
    if (fstatat(directory, "data.mdb", &status, 0) < 0 || fchmod(fd, status.st_mode & 0777) < 0 ||
        fchown(fd, status.st_uid, status.st_gid) < 0)
        return error_system(err, errno, "cannot make %s/data.mdb.new", path);
    if (!db_copy(environment->db, fd, err)) return false;
    return fsync(fd) == 0 || error_system(err, errno, "%s/data.mdb.new", path);
}

/* First the data: with new data beside the old lock file, whoever has the old data open only keeps pages of the new
 * one from being used again. The other way round a writer would not see the readers of the old one. */
static bool swap_files(const char *path, int directory, struct error *err)
{
    AUTO_FD int files = -1;
    if (!lock_files(path, directory, LOCK_EX, &files, err)) return false;
    if (renameat(directory, "data.mdb.new", directory, "data.mdb") < 0)
        return error_system(err, errno, "cannot replace %s/data.mdb", path);
    if (unlinkat(directory, "lock.mdb", 0) < 0 && errno != ENOENT)
        return error_system(err, errno, "cannot replace %s/lock.mdb", path);
    return fsync(files) == 0 || error_system(err, errno, "%s", path);
}

bool environment_compact(const struct environment *environment, const char *path, int directory,
                         struct error *err)
{
    if (write_copy(environment, path, directory, err) && swap_files(path, directory, err))
        return true;
    (void)unlinkat(directory, "data.mdb.new", 0); /* best effort behind an error that is told */
    return false;
}
