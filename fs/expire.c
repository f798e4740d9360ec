// SPDX-License-Identifier: Apache-2.0
#include "expire.h"

#include <string.h>

#include "copies.h"
#include "handles.h"

enum { COPY_STEP_BYTES = 1 << 20 };

/* The content of one inode, on its way from the snapshot into a copy. */
struct copying {
    uint64_t id;
    const struct pinned *pinned;
    struct tree_reader reader;
    struct copy *copy;
    uint64_t offset;
    struct buffer bytes; /* read and not yet copied */
};

enum step { STEP_MORE, STEP_LAST, STEP_OVER };

/* The inode may be forgotten between two steps. Under the lock. */
static struct inode *find(struct mount *mount, const struct copying *copying)
{
    struct inode *const inode = inodes_find(&mount->inodes, copying->id);
    return inode && inode->pinned == copying->pinned ? inode : NULL;
}

/* Under the lock. STEP_OVER: there is nothing to copy, or it cannot be read. */
static enum step read_step(struct mount *mount, struct copying *copying)
{
    struct node node;
    struct error err;
    const struct inode *const inode = find(mount, copying);
    buffer_clear(&copying->bytes);
    if (!inode || !node_unpack(inode_node(inode), &node)) return STEP_OVER;
    if (!tree_read(copying->pinned->snapshot, &node, &copying->reader, copying->offset,
                   COPY_STEP_BYTES, &copying->bytes, &err)) {
        mount_log(mount, &err);
        /* It keeps its snapshot, better a large store than a lost file; but not for one that its
         * owner has taken away. */
        return err.kind == ERROR_MISSING ? STEP_LAST : STEP_OVER;
    }
    copying->offset += copying->bytes.length;
    bool const more = copying->offset < inode->stat.size_bytes && copying->bytes.length;
    return more ? STEP_MORE : STEP_LAST;
}

/* Under the lock: from now on the inode is read from the copy. */
static void install(struct mount *mount, struct copying *copying)
{
    struct inode *const inode = find(mount, copying);
    if (!inode) return;
    inode->copy = TAKE(copying->copy);
    struct pinned *const released = inode->pinned;
    inode->pinned = NULL;
    snapshots_release(&mount->snapshots, released);
}

static void copy_inode(struct mount *mount, uint64_t id, const struct pinned *pinned)
{
    struct copying copying = {.id = id, .pinned = pinned, .copy = copy_new()};
    struct error err;
    enum step step = STEP_MORE;
    while (step == STEP_MORE) {
        mount_lock(mount);
        step = read_step(mount, &copying);
        mount_unlock(mount);
        if (step == STEP_OVER || copy_add(copying.copy, buffer_slice(&copying.bytes), &err))
            continue;
        mount_log(mount, &err); /* it keeps its snapshot */
        step = STEP_OVER;
    }
    if (step == STEP_LAST) {
        mount_lock(mount);
        install(mount, &copying);
        mount_unlock(mount);
    }
    copy_free(copying.copy);
    tree_reader_done(&copying.reader);
    buffer_done(&copying.bytes);
}

struct collecting {
    const struct pinned *pinned;
    struct buffer ids; /* of the inodes that pin it, 8 bytes each */
};

static void collect(void *context, struct inode *inode)
{
    struct collecting *const collecting = context;
    if (inode->pinned == collecting->pinned)
        buffer_add(&collecting->ids, &inode->id, sizeof inode->id);
}

/* Only the current snapshot gets new pins, so that those found are all, whatever is forgotten
 * meanwhile. */
static void collect_pinning(struct mount *mount, struct collecting *collecting)
{
    size_t slot = 0, held = 0, seen;
    mount_lock(mount);
    while ((seen = inodes_scan(&mount->inodes, &slot, MOUNT_PORTION - held, collect, collecting)) >
           0) {
        held += seen;
        mount_let_in(mount, &held);
    }
    mount_unlock(mount);
}

static struct pinned *acquire_expired(struct mount *mount)
{
    int64_t const deadline = clock_ms() - (int64_t)mount->options->snapshot_deadline_s * 1000;
    mount_lock(mount);
    struct pinned *const pinned = snapshots_expired(&mount->snapshots, deadline);
    if (pinned) (void)snapshots_acquire(pinned); /* it must not go while it is being copied from */
    mount_unlock(mount);
    return pinned;
}

void expire(struct mount *mount)
{
    struct pinned *const pinned = acquire_expired(mount);
    if (!pinned) return;
    struct collecting collecting = {.pinned = pinned};
    while (handles_copy(mount, pinned)) {
    }
    collect_pinning(mount, &collecting);
    for (size_t at = 0; at < collecting.ids.length; at += sizeof(uint64_t)) {
        uint64_t id;
        memcpy(&id, collecting.ids.at + at, sizeof id);
        copy_inode(mount, id, pinned);
    }
    buffer_done(&collecting.ids);
    mount_lock(mount);
    snapshots_release(&mount->snapshots, pinned);
    mount_unlock(mount);
}
