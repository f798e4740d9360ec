/* merge_breakdown.h - breakdowns of the subtrees of a hierarchy: views by the node and by
 * dimensions of their own.
 *
 *   merge_breakdown_collect    in front of all else
 *   merge_breakdown_seed       with each node that leaves or joins
 *   merge_breakdown            when the touched nodes are in order, before they are written
 *
 * Place    merge_hierarchy.c.
 * Memory   rows live in the merge's arena.
 * Threads  as the transaction.
 * Errors   as merge.h.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once
#include "merge/merge_hierarchy_p.h"

/* Touches the nodes that the delta has something of. */
bool merge_breakdown_collect(struct hierarchy *hierarchy, struct error *err) MUST_CHECK;
/* Takes what is stored of the node's subtree from PARENT (SIGN -1), or gives it to it. */
bool merge_breakdown_seed(struct hierarchy *hierarchy, const struct hierarchy_node *parent,
                          const struct hierarchy_node *node, int sign,
                          struct error *err) MUST_CHECK;
bool merge_breakdown(struct hierarchy *hierarchy, struct error *err) MUST_CHECK;
