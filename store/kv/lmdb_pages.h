/* lmdb_pages.h - the pages of data.mdb: whether one can be what it says, and what stands in it.
 *
 * LMDB trusts each byte of its file: a page size of zero is a division by zero, a page whose free
 * space ends behind its end is copied over the end of an allocation. So what it is about to follow
 * is looked at here first.
 *
 *   page      number 8 | pad 2 | flags 2 | lower 2 | upper 2 | offset of each node, 2 | free |
 *             nodes, packed up to the end
 *   node      size or child 4 | flags (or child) 2 | key size 2 | key | value, or the number of the
 *             page where it begins
 *   overflow  number 8 | pad 2 | flags 2 | pages 4 | a value, over as many pages
 *   meta      the page's head | magic 4 | version 4 | address 8 | map size 8 |
 *             tree of free pages 48 | tree of tables 48 | last page 8 | transaction 8
 *   tree      page size 4 | flags 2 | depth 2 | branch, leaf, overflow pages, entries, root: 8 each
 *
 * Place    below db.c, and knows nothing of it: plain bytes of a file.
 * Units    numbers are the machine's own, sizes bytes; what is 8 here is 4 where pointers are.
 * Memory   a node's slices point into its page.
 * Threads  pure.
 * Errors   a text that says what is wrong, or NULL.
 * Source   MDB_page, MDB_node, MDB_meta and MDB_db in mdb.c of LMDB 0.9.24.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once
#include <sys/types.h>

#include "base/bytes.h"
#include "base/error.h"

enum { LMDB_DEPTH_MAX = 32, LMDB_PAGE_BYTES_MAX = 1 << 15, LMDB_KEY_BYTES_MAX = 511 };
#define LMDB_NO_PAGE SIZE_MAX /* the root of an empty tree */

struct lmdb_tree {
    uint16_t flags;
    uint16_t depth;
    size_t branch_pages;
    size_t leaf_pages;
    size_t overflow_pages;
    size_t entries;
    size_t root;
};

/* A version of all that the file holds. */
struct lmdb_meta {
    uint32_t page_bytes;
    size_t last_page; /* the file may be shorter: free pages at its end need not be written */
    size_t txn_id;
    struct lmdb_tree free; /* transaction -> the pages that it gave back */
    struct lmdb_tree tables;
};

/* Reads up to LENGTH bytes, fewer only at the end of the file; -1 with errno. */
ssize_t lmdb_read(int fd, off_t offset, void *bytes, size_t length);
/* Reads both meta pages of the open data file FD, whoever may be writing it, and gives the newer
 * one. An empty file is ERROR_CORRUPT, too. */
bool lmdb_meta_read(int fd, struct lmdb_meta *ret_meta, struct error *err) MUST_CHECK;
/* The version of transaction TXN_ID, which a transaction of the caller keeps. LMDB_GONE: its meta
 * page has been used again. */
enum lmdb_found { LMDB_FOUND, LMDB_GONE, LMDB_DAMAGED };
enum lmdb_found lmdb_meta_find(int fd, size_t txn_id, struct lmdb_meta *ret_meta,
                               struct error *err);

/* What a tree is for. */
enum lmdb_use { LMDB_FREE_PAGES, LMDB_TABLE_LIST, LMDB_TABLE };

struct lmdb_page {
    const uint8_t *at;
    uint32_t bytes;
    bool leaf;
    unsigned count; /* of nodes */
    size_t free_bytes;
};

struct lmdb_node {
    struct slice key;
    /* Of a branch; of a leaf, where the value begins, if it is in pages of its own: else 0. */
    size_t child;
    size_t children; /* how many pages the value takes there */
    struct slice value;
};

/* The three that end in _wrong return what is wrong, or NULL. */
const char *lmdb_tree_wrong(const struct lmdb_tree *tree, enum lmdb_use use,
                            const struct lmdb_meta *meta);
/* AT are the bytes of page NUMBER. Whatever is in them, nothing beyond them is read. */
const char *lmdb_page_wrong(const uint8_t *at, size_t number, enum lmdb_use use,
                            const struct lmdb_meta *meta, struct lmdb_page *ret_page);
/* The same of a page that had nothing wrong before, and is still that. */
struct lmdb_page lmdb_page_again(const uint8_t *at, const struct lmdb_meta *meta);
/* AT are the first LMDB_HEAD_BYTES of the pages of NODE's value. *RET_PAGES are all of them. */
enum { LMDB_HEAD_BYTES = sizeof(size_t) + 8 };
const char *lmdb_overflow_wrong(const uint8_t *at, const struct lmdb_node *node,
                                const struct lmdb_meta *meta, size_t *ret_pages);

/* Of a page that has nothing wrong. INDEX is below its count. */
struct lmdb_node lmdb_node_read(const struct lmdb_page *page, unsigned index);
/* What a value in the list of tables says. false: it has another size. */
bool lmdb_tree_read(struct slice value, struct lmdb_tree *ret_tree);
/* Tells that page NUMBER of the tree called NAME is damaged. Returns false. */
bool lmdb_complain(const char *name, size_t number, const char *wrong, struct error *err);
