/* handles.h - open directories. See ops_directory.c.
 *
 * Place    ops_directory.c opens, reads and closes them; handles_copy.c takes their snapshots away.
 * Memory   a handle owns its listing and what was kept of it, from opendir to releasedir.
 * Threads  protected by mount->lock.
 * Errors   none: it declares what they have.
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
