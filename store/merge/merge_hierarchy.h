/* merge_hierarchy.h - adding a delta to a view whose groups are the nodes of a hierarchy.
 *
 * Place    merge.c calls it for such a view.
 * Memory   nodes live in the merge's arena.
 * Threads  as the transaction.
 * Errors   as merge.h.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once
#include "merge/merge_p.h"

/* ERROR_INPUT: the parents that the events name would be a cycle. */
bool merge_hierarchy(struct merge *merge, struct error *err) MUST_CHECK;
