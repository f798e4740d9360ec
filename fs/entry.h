/* entry.h - what the kernel is told of a node: an inode that it holds, attributes, for how long.
 *
 * Place    ops.c and ops_directory.c reply with it.
 * Promise  what is told with a timeout is taken back when a commit changes it (publish.h).
 * Memory   entries and attributes are values; the inode is the mount's.
 * Threads  under mount->lock, but for entry_leave, which takes it itself.
 * Errors   none.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once
#include "mount.h"

enum { ENTRY_BLOCK_BYTES = 4096 };
/* Seconds enough: the kernel keeps what it is told until it is taken back. */
extern double const entry_for_ever;

struct stat entry_attr(const struct mount *mount, const struct node_stat *stat);
/* Of an inode whose name the kernel looks up each time. */
struct fuse_entry_param entry_of_inode(const struct mount *mount, const struct inode *inode);
/* The inode of a node of the current snapshot with one more lookup, and what to reply with. */
struct fuse_entry_param entry_enter(struct mount *mount, const struct node *node,
                                    const struct node_stat *stat, uint64_t parent_id,
                                    struct slice name);
/* The kernel gives so many lookups back, or was not reached with them. */
void entry_leave(struct mount *mount, uint64_t id, uint64_t lookup_count);
