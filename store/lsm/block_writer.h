/* block_writer.h - goes over one run of blocks in the order of keys, and changes what is there.
 *
 * Place    lsm_writer.c.
 * Promise  each block that it comes to is read and written once, however many of
 *          its entries change.
 * Memory   what a seek returns borrows until the next one. A transaction that only
 *          reads may seek, too.
 * Threads  as the transaction.
 * Errors   ERROR_CORRUPT: the sum or the structure of a block is wrong.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once
#include "kv/db.h"

struct block_writer;
/* Of the blocks under keys that begin with PREFIX. */
bool block_writer_open(struct txn *txn, enum db_table table, struct slice prefix,
                       struct block_writer **ret_writer, struct error *err) MUST_CHECK;
/* Goes to KEY, which begins with the prefix and is behind that of the seek before. *RET_VALUE: what
 * the table has for it; empty: nothing. */
bool block_writer_seek(struct block_writer *writer, struct slice key, struct slice *ret_value,
                       struct error *err) MUST_CHECK;
bool block_writer_is_known(const struct block_writer *writer); /* the key is there */
/* Once at most behind a seek: what the key has from now on. Empty: it goes. */
bool block_writer_set(struct block_writer *writer, struct slice value,
                      struct error *err) MUST_CHECK;
/* Instead: the key is there, without a value. */
bool block_writer_mark(struct block_writer *writer, struct error *err) MUST_CHECK;
/* Removes the entries whose keys begin with PREFIX, which is behind the key of the last seek. */
bool block_writer_clear(struct block_writer *writer, struct slice prefix,
                        struct error *err) MUST_CHECK;
/* Writes what is left. Until then entries may be missing from the table: without it, the
 * transaction must not be committed. */
bool block_writer_finish(struct block_writer *writer, struct error *err) MUST_CHECK;
/* How many there are more now than at the beginning. */
struct block_growth {
    int64_t blocks;
    int64_t entries;
};
struct block_growth block_writer_growth(const struct block_writer *writer);
void block_writer_close(struct block_writer *writer); /* takes NULL */

static inline void auto_block_writer(struct block_writer **writer)
{
    block_writer_close(*writer);
}
