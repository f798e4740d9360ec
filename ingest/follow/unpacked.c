// SPDX-License-Identifier: Apache-2.0
#include "follow/unpacked.h"

#include "base/arena.h"
#include "input/spool.h"

enum { COPY_BYTES = 256 << 10 };

bool unpacked_decoder(int fd, struct decoder **ret_decoder, struct error *err)
{
    uint8_t head[DECODE_SNIFF_BYTES];
    ssize_t const length = pread(fd, head, sizeof head, 0);
    if (length < 0) return error_system(err, errno, "cannot read");
    enum decode_format const format = decode_sniff(slice_of(head, (size_t)length));
    if (format == DECODE_PLAIN) return error_set(err, ERROR_INPUT, "is not compressed");
    return decoder_new(fd, format, ret_decoder, err);
}

static bool copy_all(struct decoder *decoder, int into, struct error *err)
{
    AUTO_FREE uint8_t *const bytes = memory_room(COPY_BYTES);
    size_t length;
    do {
        if (!decoder_read(decoder, bytes, COPY_BYTES, &length, err) ||
            !spool_write(into, bytes, length, err))
            return false;
    } while (length == COPY_BYTES);
    return true;
}

bool unpacked_open(int directory, int fd, int *ret_fd, struct error *err)
{
    AUTO_FD int copy = -1;
    struct decoder *decoder;
    if (!unpacked_decoder(fd, &decoder, err)) return false;
    bool const good = spool_open(directory, &copy, err) && copy_all(decoder, copy, err);
    decoder_free(decoder);
    if (good) *ret_fd = take_fd(&copy);
    return good;
}
