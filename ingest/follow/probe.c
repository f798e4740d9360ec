// SPDX-License-Identifier: Apache-2.0
#include "follow/probe.h"

#include <sys/stat.h>

#include "follow/unpacked.h"
#include "input/decode.h"

struct probe probe_of(const struct batch *batch)
{
    uint64_t const to = batch->resume_offset;
    return (struct probe){.from = to < GROWTH_PAGE_BYTES ? 0 : to - GROWTH_PAGE_BYTES,
                          .to = to,
                          .digest = batch->tail};
}

bool probe_fits(const struct probe *probe, int fd)
{
    struct error ignored;
    struct digest found;
    struct stat stat;
    return probe->to > 0 && fstat(fd, &stat) == 0 && (uint64_t)stat.st_size >= probe->to &&
           tail_checkpoint_digest(fd, probe->from, probe->to, &found, &ignored) &&
           digest_equal(&found, &probe->digest);
}

bool probe_fits_packed(const struct probe *probe, int fd)
{
    uint8_t bytes[GROWTH_PAGE_BYTES];
    size_t const wanted = (size_t)(probe->to - probe->from);
    struct error ignored;
    struct decoder *decoder;
    size_t length = 0;
    if (wanted == 0 || !unpacked_decoder(fd, &decoder, &ignored)) return false;
    bool const good = decoder_skip(decoder, probe->from, &ignored) &&
                      decoder_read(decoder, bytes, wanted, &length, &ignored);
    decoder_free(decoder);
    struct digest const found = digest_of(slice_of(bytes, length));
    return good && digest_equal(&found, &probe->digest);
}

static bool is_same(int a, int b, uint64_t from, uint64_t to)
{
    struct error ignored;
    struct digest of_a, of_b;
    return tail_checkpoint_digest(a, from, to, &of_a, &ignored) &&
           tail_checkpoint_digest(b, from, to, &of_b, &ignored) && digest_equal(&of_a, &of_b);
}

bool probe_is_copy(int fd, uint64_t size, int of)
{
    uint64_t const page = size < GROWTH_PAGE_BYTES ? size : GROWTH_PAGE_BYTES;
    return size > 0 && is_same(fd, of, 0, page) && is_same(fd, of, size - page, size);
}
