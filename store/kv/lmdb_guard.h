/* lmdb_guard.h - the pages that LMDB is about to follow, looked at before it does.
 *
 * LMDB goes from a tree's root to the leaf of a key, and from there to the leaves beside it; a
 * writer copies the pages on that way, by what they say of themselves, and merges those beside it
 * where something is removed. So that way is gone first, in the last commit: what a write
 * transaction has changed since is LMDB's own. The leaf of the last key is kept in mind, with the
 * keys that belong to it, so that neighbours cost a comparison or two.
 *
 * Place    between db.c and LMDB.
 * Promise  no page makes LMDB read or write beyond its memory or the map. That a page is used
 *          twice, or free and in use, is not seen: that takes lmdb_scan_all.
 * Memory   MAP is LMDB's own, and the transaction keeps the version of META in it. A key is
 *          borrowed until return.
 * Threads  as the transaction.
 * Errors   ERROR_CORRUPT names the page; nothing has been followed by then.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once
#include "kv/lmdb_pages.h"

struct lmdb_guard;

/* NAMES are kept. The list of tables must be one page. */
bool lmdb_guard_new(const uint8_t *map, const struct lmdb_meta *meta, const char *const *names,
                    unsigned count, struct lmdb_guard **ret_guard, struct error *err) MUST_CHECK;
void lmdb_guard_free(struct lmdb_guard *guard); /* takes NULL */

enum lmdb_reach {
    LMDB_LOOK,   /* the leaf of the key, and those beside it */
    LMDB_PUT,    /* the leaf, and the pages of the value that is there */
    LMDB_REMOVE, /* besides, on each level, what may be merged with */
};
bool lmdb_guard_key(struct lmdb_guard *guard, unsigned table, struct slice key,
                    enum lmdb_reach reach, struct error *err) MUST_CHECK;
/* The way to the first key. */
bool lmdb_guard_first(struct lmdb_guard *guard, unsigned table, struct error *err) MUST_CHECK;

/* Of the last commit. */
const struct lmdb_meta *lmdb_guard_meta(const struct lmdb_guard *guard);
const struct lmdb_tree *lmdb_guard_tree(const struct lmdb_guard *guard, unsigned table);
