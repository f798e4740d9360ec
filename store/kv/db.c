// SPDX-License-Identifier: Apache-2.0
#include "kv/db.h"

#define XXH_INLINE_ALL /* most entries are so short that a call would cost as much as the sum */
#include <xxhash.h>

#include "base/arena.h"
#include "kv/db_p.h"
#include "kv/lmdb_check.h"

const char *const db_table_names[DB_TABLES] = {
    "meta",  "commits", "events",  "expiry",  "undo",       "groups", "values",  "ranks",
    "links", "batches", "digests", "changes", "references", "runs",   "filters",
};

struct cursor {
    struct txn *txn;
    MDB_cursor *mdb;
    enum db_table table;
    const void *at; /* the value that it stands at */
};

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

static MDB_val val_of(struct slice slice)
{
    return (MDB_val){.mv_size = slice.length, .mv_data = (void *)(uintptr_t)slice.at};
}

static struct slice slice_of_val(const MDB_val *val)
{
    return slice_of(val->mv_data, val->mv_size);
}

static enum db_finding db_damaged(const struct txn *txn, enum db_table table, struct error *err)
{
    txn_mark_failed(txn);
    (void)error_set(err, ERROR_CORRUPT, "an entry is damaged");
    (void)db_blame(table, err);
    return DB_FAILED;
}

static enum db_finding finding(const struct txn *txn, enum db_table table, int code,
                               struct error *err)
{
    if (code == MDB_SUCCESS) return DB_FOUND;
    if (code == MDB_NOTFOUND) return DB_MISSING;
    (void)txn_fail(txn, table, code, err);
    return DB_FAILED;
}

/* Whether LMDB may follow the pages to KEY. */
static bool guard(const struct txn *txn, enum db_table table, struct slice key,
                  enum lmdb_reach reach, struct error *err)
{
    if (lmdb_guard_key(txn->guard, table, key, reach, err)) return true;
    txn_mark_failed(txn);
    return error_place(err, "%s", txn->db->directory);
}

/* The transaction's own cursor: from where it stands, LMDB finds a key of the same page without
 * going down from the root, as it does with mdb_get and mdb_put. */
static int own_cursor(struct txn *txn, enum db_table table, MDB_cursor **ret_cursor)
{
    *ret_cursor = txn->cursors[table];
    if (*ret_cursor) return MDB_SUCCESS;
    int const code = mdb_cursor_open(txn->mdb, txn->db->tables[table], ret_cursor);
    if (code == MDB_SUCCESS) txn->cursors[table] = *ret_cursor;
    return code;
}

/* The gap that KEY is in, as far as is known. */
static const struct gap *find_gap(struct txn *txn, enum db_table table, struct slice key)
{
    for (unsigned i = 0; i < GAPS; i++) {
        const struct gap *const gap = &txn->gaps[table][i];
        if (gap->writes != txn->writes || slice_compare(buffer_slice(&gap->from), key) > 0 ||
            (gap->next.mv_size && slice_compare(key, slice_of_val(&gap->next)) >= 0))
            continue;
        txn->used_gaps[table] = i;
        return gap;
    }
    return NULL;
}

/* In place of the one that was not of use last. */
static void note_gap(struct txn *txn, enum db_table table, struct slice from, MDB_val next,
                     MDB_val next_value)
{
    unsigned const i = (txn->used_gaps[table] + 1) % GAPS;
    struct gap *const gap = &txn->gaps[table][i];
    buffer_set(&gap->from, from);
    gap->next = next;
    gap->next_value = next_value;
    gap->writes = txn->writes;
    txn->used_gaps[table] = i;
}

/* The entry with the key, or the next one behind it: then there is a gap in front of that. */
static enum db_finding look(struct txn *txn, enum db_table table, struct slice key,
                            MDB_val *ret_key, MDB_val *ret_value, struct error *err)
{
    MDB_cursor *cursor;
    if (!guard(txn, table, key, LMDB_LOOK, err)) return DB_FAILED;
    int code = own_cursor(txn, table, &cursor);
    *ret_key = val_of(key);
    if (code == MDB_SUCCESS) code = mdb_cursor_get(cursor, ret_key, ret_value, MDB_SET_RANGE);
    if (code == MDB_NOTFOUND)
        note_gap(txn, table, key, (MDB_val){0}, (MDB_val){0});
    else if (code == MDB_SUCCESS && !slice_equal(slice_of_val(ret_key), key))
        note_gap(txn, table, key, *ret_key, *ret_value);
    return finding(txn, table, code, err);
}

enum db_finding db_get(const struct txn *txn, enum db_table table, struct slice key,
                       struct slice *ret_value, struct error *err)
{
    struct txn *const writable = (struct txn *)(uintptr_t)txn;
    MDB_val found_key, value = {0};
    if (find_gap(writable, table, key)) return DB_MISSING;
    enum db_finding const found = look(writable, table, key, &found_key, &value, err);
    if (found != DB_FOUND) return found;
    if (!slice_equal(slice_of_val(&found_key), key)) return DB_MISSING;
    return check_sum(&found_key, &value, ret_value) ? DB_FOUND : db_damaged(txn, table, err);
}

enum db_finding db_seek(const struct txn *txn, enum db_table table, struct slice key,
                        struct db_entry *ret_entry, struct error *err)
{
    struct txn *const writable = (struct txn *)(uintptr_t)txn;
    MDB_val found_key, value = {0};
    const struct gap *const gap = find_gap(writable, table, key);
    if (gap && gap->next.mv_size == 0) return DB_MISSING;
    if (gap) {
        found_key = gap->next;
        value = gap->next_value;
    } else {
        enum db_finding const found = look(writable, table, key, &found_key, &value, err);
        if (found != DB_FOUND) return found;
    }
    ret_entry->key = slice_of_val(&found_key);
    return check_sum(&found_key, &value, &ret_entry->value) ? DB_FOUND
                                                            : db_damaged(txn, table, err);
}

static bool put(struct txn *txn, enum db_table table, struct slice key, struct slice value,
                unsigned flags, struct error *err)
{
    if (!guard(txn, table, key, LMDB_PUT, err)) return false;
    txn->writes++;
    MDB_val key_val = val_of(key), room = {.mv_size = value.length + DB_SUM_BYTES};
    uint8_t sum[DB_SUM_BYTES];
    MDB_cursor *cursor;
    write_sum(key, value, sum);
    int code = own_cursor(txn, table, &cursor);
    if (code == MDB_SUCCESS) code = mdb_cursor_put(cursor, &key_val, &room, MDB_RESERVE | flags);
    if (code != MDB_SUCCESS) return txn_fail(txn, table, code, err);
    txn_note_touched(txn, room.mv_data, room.mv_size);
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
    txn->writes++;
    MDB_val key_val = val_of(key), value;
    MDB_cursor *cursor;
    int code = own_cursor(txn, table, &cursor);
    if (code == MDB_SUCCESS) code = mdb_cursor_get(cursor, &key_val, &value, MDB_SET);
    if (code == MDB_SUCCESS) {
        txn_note_touched(txn, value.mv_data, 1);
        code = mdb_cursor_del(cursor, 0);
    }
    return code == MDB_SUCCESS || txn_fail(txn, table, code, err);
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
    txn->writes++;
    int const code = mdb_drop(txn->mdb, txn->db->tables[table], 0);
    return code == MDB_SUCCESS || txn_fail(txn, table, code, err);
}

bool cursor_open(const struct txn *txn, enum db_table table, struct cursor **ret_cursor,
                 struct error *err)
{
    MDB_cursor *mdb;
    int const code = mdb_cursor_open(txn->mdb, txn->db->tables[table], &mdb);
    if (code != MDB_SUCCESS) {
        (void)txn_fail(txn, table, code, err);
        return false;
    }
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
        txn_mark_failed(cursor->txn);
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

enum db_finding cursor_next_key(struct cursor *cursor, struct slice *ret_key, struct error *err)
{
    MDB_val key = {0}, value = {0};
    int const code = mdb_cursor_get(cursor->mdb, &key, &value, MDB_NEXT);
    if (code == MDB_SUCCESS) {
        *ret_key = slice_of_val(&key);
        if (!guard(cursor->txn, cursor->table, *ret_key, LMDB_LOOK, err)) return DB_FAILED;
    }
    return finding(cursor->txn, cursor->table, code, err);
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
        txn_note_touched(cursor->txn, value.mv_data, 1);
        cursor->txn->writes++;
        code = mdb_cursor_del(cursor->mdb, 0);
    }
    return code == MDB_SUCCESS || txn_fail(cursor->txn, cursor->table, code, err);
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
    if (code != MDB_SUCCESS) return txn_fail(txn, table, code, err);
    *ret_bytes = (uint64_t)sizes.ms_psize *
                 (sizes.ms_branch_pages + sizes.ms_leaf_pages + sizes.ms_overflow_pages);
    return true;
}

bool db_table_entries(const struct txn *txn, enum db_table table, uint64_t *ret_count,
                      struct error *err)
{
    MDB_stat sizes;
    int const code = mdb_stat(txn->mdb, txn->db->tables[table], &sizes);
    if (code != MDB_SUCCESS) return txn_fail(txn, table, code, err);
    *ret_count = sizes.ms_entries;
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

void db_libraries(struct buffer *text)
{
    unsigned const xxhash = XXH_versionNumber(); /* two digits each */
    buffer_format(text, "%s\nxxHash %u.%u.%u\n", mdb_version(NULL, NULL, NULL), xxhash / 10000,
                  xxhash / 100 % 100, xxhash % 100);
}
