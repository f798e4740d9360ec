/* What an open directory still has to list, when its snapshot is let go, is copied by a listing of
 * its own: the handle may be read from, or closed, whenever requests are let in.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "handles.h"

#include <string.h>

#include "metrics.h"

void handle_free(struct handle *handle)
{
    tree_listing_free(handle->listing);
    buffer_done(&handle->node);
    arena_done(&handle->kept.arena);
    free(handle);
}

static void keep_entry(struct kept_listing *kept, struct kept_entry entry)
{
    if (kept->count == kept->capacity) {
        kept->capacity = kept->capacity ? kept->capacity * 2 : 64;
        struct kept_entry *const more =
            ARENA_ARRAY(&kept->arena, struct kept_entry, kept->capacity);
        if (kept->count) memcpy(more, kept->entries, kept->count * sizeof *more);
        kept->entries = more;
    }
    kept->entries[kept->count++] = entry;
}

static struct handle *find_pinning(const struct mount *mount, const struct pinned *pinned)
{
    struct handle *handle = mount->handles;
    while (handle && handle->pinned != pinned)
        handle = handle->next;
    return handle;
}

static struct handle *find_number(const struct mount *mount, uint64_t number)
{
    struct handle *handle = mount->handles;
    while (handle && handle->number != number)
        handle = handle->next;
    return handle;
}

/* Under the lock, which is given away in between. The packed node is in memory of the caller. */
static void keep_entries(struct mount *mount, const struct pinned *pinned, struct slice packed,
                         struct kept_listing *kept)
{
    struct tree_listing *listing;
    struct tree_entry entry;
    struct node node;
    struct error err;
    size_t held = 0;
    if (!node_unpack(packed, &node)) return; /* packed by us */
    if (!tree_list(pinned->snapshot, &node, &listing, &err)) {
        (void)mount_errno(mount, &err);
        return;
    }
    enum tree_answer answer;
    while ((answer = tree_listing_next(listing, &entry, &err)) == TREE_FOUND) {
        keep_entry(kept, (struct kept_entry){.name = arena_copy(&kept->arena, entry.name),
                                             .ino = entry.stat.ino,
                                             .directory = entry.stat.directory});
        held++;
        mount_let_in(mount, &held);
    }
    if (answer == TREE_FAILED) (void)mount_errno(mount, &err); /* it lists what could be read */
    tree_listing_free(listing);
    if (node.kind == NODE_SYSTEM)
        keep_entry(kept, (struct kept_entry){.name = slice_text(metrics_name), .ino = UINT64_MAX});
}

static void install(struct mount *mount, struct handle *handle, struct kept_listing *kept)
{
    handle->kept = *kept;
    *kept = (struct kept_listing){.count = 0};
    tree_listing_free(handle->listing);
    handle->listing = NULL;
    handle->has_last = false;
    struct pinned *const released = handle->pinned;
    handle->pinned = NULL;
    snapshots_release(&mount->snapshots, released);
}

bool handles_copy(struct mount *mount, const struct pinned *pinned)
{
    AUTO_BUFFER struct buffer packed = {0};
    struct kept_listing kept = {.count = 0};
    mount_lock(mount);
    const struct handle *const found = find_pinning(mount, pinned);
    if (found) {
        uint64_t const number = found->number;
        buffer_add_slice(&packed, buffer_slice(&found->node));
        keep_entries(mount, pinned, buffer_slice(&packed), &kept);
        struct handle *const handle = find_number(mount, number);
        if (handle) install(mount, handle, &kept);
    }
    mount_unlock(mount);
    arena_done(&kept.arena);
    return found;
}

void handles_names_only(struct mount *mount, struct buffer *ids)
{
    mount->names_only = true;
    for (struct handle *handle = mount->handles; handle; handle = handle->next) {
        if (handle->gave_inodes) buffer_add(ids, &handle->inode_id, sizeof handle->inode_id);
        handle->gave_inodes = false;
    }
}

void handles_done(struct mount *mount)
{
    while (mount->handles) {
        struct handle *const handle = mount->handles;
        mount->handles = handle->next;
        handle_free(handle);
    }
}
