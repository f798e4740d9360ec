/* lsm_changes.h - what changes in trees: collected in any order, written in that of the keys.
 *
 * Place    reference_index.c, expiry.c, multisets.c.
 * Memory   the log owns what is noted until it is saved: a key, a value and 32 bytes a change.
 * Threads  one owner at a time; lsm_changes_save as the transaction.
 * Errors   those of lsm_writer.h.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once
#include "base/arena.h"
#include "kv/db.h"

/* Zeroed is empty. */
struct lsm_changes {
    struct arena arena;
    struct lsm_change *list;
    size_t count;
    size_t capacity;
};
void lsm_changes_done(struct lsm_changes *changes);
/* KEY has VALUE from then on; empty: nothing. Of several for one key the last counts. */
void lsm_changes_set(struct lsm_changes *changes, struct slice key, struct slice value);
/* Writes what is noted to the trees of TABLE, whose keys begin with PREFIX_BYTES of their own, and
 * forgets it. */
bool lsm_changes_save(struct txn *txn, enum db_table table, size_t prefix_bytes,
                      struct lsm_changes *changes, struct error *err) MUST_CHECK;
