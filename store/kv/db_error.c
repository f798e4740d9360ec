// SPDX-License-Identifier: Apache-2.0
#include <errno.h>

#include "kv/db_p.h"
#include "kv/short_write.h"

/* The one place where LMDB's codes become words. */
bool db_fail(struct error *err, const char *place, int code)
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

bool db_fail_write(const struct db *db, const char *place, int code, struct error *err)
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
struct txn *txn_mark_failed(const struct txn *txn)
{
    struct txn *const marked = (struct txn *)(uintptr_t)txn;
    marked->failed = true;
    return marked;
}

bool txn_fail(const struct txn *txn, enum db_table table, int code, struct error *err)
{
    struct txn *const marked = txn_mark_failed(txn);
    if (code == MDB_MAP_FULL) marked->map_full = true;
    return db_fail_write(txn->db, db_table_names[table], code, err);
}

bool db_blame(enum db_table table, struct error *err)
{
    bool const derived = table == TABLE_GROUPS || table == TABLE_VALUES || table == TABLE_RANKS ||
                         table == TABLE_LINKS || table == TABLE_REFERENCES || table == TABLE_EXPIRY;
    (void)error_remedy(err,
                       derived ? "tally rebuild STORE"
                               : "restore the store from a backup, or ingest again into a new one");
    return error_place(err, "%s", db_table_names[table]);
}
