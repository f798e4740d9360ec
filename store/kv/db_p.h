/* db_p.h - what db.c, db_env.c, db_txn.c and db_error.c share: the environment and a transaction.
 *
 * Place    these four files.
 * Memory   as db.h.
 * Threads  `open_txns` and `dirty_bytes` are read by any thread; the rest of a struct db is changed
 *          by the one that opens it or begins a transaction.
 * Errors   as db.h.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once
#include <lmdb.h>
#include <stdatomic.h>

#include "kv/db.h"
#include "kv/lmdb_guard.h"

/* 1022 readers: LMDB's own 126 is soon used up by many mounts with a few snapshots each. */
enum { READERS_MAX = 1022 };
/* A writer may commit twice before a version that was just begun is looked at, but not for ever. */
enum { TRIES_MAX = 1000 };

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

/* Where a table has nothing: keys that rise often come there one after the other. Two a table, as
 * one often looks in two parts of it by turns. */
enum { GAPS = 2 };
struct gap {
    uint64_t writes;    /* it ends with the next one; 0: none was found */
    struct buffer from; /* the key that was looked for */
    MDB_val next;       /* the first one behind it; no bytes: there is none */
    MDB_val next_value;
};

struct txn {
    struct db *db;
    MDB_txn *mdb;
    struct lmdb_guard *guard;       /* of the pages that it stands on */
    MDB_cursor *cursors[DB_TABLES]; /* for single entries; NULL: none was asked for */
    struct gap gaps[DB_TABLES][GAPS];
    unsigned used_gaps[DB_TABLES]; /* the one that was of use last */
    uint64_t writes;               /* until now, and one more */
    bool failed;
    bool map_full;
    uint8_t *touched; /* of one that writes: see txn_note_touched */
    size_t touched_count;
};

/* LMDB's code as fact and remedy, placed at PLACE. Returns false. */
bool db_fail(struct error *err, const char *place, int code);
/* The same of a call that may write. */
bool db_fail_write(const struct db *db, const char *place, int code, struct error *err);
/* The same of a call that makes the transaction of no more use. */
bool txn_fail(const struct txn *txn, enum db_table table, int code, struct error *err);
/* From here on the transaction refuses to commit. */
struct txn *txn_mark_failed(const struct txn *txn);

/* Makes the map as large as BYTES, or as what another process made of it (0). *RET_CODE is LMDB's;
 * false: the file behind the new map is damaged. */
bool db_move_map(struct db *db, size_t bytes, int *ret_code, struct error *err) MUST_CHECK;
/* Remembers that the transaction has changed the pages of BYTES at AT. */
void txn_note_touched(struct txn *txn, const void *at, size_t bytes);
