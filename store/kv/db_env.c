// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "base/arena.h"
#include "base/same_file.h"
#include "host/crash_signals.h"
#include "kv/db_p.h"
#include "kv/lmdb_check.h"

enum { MAP_SHIFT_MOST = 40, MAP_SHIFT_LEAST = 28 };

static bool fail_without(const struct db *db, const char *table, struct error *err)
{
    (void)error_set(err, ERROR_CORRUPT, "the store has no table '%s'", table);
    (void)error_remedy(err, "restore the store from a backup, or ingest again into a new one");
    return error_place(err, "%s", db->directory);
}

bool db_is_whole(const struct db *db, struct error *err)
{
    return !db->missing_table || fail_without(db, db->missing_table, err);
}

/* Another format may have other tables: the first one tells. */
static bool open_tables(struct db *db, enum db_access access, struct error *err)
{
    MDB_txn *txn;
    int code = mdb_txn_begin(db->env, NULL, access == DB_CREATE ? 0 : MDB_RDONLY, &txn);
    if (code != MDB_SUCCESS) return db_fail(err, db->directory, code);
    for (unsigned i = 0; i < DB_TABLES; i++) {
        code = mdb_dbi_open(txn, db_table_names[i], access == DB_CREATE ? MDB_CREATE : 0,
                            &db->tables[i]);
        if (code == MDB_SUCCESS) continue;
        if (code == MDB_NOTFOUND && i != TABLE_META) {
            db->missing_table = db_table_names[i];
            continue;
        }
        mdb_txn_abort(txn);
        return code == MDB_NOTFOUND ? fail_without(db, db_table_names[i], err)
                                    : db_fail(err, db->directory, code);
    }
    code = mdb_txn_commit(txn);
    return code == MDB_SUCCESS || db_fail_write(db, db->directory, code, err);
}

static void answer_assertion(MDB_env *env, const char *text)
{
    const struct db *const db = mdb_env_get_userctx(env);
    (void)text;
    damage_end(db->directory);
}

static int open_mapped(struct db *db, unsigned flags, unsigned map_shift)
{
    if (mdb_env_create(&db->env) != MDB_SUCCESS) return ENOMEM;
    (void)mdb_env_set_userctx(db->env, db); /* both cannot fail for an environment */
    (void)mdb_env_set_assert(db->env, answer_assertion);
    (void)mdb_env_set_maxdbs(db->env, DB_TABLES); /* these fail only after the open */
    (void)mdb_env_set_maxreaders(db->env, READERS_MAX);
    db->map_bytes = (uint64_t)1 << map_shift;
    (void)mdb_env_set_mapsize(db->env, db->map_bytes);
    int const code = mdb_env_open(db->env, db->directory, flags, 0666);
    if (code == MDB_SUCCESS) return code;
    mdb_env_close(db->env);
    db->env = NULL;
    return code;
}

/* With the largest map that the system allows. */
static int open_environment(struct db *db, unsigned flags)
{
    int code = ENOMEM; /* some systems, and valgrind, say EINVAL to a map that is too large */
    for (unsigned shift = MAP_SHIFT_MOST;
         shift >= MAP_SHIFT_LEAST && (code == ENOMEM || code == EINVAL); shift--)
        code = open_mapped(db, flags, shift);
    return code;
}

/* On a read-only medium, which has no writer, LMDB reads without its table of readers.
 * Elsewhere who cannot enter itself there may not read: writers would not know of it, and write
 * over what it reads. */
static bool fail_to_open(const struct db *db, enum db_access access, int code, struct error *err)
{
    AUTO_BUFFER struct buffer lock = {0};
    buffer_format(&lock, "%s/lock.mdb", db->directory);
    buffer_add_byte(&lock, '\0');
    if (access != DB_READ || code != EACCES ||
        faccessat(AT_FDCWD, (const char *)lock.at, W_OK, AT_EACCESS) == 0)
        return db_fail(err, db->directory, code);
    (void)error_set(err, ERROR_DENIED,
                    "lock.mdb may not be written: writers would not see the reader");
    (void)error_remedy(err, "give the right to write lock.mdb, and no other file of the store");
    return error_place(err, "%s", db->directory);
}

/* LMDB makes lock.mdb as long as it has to be, and writes into it by a map: where the disk is
 * full, that is a SIGBUS. LMDB has it not open yet, so that closing it lets go of no lock. Who
 * may not write there is told so by LMDB. */
static bool reserve_lock(const char *directory, struct error *err)
{
    enum { LOCK_BYTES = 65536 }; /* the table of READERS_MAX readers, and its head */
    AUTO_BUFFER struct buffer path = {0};
    struct stat status;
    buffer_format(&path, "%s/lock.mdb", directory);
    buffer_add_byte(&path, '\0');
    AUTO_FD int const fd =
        open((const char *)path.at, O_RDWR | O_CREAT | O_NONBLOCK | O_CLOEXEC, 0666);
    if (fd < 0 || fstat(fd, &status) < 0 || !S_ISREG(status.st_mode)) return true;
    off_t const bytes = status.st_size ? status.st_size : LOCK_BYTES;
    if ((off_t)status.st_blocks * 512 >= bytes || fallocate(fd, 0, 0, bytes) == 0) return true;
    /* Some file systems do not know how to: there it is as it was. */
    return (errno != ENOSPC && errno != EDQUOT && errno != EFBIG) ||
           error_system(err, errno, "%s", (const char *)path.at);
}

/* What a page size of zero would do to LMDB comes before anything that it could be asked. Where
 * there is no file, it says so. */
static bool check_meta(const char *directory, struct error *err)
{
    AUTO_BUFFER struct buffer path = {0};
    struct lmdb_meta meta;
    buffer_format(&path, "%s/data.mdb", directory);
    buffer_add_byte(&path, '\0');
    AUTO_FD int const fd = open((const char *)path.at, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    return fd < 0 || lmdb_meta_read(fd, &meta, err) || error_place(err, "%s", directory);
}

/* The version that the open transaction MDB reads, and where the first key of its list of tables
 * stands. */
static enum lmdb_found check_version(const struct db *db, MDB_txn *mdb, size_t *ret_key_offset,
                                     struct error *err)
{
    struct lmdb_meta meta;
    struct stat status;
    mdb_filehandle_t fd;
    size_t offset;
    (void)mdb_env_get_fd(db->env, &fd); /* cannot fail for an open one */
    enum lmdb_found const found = lmdb_meta_find(fd, mdb_txn_id(mdb), &meta, err);
    if (found != LMDB_FOUND) return found;
    if (fstat(fd, &status) < 0) {
        (void)error_system(err, errno, "cannot read data.mdb");
        return LMDB_DAMAGED;
    }
    bool const is_short = (uint64_t)status.st_size / meta.page_bytes <= meta.last_page;
    if ((is_short && !lmdb_scan_free(fd, &meta, err)) || !lmdb_scan_list(fd, &meta, &offset, err))
        return LMDB_DAMAGED;
    *ret_key_offset = offset ? meta.tables.root * meta.page_bytes + offset : 0;
    return LMDB_FOUND;
}

/* LMDB does not say where it has mapped the file: a key of which the place in the file is known
 * tells. */
static int locate_map(struct db *db, MDB_txn *mdb, size_t key_offset)
{
    MDB_cursor *cursor;
    MDB_dbi list;
    MDB_val key, value;
    if (key_offset == 0)
        return MDB_SUCCESS; /* no table, no map that anybody could be led astray in */
    int code = mdb_dbi_open(mdb, NULL, 0, &list);
    if (code == MDB_SUCCESS) code = mdb_cursor_open(mdb, list, &cursor);
    if (code != MDB_SUCCESS) return code;
    code = mdb_cursor_get(cursor, &key, &value, MDB_FIRST);
    mdb_cursor_close(cursor);
    if (code != MDB_SUCCESS) return code;
    db->map = (const uint8_t *)key.mv_data - key_offset;
    db->damage_map = damage_map_add(db->map, db->map_bytes, db->directory);
    return MDB_SUCCESS;
}

static void forget_map(struct db *db)
{
    damage_map_remove(TAKE(db->damage_map));
    db->map = NULL;
}

/* After LMDB has mapped the file, here or there. */
static bool check_opened(struct db *db, struct error *err)
{
    MDB_txn *mdb;
    MDB_envinfo info;
    size_t key_offset = 0;
    enum lmdb_found found = LMDB_GONE;
    (void)mdb_env_info(db->env, &info); /* only copies out of the environment */
    db->map_bytes = info.me_mapsize;
    for (unsigned tries = 0; found == LMDB_GONE && tries < TRIES_MAX; tries++) {
        int code = mdb_txn_begin(db->env, NULL, MDB_RDONLY, &mdb);
        if (code != MDB_SUCCESS) return db_fail(err, db->directory, code);
        found = check_version(db, mdb, &key_offset, err);
        if (found == LMDB_FOUND) code = locate_map(db, mdb, key_offset);
        mdb_txn_abort(mdb);
        if (code != MDB_SUCCESS) return db_fail(err, db->directory, code);
    }
    if (found == LMDB_GONE) (void)db_fail(err, "", MDB_CORRUPTED);
    return found == LMDB_FOUND || error_place(err, "%s", db->directory);
}

bool db_open(const char *directory, enum db_access access, struct db **ret_db, struct error *err)
{
    struct db *const db = memory_alloc(sizeof *db);
    db->directory = memory_alloc(strlen(directory) + 1);
    memcpy(db->directory, directory, strlen(directory));
    unsigned flags = MDB_NOTLS | (access == DB_READ ? MDB_RDONLY : 0);
    bool opened =
        (access == DB_CREATE || check_meta(directory, err)) && reserve_lock(directory, err);
    if (opened) {
        int const code = open_environment(db, flags);
        opened = code == MDB_SUCCESS || fail_to_open(db, access, code, err);
    }
    int stale;
    if (opened && access != DB_READ) (void)mdb_reader_check(db->env, &stale); /* best effort */
    /* Of a new file there is nothing to check before its tables are made. */
    opened = opened && (access == DB_CREATE || check_opened(db, err)) &&
             open_tables(db, access, err) && (access != DB_CREATE || check_opened(db, err));
    if (!opened) {
        db_close(db);
        return false;
    }
    *ret_db = db;
    return true;
}

void db_close(struct db *db)
{
    if (!db) return;
    forget_map(db);
    if (db->env) mdb_env_close(db->env);
    free(db->directory);
    free(db);
}

/* Of a transaction of its own, so that the version is still told by a meta page. */
bool db_check_pages(struct db *db, struct error *err)
{
    AUTO_TXN struct txn *txn = NULL;
    enum lmdb_found found = LMDB_GONE;
    struct lmdb_meta meta;
    mdb_filehandle_t fd;
    (void)mdb_env_get_fd(db->env, &fd); /* cannot fail for an open one */
    for (unsigned tries = 0; found == LMDB_GONE && tries < TRIES_MAX; tries++) {
        txn_abort(TAKE(txn));
        if (!txn_begin(db, false, &txn, err)) return false;
        found = lmdb_meta_find(fd, mdb_txn_id(txn->mdb), &meta, err);
    }
    if (found == LMDB_GONE) return db_fail(err, db->directory, MDB_CORRUPTED);
    return (found == LMDB_FOUND && lmdb_scan_all(fd, &meta, err)) ||
           error_place(err, "%s", db->directory);
}

bool db_copy(struct db *db, int fd, struct error *err)
{
    /* LMDB follows the pages, and writes into its copies of them. */
    if (!db_check_pages(db, err)) return false;
    int const code = mdb_env_copyfd2(db->env, fd, MDB_CP_COMPACT);
    if (code <= 0) return code == MDB_SUCCESS || db_fail(err, db->directory, code);
    (void)error_system(err, code, "cannot copy data.mdb");
    return error_place(err, "%s", db->directory);
}

bool db_is_replaced(const struct db *db, int directory)
{
    struct stat named, opened;
    mdb_filehandle_t fd;
    if (mdb_env_get_fd(db->env, &fd) != MDB_SUCCESS || fstat(fd, &opened) < 0) return false;
    /* Where there is no file, what is open has to do. */
    return fstatat(directory, "data.mdb", &named, AT_SYMLINK_NOFOLLOW) == 0 &&
           !is_same_file(&named, &opened);
}

bool db_move_map(struct db *db, size_t bytes, int *ret_code, struct error *err)
{
    forget_map(db);
    *ret_code = mdb_env_set_mapsize(db->env, bytes);
    return *ret_code != MDB_SUCCESS || check_opened(db, err);
}
