// SPDX-License-Identifier: Apache-2.0
#include "input/decode.h"

#include <errno.h>
#include <zlib.h>
#include <zstd.h>

#include "base/arena.h"

enum { HELD_BYTES = 256 << 10, ZLIB_WINDOW_BITS = 15, ZLIB_DETECT_HEADER = 32 };

struct decoder {
    int fd;
    enum decode_format format;
    uint64_t position; /* of the next byte to read from the file */
    uint8_t *held;     /* compressed bytes */
    size_t held_start;
    size_t held_end;
    bool inside; /* a member or frame has begun and not ended */
    bool padded; /* behind the last member zeros were met: nothing else may follow */
    z_stream zlib;
    bool zlib_ready;
    ZSTD_DStream *zstd;
};

enum decode_format decode_sniff(struct slice head)
{
    static const uint8_t zstd_magic[] = {0x28, 0xb5, 0x2f, 0xfd};
    if (head.length >= 4 && memcmp(head.at, zstd_magic, 4) == 0) return DECODE_ZSTD;
    /* A skippable frame may come first: 0x184d2a50 to 0x184d2a5f, little-endian. */
    if (head.length >= 4 && (head.at[0] & 0xf0) == 0x50 && head.at[1] == 0x2a &&
        head.at[2] == 0x4d && head.at[3] == 0x18)
        return DECODE_ZSTD;
    if (head.length >= 2 && head.at[0] == 0x1f && head.at[1] == 0x8b) return DECODE_ZLIB;
    /* 0x78 is 'x', but no text goes on with these bytes. */
    if (head.length >= 2 && head.at[0] == 0x78 &&
        (head.at[1] == 0x01 || head.at[1] == 0x9c || head.at[1] == 0xda))
        return DECODE_ZLIB;
    return DECODE_PLAIN;
}

bool decoder_new(int fd, enum decode_format format, struct decoder **ret_decoder, struct error *err)
{
    struct decoder *const decoder = memory_alloc(sizeof *decoder);
    decoder->fd = fd;
    decoder->format = format;
    bool good = true;
    if (format != DECODE_PLAIN) decoder->held = memory_room(HELD_BYTES);
    if (format == DECODE_ZLIB) {
        good = inflateInit2(&decoder->zlib, ZLIB_WINDOW_BITS + ZLIB_DETECT_HEADER) == Z_OK;
        decoder->zlib_ready = good;
    }
    if (format == DECODE_ZSTD) {
        decoder->zstd = ZSTD_createDStream();
        good = decoder->zstd != NULL;
    }
    if (!good) {
        decoder_free(decoder);
        return error_set(err, ERROR_MEMORY, "no memory to decompress");
    }
    *ret_decoder = decoder;
    return true;
}

void decoder_free(struct decoder *decoder)
{
    if (!decoder) return;
    if (decoder->zlib_ready) (void)inflateEnd(&decoder->zlib); /* only frees */
    (void)ZSTD_freeDStream(decoder->zstd);                     /* likewise, and takes NULL */
    free(decoder->held);
    free(decoder);
}

uint64_t decoder_position(const struct decoder *decoder)
{
    return decoder->position - (decoder->held_end - decoder->held_start);
}

static bool decode_read_file(struct decoder *decoder, uint8_t *into, size_t room,
                             size_t *ret_length, struct error *err)
{
    size_t length = 0;
    while (length < room) {
        ssize_t const got =
            pread(decoder->fd, into + length, room - length, (off_t)decoder->position);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return error_system(err, errno, "cannot read");
        if (got == 0) break;
        length += (size_t)got;
        decoder->position += (uint64_t)got;
    }
    *ret_length = length;
    return true;
}

static bool refill(struct decoder *decoder, struct error *err)
{
    size_t length;
    if (!decode_read_file(decoder, decoder->held, HELD_BYTES, &length, err)) return false;
    decoder->held_start = 0;
    decoder->held_end = length;
    return true;
}

static bool decode_damaged(const struct decoder *decoder, const char *reason, struct error *err)
{
    return error_set(err, ERROR_INPUT, "the compressed input is damaged at byte %llu: %s",
                     (unsigned long long)decoder_position(decoder), reason);
}

/* Between the members of a gzip file: another one begins, or there is padding up to the end, as
 * tapes and block devices leave it. */
static bool begin_member(struct decoder *decoder, struct error *err)
{
    while (decoder->held_start < decoder->held_end && decoder->held[decoder->held_start] == 0) {
        decoder->held_start++;
        decoder->padded = true;
    }
    if (decoder->held_start == decoder->held_end) return true;
    if (decoder->padded) return decode_damaged(decoder, "something else follows", err);
    if (inflateReset(&decoder->zlib) != Z_OK) return decode_damaged(decoder, "cannot begin", err);
    decoder->inside = true;
    return true;
}

static bool decode_zlib(struct decoder *decoder, uint8_t *into, size_t room, size_t *ret_length,
                        struct error *err)
{
    *ret_length = 0;
    if (!decoder->inside && !begin_member(decoder, err)) return false;
    if (!decoder->inside) return true;
    decoder->zlib.next_in = decoder->held + decoder->held_start;
    decoder->zlib.avail_in = (uInt)(decoder->held_end - decoder->held_start);
    decoder->zlib.next_out = into;
    decoder->zlib.avail_out = (uInt)(room < HELD_BYTES ? room : HELD_BYTES);
    uInt const offered = decoder->zlib.avail_out;
    int const answer = inflate(&decoder->zlib, Z_NO_FLUSH);
    decoder->held_start = decoder->held_end - decoder->zlib.avail_in;
    *ret_length = offered - decoder->zlib.avail_out;
    if (answer == Z_STREAM_END) decoder->inside = false;
    if (answer == Z_OK || answer == Z_STREAM_END || answer == Z_BUF_ERROR) return true;
    return decode_damaged(decoder, decoder->zlib.msg ? decoder->zlib.msg : "no gzip data", err);
}

static bool decode_zstd(struct decoder *decoder, uint8_t *into, size_t room, size_t *ret_length,
                        struct error *err)
{
    ZSTD_inBuffer in = {
        .src = decoder->held, .size = decoder->held_end, .pos = decoder->held_start};
    ZSTD_outBuffer out = {.dst = into, .size = room};
    size_t const answer = ZSTD_decompressStream(decoder->zstd, &out, &in);
    decoder->held_start = in.pos;
    *ret_length = out.pos;
    if (ZSTD_isError(answer)) return decode_damaged(decoder, ZSTD_getErrorName(answer), err);
    decoder->inside = answer != 0;
    return true;
}

/* One step: reads on when nothing is held, then decodes what there is. What a decoder keeps for
 * itself comes out even when the file has ended. */
static bool decode_some(struct decoder *decoder, uint8_t *into, size_t room, size_t *ret_length,
                        bool *ret_ended, struct error *err)
{
    if (decoder->held_start == decoder->held_end && !refill(decoder, err)) return false;
    bool const drained = decoder->held_start == decoder->held_end;
    *ret_length = 0;
    *ret_ended = drained && !decoder->inside;
    if (*ret_ended) return true;
    bool const good = decoder->format == DECODE_ZLIB
                          ? decode_zlib(decoder, into, room, ret_length, err)
                          : decode_zstd(decoder, into, room, ret_length, err);
    if (!good) return false;
    if (!drained || *ret_length > 0 || !decoder->inside) return true;
    (void)error_set(err, ERROR_INPUT, "the compressed input ends too early");
    return error_remedy(err, "wait until it is written as a whole, or fetch it again");
}

bool decoder_read(struct decoder *decoder, uint8_t *into, size_t room, size_t *ret_length,
                  struct error *err)
{
    if (decoder->format == DECODE_PLAIN)
        return decode_read_file(decoder, into, room, ret_length, err);
    size_t length = 0;
    bool ended = false;
    while (length < room && !ended) {
        size_t got;
        if (!decode_some(decoder, into + length, room - length, &got, &ended, err)) return false;
        length += got;
    }
    *ret_length = length;
    return true;
}

bool decoder_skip(struct decoder *decoder, uint64_t count, struct error *err)
{
    if (decoder->format == DECODE_PLAIN) {
        decoder->position += count;
        return true;
    }
    AUTO_FREE uint8_t *const skipped = memory_room(HELD_BYTES);
    while (count > 0) {
        size_t length;
        size_t const step = count < HELD_BYTES ? (size_t)count : HELD_BYTES;
        if (!decoder_read(decoder, skipped, step, &length, err)) return false;
        if (length == 0) break;
        count -= length;
    }
    return true;
}

void decode_libraries(struct buffer *text)
{
    buffer_format(text, "zlib %s\nzstd %s\n", zlibVersion(), ZSTD_versionString());
}
