/* ops.h - the requests of the kernel: decode, ask the tree under the lock, reply once.
 *
 * Place    libfuse calls mount_ops; ops_directory.c has what is about directories.
 * Promise  each request is answered once, on every path.
 * Memory   replies are put together in the mount's own buffers, which the next request uses again.
 * Threads  all are called by the worker.
 * Errors   become an errno in the reply, by mount_errno.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once
#include "mount.h"

extern const struct fuse_lowlevel_ops mount_ops;
/* How long the kernel keeps what we tell: it is told when it changes. */
extern double const for_ever;

/* Shared with ops_directory.c. */
void op_count(struct mount *mount, enum upcall upcall); /* takes the lock itself */
void fill_attr(const struct mount *mount, const struct node_stat *stat, struct stat *ret_attr);
/* The inode of a node of the current snapshot with one more lookup, and what to reply
 * with. Under the lock. */
void enter_node(struct mount *mount, const struct node *node, const struct node_stat *stat,
                uint64_t parent_id, struct slice name, struct fuse_entry_param *ret_entry);
void leave_node(struct mount *mount, uint64_t id,
                uint64_t lookup_count); /* takes the lock itself */

void op_opendir(fuse_req_t req, fuse_ino_t id, struct fuse_file_info *info);
void op_readdir(fuse_req_t req, fuse_ino_t id, size_t size, off_t offset,
                struct fuse_file_info *info);
void op_readdirplus(fuse_req_t req, fuse_ino_t id, size_t size, off_t offset,
                    struct fuse_file_info *info);
void op_releasedir(fuse_req_t req, fuse_ino_t id, struct fuse_file_info *info);

/* Directory handles: see ops_directory.c. */
/* Gives one of the handles on PINNED what it still has to list, so that it can be let go; false:
 * there is none. Takes the lock itself. */
bool handles_copy(struct mount *mount, const struct pinned *pinned);
/* From now on no listing gives the kernel inodes, and `names_only` is set. Adds the numbers of the
 * directories, of 8 bytes each, whose listings have given some that the kernel may not have taken
 * yet. Under the lock. */
void handles_names_only(struct mount *mount, struct buffer *ids);
void handles_done(struct mount *mount);
