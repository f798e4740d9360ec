// SPDX-License-Identifier: Apache-2.0
#include "load/tail_checkpoint.h"

#include <errno.h>
#include <unistd.h>

#include "types/pack.h"

struct digest tail_checkpoint_name(const char *path, uint64_t number)
{
    AUTO_BUFFER struct buffer name = {0};
    pack_u64(&name, number);
    buffer_add_text(&name, path);
    return digest_of(buffer_slice(&name));
}

bool tail_checkpoint_digest(int fd, uint64_t from, uint64_t to, struct digest *ret_digest,
                            struct error *err)
{
    uint8_t bytes[2 * GROWTH_PAGE_BYTES];
    size_t const wanted = (size_t)(to - from);
    size_t length = 0;
    while (length < wanted) {
        ssize_t const got = pread(fd, bytes + length, wanted - length, (off_t)(from + length));
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return error_system(err, errno, "cannot read");
        if (got == 0) break; /* shorter than that: then the digest is another one */
        length += (size_t)got;
    }
    *ret_digest = digest_of(slice_of(bytes, length));
    return true;
}

bool tail_checkpoint_tail_digest(int fd, uint64_t offset, struct digest *ret_digest,
                                 struct error *err)
{
    uint64_t const from = offset < GROWTH_PAGE_BYTES ? 0 : offset - GROWTH_PAGE_BYTES;
    return tail_checkpoint_digest(fd, from, offset, ret_digest, err);
}

enum batch_log_finding tail_checkpoint_get(const struct snapshot *snapshot, uint16_t stream,
                                           const char *path, uint64_t number, struct arena *arena,
                                           struct batch *ret_batch, struct error *err)
{
    struct digest const digest = tail_checkpoint_name(path, number);
    return batch_log_find(snapshot->txn, stream, &digest, arena, ret_batch, err);
}

/* Numbers have no holes, so the last one lies between one that is there and one that is not. */
enum batch_log_finding tail_checkpoint_find(const struct snapshot *snapshot, uint16_t stream,
                                            const char *path, struct arena *arena,
                                            struct batch *ret_batch, uint64_t *ret_number,
                                            struct error *err)
{
    uint64_t there = 0, step = 1;
    enum batch_log_finding found =
        tail_checkpoint_get(snapshot, stream, path, 0, arena, ret_batch, err);
    if (found != BATCH_LOG_FOUND) return found;
    while ((found = tail_checkpoint_get(snapshot, stream, path, there + step, arena, ret_batch,
                                        err)) == BATCH_LOG_FOUND) {
        there += step;
        step *= 2;
    }
    for (; step > 1 && found != BATCH_LOG_FAILED; step /= 2) {
        found =
            tail_checkpoint_get(snapshot, stream, path, there + step / 2, arena, ret_batch, err);
        if (found == BATCH_LOG_FOUND) there += step / 2;
    }
    if (found == BATCH_LOG_FAILED) return found;
    *ret_number = there;
    return tail_checkpoint_get(snapshot, stream, path, there, arena, ret_batch, err);
}
