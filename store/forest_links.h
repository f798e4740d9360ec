/* forest_links.h - who is whose child in a forest: the table of links.
 *
 * Place    merge_forest.c keeps it; forest_walk.c, the tree of files and ingest's check for cycles read it.
 * Units    ids and parents are packed as in keys, the root is null.
 * Memory   what a walk returns borrows from the transaction, until its next step or write.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once
#include "db.h"
#include "schema.h"

/* Adds WEIGHT to the number of events that say that PARENT is the parent of ID; WHOLE: the parent packed without limit where
 * its key has cut it, else empty. ERROR_CORRUPT: it would be negative. */
bool forest_link_add(struct txn *txn, const struct view *view, struct slice id, struct slice parent,
                     struct slice whole, int64_t weight, struct error *err) MUST_CHECK;
/* The parent that counts: its key, and itself packed without limit. DB_MISSING: no event names one. */
struct forest_link {
    struct slice parent;
    struct slice whole;
};
enum db_finding forest_link_get(const struct txn *txn, const struct view *view, struct slice id,
                                struct arena *arena, struct forest_link *ret_link,
                                struct error *err);

/* Where a node stands. */
bool forest_edge_put(struct txn *txn, const struct view *view, struct slice parent, struct slice id,
                     struct error *err) MUST_CHECK;
bool forest_edge_drop(struct txn *txn, const struct view *view, struct slice parent,
                      struct slice id, struct error *err) MUST_CHECK;
enum db_finding forest_edge_get(const struct txn *txn, const struct view *view, struct slice parent,
                                struct slice id, struct error *err);

/* The links of one kind under one node, in the order of ids. */
enum forest_links_kind { FOREST_PARENTS = 'p', FOREST_CHILDREN = 'c', FOREST_EDGES = 'e' };
struct forest_links {
    struct cursor *cursor;
    struct buffer prefix;
    struct buffer start;
    bool started;
};
/* FROM: the first id that is wanted, or how it begins; empty: all. */
bool forest_links_open(struct forest_links *links, const struct txn *txn, const struct view *view,
                       enum forest_links_kind kind, struct slice node, struct slice from,
                       struct error *err) MUST_CHECK;
void forest_links_close(struct forest_links *links); /* takes a zeroed one */
/* RET_VALUE may be NULL. */
enum db_finding forest_links_next(struct forest_links *links, struct slice *ret_id,
                                  struct slice *ret_value, struct error *err);
bool forest_links_clear(struct txn *txn, const struct view *view, struct error *err) MUST_CHECK;
