// SPDX-License-Identifier: Apache-2.0
#include "base/arena.h"
#include "kv/db_p.h"
#include "kv/lmdb_check.h"

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

void txn_note_touched(struct txn *txn, const void *at, size_t bytes)
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
            if (!db_move_map(db, 0, &code, err)) return false;
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
    *txn = (struct txn){.db = db, .mdb = mdb, .guard = looked, .writes = 1};
    if (write) txn->touched = memory_alloc(TOUCHED_SLOTS / 8);
    atomic_fetch_add(&db->open_txns, 1);
    *ret_txn = txn;
    return true;
}

/* LMDB's commit writes the page that makes it one, and then the number that readers begin with into
 * the lock file. Whoever takes the lock of a writer that died in between mends that number. */
bool db_recover(struct db *db, struct error *err)
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
    for (unsigned i = 0; i < DB_TABLES * GAPS; i++)
        buffer_done(&txn->gaps[i / GAPS][i % GAPS].from);
    free(txn->touched);
    free(txn);
}

static void close_cursors(struct txn *txn)
{
    for (unsigned i = 0; i < DB_TABLES; i++) {
        if (txn->cursors[i]) mdb_cursor_close(txn->cursors[i]);
    }
}

bool txn_commit(struct txn *txn, struct error *err)
{
    if (txn->failed) {
        txn_abort(txn);
        return error_set(err, ERROR_SYSTEM, "the transaction had failed before");
    }
    size_t const id = mdb_txn_id(txn->mdb);
    struct db *const db = txn->db;
    close_cursors(txn);
    int const code = mdb_txn_commit(txn->mdb);
    if (code == MDB_SUCCESS) db->checked_txn = id;
    txn_free(txn);
    return code == MDB_SUCCESS || db_fail_write(db, db->directory, code, err);
}

void txn_abort(struct txn *txn)
{
    if (!txn) return;
    close_cursors(txn);
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
    if (!db_move_map(db, db->map_bytes * 2, &code, err)) return false;
    return code == MDB_SUCCESS || db_fail(err, db->directory, code == ENOMEM ? MDB_MAP_FULL : code);
}
