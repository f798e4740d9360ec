/* block_cursor.h - reads one run of blocks in either direction.
 *
 * Place    lsm_cursor.c; verify_tables.c, which reads all runs of a table one behind the other.
 * Memory   an entry borrows until the next step. Nothing may be written to the table while the
 *          cursor is used; other tables may.
 * Threads  as the transaction.
 * Errors   ERROR_CORRUPT: the sum, the structure or the order of a block is wrong.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once
#include "kv/db.h"

struct block_cursor;
/* Of the blocks under keys that begin with PREFIX. */
bool block_cursor_open(const struct txn *txn, enum db_table table, struct slice prefix,
                       struct block_cursor **ret_cursor, struct error *err) MUST_CHECK;
void block_cursor_close(struct block_cursor *cursor); /* takes NULL */
enum db_finding block_cursor_first(struct block_cursor *cursor, struct db_entry *ret_entry,
                                   struct error *err);
/* The first entry whose key is not before KEY, the last one before KEY, and the neighbours
 * of the last found. */
enum db_finding block_cursor_seek(struct block_cursor *cursor, struct slice key,
                                  struct db_entry *ret_entry, struct error *err);
enum db_finding block_cursor_seek_before(struct block_cursor *cursor, struct slice key,
                                         struct db_entry *ret_entry, struct error *err);
enum db_finding block_cursor_next(struct block_cursor *cursor, struct db_entry *ret_entry,
                                  struct error *err);
enum db_finding block_cursor_previous(struct block_cursor *cursor, struct db_entry *ret_entry,
                                      struct error *err);

static inline void auto_block_cursor(struct block_cursor **cursor)
{
    block_cursor_close(*cursor);
}
