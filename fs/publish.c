/* How a commit becomes visible.
 *
 * The kernel keeps names, attributes and pages for ever. To show a new commit, the notify thread
 *
 *   1. sees to it that no listing is under way that gives the kernel old inodes,
 *   2. under the lock makes the commit's snapshot the current one and goes through what changed: an
 *      inode that the kernel holds of a replaced file is retired, pinned to the snapshot that has
 *      its content, and its name queued; so is a name that was told not to be there and is now,
 *   3. without the lock tells the kernel to drop the queued names and listings.
 *
 * Then notify.c answers the writer that announced the commit: from here on every look-up shows it.
 *
 * Why no look-up can slip an old version in between: the kernel holds the directory's inode lock
 * (shared) from sending LOOKUP or READDIRPLUS until the answer is in its cache, and takes it
 * exclusively to drop a name. A request that saw the old snapshot registered its inode under our
 * lock before step 2 looked, so the name is queued, and the kernel drops it only after the answer
 * was cached. A request that comes later sees the new snapshot. Two look-ups of one name are one
 * for the kernel, so that none puts an old version in the place of a new one; READDIRPLUS would,
 * which is what step 1 is for. That same lock is why a handler must never notify: it would wait for
 * a request that itself has to answer.
 *
 * Step 2 gives the lock away between portions (mount_let_in), so that a commit that changed all
 * that the kernel holds does not keep readers waiting. What a request may meet then:
 *
 * - An inode that is still to be looked at. Every inode that was there when the snapshot changed
 *   was right in the one before, so it is read from that (publish_content); the snapshot stays open
 *   until step 2 is over. An inode that was made since, by its `since`, is of the new one. One that
 *   did not change has the same bytes in both.
 * - The name of such an inode, looked up by another way. The worker looks at the inode itself
 *   first, as step 2 would have done (publish_replaced): it is pinned and its name queued before
 *   another takes its place.
 * - A directory that is still to be looked at: its listing is read from the new snapshot, but
 *   stands by the version of the old one. So no handle that is opened now takes part in the
 *   kernel's cache (ops_directory.c).
 * - Inodes may come and go, and the tables grow, between portions. A table is gone through by
 *   rising slots, and doubling moves what is in slot i of n to i or i + n: nothing moves behind the
 *   place that was reached.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "publish.h"

#include <errno.h>
#include <string.h>

#include "handles.h"

/* One thing to tell the kernel. */
struct note {
    uint64_t id;    /* of the directory */
    size_t name_at; /* in `names`; NO_NAME: the directory's listing and attributes */
    size_t name_length;
};
enum { NO_NAME = -1 };

struct queue {
    struct buffer notes; /* of struct note */
    struct buffer names;
};

struct publication {
    struct mount *mount;
    struct queue queue;
    struct pinned *older; /* the snapshot that was shown until now */
    const struct snapshot *newer;
    bool has_new_schema; /* or is another store: a name that was not there may be another node */
    size_t held;         /* looked at since the lock was taken */
};

static void queue_name(struct queue *queue, const struct inode *inode)
{
    struct note const note = {
        .id = inode->parent_id, .name_at = queue->names.length, .name_length = inode->name_length};
    buffer_add(&queue->names, inode_name(inode), inode->name_length + 1u);
    buffer_add(&queue->notes, &note, sizeof note);
}

static void queue_directory(struct queue *queue, const struct inode *inode)
{
    struct note const note = {.id = inode->id, .name_at = (size_t)NO_NAME};
    buffer_add(&queue->notes, &note, sizeof note);
}

/* A replaced file goes on to serve whoever has it open, from the snapshot that it is of. */
static void retire(struct publication *publication, struct inode *inode)
{
    queue_name(&publication->queue, inode);
    if (inode->id != 0 && !inode->stat.directory && !inode->pinned)
        inode->pinned = snapshots_acquire(publication->older);
    inodes_retire(&publication->mount->inodes, inode);
}

/* Compares what the kernel was told with the new snapshot. */
static void recheck_inode(void *context, struct inode *inode)
{
    struct publication *const publication = context;
    struct node node;
    struct node_stat stat;
    struct error err;
    if (!node_unpack(inode_node(inode), &node)) return; /* metrics.c's, which is of no snapshot */
    enum tree_answer const answer = tree_stat(publication->newer, &node, &stat, &err);
    if (answer == TREE_FAILED) (void)mount_errno(publication->mount, &err);
    bool const there = answer == TREE_FOUND;
    if (inode->id == 0) {
        if (there || publication->has_new_schema) retire(publication, inode);
    } else if (!there) {
        retire(publication, inode);
    } else if (stat.version != inode->stat.version) {
        if (stat.directory) {
            inode->stat = stat;
            queue_directory(&publication->queue, inode);
        } else {
            retire(publication, inode);
        }
    }
}

static void recheck_node(void *context, const struct node *node, bool replaced)
{
    (void)replaced; /* the look below tells */
    struct publication *const publication = context;
    AUTO_BUFFER struct buffer packed = {0};
    node_pack(node, &packed);
    struct inode *const inode =
        inodes_find_node(&publication->mount->inodes, buffer_slice(&packed));
    if (inode) recheck_inode(publication, inode);
    publication->held++;
    mount_let_in(publication->mount, &publication->held);
}

static void recheck_change(void *context, const struct change *change)
{
    struct publication *const publication = context;
    tree_change_nodes(publication->newer, change, recheck_node, publication);
}

static void recheck_all(struct publication *publication)
{
    struct inodes *const inodes = &publication->mount->inodes;
    size_t slot = 0, seen;
    while ((seen = inodes_each_newest(inodes, &slot, MOUNT_PORTION - publication->held,
                                      recheck_inode, publication)) > 0) {
        publication->held += seen;
        mount_let_in(publication->mount, &publication->held);
    }
}

static void count_shown(struct mount *mount, const struct publication *publication, bool continues)
{
    const struct snapshot *const older = publication->older->snapshot;
    const struct snapshot *const newer = publication->newer;
    mount->shown.commits += continues ? newer->commit_id - older->commit_id : 1;
    if (continues && newer->event_count > older->event_count)
        mount->shown.events += newer->event_count - older->event_count;
}

/* Step 2. */
static void recheck(struct publication *publication)
{
    struct mount *const mount = publication->mount;
    const struct snapshot *const newer = publication->newer;
    uint64_t const shown = publication->older->snapshot->commit_id;
    enum change_log_answer answer = CHANGE_LOG_UNKNOWN;
    struct error err;
    if (!publication->has_new_schema)
        answer =
            change_log_scan(newer->txn, shown, newer->commit_id, recheck_change, publication, &err);
    switch (answer) {
    case CHANGE_LOG_COMPLETE: tree_commit_nodes(newer, shown, recheck_node, publication); break;
    case CHANGE_LOG_FAILED: (void)mount_errno(mount, &err); /* fall through */
    case CHANGE_LOG_UNKNOWN: recheck_all(publication); break;
    }
}

/* Step 3. ENOENT: the kernel has dropped it by itself. */
static void notify_kernel(struct mount *mount, const struct queue *queue)
{
    const struct note *const notes = (const struct note *)(const void *)queue->notes.at;
    size_t const count = queue->notes.length / sizeof *notes;
    for (size_t i = 0; i < count; i++) {
        bool const directory = notes[i].name_at == (size_t)NO_NAME;
        const char *const name =
            directory ? NULL : (const char *)queue->names.at + notes[i].name_at;
        int const answer = directory
                               ? fuse_lowlevel_notify_inval_inode(mount->session, notes[i].id, 0, 0)
                               : fuse_lowlevel_notify_inval_entry(mount->session, notes[i].id, name,
                                                                  notes[i].name_length);
        if (answer == 0 || answer == -ENOENT || answer == -EBADF || answer == -ENODEV) continue;
        struct error err;
        (void)error_system(&err, -answer, "the kernel did not take an invalidation");
        mount_log(mount, &err);
    }
}

/* A name that no value has: dropping it takes the directory's lock in the kernel, and changes
 * nothing. */
static const char no_name[] = "%";

/* Step 1. Once the kernel has had the directory's lock alone, it has taken the listings that were
 * on their way. */
static void pause_listings(struct mount *mount)
{
    AUTO_BUFFER struct buffer ids = {0};
    mount_lock(mount);
    handles_names_only(mount, &ids);
    mount_unlock(mount);
    for (size_t at = 0; at < ids.length; at += sizeof(uint64_t)) {
        uint64_t id;
        memcpy(&id, ids.at + at, sizeof id);
        (void)fuse_lowlevel_notify_inval_entry(mount->session, id, no_name, strlen(no_name));
    }
}

void publish(struct mount *mount, struct snapshot *newer, bool continues)
{
    struct publication publication = {.mount = mount, .newer = newer};
    pause_listings(mount);
    mount_lock(mount);
    publication.older = snapshots_acquire(mount->snapshots.current);
    publication.has_new_schema =
        !continues || newer->schema_commit_id != publication.older->snapshot->schema_commit_id;
    snapshots_publish(&mount->snapshots, newer);
    mount->publication = &publication;
    mount->publications++;
    count_shown(mount, &publication, continues);
    if (!continues) batch_totals_done(&mount->batches);
    recheck(&publication);
    mount->publication = NULL;
    snapshots_release(&mount->snapshots, publication.older);
    mount_unlock(mount);
    notify_kernel(mount, &publication.queue);
    mount_lock(mount);
    mount->names_only = false;
    mount_unlock(mount);
    buffer_done(&publication.queue.notes);
    buffer_done(&publication.queue.names);
}

const struct pinned *publish_content(const struct mount *mount, const struct inode *inode)
{
    if (inode->pinned) return inode->pinned;
    bool const older = mount->publication && inode->since != mount->publications;
    return older ? mount->publication->older : mount->snapshots.current;
}

void publish_replaced(struct mount *mount, struct slice packed)
{
    if (!mount->publication) return;
    struct inode *const inode = inodes_find_node(&mount->inodes, packed);
    if (inode && inode->since != mount->publications) recheck_inode(mount->publication, inode);
}
