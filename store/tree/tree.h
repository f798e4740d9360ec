/* tree.h - the tree that users see: paths, nodes, sizes, listings, contents.
 *
 * Place    `tally cat` and `tally ls` scan it, tallyfs mounts it: one grammar for both
 *          (`.tallyfs/README` tells it).
 * Promise  a node's content is a function of the node and its version (node_stat.commit_id): while
 *          the version is the same in two snapshots, so are size and every byte.
 * Memory   a struct node borrows its key from where it was made; node_pack gives bytes to keep.
 * Threads  as the snapshot.
 * Errors   TREE_FAILED with ERROR_CORRUPT, or what reading the store gives. That a name is not
 *          there is an answer.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once
#include "base/arena.h"
#include "database/store.h"
#include "tables/change_log.h"

enum node_kind {
    NODE_ROOT,        /* / */
    NODE_GROUP,       /* X/: a directory; depth 0 is the view's own */
    NODE_ROWS,        /* X.json: the rows under X */
    NODE_LEAF,        /* X.json at full depth: one row */
    NODE_TOTAL,       /* X/.total.json */
    NODE_IDS,         /* VIEW/.node/, of a hierarchy */
    NODE_BY_ID,       /* VIEW/.node/ID.json */
    NODE_BREAKDOWN,   /* X/.models.json: a breakdown of a hierarchy's node */
    NODE_FRONT_PAGE,  /* /index.html */
    NODE_VIEW_PAGE,   /* VIEW/index.html */
    NODE_SYSTEM,      /* .tallyfs/ */
    NODE_README,      /* .tallyfs/README */
    NODE_GENERATION,  /* .tallyfs/generation */
    NODE_STATUS,      /* .tallyfs/status.json */
    NODE_SCHEMA,      /* .tallyfs/schema.json */
    NODE_VIEWS,       /* .tallyfs/views/ */
    NODE_VIEW,        /* .tallyfs/views/NAME.json */
    NODE_BATCHES,     /* .tallyfs/batches/ */
    NODE_BATCH,       /* .tallyfs/batches/ID.json */
    NODE_REJECTS,     /* .tallyfs/rejects/ */
    NODE_REJECT_FILE, /* .tallyfs/rejects/NAME */
};

struct node {
    enum node_kind kind;
    enum rows_format format; /* of NODE_ROWS, LEAF, BY_ID, BREAKDOWN */
    uint16_t view;           /* of NODE_GROUP, ROWS, LEAF, TOTAL, IDS, BY_ID, VIEW_PAGE, VIEW */
    uint8_t depth;           /* of NODE_GROUP, ROWS, LEAF, TOTAL: dimensions in the key */
    uint64_t batch;          /* of NODE_BATCH, NODE_REJECT_FILE: the batch's id */
    /* Of NODE_GROUP, ROWS, LEAF, TOTAL: packed dimensions; of nodes see tree_hierarchy.h. */
    struct slice key;
};

struct node_stat {
    bool directory;
    uint64_t size_bytes;
    uint64_t commit_id; /* that last changed it: its version. A directory's: its listing */
    int64_t mtime_ns;
    uint64_t version; /* the nonce of that commit: no other one has it, of this store or another */
    uint64_t ino; /* directories: of the path alone; files: of path and version. Never 0 or 1 but
                     for the root, which is 1 */
};

bool node_is_directory(const struct node *node);
enum {
    NODE_ROOM_BYTES = 600
}; /* what nearly every packed node, key and name fits in, for STACK_BUFFER */
/* The node as bytes: equal nodes, equal bytes. node_unpack borrows BYTES; false:
 * not packed by us. */
void node_pack(const struct node *node, struct buffer *bytes);
bool node_unpack(struct slice bytes, struct node *ret_node) MUST_CHECK;

enum tree_answer {
    TREE_FOUND,
    TREE_MISSING, /* not in this snapshot; *ret_node is what would appear: watch for it */
    TREE_NEVER,   /* no such name while this schema is in force */
    TREE_UNKNOWN, /* not there, and the name does not tell the node (a hashed one): do not cache */
    TREE_FAILED,
};
/* The child NAME of a directory. The node's key lives in ARENA. */
enum tree_answer tree_lookup(const struct snapshot *snapshot, const struct node *parent,
                             struct slice name, struct arena *arena, struct node *ret_node,
                             struct node_stat *ret_stat, struct error *err);
/* TREE_FOUND, TREE_MISSING or TREE_FAILED. */
enum tree_answer tree_stat(const struct snapshot *snapshot, const struct node *node,
                           struct node_stat *ret_stat, struct error *err);
/* A whole path, "/"-separated, with or without a leading one; "" is the root. */
enum tree_answer tree_find(const struct snapshot *snapshot, struct slice path, struct arena *arena,
                           struct node *ret_node, struct node_stat *ret_stat, struct error *err);

/* Where a reader of one file stands, so that reading on costs nothing but what is read. Zeroed: at
 * the start. One a file version; never shared between threads. */
struct tree_reader {
    uint64_t row_index;     /* rows in front of `row_offset` */
    uint64_t row_offset;    /* in the file */
    size_t row_family;      /* of a file for Prometheus: the measure */
    struct buffer row_key;  /* key of the row that begins there; empty: none known */
    struct buffer document; /* text of a node that is rendered as a whole */
    bool rendered;
};
void tree_reader_done(struct tree_reader *reader);
/* Appends the bytes [offset, offset + size) of a file to INTO, fewer only at the end of the file.
 * The node must be there with the same version as in SNAPSHOT. Random offsets cost a scan over the
 * siblings in front. */
bool tree_read(const struct snapshot *snapshot, const struct node *node, struct tree_reader *reader,
               uint64_t offset, size_t size, struct buffer *into, struct error *err) MUST_CHECK;

/* One directory's entries in the order of their values, each name once. Without "." and "..". */
struct tree_listing;
bool tree_list(const struct snapshot *snapshot, const struct node *directory,
               struct tree_listing **ret_listing, struct error *err) MUST_CHECK;
void tree_listing_free(struct tree_listing *listing); /* takes NULL */
static inline void tree_listing_close(struct tree_listing **listing)
{
    tree_listing_free(*listing);
}
struct tree_entry {
    struct slice name; /* lives until the next call on this listing */
    struct node node;  /* likewise */
    struct node_stat stat;
};
/* TREE_FOUND, TREE_MISSING at the end, or TREE_FAILED. */
enum tree_answer tree_listing_next(struct tree_listing *listing, struct tree_entry *ret_entry,
                                   struct error *err);
/* The number of entries in front of the next one; and going there again. Going forward scans;
 * going back starts over. */
uint64_t tree_listing_index(const struct tree_listing *listing);
bool tree_listing_seek(struct tree_listing *listing, uint64_t index, struct error *err) MUST_CHECK;

/* Calls VISIT for every node that a change touches: its files in all formats, and the directory
 * itself where it appeared, disappeared or lists other names. `replaced`: the node's old inode is
 * of no more use for this name; false: only a directory's listing changed. */
void tree_change_nodes(const struct snapshot *snapshot, const struct change *change,
                       void (*visit)(void *context, const struct node *node, bool replaced),
                       void *context);
/* Likewise for the nodes that may change with any commit: generation, status, views, batches and
 * rejects after commit AFTER. */
void tree_commit_nodes(const struct snapshot *snapshot, uint64_t after,
                       void (*visit)(void *context, const struct node *node, bool replaced),
                       void *context);
