/* tree_p.h - what tree.c, tree_list.c and tree_read.c share.
 *
 * Place    tree*.c, page.c, documents.c, rejects_file.c.
 * Memory   as tree.h.
 * Threads  as the snapshot.
 * Errors   as tree.h.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once
#include "tables/batch_log.h"
#include "tables/groups.h"
#include "tree/tree.h"

/* Whether the node stands for a group's file or directory: then `view`, `depth`
 * and `key` are set. */
bool node_of_group(const struct node *node);
/* Fills the stat of a node of a group from the group itself. */
bool tree_group_stat(const struct snapshot *snapshot, const struct node *node,
                     const struct group *group, struct node_stat *ret_stat,
                     struct error *err) MUST_CHECK;
/* The group that the node stands for; MISSING: it is not there. */
enum tree_answer tree_group(const struct snapshot *snapshot, const struct node *node,
                            struct group *ret_group, struct error *err);
/* The group of all rows of a view; DB_MISSING where it has none. */
enum db_finding tree_whole_view(const struct snapshot *snapshot, const struct view *view,
                                struct group *ret_group, struct error *err);
bool node_is_page(const struct node *node);
const struct view *tree_view(const struct snapshot *snapshot, const struct node *node);
/* The batch of NODE_BATCH or NODE_REJECT_FILE; MISSING: there is none, or it has
 * refused nothing. */
enum tree_answer tree_batch(const struct snapshot *snapshot, const struct node *node,
                            struct arena *arena, struct batch *ret_batch, struct error *err);
/* The file that tells the rows of a group one deeper than DEPTH dimensions: a leaf or rows. */
enum node_kind tree_file_kind(const struct view *view, unsigned depth);
/* Splits NAME into the stem and the kind of file; a directory has no extension. */
bool tree_split_name(struct slice name, struct slice *ret_stem, enum rows_format *ret_format);
/* Where a search for a hashed name begins: what all packed strings that begin with PREFIX begin
 * with, or a part of it. */
void tree_hashed_from(struct slice prefix, struct buffer *from);
/* Whether TEXT is behind all that begin with PREFIX, as far as keys are in order
 * whatever was cut. */
bool tree_is_beyond(struct slice text, struct slice prefix);
/* The names in .tallyfs, in the order of a listing. */
struct system_name {
    const char *name;
    enum node_kind kind;
};
extern const struct system_name system_names[];
enum { SYSTEM_NAMES = 7 };
void tree_view_name(const struct snapshot *snapshot, const struct view *view, struct buffer *name);
