/* merge_breakdown_p.h - between merge_breakdown.c and merge_breakdown_seed.c.
 *
 * Place    merge_breakdown.c goes over the touched nodes, merge_breakdown_seed.c
 *          moves what is stored.
 * Memory   as merge_breakdown.h.
 * Threads  as the transaction.
 * Errors   as merge.h.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once
#include "merge/merge_breakdown.h"

static inline unsigned breakdown_depth(const struct view *view)
{
    return (unsigned)view->dimension_count;
}
/* Calls VISIT for each breakdown of the hierarchy. */
bool breakdown_scan(struct hierarchy *hierarchy,
                    bool (*visit)(struct hierarchy *hierarchy, const struct view *view,
                                  void *context, struct error *err),
                    void *context, struct error *err) MUST_CHECK;
/* The dimensions of a row's key, or of EXACT where that has cut one. */
bool breakdown_read_key(const struct view *view, struct slice key, struct slice exact,
                        struct arena *arena, struct value *ret_dimensions,
                        struct error *err) MUST_CHECK;
/* The inverse; both buffers are cleared first. EXACT stays empty where the key has cut nothing. */
void breakdown_pack_key(const struct view *view, const struct value *dimensions, struct buffer *key,
                        struct buffer *exact);
/* The hierarchy's node that a row is of. NULL: it failed. */
struct hierarchy_node *breakdown_node_of(struct hierarchy *hierarchy, const struct value *id,
                                         struct error *err);
/* The node's id as a value. */
bool breakdown_node_value(const struct hierarchy_node *node, struct arena *arena,
                          struct value *ret_id, struct error *err) MUST_CHECK;
/* From a row of a node to the one of the node above it. */
void breakdown_go_up(const struct view *view, const struct value *above, struct value *dimensions);
