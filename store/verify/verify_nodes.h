/* verify_nodes.h - the nodes of a hierarchy as the store has them.
 *
 * Place    verify_children.c, verify_hierarchy*.c.
 * Promise  what is read here is proven, each node by itself: where it stands and what its own
 *          events come to by the events, what its subtree comes to by that and by its children's.
 * Memory   a node owns what it points at, until it is read into again or done. Children own a
 *          cursor until verify_children_close. Both take a zeroed one.
 * Threads  as the transaction.
 * Errors   as verify.h; ERROR_VERSION: a state is of another version.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once
#include "tables/hierarchy.h"
#include "tables/hierarchy_links.h"
#include "verify/verify_p.h"

struct verify_node {
    struct arena arena;
    struct slice key;           /* its packed id; hierarchy_root */
    struct slice above;         /* that of the node it stands below */
    struct value parent;        /* that it names */
    struct tallied_group group; /* its id; the counts behind its states are not there */
};

enum db_finding verify_node_read(const struct snapshot *snapshot, const struct view *view,
                                 struct slice key, struct verify_node *node, struct error *err);
void verify_node_done(struct verify_node *node);

/* A stored group as one that was counted. */
bool verify_group_read(const struct view *view, struct slice key, unsigned depth,
                       const struct group *group, struct arena *arena,
                       struct tallied_group *ret_group, struct error *err) MUST_CHECK;

/* The nodes that stand below one, in the order of ids, as far as they say so themselves. */
struct verify_children {
    const struct snapshot *snapshot;
    const struct view *view;
    struct hierarchy_links links;
    struct buffer above;
};
bool verify_children_open(struct verify_children *children, const struct snapshot *snapshot,
                          const struct view *view, struct slice above,
                          struct error *err) MUST_CHECK;
enum db_finding verify_children_next(struct verify_children *children, struct verify_node *node,
                                     struct error *err);
void verify_children_close(struct verify_children *children);
