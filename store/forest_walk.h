/* forest_walk.h - the rows of a node's file: the nodes below it, some levels down, each in front of its children.
 *
 * Memory   what a step returns borrows from the transaction.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once
#include "forest.h"
#include "forest_links.h"

struct forest_walk {
    const struct txn *txn;
    const struct view *view;
    struct forest_links levels[SCHEMA_LEVELS_MAX]; /* where the walk stands on each */
    unsigned depth;                                /* how many are open */
    bool descends;                                 /* the children of the last node come next */
    struct buffer id;                              /* of the last node */
    struct arena arena;
};
/* FROM: the id of one of the nodes, to start at; empty: the first. */
bool forest_walk_open(struct forest_walk *walk, const struct txn *txn, const struct view *view,
                      struct slice node, struct slice from, struct error *err) MUST_CHECK;
void forest_walk_close(struct forest_walk *walk); /* takes a zeroed one */
enum db_finding forest_walk_next(struct forest_walk *walk, struct slice *ret_id,
                                 struct group *ret_group, struct error *err);
