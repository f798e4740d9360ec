/* decode.h - a file's bytes, decompressed on the way where they have to be.
 *
 * Place    source.h reads through it.
 * Promise  input that ends in the middle of compressed data is an error, never a short result.
 * Units    positions are bytes: of the file as it is, unless a name says otherwise.
 * Memory   a decoder owns its buffers until decoder_free; the descriptor is borrowed.
 * Threads  one owner at a time; several decoders may read one descriptor.
 * Errors   ERROR_INPUT: damaged, or ends early; ERROR_MEMORY: of the library; else those of
 *          pread(2). After one, the decoder is only to be freed.
 * Limits   zstd windows of up to 128 MiB, as `zstd` itself without --long.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once
#include "base/bytes.h"
#include "base/error.h"

enum decode_format {
    DECODE_PLAIN,
    DECODE_ZLIB, /* gzip with any number of members, or a zlib stream */
    DECODE_ZSTD, /* any number of frames */
};
enum { DECODE_SNIFF_BYTES = 4 };
enum decode_format decode_sniff(struct slice head); /* by magic bytes */

struct decoder;
/* Reads FD by pread from its first byte on, so that several may share it. */
bool decoder_new(int fd, enum decode_format format, struct decoder **ret_decoder,
                 struct error *err) MUST_CHECK;
void decoder_free(struct decoder *decoder); /* takes NULL */
/* Reads ROOM bytes, fewer only at the end. */
bool decoder_read(struct decoder *decoder, uint8_t *into, size_t room, size_t *ret_length,
                  struct error *err) MUST_CHECK;
/* Leaves out COUNT bytes of the result; costs nothing for plain input. */
bool decoder_skip(struct decoder *decoder, uint64_t count, struct error *err) MUST_CHECK;
uint64_t decoder_position(const struct decoder *decoder); /* in the file, for a progress bar */

/* Appends a line for each library it decompresses by, with its version. */
void decode_libraries(struct buffer *text);
