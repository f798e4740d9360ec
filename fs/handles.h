/* handles.h - open directories. See ops_directory.c.
 *
 * Place    ops_directory.c opens, reads and closes them; expire.c takes their snapshots away, and
 *          publish.c keeps them from giving inodes.
 * Memory   a handle owns its listing and what was kept of it, from opendir to releasedir.
 * Threads  protected by mount->lock, which is held but where a call takes it itself.
 * Errors   none: what a listing cannot read is logged.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once
#include "mount.h"

/* What is left of a listing whose snapshot was let go: names, numbers and kinds. */
struct kept_entry {
    struct slice name; /* in the handle's arena */
    uint64_t ino;
    bool directory;
};

struct kept_listing {
    struct arena arena;
    struct kept_entry *entries;
    size_t count;
    size_t capacity;
};

struct handle {
    struct handle *next; /* of mount->handles */
    uint64_t number;     /* never given twice */
    uint64_t inode_id;
    uint64_t directory_ino;
    struct buffer node;    /* packed */
    struct pinned *pinned; /* NULL: the entries are kept */
    struct tree_listing *listing;
    struct tree_entry last; /* of the listing, which it borrows from */
    uint64_t last_index;
    bool has_last;
    bool is_system;   /* .tallyfs, which has one name more than the store knows of */
    bool counted;     /* takes part in the kernel's cache */
    bool gave_inodes; /* since the last commit */
    struct kept_listing kept;
};

void handle_free(struct handle *handle);
/* Gives one of the handles on PINNED what it still has to list, so that it can be let go; false:
 * there is none. Takes the lock itself. */
bool handles_copy(struct mount *mount, const struct pinned *pinned);
/* From now on no listing gives the kernel inodes, and `names_only` is set. Adds the numbers of the
 * directories, of 8 bytes each, whose listings have given some that the kernel may not have taken
 * yet. */
void handles_names_only(struct mount *mount, struct buffer *ids);
/* At the end of the mount. */
void handles_done(struct mount *mount);
