/* tree_hierarchy.h - the nodes of a hierarchy as directories and files.
 *
 *   VIEW/ID/…/ID/               a node in that of its parent; of a path by its last segment
 *   VIEW/ID/…/ID/.total.json    the node itself
 *   VIEW/ID/…/ID.json           the nodes below it
 *   VIEW/.node/ID.json          the node itself, wherever it stands
 *
 * A struct node has as its key where the node stands and its id, [packed parent][packed id],
 * so that one that moves is another: its old name goes, and its new one comes. That of
 * NODE_BY_ID is the id.
 *
 * Place    tree.c, tree_lookup.c, tree_list.c and tree_read.c ask it where a view is a hierarchy.
 * Memory   as tree.h.
 * Threads  as the snapshot.
 * Errors   as tree.h.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once
#include "tables/hierarchy_scan.h"
#include "tree/tree_p.h"

extern const char hierarchy_ids_name[]; /* ".node" */

/* The id of the node that a struct node stands for, in its key. */
struct slice tree_hierarchy_id(const struct node *node);
/* The group of a node, where it stands as the struct node says; else MISSING. */
enum tree_answer tree_hierarchy_group(const struct snapshot *snapshot, const struct node *node,
                                      struct group *ret_group, struct error *err);
/* The group of the rows that NODE_BREAKDOWN shows, and how their keys begin; KEY may be NULL. */
enum tree_answer tree_breakdown_group(const struct snapshot *snapshot, const struct node *node,
                                      struct group *ret_group, struct error *err);
enum tree_answer tree_breakdown_key(const struct snapshot *snapshot, const struct node *node,
                                    struct buffer *key, struct error *err);
/* The next breakdown of a hierarchy's node from *PLACE on, which starts at 0; NULL:
 * there is no more. */
const struct view *tree_breakdown_next(const struct snapshot *snapshot, const struct view *view,
                                       size_t *place);
/* The nodes of one change that have no counterpart in other views. */
void tree_hierarchy_change(const struct snapshot *snapshot, const struct view *view,
                           const struct change *change,
                           void (*visit)(void *context, const struct node *node, bool replaced),
                           void *context);
bool tree_hierarchy_stat_ids(const struct snapshot *snapshot, const struct node *node,
                             struct node_stat *stat, struct error *err) MUST_CHECK;

enum tree_answer tree_hierarchy_lookup(const struct snapshot *snapshot, const struct node *parent,
                                       struct slice name, struct arena *arena, struct node *node,
                                       struct error *err);

/* One child after the other: of a node by its edges, of NODE_IDS all. */
struct tree_hierarchy_children {
    struct hierarchy_links links;
    struct groups_scan groups;
    bool open;
};
void tree_hierarchy_children_close(
    struct tree_hierarchy_children *children); /* takes a zeroed one */
/* KEY is that of the child's struct node; NAME the stem of its names. Both are cleared first. */
enum tree_answer tree_hierarchy_children_next(struct tree_hierarchy_children *children,
                                              const struct snapshot *snapshot,
                                              const struct node *directory, struct buffer *key,
                                              struct buffer *name, struct group *ret_group,
                                              struct error *err);
