/* lsm_writer.h - goes over a tree in the order of keys, and changes what is there.
 *
 * Place    events.c, multisets.c, reference_index.c; the write path by way of these.
 * Promise  what a commit writes follows what it changes, not what the tree holds: keys behind all
 *          others are appended, others go to the newest run, and a share of the merging of runs is
 *          done that follows how much was written.
 * Memory   what a seek returns borrows until the next one. A transaction that only reads may seek,
 *          too. A filter and a block a run are held.
 * Threads  as the transaction.
 * Errors   ERROR_CORRUPT: the sum or the structure of a block is wrong.
 * Limits   keys of at most LSM_KEY_BYTES_MAX bytes.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once
#include "lsm/run_list.h"

struct lsm_writer;
/* Of the tree whose keys begin with PREFIX. */
bool lsm_writer_open(struct txn *txn, enum db_table table, struct slice prefix,
                     struct lsm_writer **ret_writer, struct error *err) MUST_CHECK;
/* Goes to KEY, which begins with the prefix and is behind that of the seek before. *RET_VALUE: what
 * the tree has for it; empty: nothing. */
bool lsm_writer_seek(struct lsm_writer *writer, struct slice key, struct slice *ret_value,
                     struct error *err) MUST_CHECK;
/* Once at most behind a seek: what the key has from now on. Empty: nothing. */
bool lsm_writer_set(struct lsm_writer *writer, struct slice value, struct error *err) MUST_CHECK;
/* Removes the entries whose keys begin with PREFIX, which is behind the key of the last seek. */
bool lsm_writer_clear(struct lsm_writer *writer, struct slice prefix, struct error *err) MUST_CHECK;
/* Writes what is left, and does its share of merging. Without it, the transaction must not be
 * committed. */
bool lsm_writer_finish(struct lsm_writer *writer, struct error *err) MUST_CHECK;
void lsm_writer_close(struct lsm_writer *writer); /* takes NULL */

/* Removes the whole tree. */
bool lsm_clear(struct txn *txn, enum db_table table, struct slice prefix,
               struct error *err) MUST_CHECK;
