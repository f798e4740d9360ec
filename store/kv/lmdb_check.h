/* lmdb_check.h - all pages of one version of data.mdb, one after the other.
 *
 * Place    below db.c. Pages are read by read(2), not through a map, so that a page that is not
 *          there is an error.
 * Promise  where there is nothing wrong, LMDB can follow every page of the version without leaving
 *          the file, each page is used once or free once, and each tree has the keys, in their
 *          order, and the numbers of pages that it says. What the entries say is not looked at:
 *          sums and `tally verify` do that.
 * Memory   a bit for each page of the file, and a page for each level of a tree.
 * Threads  the caller's transaction keeps the version; writers may go on.
 * Errors   ERROR_CORRUPT names the page and what is wrong with it; ERROR_SYSTEM: it cannot be read.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once
#include "kv/lmdb_pages.h"

/* The free pages and all tables: costs a reading of the file. */
bool lmdb_scan_all(int fd, const struct lmdb_meta *meta, struct error *err) MUST_CHECK;
/* One table. */
bool lmdb_scan_table(int fd, const struct lmdb_meta *meta, const struct lmdb_tree *tree,
                     const char *name, struct error *err) MUST_CHECK;
/* The list of free pages, and whether the pages beyond the end of the file are all on it: those
 * that a transaction took and gave back are never written. Costs 8 bytes for each free page. */
bool lmdb_scan_free(int fd, const struct lmdb_meta *meta, struct error *err) MUST_CHECK;
/* The list of tables, which is one page, and where their trees begin. *RET_KEY_OFFSET is where its
 * first key stands in it; 0: there is none. */
bool lmdb_scan_list(int fd, const struct lmdb_meta *meta, size_t *ret_key_offset,
                    struct error *err) MUST_CHECK;
