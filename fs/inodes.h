/* inodes.h - the inodes that the kernel holds, and the names it was told are not there.
 *
 * Place    ops.c adds and forgets; notify.c retires those that a commit replaced.
 * Promise  an inode is one version of one node: its content never changes. Its number (`id`) is
 *          never given twice. A directory keeps its number while it is there.
 * Memory   about 200 bytes an inode with its name, its node and its places in two tables.
 * Threads  protected by mount->lock.
 * Errors   none but the two false that are told below; without memory the process ends (arena.h).
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once
#include "tree/tree.h"

struct pinned;
struct copy;

/* How directory handles share the kernel's one cache of a listing; see ops_directory.c. */
struct listing_cache {
    unsigned handle_count;
    uint64_t handle_version; /* of all counted handles */
    uint64_t cached_version; /* that the kernel may have cached */
};

struct inode {
    uint64_t id; /* 0: a name that is not there */
    uint64_t parent_id;
    uint64_t lookup_count; /* the kernel's; it forgets as many */
    struct inode *next_of_id;
    struct inode *next_of_node;
    struct pinned *pinned;         /* the snapshot that has its content; NULL: the current one */
    struct copy *copy;             /* of the content, once `pinned` was let go */
    struct listing_cache *listing; /* directories, once opened */
    struct node_stat stat;
    uint64_t since; /* its maker's: how many snapshots had been published */
    uint32_t node_hash;
    uint16_t node_length;
    uint16_t name_length;
    bool newest;  /* in the table of nodes */
    char bytes[]; /* the packed node, the name, a NUL */
};

struct inode_table {
    struct inode **slots;
    size_t capacity; /* a power of two */
    size_t count;
};

enum { NEGATIVES_MAX = 65536 };

struct inodes {
    struct inode_table by_id;
    struct inode_table by_node; /* the newest version of each node, and names that are not there */
    size_t negative_count;
    uint64_t last_id;
};

void inodes_init(struct inodes *inodes);
void inodes_done(struct inodes *inodes);

struct slice inode_node(const struct inode *inode); /* packed */
const char *inode_name(const struct inode *inode);

struct inode *inodes_find(const struct inodes *inodes, uint64_t id);              /* or NULL */
struct inode *inodes_find_node(const struct inodes *inodes, struct slice packed); /* or NULL */
/* A new inode with no lookups, the newest of its node; one that was is retired first. */
struct inode *inodes_add(struct inodes *inodes, struct slice packed, uint64_t parent_id,
                         struct slice name, const struct node_stat *stat);
/* Says that the name was looked up in the directory. Of a directory that went and came back the
 * later number is the one that is seen; false: this one is not. */
bool inodes_move(struct inode *inode, uint64_t parent_id);
/* Remembers that NAME, which would be the node, is not there. false: there is no room for more, or
 * the directory is one that has gone. */
bool inodes_add_negative(struct inodes *inodes, struct slice packed, uint64_t parent_id,
                         struct slice name);
/* The node has a newer version, or none: it is found by its number only. Frees a negative one. */
void inodes_retire(struct inodes *inodes, struct inode *inode);
/* Takes lookups back. An inode without any is gone; what it had pinned is handed
 * back to release. */
struct pinned *inodes_forget(struct inodes *inodes, uint64_t id, uint64_t lookup_count);
/* Calls VISIT for inodes and negative names that are the newest of their nodes, from slot *SLOT of
 * their table on, and moves that on. Ends when some MOST have been seen, a slot counted as one;
 * returns how many, and 0 when none is left. VISIT may retire what it sees. Between two calls
 * inodes may come and go: one that stays is seen all the same. */
size_t inodes_each_newest(struct inodes *inodes, size_t *slot, size_t most,
                          void (*visit)(void *context, struct inode *inode), void *context);
/* Likewise for all inodes. VISIT changes no table. */
size_t inodes_scan(const struct inodes *inodes, size_t *slot, size_t most,
                   void (*visit)(void *context, struct inode *inode), void *context);
