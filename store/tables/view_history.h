/* view_history.h - whether all events that a view has counted are still there.
 *
 * Place    whoever makes a view again asks before; verify, for what it can prove.
 * Memory   none; VIEW is borrowed.
 * Threads  those of the transaction.
 * Errors   ERROR_SCHEMA of view_check_history, with the remedy; ERROR_CORRUPT of meta.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once
#include "kv/db.h"
#include "schema/schema.h"

/* The view over streams at the bottom of the views that VIEW is over. */
const struct view *view_bottom(const struct view *view);
/* What "keep" has dropped of the events of VIEW's streams. */
struct view_dropped {
    uint64_t count;
    struct value before; /* they were all before this time; null: there were none */
};
bool view_dropped(const struct txn *txn, const struct view *view, struct view_dropped *ret_dropped,
                  struct error *err) MUST_CHECK;
/* Fails where the view has counted events that are gone by now, so that it cannot be made again. */
bool view_check_history(const struct txn *txn, const struct view *view,
                        struct error *err) MUST_CHECK;
