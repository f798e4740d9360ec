/* lsm_cursor.h - reads a tree in the order of its keys, in either direction: its runs as one.
 *
 * Place    event_scan.c, multisets.c, reference_index.c.
 * Memory   an entry borrows until the next step. Nothing may be written to the tree while the
 *          cursor is used; other trees may. A block a run is held.
 * Threads  as the transaction.
 * Errors   ERROR_CORRUPT: the sum, the structure or the order of a block is wrong.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once
#include "kv/db.h"

struct lsm_cursor;
bool lsm_cursor_open(const struct txn *txn, enum db_table table, struct slice prefix,
                     struct lsm_cursor **ret_cursor, struct error *err) MUST_CHECK;
void lsm_cursor_close(struct lsm_cursor *cursor); /* takes NULL */
/* The first entry whose key is not before KEY, the last one before KEY, and the neighbours
 * of the last found: of those whose keys have the first WITHIN bytes of KEY. Keys behind these that
 * went away cost nothing, however many there are. */
enum db_finding lsm_cursor_seek(struct lsm_cursor *cursor, struct slice key, size_t within,
                                struct db_entry *ret_entry, struct error *err);
enum db_finding lsm_cursor_seek_before(struct lsm_cursor *cursor, struct slice key, size_t within,
                                       struct db_entry *ret_entry, struct error *err);
enum db_finding lsm_cursor_next(struct lsm_cursor *cursor, struct db_entry *ret_entry,
                                struct error *err);
enum db_finding lsm_cursor_previous(struct lsm_cursor *cursor, struct db_entry *ret_entry,
                                    struct error *err);

static inline void auto_lsm_cursor(struct lsm_cursor **cursor)
{
    lsm_cursor_close(*cursor);
}
#define AUTO_LSM_CURSOR AUTO(auto_lsm_cursor)
