/* page.h - index.html: a page of the mount's root, and one of each view, that needs no other
 * file and no network.
 *
 * Place    tree.c and tree_read.c put a page together of three parts:
 *
 *              head     page/: html, style and script, the same for all pages
 *              line     a JSON object: the view, or in the root all of them, with their totals
 *              rows     of a view: as in VIEW.json, or null where they are too many for a page
 * Promise  the head ends in <plaintext>, which nothing ends but the file: whatever the data holds,
 *          it stays data. So rows stand in the page as they are stored, and its size is known
 *          without reading them.
 * Memory   the head lives for ever, the line is the caller's buffer.
 * Threads  as the snapshot.
 * Errors   ERROR_CORRUPT of the view's groups.
 * Source   https://html.spec.whatwg.org/multipage/parsing.html#plaintext-state
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once
#include "tables/groups.h"
#include "tree/tree.h"

extern const char page_name[];
extern const char page_no_rows[]; /* stands in the place of rows that are too many */
struct slice page_front(void);    /* the head; lives for ever */
/* Appends the line. The page is there. */
bool page_line(const struct snapshot *snapshot, const struct node *node, struct buffer *line,
               struct error *err) MUST_CHECK;
/* Whether the page of a view that is this group has its rows. */
bool page_has_rows(const struct group *view);
/* The commit that last changed the page. MISSING: the view has no rows. */
enum tree_answer page_version(const struct snapshot *snapshot, const struct node *node,
                              uint64_t *ret_commit_id, struct error *err);
