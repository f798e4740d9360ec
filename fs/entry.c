// SPDX-License-Identifier: Apache-2.0
#include "entry.h"

#include "publish.h"

enum { STAT_BLOCK_BYTES = 512, NS_PER_SECOND = 1000000000 };
double const entry_for_ever = 1e9;

struct stat entry_attr(const struct mount *mount, const struct node_stat *stat)
{
    struct timespec const time = {.tv_sec = stat->mtime_ns / NS_PER_SECOND,
                                  .tv_nsec = stat->mtime_ns % NS_PER_SECOND};
    mode_t const mode = stat->directory ? S_IFDIR | 0555 : S_IFREG | 0444;
    return (struct stat){
        .st_ino = stat->ino,
        .st_mode = mode & ~(mode_t)(mount->options->umask & 0777),
        .st_nlink = 1, /* of directories: it tells nothing of their number */
        .st_uid = mount->options->uid,
        .st_gid = mount->options->gid,
        .st_size = (off_t)stat->size_bytes,
        .st_blksize = ENTRY_BLOCK_BYTES,
        .st_blocks = (blkcnt_t)((stat->size_bytes + STAT_BLOCK_BYTES - 1) / STAT_BLOCK_BYTES),
        .st_atim = time,
        .st_mtim = time,
        .st_ctim = time,
    };
}

struct fuse_entry_param entry_of_inode(const struct mount *mount, const struct inode *inode)
{
    return (struct fuse_entry_param){
        .ino = inode->id, .attr_timeout = entry_for_ever, .attr = entry_attr(mount, &inode->stat)};
}

/* An inode that is there already serves while it is the same version; a directory always is. */
struct fuse_entry_param entry_enter(struct mount *mount, const struct node *node,
                                    const struct node_stat *stat, uint64_t parent_id,
                                    struct slice name)
{
    STACK_BUFFER(packed, NODE_ROOM_BYTES);
    node_pack(node, &packed);
    publish_replaced(mount, buffer_slice(&packed));
    struct inode *inode = inodes_find_node(&mount->inodes, buffer_slice(&packed));
    bool const same =
        inode && inode->id != 0 && (stat->directory || inode->stat.version == stat->version);
    if (!same) {
        inode = inodes_add(&mount->inodes, buffer_slice(&packed), parent_id, name, stat);
        inode->since = mount->publications;
    }
    inode->stat = *stat;
    inode->lookup_count++;
    struct fuse_entry_param entry = entry_of_inode(mount, inode);
    /* else the name there would not be taken back */
    if (inodes_move(inode, parent_id)) entry.entry_timeout = entry_for_ever;
    return entry;
}

void entry_leave(struct mount *mount, uint64_t id, uint64_t lookup_count)
{
    mount_lock(mount);
    snapshots_release(&mount->snapshots, inodes_forget(&mount->inodes, id, lookup_count));
    mount_unlock(mount);
}
