/* merge_within_p.h - between merge_within.c and merge_within_seed.c.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once
#include "merge_within.h"

static inline unsigned within_depth(const struct view *view)
{
    return (unsigned)view->dimension_count;
}
/* Calls SEE for each division of the forest. */
bool within_each(struct forest *forest,
                 bool (*see)(struct forest *forest, const struct view *view, void *context,
                             struct error *err),
                 void *context, struct error *err) MUST_CHECK;
/* The dimensions of a row's key, or of EXACT where that has cut one. */
bool within_read_key(const struct view *view, struct slice key, struct slice exact,
                     struct arena *arena, struct value *ret_dimensions,
                     struct error *err) MUST_CHECK;
/* The inverse; both buffers are cleared first. EXACT stays empty where the key has cut nothing. */
void within_pack_key(const struct view *view, const struct value *dimensions, struct buffer *key,
                     struct buffer *exact);
/* The forest's node that a row is of. NULL: it failed. */
struct forest_node *within_node_of(struct forest *forest, const struct value *id,
                                   struct error *err);
/* The node's id as a value. */
bool within_node_value(const struct forest_node *node, struct arena *arena, struct value *ret_id,
                       struct error *err) MUST_CHECK;
/* From a row of a node to the one of the node above it. */
void within_go_up(const struct view *view, const struct value *above, struct value *dimensions);
