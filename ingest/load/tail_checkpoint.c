// SPDX-License-Identifier: Apache-2.0
#include "load/tail_checkpoint.h"

#include <errno.h>
#include <unistd.h>
#include <xxhash.h>

#include "types/pack.h"

void tail_checkpoint_name(const char *path, uint64_t number, uint64_t ret_digest[2])
{
    AUTO_BUFFER struct buffer name = {0};
    pack_u64(&name, number);
    buffer_add_text(&name, path);
    XXH128_hash_t const digest = XXH3_128bits(name.at, name.length);
    ret_digest[0] = digest.high64;
    ret_digest[1] = digest.low64;
}

bool tail_checkpoint_hash(int fd, uint64_t from, uint64_t to, uint64_t *ret_hash, struct error *err)
{
    uint8_t bytes[2 * GROWTH_PAGE_BYTES];
    size_t const wanted = (size_t)(to - from);
    size_t length = 0;
    while (length < wanted) {
        ssize_t const got = pread(fd, bytes + length, wanted - length, (off_t)(from + length));
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return error_system(err, errno, "cannot read");
        if (got == 0) break; /* shorter than that: then the hash is another one */
        length += (size_t)got;
    }
    *ret_hash = XXH3_64bits(bytes, length);
    return true;
}

bool tail_checkpoint_tail_hash(int fd, uint64_t offset, uint64_t *ret_hash, struct error *err)
{
    uint64_t const from = offset < GROWTH_PAGE_BYTES ? 0 : offset - GROWTH_PAGE_BYTES;
    return tail_checkpoint_hash(fd, from, offset, ret_hash, err);
}

static enum batch_log_finding tail_checkpoint_look(const struct snapshot *snapshot, uint16_t stream,
                                                   const char *path, uint64_t number,
                                                   struct arena *arena, struct batch *ret_batch,
                                                   struct error *err)
{
    uint64_t digest[2];
    tail_checkpoint_name(path, number, digest);
    return batch_log_find(snapshot, stream, digest, arena, ret_batch, err);
}

/* Numbers have no holes, so the last one lies between one that is there and one that is not. */
enum batch_log_finding tail_checkpoint_find(const struct snapshot *snapshot, uint16_t stream,
                                            const char *path, struct arena *arena,
                                            struct batch *ret_batch, uint64_t *ret_number,
                                            struct error *err)
{
    uint64_t there = 0, step = 1;
    enum batch_log_finding found =
        tail_checkpoint_look(snapshot, stream, path, 0, arena, ret_batch, err);
    if (found != BATCH_LOG_FOUND) return found;
    while ((found = tail_checkpoint_look(snapshot, stream, path, there + step, arena, ret_batch,
                                         err)) == BATCH_LOG_FOUND) {
        there += step;
        step *= 2;
    }
    for (; step > 1 && found != BATCH_LOG_FAILED; step /= 2) {
        found =
            tail_checkpoint_look(snapshot, stream, path, there + step / 2, arena, ret_batch, err);
        if (found == BATCH_LOG_FOUND) there += step / 2;
    }
    if (found == BATCH_LOG_FAILED) return found;
    *ret_number = there;
    return tail_checkpoint_look(snapshot, stream, path, there, arena, ret_batch, err);
}
