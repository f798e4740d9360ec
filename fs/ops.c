// SPDX-License-Identifier: Apache-2.0
#include "ops.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "copies.h"
#include "entry.h"
#include "host/service_notify.h"
#include "metrics.h"
#include "ops_directory.h"
#include "publish.h"

enum { NAME_BYTES_LIMIT = 255 };
static const char commit_attribute[] = "user.tallyfs.commit";
static const char upcalls_attribute[] = "user.tallyfs.upcalls";

static struct mount *mount_of(fuse_req_t req)
{
    return fuse_req_userdata(req);
}

/* Takes the lock itself. */
static void op_count(struct mount *mount, enum upcall upcall)
{
    mount_lock(mount);
    mount->upcalls[upcall]++;
    mount_unlock(mount);
}

/* Under the lock. Returns 0 or an errno; a *ret_entry with ino 0 is a name that is not there. */
static int look_up(struct mount *mount, uint64_t parent_id, struct slice name,
                   struct fuse_entry_param *ret_entry)
{
    STACK_BUFFER(packed, NODE_ROOM_BYTES);
    struct node parent, node;
    struct node_stat stat;
    struct error err;
    const struct inode *const directory = inodes_find(&mount->inodes, parent_id);
    mount->upcalls[UPCALL_LOOKUP]++;
    if (name.length > NAME_BYTES_LIMIT) return ENAMETOOLONG; /* the kernel lets more pass */
    if (!directory || !node_unpack(inode_node(directory), &parent)) return ENOENT;
    if (parent.kind == NODE_SYSTEM && slice_is(name, metrics_name)) {
        struct inode *const figures = metrics_add_inode(mount, parent_id, &err);
        if (!figures) return mount_errno(mount, &err);
        *ret_entry = entry_of_inode(mount, figures);
        return 0;
    }
    arena_reset(&mount->scratch);
    switch (tree_lookup(mount->snapshots.current->snapshot, &parent, name, &mount->scratch, &node,
                        &stat, &err)) {
    case TREE_FOUND: *ret_entry = entry_enter(mount, &node, &stat, parent_id, name); return 0;
    case TREE_MISSING: break;
    case TREE_NEVER:
    case TREE_UNKNOWN: return ENOENT;
    case TREE_FAILED: return mount_errno(mount, &err);
    }
    node_pack(&node, &packed);
    publish_replaced(mount, buffer_slice(&packed));
    if (!inodes_add_negative(&mount->inodes, buffer_slice(&packed), parent_id, name))
        return ENOENT; /* no room to remember it: the kernel must ask again */
    *ret_entry = (struct fuse_entry_param){.entry_timeout = entry_for_ever};
    return 0;
}

static void op_lookup(fuse_req_t req, fuse_ino_t parent_id, const char *name)
{
    struct mount *const mount = mount_of(req);
    struct fuse_entry_param entry = {0};
    mount_lock(mount);
    int const reason = look_up(mount, parent_id, slice_text(name), &entry);
    mount_unlock(mount);
    if (reason) {
        (void)fuse_reply_err(req, reason);
        return;
    }
    if (fuse_reply_entry(req, &entry) != 0 && entry.ino != 0) entry_leave(mount, entry.ino, 1);
}

static void op_forget(fuse_req_t req, fuse_ino_t id, uint64_t lookup_count)
{
    entry_leave(mount_of(req), id, lookup_count);
    fuse_reply_none(req);
}

static void op_forget_multi(fuse_req_t req, size_t count, struct fuse_forget_data *forgets)
{
    for (size_t i = 0; i < count; i++)
        entry_leave(mount_of(req), forgets[i].ino, forgets[i].nlookup);
    fuse_reply_none(req);
}

/* A copy of what is known of an inode. */
static bool find_stat(struct mount *mount, fuse_ino_t id, struct node_stat *ret_stat)
{
    mount_lock(mount);
    const struct inode *const inode = inodes_find(&mount->inodes, id);
    if (inode) *ret_stat = inode->stat;
    mount_unlock(mount);
    return inode;
}

static void op_getattr(fuse_req_t req, fuse_ino_t id, struct fuse_file_info *info)
{
    (void)info;
    struct mount *const mount = mount_of(req);
    struct node_stat stat;
    op_count(mount, UPCALL_GETATTR);
    if (!find_stat(mount, id, &stat)) {
        (void)fuse_reply_err(req, ENOENT);
        return;
    }
    struct stat const attr = entry_attr(mount, &stat);
    (void)fuse_reply_attr(req, &attr, entry_for_ever);
}

/* ENOSYS once: from then on the kernel opens files by itself and keeps their pages. */
static void op_open(fuse_req_t req, fuse_ino_t id, struct fuse_file_info *info)
{
    (void)id;
    (void)info;
    op_count(mount_of(req), UPCALL_OPEN);
    (void)fuse_reply_err(req, ENOSYS);
}

/* The reader that stands in this inode's file, or the one that was used least lately. */
static struct tree_reader *find_reader(struct mount *mount, uint64_t inode_id)
{
    struct file_reader *chosen = &mount->readers[0];
    for (size_t i = 0; i < READERS; i++) {
        struct file_reader *const each = &mount->readers[i];
        if (each->inode_id == inode_id) {
            chosen = each;
            break;
        }
        if (each->used < chosen->used) chosen = each;
    }
    if (chosen->inode_id != inode_id) tree_reader_done(&chosen->reader);
    chosen->inode_id = inode_id; /* never given twice, so it cannot mean another file */
    chosen->used = ++mount->reads;
    return &chosen->reader;
}

/* Under the lock: the bytes into mount->reply. Returns 0 or an errno. */
static int ops_read_file(struct mount *mount, uint64_t id, uint64_t offset, size_t size)
{
    struct node node;
    struct error err;
    const struct inode *const inode = inodes_find(&mount->inodes, id);
    mount->upcalls[UPCALL_READ]++;
    if (!inode) return ENOENT;
    if (inode->stat.directory) return EISDIR;
    if (inode->copy)
        return copy_read(inode->copy, offset, size, &mount->reply, &err) ? 0
                                                                         : mount_errno(mount, &err);
    if (!node_unpack(inode_node(inode), &node)) return ENOENT;
    const struct pinned *const pinned = publish_content(mount, inode);
    return tree_read(pinned->snapshot, &node, find_reader(mount, id), offset, size, &mount->reply,
                     &err)
               ? 0
               : mount_errno(mount, &err);
}

static void op_read(fuse_req_t req, fuse_ino_t id, size_t size, off_t offset,
                    struct fuse_file_info *info)
{
    (void)info;
    struct mount *const mount = mount_of(req);
    buffer_clear(&mount->reply);
    mount_lock(mount);
    int const reason = ops_read_file(mount, id, (uint64_t)offset, size);
    mount_unlock(mount);
    if (reason)
        (void)fuse_reply_err(req, reason);
    else
        (void)fuse_reply_buf(req, (char *)mount->reply.at, mount->reply.length);
}

static void op_statfs(fuse_req_t req, fuse_ino_t id)
{
    (void)id;
    struct mount *const mount = mount_of(req);
    struct store_usage usage;
    struct error err;
    mount_lock(mount);
    mount->upcalls[UPCALL_STATFS]++;
    const struct snapshot *const snapshot = mount->snapshots.current->snapshot;
    bool const good = store_usage(snapshot, &usage, &err);
    mount_unlock(mount);
    if (!good) {
        (void)fuse_reply_err(req, mount_errno(mount, &err));
        return;
    }
    /* f_files and f_ffree stay 0, "unknown": there is no table of inodes that could be full. */
    struct statvfs const answer = {
        .f_bsize = ENTRY_BLOCK_BYTES,
        .f_frsize = ENTRY_BLOCK_BYTES,
        .f_blocks = usage.file_bytes / ENTRY_BLOCK_BYTES,
        .f_bfree = usage.free_bytes / ENTRY_BLOCK_BYTES,
        .f_bavail = usage.free_bytes / ENTRY_BLOCK_BYTES,
        .f_namemax = NAME_BYTES_LIMIT,
        .f_flag = ST_RDONLY,
    };
    (void)fuse_reply_statfs(req, &answer);
}

/* SIZE 0 asks how long the answer is. */
static void reply_attribute(fuse_req_t req, struct slice value, size_t size)
{
    if (size == 0)
        (void)fuse_reply_xattr(req, value.length);
    else if (size < value.length)
        (void)fuse_reply_err(req, ERANGE);
    else
        (void)fuse_reply_buf(req, (const char *)value.at, value.length);
}

static void op_getxattr(fuse_req_t req, fuse_ino_t id, const char *name, size_t size)
{
    struct mount *const mount = mount_of(req);
    STACK_BUFFER(value, 256);
    struct node_stat stat;
    /* Of security labels and ACLs `ls -l` asks each file, until it hears that there are
     * none on this device. */
    if (strncmp(name, "user.", strlen("user.")) != 0) {
        (void)fuse_reply_err(req, EOPNOTSUPP);
        return;
    }
    if (!find_stat(mount, id, &stat)) {
        (void)fuse_reply_err(req, ENOENT);
        return;
    }
    if (strcmp(name, commit_attribute) == 0) {
        buffer_format(&value, "%llu", (unsigned long long)stat.commit_id);
    } else if (strcmp(name, upcalls_attribute) == 0 && id == FUSE_ROOT_ID) {
        mount_lock(mount);
        metrics_upcalls(mount, &value);
        mount_unlock(mount);
    } else {
        (void)fuse_reply_err(req, ENODATA);
        return;
    }
    reply_attribute(req, buffer_slice(&value), size);
}

static void op_listxattr(fuse_req_t req, fuse_ino_t id, size_t size)
{
    (void)id; /* the counters on the root are not listed: a copy of the tree should not have them */
    reply_attribute(req, slice_of(commit_attribute, sizeof commit_attribute), size);
}

static void op_access(fuse_req_t req, fuse_ino_t id, int mask)
{
    (void)id;
    (void)fuse_reply_err(req, (mask & W_OK) ? EROFS : 0);
}

static void op_init(void *userdata, struct fuse_conn_info *connection)
{
    struct mount *const mount = userdata;
    connection->want |= connection->capable & FUSE_CAP_READDIRPLUS;
    connection->want |= connection->capable & FUSE_CAP_READDIRPLUS_AUTO;
    /* An inode's content never changes: there is no need to look whether it did. */
    connection->want &= ~(unsigned)FUSE_CAP_AUTO_INVAL_DATA;
    service_notify("READY=1");
    if (mount->ready_pipe < 0) return;
    char const ready = '\0';
    /* Lets go of the terminal; standard input is /dev/null. From here on the system log is told. */
    (void)dup2(STDIN_FILENO, STDOUT_FILENO);
    (void)dup2(STDIN_FILENO, STDERR_FILENO);
    (void)!write(mount->ready_pipe, &ready, 1); /* the parent may have been killed */
    (void)close(mount->ready_pipe);
    mount->ready_pipe = -1;
}

/* The kernel refuses changes to a read-only mount by itself; these are for those that reach us. */
static void op_setattr(fuse_req_t req, fuse_ino_t id, struct stat *attr, int to_set,
                       struct fuse_file_info *info)
{
    (void)id, (void)attr, (void)to_set, (void)info;
    (void)fuse_reply_err(req, EROFS);
}

static void op_mknod(fuse_req_t req, fuse_ino_t parent, const char *name, mode_t mode, dev_t device)
{
    (void)parent, (void)name, (void)mode, (void)device;
    (void)fuse_reply_err(req, EROFS);
}

static void op_mkdir(fuse_req_t req, fuse_ino_t parent, const char *name, mode_t mode)
{
    (void)parent, (void)name, (void)mode;
    (void)fuse_reply_err(req, EROFS);
}

static void op_unlink(fuse_req_t req, fuse_ino_t parent, const char *name)
{
    (void)parent, (void)name;
    (void)fuse_reply_err(req, EROFS);
}

static void op_symlink(fuse_req_t req, const char *target, fuse_ino_t parent, const char *name)
{
    (void)target, (void)parent, (void)name;
    (void)fuse_reply_err(req, EROFS);
}

static void op_rename(fuse_req_t req, fuse_ino_t parent, const char *name, fuse_ino_t new_parent,
                      const char *new_name, unsigned flags)
{
    (void)parent, (void)name, (void)new_parent, (void)new_name, (void)flags;
    (void)fuse_reply_err(req, EROFS);
}

static void op_link(fuse_req_t req, fuse_ino_t id, fuse_ino_t new_parent, const char *new_name)
{
    (void)id, (void)new_parent, (void)new_name;
    (void)fuse_reply_err(req, EROFS);
}

static void op_write(fuse_req_t req, fuse_ino_t id, const char *bytes, size_t size, off_t offset,
                     struct fuse_file_info *info)
{
    (void)id, (void)bytes, (void)size, (void)offset, (void)info;
    (void)fuse_reply_err(req, EROFS);
}

static void op_create(fuse_req_t req, fuse_ino_t parent, const char *name, mode_t mode,
                      struct fuse_file_info *info)
{
    (void)parent, (void)name, (void)mode, (void)info;
    (void)fuse_reply_err(req, EROFS);
}

static void op_setxattr(fuse_req_t req, fuse_ino_t id, const char *name, const char *value,
                        size_t size, int flags)
{
    (void)id, (void)name, (void)value, (void)size, (void)flags;
    (void)fuse_reply_err(req, EROFS);
}

static void op_removexattr(fuse_req_t req, fuse_ino_t id, const char *name)
{
    (void)id, (void)name;
    (void)fuse_reply_err(req, EROFS);
}

const struct fuse_lowlevel_ops mount_ops = {
    .init = op_init,
    .lookup = op_lookup,
    .forget = op_forget,
    .forget_multi = op_forget_multi,
    .getattr = op_getattr,
    .open = op_open,
    .read = op_read,
    .opendir = op_opendir,
    .readdir = op_readdir,
    .readdirplus = op_readdirplus,
    .releasedir = op_releasedir,
    .statfs = op_statfs,
    .getxattr = op_getxattr,
    .listxattr = op_listxattr,
    .access = op_access,
    .setattr = op_setattr,
    .mknod = op_mknod,
    .mkdir = op_mkdir,
    .unlink = op_unlink,
    .rmdir = op_unlink,
    .symlink = op_symlink,
    .rename = op_rename,
    .link = op_link,
    .write = op_write,
    .create = op_create,
    .setxattr = op_setxattr,
    .removexattr = op_removexattr,
};
