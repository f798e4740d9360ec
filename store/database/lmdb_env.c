// SPDX-License-Identifier: Apache-2.0
#include "database/lmdb_env.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/same_file.h"
#include "database/compact_swap.h"
#include "tables/meta.h"

/* LMDB opens by path: it must still lead to the directory that the rest is done in. */
static bool check_place(const char *path, int directory, struct error *err)
{
    struct stat named, held;
    if (stat(path, &named) == 0 && fstat(directory, &held) == 0 && is_same_file(&named, &held))
        return true;
    (void)error_set(err, ERROR_MISSING, "the store is not here any more");
    (void)error_remedy(err, "where it was moved, open it there");
    return error_place(err, "%s", path);
}

/* LMDB follows links, and would make a lock.mdb where one leads. */
static bool check_files(const char *path, int directory, struct error *err)
{
    static const char *const names[] = {"data.mdb", "lock.mdb"};
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        struct stat status;
        bool const there = fstatat(directory, names[i], &status, AT_SYMLINK_NOFOLLOW) == 0;
        if (!there || S_ISREG(status.st_mode)) continue;
        (void)error_set(err, ERROR_DENIED, "%s is not a regular file", names[i]);
        (void)error_remedy(err, "links are not followed: make the whole store one");
        return error_place(err, "%s", path);
    }
    return true;
}

static struct {
    pthread_mutex_t lock;
    struct lmdb_env *first;
} opened = {.lock = PTHREAD_MUTEX_INITIALIZER};

/* The one in the list that has the directory's data.mdb open. */
static struct lmdb_env *find_opened(int directory, bool write)
{
    struct stat data;
    if (fstatat(directory, "data.mdb", &data, AT_SYMLINK_NOFOLLOW) < 0) return NULL;
    for (struct lmdb_env *each = opened.first; each; each = each->next) {
        if (each->device == data.st_dev && each->inode == data.st_ino && each->write == write &&
            each->process == getpid())
            return each;
    }
    return NULL;
}

static bool open_first(const char *path, int directory, bool write,
                       struct lmdb_env **ret_environment, struct error *err)
{
    AUTO_TXN struct txn *txn = NULL;
    struct db *db;
    struct meta meta;
    struct stat data;
    if (!db_open(path, write ? DB_WRITE : DB_READ, &db, err)) return false;
    bool const placed =
        (fstatat(directory, "data.mdb", &data, AT_SYMLINK_NOFOLLOW) == 0 &&
         !db_is_replaced(db, directory)) ||
        error_set(err, ERROR_BUSY, "%s: data.mdb was exchanged while it was opened", path);
    if (!placed || !txn_begin(db, false, &txn, err) ||
        (!meta_load(txn, &meta, err) && !error_wrap(err, "%s", path)) || !db_is_whole(db, err)) {
        txn_abort(TAKE(txn));
        db_close(db);
        return false;
    }
    struct lmdb_env *const environment = memory_alloc(sizeof *environment);
    *environment = (struct lmdb_env){.db = db,
                                     .device = data.st_dev,
                                     .inode = data.st_ino,
                                     .process = getpid(),
                                     .write = write,
                                     .next = opened.first};
    opened.first = environment;
    *ret_environment = environment;
    return true;
}

bool lmdb_env_open(const char *path, int directory, bool write, struct lmdb_env **ret_environment,
                   struct error *err)
{
    AUTO_FD int hold = -1;
    if (!compact_swap_hold(directory, path, &hold, err) || !check_place(path, directory, err) ||
        !check_files(path, directory, err))
        return false;
    (void)pthread_mutex_lock(&opened.lock); /* cannot fail: not recursive */
    struct lmdb_env *environment = find_opened(directory, write);
    bool const good = environment || open_first(path, directory, write, &environment, err);
    if (good) {
        environment->references++;
        *ret_environment = environment;
    }
    (void)pthread_mutex_unlock(&opened.lock);
    return good;
}

struct lmdb_env *lmdb_env_acquire(struct lmdb_env *environment)
{
    (void)pthread_mutex_lock(&opened.lock);
    environment->references++;
    (void)pthread_mutex_unlock(&opened.lock);
    return environment;
}

void lmdb_env_release(struct lmdb_env *environment)
{
    if (!environment) return;
    (void)pthread_mutex_lock(&opened.lock);
    if (--environment->references == 0) {
        struct lmdb_env **at = &opened.first;
        while (*at != environment)
            at = &(*at)->next;
        *at = environment->next;
        db_close(environment->db);
        free(environment);
    }
    (void)pthread_mutex_unlock(&opened.lock);
}

/* A copy of the data without its free pages, durable. */
static bool write_copy(const struct lmdb_env *environment, const char *path, int directory,
                       struct error *err)
{
    AUTO_FD int data = -1;
    if (!compact_swap_begin(directory, path, &data, err)) return false;
    if (db_copy(environment->db, data, err) &&
        (fsync(data) == 0 || error_system(err, errno, "%s", path)))
        return true;
    return error_wrap(err, "cannot write data.mdb.new");
}

bool lmdb_env_compact(const struct lmdb_env *environment, const char *path, int directory,
                      struct error *err)
{
    if (write_copy(environment, path, directory, err) && compact_swap_finish(directory, path, err))
        return true;
    compact_swap_drop(directory);
    return false;
}
