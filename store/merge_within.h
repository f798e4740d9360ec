/* merge_within.h - what divides the subtrees of a forest: views by the node and by dimensions of their own.
 *
 *   merge_within_collect    in front of all else
 *   merge_within_seed       with each node that leaves or joins
 *   merge_within            when the touched nodes are in order, before they are written
 *
 * Place    merge_forest.c.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once
#include "merge_forest_p.h"

/* Touches the nodes that the delta has something of. */
bool merge_within_collect(struct forest *forest, struct error *err) MUST_CHECK;
/* Takes what is stored of the node's subtree from PARENT (SIGN -1), or gives it to it. */
bool merge_within_seed(struct forest *forest, const struct forest_node *parent,
                       const struct forest_node *node, int sign, struct error *err) MUST_CHECK;
bool merge_within(struct forest *forest, struct error *err) MUST_CHECK;
