/* lsm_verify.h - the proof that the trees of a table are whole.
 *
 * Place    verify_tables.c.
 * Promise  every block of the table is read: its sum, its structure, the order of its keys; that it
 *          belongs to a run, that the run's filters know its keys, and that none of its entries is
 *          missing.
 * Memory   a block and a filter a run of one tree.
 * Threads  as the transaction.
 * Errors   ERROR_CORRUPT says what is wrong.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once
#include "kv/db.h"

/* Calls VISIT with every entry of every tree of the table. */
bool lsm_verify(const struct txn *txn, enum db_table table,
                void (*visit)(void *context, const struct db_entry *entry), void *context,
                struct error *err) MUST_CHECK;
