// SPDX-License-Identifier: Apache-2.0
#include "tree/rejects_file.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "base/open_beneath.h"
#include "tree/tree_p.h"

static bool fails(const struct snapshot *snapshot, const char *name, struct error *err)
{
    return error_system(err, errno, "%s/rejects/%s", store_path(snapshot->store), name);
}

/* Opens the file; what is behind *ret_bytes belongs to a transaction that is not there. */
static bool open_rejects(const struct snapshot *snapshot, const struct node *node,
                         struct arena *arena, const char **ret_name, int *ret_fd,
                         uint64_t *ret_bytes, struct error *err)
{
    struct batch batch;
    struct stat stat;
    if (tree_batch(snapshot, node, arena, &batch, err) != TREE_FOUND) return false;
    const char *const name = arena_text(arena, batch.rejects);
    AUTO_FD int const folder = open_beneath_folder(store_directory(snapshot->store), "rejects");
    AUTO_FD int fd = folder < 0 ? -1 : open_beneath_file(folder, name, O_RDONLY, 0);
    if (fd < 0 || fstat(fd, &stat) != 0) return fails(snapshot, name, err);
    uint64_t const there = (uint64_t)stat.st_size; /* less, where somebody has cut the file */
    *ret_bytes = there < batch.rejects_bytes ? there : batch.rejects_bytes;
    *ret_name = name;
    *ret_fd = take_fd(&fd);
    return true;
}

bool rejects_file_size(const struct snapshot *snapshot, const struct node *node,
                       uint64_t *ret_bytes, struct error *err)
{
    AUTO_ARENA struct arena arena = {0};
    AUTO_FD int fd = -1;
    const char *name;
    return open_rejects(snapshot, node, &arena, &name, &fd, ret_bytes, err);
}

bool rejects_file_read(const struct snapshot *snapshot, const struct node *node, uint64_t offset,
                       size_t size, struct buffer *into, struct error *err)
{
    AUTO_ARENA struct arena arena = {0};
    AUTO_FD int fd = -1;
    const char *name;
    uint64_t bytes;
    if (!open_rejects(snapshot, node, &arena, &name, &fd, &bytes, err)) return false;
    if (offset >= bytes) return true;
    uint64_t const end = bytes - offset < size ? bytes : offset + size;
    while (offset < end) {
        buffer_reserve(into, (size_t)(end - offset));
        ssize_t const got =
            pread(fd, into->at + into->length, (size_t)(end - offset), (off_t)offset);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return fails(snapshot, name, err);
        if (got == 0) break;
        into->length += (size_t)got;
        offset += (uint64_t)got;
    }
    return true;
}
