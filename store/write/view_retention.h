/* view_retention.h - views with "retain": letting go the groups that are too old.
 *
 * Place    commit.c, when a batch ends.
 * Promise  a group goes when all of its bucket of time is too old (see event_retention.h for the
 *          clock). What it counted is taken out of the groups above it, so that the view is what
 *          the events since then give; later events for it do not count. It costs the groups that
 *          go, and one look at each group above.
 * Memory   the leaves of one step, while they are taken out.
 * Threads  as the transaction.
 * Errors   as merge.h.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once
#include "write/write_txn.h"

bool view_retention_drop(struct write_txn *write, struct error *err) MUST_CHECK;
/* The same of one view, which has "retain"; those that it is over are done. */
bool view_retention_drop_of(struct write_txn *write, const struct view *view,
                            struct error *err) MUST_CHECK;
