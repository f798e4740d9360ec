/* lsm_reader.h - what a tree has for one key after another, in any order.
 *
 * Place    join.c and link_check.c: the events that others refer to.
 * Memory   what is found borrows until the next question. Nothing may be written to the tree while
 *          it is open.
 * Threads  as the transaction.
 * Errors   as run_probe.h.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once
#include "kv/db.h"

struct lsm_reader;
bool lsm_reader_open(const struct txn *txn, enum db_table table, struct slice prefix,
                     struct lsm_reader **ret_reader, struct error *err) MUST_CHECK;
void lsm_reader_close(struct lsm_reader *reader); /* takes NULL */
enum db_finding lsm_reader_find(struct lsm_reader *reader, struct slice key,
                                struct slice *ret_value, struct error *err);
