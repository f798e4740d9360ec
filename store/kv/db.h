/* db.h - LMDB: the environment, transactions, cursors. Only the files behind it know lmdb.h.
 *
 *   db_open -> txn_begin -> get, put, cursors -> txn_commit | txn_abort -> db_close
 *
 * Place    everything that reads or writes tables, mostly by way of store/tables.
 * Promise  a write transaction in which anything failed refuses to commit, so that a forgotten
 *          check cannot publish half a batch. LMDB's codes become a fact and a remedy here. Every
 *          value is stored with a sum of itself and its key, and looked at whenever it is read: an
 *          entry that has changed on the disk is ERROR_CORRUPT. The file's head is looked at before
 *          LMDB opens it, and the pages that a write is going to touch before it does
 *          (lmdb_guard.h): what a file says wrongly of itself is ERROR_CORRUPT, too.
 * Memory   a slice that get or a cursor returns lives until the transaction ends or, in a write
 *          transaction, until the next put or drop in it.
 * Threads  a struct db may be shared; a transaction and its cursors have one user at a time.
 * Errors   ERROR_FULL: the disk, the map or the table of readers; ERROR_CORRUPT: a sum or LMDB's
 *          own structure; ERROR_DENIED, ERROR_MISSING, ERROR_BUSY, ERROR_SYSTEM of the files.
 * Limits   keys 1 to DB_KEY_BYTES_MAX bytes. The map is address space, not disk: 1 TiB is reserved
 *          where the system allows, and less is doubled when it is full.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once
#include "base/bytes.h"
#include "base/error.h"

enum { DB_KEY_BYTES_MAX = 511, DB_SUM_BYTES = 4 /* behind each value */ };
/* A value of so many bytes takes an overflow page of LMDB, whose header has 16 of them. */
enum { DB_PAGE_VALUE_BYTES = 4096 - 16 - DB_SUM_BYTES };

enum db_table {
    TABLE_META,
    TABLE_COMMITS,
    TABLE_EVENTS,
    TABLE_EXPIRY,
    TABLE_UNDO,
    TABLE_GROUPS,
    TABLE_VALUES,
    TABLE_RANKS,
    TABLE_LINKS,
    TABLE_BATCHES,
    TABLE_DIGESTS,
    TABLE_CHANGES,
    TABLE_REFERENCES,
    TABLE_RUNS,
    TABLE_FILTERS,
};
enum { DB_TABLES = 15 };
extern const char *const db_table_names[DB_TABLES];

struct db;
struct txn;
struct cursor;

enum db_access {
    DB_READ,   /* the environment must exist */
    DB_WRITE,  /* likewise */
    DB_CREATE, /* makes the tables */
};
/* DIRECTORY holds data.mdb and lock.mdb. Of the tables only the first one need be there:
 * ask db_is_whole. */
bool db_open(const char *directory, enum db_access access, struct db **ret_db,
             struct error *err) MUST_CHECK;
bool db_is_whole(const struct db *db, struct error *err) MUST_CHECK; /* has all tables */
void db_close(struct db *db);                                        /* takes NULL */

/* Completes an error about damage in a table: the table is its place, and the remedy is to make it
 * again where that can be done, else a backup. Returns false. */
bool db_blame(enum db_table table, struct error *err);

/* Reads all pages of the newest commit: whether LMDB can follow every one, in order, and none is
 * used twice (lmdb_check.h). */
bool db_check_pages(struct db *db, struct error *err) MUST_CHECK;
/* Writes a copy without free pages to the open file FD, of the newest commit. Readers and a
 * writer may go on. */
bool db_copy(struct db *db, int fd, struct error *err) MUST_CHECK;
/* Whether data.mdb in the open DIRECTORY is another file by now than the one that is open. */
bool db_is_replaced(const struct db *db, int directory);

bool txn_begin(struct db *db, bool write, struct txn **ret_txn, struct error *err) MUST_CHECK;
/* Where a writer was killed between its commit and telling readers of it, they see
 * it from here on. */
bool db_recover(struct db *db, struct error *err) MUST_CHECK;
/* One that reads what is committed, beside one that writes. */
bool txn_begin_beside(const struct txn *writing, struct txn **ret_txn,
                      struct error *err) MUST_CHECK;
/* LMDB holds no more changed pages than these bytes: it writes some out before the transaction ends
 * (131,071 of 4 KiB, its MDB_IDL_UM_MAX). */
enum { DB_CHANGED_BYTES_MAX = 512 << 20 };
/* About how much memory LMDB would hold for the pages that a write transaction has changed, as
 * copies until it ends: at most twice that, as a page of small entries counts for two. */
size_t txn_dirty_bytes(const struct txn *txn);
/* The same of the write transaction that ended last. */
size_t db_dirty_bytes(const struct db *db);
/* Ends the transaction in either case. */
bool txn_commit(struct txn *txn, struct error *err) MUST_CHECK;
void txn_abort(struct txn *txn); /* takes NULL */
/* Whether a write transaction failed because the map was full. Then txn_abort,
 * db_grow, try again. */
bool txn_map_full(const struct txn *txn);
/* Doubles the map. No transaction of this process may be open. */
bool db_grow(struct db *db, struct error *err) MUST_CHECK;

/* Where many keys that rise, and are not there, come between two entries, only the first of them
 * is looked for. */
enum db_finding { DB_FOUND, DB_MISSING, DB_FAILED };
enum db_finding db_get(const struct txn *txn, enum db_table table, struct slice key,
                       struct slice *ret_value, struct error *err);
struct db_entry {
    struct slice key;
    struct slice value;
};
/* The first entry whose key is not before KEY. As cursor_seek, where nobody goes on from it: no
 * cursor is made, and one of the page where the last entry was found is found at once. */
enum db_finding db_seek(const struct txn *txn, enum db_table table, struct slice key,
                        struct db_entry *ret_entry, struct error *err);
bool db_put(struct txn *txn, enum db_table table, struct slice key, struct slice value,
            struct error *err) MUST_CHECK;
/* The same with a key behind all others of the table: its pages are filled to the end. */
bool db_append(struct txn *txn, enum db_table table, struct slice key, struct slice value,
               struct error *err) MUST_CHECK;
bool db_drop(struct txn *txn, enum db_table table, struct slice key,
             struct error *err) MUST_CHECK; /* the key is there */
bool db_clear(struct txn *txn, enum db_table table, struct error *err) MUST_CHECK;
/* Removes the entries whose keys begin with PREFIX. */
bool db_clear_prefix(struct txn *txn, enum db_table table, struct slice prefix,
                     struct error *err) MUST_CHECK;

bool cursor_open(const struct txn *txn, enum db_table table, struct cursor **ret_cursor,
                 struct error *err) MUST_CHECK;
void cursor_close(struct cursor *cursor); /* before the transaction ends; takes NULL */
/* The first entry whose key is not before KEY, the last one whose key is not behind it, and the
 * neighbours of the last found. */
enum db_finding cursor_seek(struct cursor *cursor, struct slice key, struct db_entry *ret_entry,
                            struct error *err);
enum db_finding cursor_seek_back(struct cursor *cursor, struct slice key,
                                 struct db_entry *ret_entry, struct error *err);
enum db_finding cursor_first(struct cursor *cursor, struct db_entry *ret_entry, struct error *err);
enum db_finding cursor_next(struct cursor *cursor, struct db_entry *ret_entry, struct error *err);
enum db_finding cursor_previous(struct cursor *cursor, struct db_entry *ret_entry,
                                struct error *err);
/* cursor_next without a look at the value. */
enum db_finding cursor_next_key(struct cursor *cursor, struct slice *ret_key, struct error *err);
/* Removes the entry that the cursor stands at; cursor_next then gives the one behind it. */
bool cursor_drop(struct cursor *cursor, struct error *err) MUST_CHECK;

/* Appends a line for each library it stands on, with its version. */
void db_libraries(struct buffer *text);

struct db_usage {
    uint64_t file_bytes;
    uint64_t map_bytes;
    uint64_t free_bytes;             /* pages inside the file that commits may reuse */
    uint64_t table_bytes[DB_TABLES]; /* of this transaction's version */
};
bool db_usage(const struct txn *txn, struct db_usage *ret_usage, struct error *err) MUST_CHECK;
/* A function of the transaction's version alone. */
bool db_table_bytes(const struct txn *txn, enum db_table table, uint64_t *ret_bytes,
                    struct error *err) MUST_CHECK;
bool db_table_entries(const struct txn *txn, enum db_table table, uint64_t *ret_count,
                      struct error *err) MUST_CHECK;

static inline void auto_txn(struct txn **txn)
{
    txn_abort(*txn);
}
static inline void auto_cursor(struct cursor **cursor)
{
    cursor_close(*cursor);
}
#define AUTO_TXN AUTO(auto_txn)
#define AUTO_CURSOR AUTO(auto_cursor)
