/* hierarchy_links.h - who is whose child in a hierarchy: the table of links.
 *
 * Place    merge_hierarchy.c and link_changes.c keep it; hierarchy_scan.c, the tree of files and
 *          ingest's check for cycles read it.
 * Units    ids and parents are packed as in keys, the root is null.
 * Memory   what a scan returns borrows from the transaction, until its next step or write.
 * Threads  as the transaction.
 * Errors   ERROR_CORRUPT: an entry cannot be read, or a weight would be negative.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once
#include "kv/db.h"
#include "schema/schema.h"

/* Adds WEIGHT to the number of events that say that PARENT is the parent of ID; WHOLE: the
 * parent packed without limit where its key has cut it, else empty. IS_FIRST: no event says
 * anything of the parent of ID, so that none need be looked for. ERROR_CORRUPT: it would be
 * negative. *RET_SIGN: +1 where it is the first that says so, -1 where it was the last, else 0:
 * what becomes of ID among the children of PARENT, see link_changes.h. */
bool hierarchy_link_add(struct txn *txn, const struct view *view, struct slice id,
                        struct slice parent, struct slice whole, bool is_first, int64_t weight,
                        int *ret_sign, struct error *err) MUST_CHECK;
/* The parent that counts: its key, and itself packed without limit. DB_MISSING: no
 * event names one. */
struct hierarchy_link {
    struct slice parent;
    struct slice whole;
};
enum db_finding hierarchy_link_get(const struct txn *txn, const struct view *view, struct slice id,
                                   struct arena *arena, struct hierarchy_link *ret_link,
                                   struct error *err);

/* Whether a node stands there. */
enum db_finding hierarchy_edge_get(const struct txn *txn, const struct view *view,
                                   struct slice parent, struct slice id, struct error *err);

/* The links of one kind under one node, in the order of ids. */
enum hierarchy_links_kind {
    HIERARCHY_PARENTS = 'p',
    HIERARCHY_CHILDREN = 'c',
    HIERARCHY_EDGES = 'e'
};
/* The table's key of ID under NODE; ID may be empty, or how ids begin. */
void hierarchy_links_key(const struct view *view, enum hierarchy_links_kind kind, struct slice node,
                         struct slice id, struct buffer *key);
/* The first whose id is not before FROM, sooner than by a scan. RET_VALUE may be NULL. */
enum db_finding hierarchy_links_first(const struct txn *txn, const struct view *view,
                                      enum hierarchy_links_kind kind, struct slice node,
                                      struct slice from, struct slice *ret_id,
                                      struct slice *ret_value, struct error *err);
struct hierarchy_links {
    struct cursor *cursor;
    struct buffer prefix;
    struct buffer start;
    bool started;
};
/* FROM: the first id that is wanted, or how it begins; empty: all. */
bool hierarchy_links_open(struct hierarchy_links *links, const struct txn *txn,
                          const struct view *view, enum hierarchy_links_kind kind,
                          struct slice node, struct slice from, struct error *err) MUST_CHECK;
void hierarchy_links_close(struct hierarchy_links *links); /* takes a zeroed one */
/* RET_VALUE may be NULL. */
enum db_finding hierarchy_links_next(struct hierarchy_links *links, struct slice *ret_id,
                                     struct slice *ret_value, struct error *err);
bool hierarchy_links_clear(struct txn *txn, const struct view *view, struct error *err) MUST_CHECK;
