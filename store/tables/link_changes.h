/* link_changes.h - children or edges of a hierarchy that come and go, written at last in the order
 * of the table, so that neighbours are found together.
 *
 *   link_changes_add... -> link_changes_apply
 *
 * Place    merge_hierarchy.c, which finds them in the order of other keys.
 * Memory   keys live in the arena given; the list is the owner's until link_changes_done.
 * Threads  as the transaction.
 * Errors   those of db.h.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once
#include "base/arena.h"
#include "tables/hierarchy_links.h"

/* Begins with what is borrowed, and zeros. */
struct link_changes {
    const struct view *view;
    enum hierarchy_links_kind kind;
    struct arena *arena;
    struct buffer list;
};
void link_changes_done(struct link_changes *changes);
/* SIGN +1: the link of NODE and ID comes, -1: it goes, and is there. */
void link_changes_add(struct link_changes *changes, struct slice node, struct slice id, int sign);
/* Forgets them. */
void link_changes_clear(struct link_changes *changes);
/* Writes them, and forgets them. */
bool link_changes_apply(struct link_changes *changes, struct txn *txn,
                        struct error *err) MUST_CHECK;
