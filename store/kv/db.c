// SPDX-License-Identifier: Apache-2.0
#include "kv/db.h"

#include <errno.h>
#include <fcntl.h>
#include <lmdb.h>
#include <stdatomic.h>
#include <sys/stat.h>
#define XXH_INLINE_ALL /* most entries are so short that a call would cost as much as the sum */
#include <xxhash.h>

#include "base/arena.h"
#include "kv/crash_signals.h"
#include "kv/lmdb_check.h"
#include "kv/lmdb_guard.h"
#include "kv/short_write.h"

struct db {
    MDB_env *env;
    MDB_dbi tables[DB_TABLES];
    uint64_t map_bytes;
    char *directory;
    const char *missing_table; /* NULL: none */
    atomic_uint open_txns;     /* the map cannot move under them */
    const uint8_t *map;        /* LMDB's, of data.mdb; NULL: nothing is in it */
    struct damage_map *damage_map;
    size_t checked_txn; /* of the writer: the commit whose free pages were looked at; 0: none */
    atomic_size_t dirty_bytes; /* see db_dirty_bytes */
};

struct txn {
    struct db *db;
    MDB_txn *mdb;
    struct lmdb_guard *guard; /* of the pages that it stands on */
    bool failed;
    bool map_full;
    uint8_t *touched; /* of one that writes: see note_touched */
    size_t touched_count;
};

struct cursor {
    struct txn *txn;
    MDB_cursor *mdb;
    enum db_table table;
    const void *at; /* the value that it stands at */
};

/* 1022 readers: LMDB's own 126 is soon used up by many mounts with a few snapshots each. */
enum { READERS_MAX = 1022, MAP_SHIFT_MOST = 40, MAP_SHIFT_LEAST = 28 };
/* A writer may commit twice before a version that was just begun is looked at, but not for ever. */
enum { TRIES_MAX = 1000 };

const char *const db_table_names[DB_TABLES] = {
    "meta",  "commits", "events",  "expiry",  "groups",  "values",
    "ranks", "links",   "batches", "digests", "changes", "references",
};

/* The one place where LMDB's codes become words. */
static bool db_fail(struct error *err, const char *place, int code)
{
    switch (code) {
    case MDB_MAP_FULL:
        (void)error_set(err, ERROR_FULL, "the store's map is full and could not be made larger");
        (void)error_remedy(err, "allow more address space (ulimit -v)");
        break;
    case MDB_READERS_FULL:
        (void)error_set(err, ERROR_FULL, "%d readers have the store open", READERS_MAX);
        (void)error_remedy(err, "end some of the mounts or commands that read it");
        break;
    case MDB_MAP_RESIZED:
        (void)error_set(err, ERROR_BUSY,
                        "another process made the store larger than this one can map now");
        (void)error_remedy(err, "start this program again");
        break;
    case MDB_VERSION_MISMATCH:
        (void)error_set(err, ERROR_VERSION, "data.mdb was written by another version of LMDB");
        break;
    case MDB_INVALID:
        (void)error_set(err, ERROR_CORRUPT, "data.mdb is not an LMDB file");
        (void)error_remedy(err, "restore the store from a backup, or ingest again into a new one");
        break;
    case MDB_CORRUPTED:
    case MDB_PAGE_NOTFOUND:
    case MDB_PANIC:
    case MDB_BAD_TXN:
    case MDB_NOTFOUND:
        (void)error_set(err, ERROR_CORRUPT, "the store is damaged: %s", mdb_strerror(code));
        (void)error_remedy(err, "restore the store from a backup, or ingest again into a new one");
        break;
    case MDB_TXN_FULL:
        (void)error_set(err, ERROR_FULL, "the transaction is too large");
        (void)error_remedy(err, "give --memory a smaller size");
        break;
    default:
        if (code > 0)
            (void)error_system(err, code, "the store cannot be used");
        else
            (void)error_set(err, ERROR_SYSTEM, "LMDB: %s", mdb_strerror(code));
    }
    return error_place(err, "%s", place);
}

/* Of a call that may write. */
static bool fail_write(const struct db *db, const char *place, int code, struct error *err)
{
    mdb_filehandle_t fd;
    if (code == EIO && mdb_env_get_fd(db->env, &fd) == MDB_SUCCESS)
        code = short_write_reason(db->directory, fd);
    if (code <= 0) return db_fail(err, place, code);
    (void)error_system(err, code, "cannot write data.mdb");
    return error_place(err, "%s", place);
}

/* A struct txn is the caller's to change even where the call only reads: failing is a fact of the
 * transaction, not of its content. */
static struct txn *mark_failed(const struct txn *txn)
{
    struct txn *const marked = (struct txn *)(uintptr_t)txn;
    marked->failed = true;
    return marked;
}

static bool fail_txn(const struct txn *txn, enum db_table table, int code, struct error *err)
{
    struct txn *const marked = mark_failed(txn);
    if (code == MDB_MAP_FULL) marked->map_full = true;
    return fail_write(txn->db, db_table_names[table], code, err);
}

/* LMDB has no sums: each value ends in one, of itself and its key. */
static void write_sum(struct slice key, struct slice value, uint8_t sum[DB_SUM_BYTES])
{
    uint64_t const hash =
        XXH3_64bits_withSeed(value.at, value.length, XXH3_64bits(key.at, key.length));
    for (size_t i = 0; i < DB_SUM_BYTES; i++)
        sum[i] = (uint8_t)(hash >> (8 * i));
}

/* Takes the sum off; false: it is another. */
static bool check_sum(const MDB_val *key, const MDB_val *stored, struct slice *ret_value)
{
    uint8_t sum[DB_SUM_BYTES];
    if (stored->mv_size < DB_SUM_BYTES || key->mv_size > DB_KEY_BYTES_MAX) return false;
    struct slice const value = slice_of(stored->mv_data, stored->mv_size - DB_SUM_BYTES);
    write_sum(slice_of(key->mv_data, key->mv_size), value, sum);
    *ret_value = value;
    return memcmp(value.at + value.length, sum, DB_SUM_BYTES) == 0;
}

/* LMDB copies each page that a transaction changes onto the heap, and does not tell how many it
 * has. So the addresses that entries are written to are noted, by pages: a bit for each, at a place
 * that a hash gives, as few of them are in use. One in some is not seen: those above them in the
 * tree, and those whose bit is another one's too. */
enum {
    TOUCHED_UNSEEN = 8,
    TOUCHED_SHIFT = 12,
    TOUCHED_SLOTS_SHIFT = 19,
    TOUCHED_SLOTS = 1 << TOUCHED_SLOTS_SHIFT
};

static void note_touched(struct txn *txn, const void *at, size_t bytes)
{
    uintptr_t const first = (uintptr_t)at >> TOUCHED_SHIFT;
    uintptr_t const last = ((uintptr_t)at + bytes - 1) >> TOUCHED_SHIFT;
    for (uintptr_t page = first; page <= last; page++) {
        uint64_t const hash = (uint64_t)page * 0x9e3779b97f4a7c15u; /* Knuth's multiplicative */
        uint64_t const slot = hash >> (64 - TOUCHED_SLOTS_SHIFT);
        uint8_t const bit = (uint8_t)(1u << (slot & 7));
        txn->touched_count += !(txn->touched[slot >> 3] & bit);
        txn->touched[slot >> 3] |= bit;
    }
}

static MDB_val val_of(struct slice slice)
{
    return (MDB_val){.mv_size = slice.length, .mv_data = (void *)(uintptr_t)slice.at};
}

static struct slice slice_of_val(const MDB_val *val)
{
    return slice_of(val->mv_data, val->mv_size);
}

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
    return code == MDB_SUCCESS || fail_write(db, db->directory, code, err);
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

const char *db_library(void)
{
    return mdb_version(NULL, NULL, NULL);
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
           (named.st_ino != opened.st_ino || named.st_dev != opened.st_dev);
}

/* To BYTES, or to what another process made of it (0). *RET_CODE is LMDB's; false: the file
 * behind the new map is damaged. */
static bool move_map(struct db *db, size_t bytes, int *ret_code, struct error *err)
{
    forget_map(db);
    *ret_code = mdb_env_set_mapsize(db->env, bytes);
    return *ret_code != MDB_SUCCESS || check_opened(db, err);
}

/* What the transaction MDB stands on: the list of tables and, of a writer, the free pages,
 * unless they are this process's own. */
static enum lmdb_found begin_guard(struct db *db, MDB_txn *mdb, bool write,
                                   struct lmdb_guard **ret_guard, struct error *err)
{
    struct lmdb_meta meta;
    mdb_filehandle_t fd;
    size_t const last = mdb_txn_id(mdb) - write;
    (void)mdb_env_get_fd(db->env, &fd); /* cannot fail for an open one */
    enum lmdb_found const found = lmdb_meta_find(fd, last, &meta, err);
    if (found != LMDB_FOUND) return found;
    if (write && (db->checked_txn == 0 || db->checked_txn != last)) {
        if (!lmdb_scan_free(fd, &meta, err)) return LMDB_DAMAGED;
        db->checked_txn = last;
    }
    return lmdb_guard_new(db->map, &meta, db_table_names, DB_TABLES, ret_guard, err) ? LMDB_FOUND
                                                                                     : LMDB_DAMAGED;
}

static int begin(struct db *db, unsigned flags, MDB_txn **ret_mdb)
{
    int code = mdb_txn_begin(db->env, NULL, flags, ret_mdb);
    if (code == MDB_READERS_FULL) { /* killed processes leave their places behind */
        int stale;
        code = mdb_reader_check(db->env, &stale);
        if (code == MDB_SUCCESS) code = mdb_txn_begin(db->env, NULL, flags, ret_mdb);
    }
    return code;
}

/* A reader whose version is older than both meta pages already begins again. */
static bool begin_guarded(struct db *db, bool write, MDB_txn **ret_mdb,
                          struct lmdb_guard **ret_guard, struct error *err)
{
    enum lmdb_found found = LMDB_GONE;
    for (unsigned tries = 0; found == LMDB_GONE && tries < TRIES_MAX; tries++) {
        int code = begin(db, write ? 0 : MDB_RDONLY, ret_mdb);
        if (code == MDB_MAP_RESIZED && atomic_load(&db->open_txns) == 0) {
            if (!move_map(db, 0, &code, err)) return false;
            if (code == MDB_SUCCESS) code = begin(db, write ? 0 : MDB_RDONLY, ret_mdb);
        }
        if (code != MDB_SUCCESS) return db_fail(err, db->directory, code);
        found = begin_guard(db, *ret_mdb, write, ret_guard, err);
        if (found != LMDB_FOUND) mdb_txn_abort(*ret_mdb);
    }
    if (found == LMDB_GONE) (void)db_fail(err, "", MDB_CORRUPTED);
    return found == LMDB_FOUND || error_place(err, "%s", db->directory);
}

bool txn_begin(struct db *db, bool write, struct txn **ret_txn, struct error *err)
{
    MDB_txn *mdb;
    struct lmdb_guard *looked;
    if (!begin_guarded(db, write, &mdb, &looked, err)) return false;
    struct txn *const txn = memory_alloc(sizeof *txn);
    *txn = (struct txn){.db = db, .mdb = mdb, .guard = looked};
    if (write) txn->touched = memory_alloc(TOUCHED_SLOTS / 8);
    atomic_fetch_add(&db->open_txns, 1);
    *ret_txn = txn;
    return true;
}

/* LMDB's commit writes the page that makes it one, and then the number that readers begin with into
 * the lock file. Whoever takes the lock of a writer that died in between mends that number. */
bool db_settle(struct db *db, struct error *err)
{
    struct txn *txn;
    if (!txn_begin(db, true, &txn, err)) return false;
    txn_abort(txn);
    return true;
}

bool txn_begin_beside(const struct txn *writing, struct txn **ret_txn, struct error *err)
{
    return txn_begin(writing->db, false, ret_txn, err);
}

size_t txn_dirty_bytes(const struct txn *txn)
{
    size_t const pages = txn->touched_count;
    return (pages + pages / TOUCHED_UNSEEN) << TOUCHED_SHIFT;
}

size_t db_dirty_bytes(const struct db *db)
{
    return atomic_load(&db->dirty_bytes);
}

static void txn_free(struct txn *txn)
{
    if (txn->touched) atomic_store(&txn->db->dirty_bytes, txn_dirty_bytes(txn));
    atomic_fetch_sub(&txn->db->open_txns, 1);
    lmdb_guard_free(txn->guard);
    free(txn->touched);
    free(txn);
}

bool txn_commit(struct txn *txn, struct error *err)
{
    if (txn->failed) {
        txn_abort(txn);
        return error_set(err, ERROR_SYSTEM, "the transaction had failed before");
    }
    size_t const id = mdb_txn_id(txn->mdb);
    struct db *const db = txn->db;
    int const code = mdb_txn_commit(txn->mdb);
    if (code == MDB_SUCCESS) db->checked_txn = id;
    txn_free(txn);
    return code == MDB_SUCCESS || fail_write(db, db->directory, code, err);
}

void txn_abort(struct txn *txn)
{
    if (!txn) return;
    mdb_txn_abort(txn->mdb);
    txn_free(txn);
}

bool txn_map_full(const struct txn *txn)
{
    return txn->map_full;
}

bool db_grow(struct db *db, struct error *err)
{
    int code;
    if (atomic_load(&db->open_txns)) return db_fail(err, db->directory, MDB_MAP_FULL);
    if (!move_map(db, db->map_bytes * 2, &code, err)) return false;
    return code == MDB_SUCCESS || db_fail(err, db->directory, code == ENOMEM ? MDB_MAP_FULL : code);
}

bool db_blame(enum db_table table, struct error *err)
{
    bool const derived = table == TABLE_GROUPS || table == TABLE_VALUES || table == TABLE_RANKS ||
                         table == TABLE_LINKS;
    (void)error_remedy(err,
                       derived ? "tally rebuild STORE"
                               : "restore the store from a backup, or ingest again into a new one");
    return error_place(err, "%s", db_table_names[table]);
}

static enum db_finding db_damaged(const struct txn *txn, enum db_table table, struct error *err)
{
    mark_failed(txn);
    (void)error_set(err, ERROR_CORRUPT, "an entry is damaged");
    (void)db_blame(table, err);
    return DB_FAILED;
}

static enum db_finding finding(const struct txn *txn, enum db_table table, int code,
                               struct error *err)
{
    if (code == MDB_SUCCESS) return DB_FOUND;
    if (code == MDB_NOTFOUND) return DB_MISSING;
    (void)fail_txn(txn, table, code, err);
    return DB_FAILED;
}

/* Whether LMDB may follow the pages to KEY. */
static bool guard(const struct txn *txn, enum db_table table, struct slice key,
                  enum lmdb_reach reach, struct error *err)
{
    if (lmdb_guard_key(txn->guard, table, key, reach, err)) return true;
    mark_failed(txn);
    return error_place(err, "%s", txn->db->directory);
}

enum db_finding db_get(const struct txn *txn, enum db_table table, struct slice key,
                       struct slice *ret_value, struct error *err)
{
    MDB_val key_val = val_of(key), value = {0};
    if (!guard(txn, table, key, LMDB_LOOK, err)) return DB_FAILED;
    int const code = mdb_get(txn->mdb, txn->db->tables[table], &key_val, &value);
    if (code == MDB_SUCCESS && !check_sum(&key_val, &value, ret_value))
        return db_damaged(txn, table, err);
    return finding(txn, table, code, err);
}

static bool put(struct txn *txn, enum db_table table, struct slice key, struct slice value,
                unsigned flags, struct error *err)
{
    if (!guard(txn, table, key, LMDB_PUT, err)) return false;
    MDB_val key_val = val_of(key), room = {.mv_size = value.length + DB_SUM_BYTES};
    uint8_t sum[DB_SUM_BYTES];
    write_sum(key, value, sum);
    int const code =
        mdb_put(txn->mdb, txn->db->tables[table], &key_val, &room, MDB_RESERVE | flags);
    if (code != MDB_SUCCESS) return fail_txn(txn, table, code, err);
    note_touched(txn, room.mv_data, room.mv_size);
    if (value.length) memcpy(room.mv_data, value.at, value.length);
    memcpy((uint8_t *)room.mv_data + value.length, sum, sizeof sum);
    return true;
}

bool db_put(struct txn *txn, enum db_table table, struct slice key, struct slice value,
            struct error *err)
{
    return put(txn, table, key, value, 0, err);
}

bool db_append(struct txn *txn, enum db_table table, struct slice key, struct slice value,
               struct error *err)
{
    return put(txn, table, key, value, MDB_APPEND, err);
}

bool db_drop(struct txn *txn, enum db_table table, struct slice key, struct error *err)
{
    if (!guard(txn, table, key, LMDB_REMOVE, err)) return false;
    MDB_val key_val = val_of(key), value;
    MDB_cursor *cursor; /* mdb_del does the same, but does not tell where */
    int code = mdb_cursor_open(txn->mdb, txn->db->tables[table], &cursor);
    if (code != MDB_SUCCESS) return fail_txn(txn, table, code, err);
    code = mdb_cursor_get(cursor, &key_val, &value, MDB_SET);
    if (code == MDB_SUCCESS) {
        note_touched(txn, value.mv_data, 1);
        code = mdb_cursor_del(cursor, 0);
    }
    mdb_cursor_close(cursor);
    return code == MDB_SUCCESS || fail_txn(txn, table, code, err);
}

bool db_clear(struct txn *txn, enum db_table table, struct error *err)
{
    mdb_filehandle_t fd;
    (void)mdb_env_get_fd(txn->db->env, &fd); /* cannot fail for an open one */
    if (!lmdb_scan_table(fd, lmdb_guard_meta(txn->guard), lmdb_guard_tree(txn->guard, table),
                         db_table_names[table], err)) {
        txn->failed = true;
        return error_place(err, "%s", txn->db->directory);
    }
    int const code = mdb_drop(txn->mdb, txn->db->tables[table], 0);
    return code == MDB_SUCCESS || fail_txn(txn, table, code, err);
}

bool cursor_open(const struct txn *txn, enum db_table table, struct cursor **ret_cursor,
                 struct error *err)
{
    MDB_cursor *mdb;
    int const code = mdb_cursor_open(txn->mdb, txn->db->tables[table], &mdb);
    if (code != MDB_SUCCESS) return fail_txn(txn, table, code, err);
    struct cursor *const cursor = memory_alloc(sizeof *cursor);
    *cursor = (struct cursor){.txn = (struct txn *)(uintptr_t)txn, .mdb = mdb, .table = table};
    *ret_cursor = cursor;
    return true;
}

void cursor_close(struct cursor *cursor)
{
    if (!cursor) return;
    mdb_cursor_close(cursor->mdb);
    free(cursor);
}

static enum db_finding step(struct cursor *cursor, MDB_val *key, MDB_cursor_op op,
                            struct db_entry *ret_entry, struct error *err)
{
    MDB_val value = {
        0}; /* LMDB leaves it as it is where a page says to be of a kind that has no values */
    int const code = mdb_cursor_get(cursor->mdb, key, &value, op);
    if (code == MDB_SUCCESS) {
        cursor->at = value.mv_data;
        ret_entry->key = slice_of_val(key);
        if (!check_sum(key, &value, &ret_entry->value))
            return db_damaged(cursor->txn, cursor->table, err);
        /* From here it may go on to either side. */
        if (!guard(cursor->txn, cursor->table, ret_entry->key, LMDB_LOOK, err)) return DB_FAILED;
    }
    return finding(cursor->txn, cursor->table, code, err);
}

enum db_finding cursor_seek(struct cursor *cursor, struct slice key, struct db_entry *ret_entry,
                            struct error *err)
{
    MDB_val key_val = val_of(key);
    if (!guard(cursor->txn, cursor->table, key, LMDB_LOOK, err)) return DB_FAILED;
    return step(cursor, &key_val, MDB_SET_RANGE, ret_entry, err);
}

enum db_finding cursor_first(struct cursor *cursor, struct db_entry *ret_entry, struct error *err)
{
    MDB_val key = {0};
    if (!lmdb_guard_first(cursor->txn->guard, cursor->table, err)) {
        mark_failed(cursor->txn);
        (void)error_place(err, "%s", cursor->txn->db->directory);
        return DB_FAILED;
    }
    return step(cursor, &key, MDB_FIRST, ret_entry, err);
}

enum db_finding cursor_next(struct cursor *cursor, struct db_entry *ret_entry, struct error *err)
{
    MDB_val key = {0};
    return step(cursor, &key, MDB_NEXT, ret_entry, err);
}

enum db_finding cursor_previous(struct cursor *cursor, struct db_entry *ret_entry,
                                struct error *err)
{
    MDB_val key = {0};
    return step(cursor, &key, MDB_PREV, ret_entry, err);
}

/* The entry behind KEY, which leads to the one in front of it, is not read: its sum is
 * nobody's business. */
enum db_finding cursor_seek_back(struct cursor *cursor, struct slice key,
                                 struct db_entry *ret_entry, struct error *err)
{
    MDB_val key_val = val_of(key), value = {0};
    if (!guard(cursor->txn, cursor->table, key, LMDB_LOOK, err)) return DB_FAILED;
    int const code = mdb_cursor_get(cursor->mdb, &key_val, &value, MDB_SET_RANGE);
    if (code == MDB_NOTFOUND) return step(cursor, &key_val, MDB_LAST, ret_entry, err);
    if (code != MDB_SUCCESS) return finding(cursor->txn, cursor->table, code, err);
    bool const exact = slice_equal(slice_of_val(&key_val), key);
    return step(cursor, &key_val, exact ? MDB_GET_CURRENT : MDB_PREV, ret_entry, err);
}

bool cursor_drop(struct cursor *cursor, struct error *err)
{
    MDB_val key, value;
    int code = mdb_cursor_get(cursor->mdb, &key, &value, MDB_GET_CURRENT);
    if (code == MDB_SUCCESS) {
        if (!guard(cursor->txn, cursor->table, slice_of_val(&key), LMDB_REMOVE, err)) return false;
        note_touched(cursor->txn, value.mv_data, 1);
        code = mdb_cursor_del(cursor->mdb, 0);
    }
    return code == MDB_SUCCESS || fail_txn(cursor->txn, cursor->table, code, err);
}

bool db_clear_prefix(struct txn *txn, enum db_table table, struct slice prefix, struct error *err)
{
    AUTO_CURSOR struct cursor *cursor = NULL;
    struct db_entry entry;
    if (!cursor_open(txn, table, &cursor, err)) return false;
    enum db_finding answer = cursor_seek(cursor, prefix, &entry, err);
    while (answer == DB_FOUND && slice_starts(entry.key, prefix)) {
        if (!cursor_drop(cursor, err)) return false;
        answer = cursor_next(cursor, &entry, err);
    }
    return answer != DB_FAILED;
}

bool db_table_bytes(const struct txn *txn, enum db_table table, uint64_t *ret_bytes,
                    struct error *err)
{
    MDB_stat sizes;
    int const code = mdb_stat(txn->mdb, txn->db->tables[table], &sizes);
    if (code != MDB_SUCCESS) return fail_txn(txn, table, code, err);
    *ret_bytes = (uint64_t)sizes.ms_psize *
                 (sizes.ms_branch_pages + sizes.ms_leaf_pages + sizes.ms_overflow_pages);
    return true;
}

bool db_usage(const struct txn *txn, struct db_usage *ret_usage, struct error *err)
{
    MDB_envinfo info;
    MDB_stat sizes;
    (void)mdb_env_info(txn->db->env, &info); /* both only copy out of the environment */
    (void)mdb_env_stat(txn->db->env, &sizes);
    struct db_usage usage = {.map_bytes = info.me_mapsize,
                             .file_bytes = (uint64_t)(info.me_last_pgno + 1) * sizes.ms_psize};
    uint64_t used = 2 * (uint64_t)sizes.ms_psize; /* the two meta pages */
    for (unsigned i = 0; i < DB_TABLES; i++) {
        if (!db_table_bytes(txn, (enum db_table)i, &usage.table_bytes[i], err)) return false;
        used += usage.table_bytes[i];
    }
    usage.free_bytes = usage.file_bytes > used ? usage.file_bytes - used : 0;
    *ret_usage = usage;
    return true;
}
