/* hierarchy_scan.h - the rows of a node's file: the nodes below it, some levels down, each in front
 * of its children.
 *
 * Place    tree_read.c and tree_list.c.
 * Memory   what a step returns borrows from the transaction.
 * Threads  as the transaction.
 * Errors   ERROR_CORRUPT: the table of links names a node that has no group.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once
#include "tables/hierarchy.h"
#include "tables/hierarchy_links.h"

struct hierarchy_scan {
    const struct txn *txn;
    const struct view *view;
    struct hierarchy_links levels[SCHEMA_LEVELS_MAX]; /* where the scan stands on each */
    unsigned depth;                                   /* how many are open */
    bool descends;                                    /* the children of the last node come next */
    struct buffer id;                                 /* of the last node */
    struct arena arena;
};
/* FROM: the id of one of the nodes, to start at; empty: the first. */
bool hierarchy_scan_open(struct hierarchy_scan *scan, const struct txn *txn,
                         const struct view *view, struct slice node, struct slice from,
                         struct error *err) MUST_CHECK;
void hierarchy_scan_close(struct hierarchy_scan *scan); /* takes a zeroed one */
enum db_finding hierarchy_scan_next(struct hierarchy_scan *scan, struct slice *ret_id,
                                    struct group *ret_group, struct error *err);
