/* A handle on a directory pins the snapshot it was opened in, so that one `ls` sees one commit,
 * however many requests it takes.
 *
 * The kernel has one cache of a listing for all handles. It must never be put together from two
 * versions, nor outlive its own. So of the handles that are open at the same time only those of one
 * version take part in it:
 *
 *   - a handle of another version than the open ones that take part reads past the cache;
 *   - one that takes part, but of another version than was cached last, has the cache dropped;
 *   - one that is opened while a commit is being published reads past the cache, as the directory
 *     may still stand by the version before (publish.c).
 *
 * A handle of the old version that fills the cache behind a commit is covered by the second rule,
 * as whoever comes when it is closed has a newer version.
 *
 * readdirplus also gives the kernel inodes to keep. Those of an old snapshot would be kept for
 * ever, as the commit that replaced them has been told already: a handle behind the current commit
 * gives names only, and so does every handle while a commit is told (notify.c).
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ops_directory.h"

#include <errno.h>
#include <string.h>

#include "entry.h"
#include "handles.h"
#include "metrics.h"

enum { DOT_ENTRIES = 2 };

static struct handle *handle_of(const struct fuse_file_info *info)
{
    return (struct handle *)(uintptr_t)info->fh;
}

static void join_cache(const struct mount *mount, struct inode *inode, struct handle *handle,
                       struct fuse_file_info *info)
{
    uint64_t const version = inode->stat.version;
    if (!inode->listing) inode->listing = memory_alloc(sizeof *inode->listing);
    struct listing_cache *const cache = inode->listing;
    if (mount->publication || (cache->handle_count > 0 && cache->handle_version != version)) return;
    cache->handle_count++;
    cache->handle_version = version;
    handle->counted = true;
    info->cache_readdir = 1;
    info->keep_cache = cache->cached_version == version;
    cache->cached_version = version;
}

/* Under the lock. */
static int open_directory(struct mount *mount, uint64_t id, struct fuse_file_info *info)
{
    struct inode *const inode = inodes_find(&mount->inodes, id);
    struct pinned *const current = mount->snapshots.current;
    struct tree_listing *listing;
    struct node node;
    struct error err;
    mount->upcalls[UPCALL_OPENDIR]++;
    if (!inode || !node_unpack(inode_node(inode), &node)) return ENOENT;
    if (!inode->stat.directory) return ENOTDIR;
    if (!tree_list(current->snapshot, &node, &listing, &err)) return mount_errno(mount, &err);
    struct handle *const handle = memory_alloc(sizeof *handle);
    *handle = (struct handle){.next = mount->handles,
                              .number = ++mount->handle_count,
                              .inode_id = id,
                              .directory_ino = inode->stat.ino,
                              .is_system = node.kind == NODE_SYSTEM,
                              .pinned = snapshots_acquire(current),
                              .listing = listing};
    buffer_add_slice(&handle->node, inode_node(inode));
    mount->handles = handle;
    join_cache(mount, inode, handle, info);
    info->fh = (uintptr_t)handle;
    return 0;
}

/* Under the lock. */
static void close_directory(struct mount *mount, struct handle *handle)
{
    struct handle **at = &mount->handles;
    while (*at != handle)
        at = &(*at)->next;
    *at = handle->next;
    struct inode *const inode = inodes_find(&mount->inodes, handle->inode_id);
    if (inode && handle->counted) inode->listing->handle_count--;
    struct pinned *const pinned = handle->pinned;
    uint64_t const id = handle->inode_id;
    handle_free(handle);
    snapshots_release(&mount->snapshots, pinned);
    snapshots_release(&mount->snapshots, inodes_forget(&mount->inodes, id, 0));
}

static void release(struct mount *mount, const struct fuse_file_info *info)
{
    mount_lock(mount);
    close_directory(mount, handle_of(info));
    mount_unlock(mount);
}

void op_opendir(fuse_req_t req, fuse_ino_t id, struct fuse_file_info *info)
{
    struct mount *const mount = fuse_req_userdata(req);
    mount_lock(mount);
    int const reason = open_directory(mount, id, info);
    mount_unlock(mount);
    if (reason)
        (void)fuse_reply_err(req, reason);
    else if (fuse_reply_open(req, info) != 0)
        release(mount, info); /* interrupted: no release will come */
}

void op_releasedir(fuse_req_t req, fuse_ino_t id, struct fuse_file_info *info)
{
    (void)id;
    release(fuse_req_userdata(req), info);
    (void)fuse_reply_err(req, 0);
}

/* The entry at INDEX behind "." and "..". */
struct listed {
    const char *name; /* with a NUL; in the scratch given */
    struct stat attr; /* number and kind at least */
    bool has_node;
    struct node node;
    struct node_stat stat;
};

static bool listed_kept(const struct handle *handle, uint64_t index, struct buffer *name,
                        struct listed *listed)
{
    if (index >= handle->kept.count) return false;
    const struct kept_entry *const kept = &handle->kept.entries[index];
    buffer_clear(name);
    buffer_add_slice(name, kept->name);
    buffer_add_byte(name, '\0');
    listed->attr.st_ino = kept->ino;
    listed->attr.st_mode = kept->directory ? S_IFDIR : S_IFREG;
    return true;
}

/* Makes the entry at INDEX handle->last. It is that already where it did not fit into the last
 * reply: going back in a listing would start over. */
static int next_entry(struct mount *mount, struct handle *handle, uint64_t index, bool *ret_found)
{
    struct error err;
    *ret_found = handle->has_last && handle->last_index == index;
    if (*ret_found) return 0;
    handle->has_last = false;
    if (tree_listing_index(handle->listing) != index &&
        !tree_listing_seek(handle->listing, index, &err))
        return mount_errno(mount, &err);
    switch (tree_listing_next(handle->listing, &handle->last, &err)) {
    case TREE_FOUND: break;
    case TREE_FAILED: return mount_errno(mount, &err);
    case TREE_MISSING:
    case TREE_NEVER:
    case TREE_UNKNOWN: return 0;
    }
    handle->last_index = index;
    *ret_found = handle->has_last = true;
    return 0;
}

/* Behind the last one of the store. Its inode is made when it is looked up. */
static bool listed_metrics(const struct handle *handle, uint64_t index, struct buffer *name,
                           struct listed *listed)
{
    if (!handle->is_system || index != tree_listing_index(handle->listing)) return false;
    buffer_clear(name);
    buffer_add(name, metrics_name, strlen(metrics_name) + 1);
    listed->attr.st_ino = UINT64_MAX;
    listed->attr.st_mode = S_IFREG;
    return true;
}

/* *ret_found is false behind the last. Returns 0 or an errno. */
static int list_entry(struct mount *mount, struct handle *handle, uint64_t index,
                      struct buffer *name, struct listed *listed, bool *ret_found)
{
    struct tree_entry entry;
    *listed = (struct listed){.has_node = false};
    if (!handle->listing) {
        *ret_found = listed_kept(handle, index, name, listed);
    } else {
        int const reason = next_entry(mount, handle, index, ret_found);
        if (reason) return reason;
        if (!*ret_found) {
            *ret_found = listed_metrics(handle, index, name, listed);
            listed->name = (char *)name->at;
            return 0;
        }
        entry = handle->last;
        buffer_clear(name);
        buffer_add_slice(name, entry.name);
        buffer_add_byte(name, '\0');
        listed->has_node = true;
        listed->node = entry.node;
        listed->stat = entry.stat;
        listed->attr = entry_attr(mount, &entry.stat);
    }
    listed->name = (char *)name->at;
    return 0;
}

/* Adds one entry to the reply; false: it does not fit. */
static bool add_entry(fuse_req_t req, struct mount *mount, const char *name,
                      const struct fuse_entry_param *entry, off_t next, bool plus, size_t size)
{
    char *const at = (char *)mount->reply.at + mount->reply.length;
    size_t const left = size - mount->reply.length;
    size_t const used = plus ? fuse_add_direntry_plus(req, at, left, name, entry, next)
                             : fuse_add_direntry(req, at, left, name, &entry->attr, next);
    if (used > left) return false;
    mount->reply.length += used;
    return true;
}

static bool add_dots(fuse_req_t req, struct mount *mount, const struct handle *handle,
                     uint64_t *index, bool plus, size_t size)
{
    static const char *const names[DOT_ENTRIES] = {".", ".."};
    for (; *index < DOT_ENTRIES; (*index)++) {
        struct fuse_entry_param entry = {
            .attr = {.st_ino = handle->directory_ino, .st_mode = S_IFDIR}};
        if (!add_entry(req, mount, names[*index], &entry, (off_t)*index + 1, plus, size))
            return false;
    }
    return true;
}

/* Fills mount->reply with the entries from OFFSET on. An error behind the first one
 * is told next time. */
static int read_directory(fuse_req_t req, struct mount *mount, struct handle *handle, bool plus,
                          uint64_t offset, size_t size)
{
    AUTO_BUFFER struct buffer name = {0};
    uint64_t index = offset;
    mount->upcalls[UPCALL_READDIR]++;
    if (!add_dots(req, mount, handle, &index, plus, size)) return 0;
    for (;; index++) {
        struct listed listed;
        bool found = false;
        int const reason = list_entry(mount, handle, index - DOT_ENTRIES, &name, &listed, &found);
        if (reason) return mount->reply.length ? 0 : reason;
        if (!found) return 0;
        struct fuse_entry_param entry = {.attr = listed.attr};
        bool const enters = plus && listed.has_node && !mount->names_only &&
                            handle->pinned == mount->snapshots.current;
        handle->gave_inodes |= enters;
        if (enters)
            entry = entry_enter(mount, &listed.node, &listed.stat, handle->inode_id,
                                slice_text(listed.name));
        if (add_entry(req, mount, listed.name, &entry, (off_t)index + 1, plus, size)) continue;
        if (enters)
            snapshots_release(&mount->snapshots, inodes_forget(&mount->inodes, entry.ino, 1));
        return 0;
    }
}

static void reply_directory(fuse_req_t req, size_t size, off_t offset,
                            const struct fuse_file_info *info, bool plus)
{
    struct mount *const mount = fuse_req_userdata(req);
    buffer_clear(&mount->reply);
    buffer_reserve(&mount->reply, size);
    mount_lock(mount);
    int const reason = read_directory(req, mount, handle_of(info), plus, (uint64_t)offset, size);
    mount_unlock(mount);
    if (reason)
        (void)fuse_reply_err(req, reason);
    else
        (void)fuse_reply_buf(req, (char *)mount->reply.at, mount->reply.length);
}

void op_readdir(fuse_req_t req, fuse_ino_t id, size_t size, off_t offset,
                struct fuse_file_info *info)
{
    (void)id;
    reply_directory(req, size, offset, info, false);
}

void op_readdirplus(fuse_req_t req, fuse_ino_t id, size_t size, off_t offset,
                    struct fuse_file_info *info)
{
    (void)id;
    reply_directory(req, size, offset, info, true);
}
