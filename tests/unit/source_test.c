// SPDX-License-Identifier: Apache-2.0
#include "input/source.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#define ZLIB_CONST
#include <zlib.h>
#include <zstd.h>

#include "../support/test.h"
#include "base/arena.h"
#include "input/decode.h"

/* A private directory with the files of one test. */
static char folder[] = "/tmp/source_test-XXXXXX";
static char file[64];
static int spool = -1;

static int set_up(void **state)
{
    (void)state;
    if (!mkdtemp(folder)) return -1;
    (void)snprintf(file, sizeof file, "%s/input", folder);
    spool = open(folder, O_RDONLY | O_DIRECTORY);
    return spool < 0 ? -1 : 0;
}

static int tear_down(void **state)
{
    (void)state;
    (void)unlink(file);
    (void)close(spool);
    return rmdir(folder); /* fails if a spool file was left */
}

static void write_file(struct slice bytes)
{
    FILE *const out = fopen(file, "wb");
    assert_non_null(out);
    if (bytes.length) assert_int_equal(fwrite(bytes.at, 1, bytes.length, out), bytes.length);
    assert_int_equal(fclose(out), 0);
}

static struct source *open_path(const char *path)
{
    struct progress progress = {.terminal = false};
    struct source *source = NULL;
    struct error err;
    if (!source_open(path, spool, &progress, &source, &err))
        fail_msg("%s: %s", err.place, err.fact);
    return source;
}

/* Everything from OFFSET on, taken in steps of STEP bytes. */
static bool read_from(struct source *source, uint64_t offset, size_t step, struct buffer *ret_bytes,
                      struct error *err)
{
    buffer_clear(ret_bytes);
    if (!source_start(source, offset, err)) return false;
    for (;;) {
        struct slice const held = source_held(source);
        size_t const length = held.length < step ? held.length : step;
        buffer_add(ret_bytes, held.at, length);
        source_take(source, length);
        if (length > 0) continue;
        switch (source_more(source, err)) {
        case SOURCE_MORE: break;
        case SOURCE_END: return true;
        case SOURCE_FAILED: return false;
        }
    }
}

static void expect_bytes(struct source *source, uint64_t offset, size_t step, struct slice expected)
{
    AUTO_BUFFER struct buffer bytes = {0};
    struct error err;
    if (!read_from(source, offset, step, &bytes, &err)) fail_msg("%s: %s", err.place, err.fact);
    assert_int_equal(bytes.length, expected.length);
    assert_true(slice_equal(buffer_slice(&bytes), expected));
}

/* Bytes that do not compress to nothing and tell their place. */
static void make_bytes(size_t length, struct buffer *into)
{
    uint64_t random = 88172645463325252u;
    buffer_clear(into);
    while (into->length < length) {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        buffer_format(into, "%zu:%llx\n", into->length, (unsigned long long)(random >> 40));
    }
    into->length = length;
}

static void add_gzip(struct slice bytes, int window_bits, struct buffer *into)
{
    z_stream stream = {0};
    assert_int_equal(deflateInit2(&stream, 6, Z_DEFLATED, window_bits, 8, Z_DEFAULT_STRATEGY),
                     Z_OK);
    size_t const most = deflateBound(&stream, (uLong)bytes.length) + 64;
    buffer_reserve(into, most);
    stream.next_in = bytes.at;
    stream.avail_in = (uInt)bytes.length;
    stream.next_out = into->at + into->length;
    stream.avail_out = (uInt)most;
    assert_int_equal(deflate(&stream, Z_FINISH), Z_STREAM_END);
    into->length += stream.total_out;
    assert_int_equal(deflateEnd(&stream), Z_OK);
}

/* With a checksum, as the program zstd writes it. */
static void add_zstd(struct slice bytes, struct buffer *into)
{
    size_t const most = ZSTD_compressBound(bytes.length) + 4;
    ZSTD_CCtx *const context = ZSTD_createCCtx();
    assert_non_null(context);
    assert_false(ZSTD_isError(ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, 1)));
    buffer_reserve(into, most);
    size_t const length =
        ZSTD_compress2(context, into->at + into->length, most, bytes.at, bytes.length);
    assert_false(ZSTD_isError(length));
    into->length += length;
    (void)ZSTD_freeCCtx(context);
}

enum { GZIP_BITS = 15 + 16, ZLIB_BITS = 15 };

enum packing {
    PACK_PLAIN,
    PACK_GZIP,
    PACK_GZIP_MEMBERS,
    PACK_GZIP_PADDED,
    PACK_ZLIB,
    PACK_ZSTD,
    PACK_ZSTD_FRAMES
};
enum { PACKINGS = 7 };

static void pack(enum packing packing, struct slice bytes, struct buffer *into)
{
    static const uint8_t zeros[1000] = {0};
    size_t const half = bytes.length / 2;
    struct slice const first = slice_of(bytes.at, half);
    struct slice const second = slice_of(bytes.at + half, bytes.length - half);
    buffer_clear(into);
    switch (packing) {
    case PACK_PLAIN: buffer_add_slice(into, bytes); break;
    case PACK_GZIP: add_gzip(bytes, GZIP_BITS, into); break;
    case PACK_GZIP_MEMBERS:
        add_gzip(first, GZIP_BITS, into);
        add_gzip(slice_text(""), GZIP_BITS, into);
        add_gzip(second, GZIP_BITS, into);
        break;
    case PACK_GZIP_PADDED:
        add_gzip(bytes, GZIP_BITS, into);
        buffer_add(into, zeros, sizeof zeros);
        break;
    case PACK_ZLIB: add_gzip(bytes, ZLIB_BITS, into); break;
    case PACK_ZSTD: add_zstd(bytes, into); break;
    case PACK_ZSTD_FRAMES:
        buffer_add(into, "\x50\x2a\x4d\x18\x03\x00\x00\x00xyz", 11); /* a skippable one */
        add_zstd(first, into);
        add_zstd(second, into);
        break;
    }
}

static void every_packing_gives_the_same_bytes_from_any_offset(void **state)
{
    (void)state;
    static const size_t lengths[] = {0, 1, 5, 70000, 1 << 20, (3 << 20) + 17};
    AUTO_BUFFER struct buffer bytes = {0};
    AUTO_BUFFER struct buffer packed = {0};
    for (size_t i = 0; i < COUNT_OF(lengths); i++) {
        make_bytes(lengths[i] / test_slice(), &bytes);
        for (unsigned packing = 0; packing < PACKINGS; packing++) {
            pack((enum packing)packing, buffer_slice(&bytes), &packed);
            write_file(buffer_slice(&packed));
            AUTO_SOURCE struct source *source = open_path(file);
            assert_int_equal(source_identity(source)->compressed, packing != PACK_PLAIN);
            assert_int_equal(source_identity(source)->input_bytes, packed.length);
            expect_bytes(source, 0, 4099, buffer_slice(&bytes));
            size_t const part = bytes.length / 3;
            expect_bytes(source, part, SIZE_MAX, slice_of(bytes.at + part, bytes.length - part));
        }
    }
}

static void compressed_input_that_ends_early_or_is_damaged_is_an_error(void **state)
{
    (void)state;
    AUTO_BUFFER struct buffer bytes = {0};
    AUTO_BUFFER struct buffer packed = {0};
    AUTO_BUFFER struct buffer got = {0};
    static const enum packing packings[] = {PACK_GZIP, PACK_ZLIB, PACK_ZSTD, PACK_GZIP_MEMBERS,
                                            PACK_ZSTD_FRAMES};
    make_bytes(100000, &bytes);
    for (size_t i = 0; i < COUNT_OF(packings); i++) {
        pack(packings[i], buffer_slice(&bytes), &packed);
        size_t const cuts[] = {1, 4, 9, packed.length / 3, packed.length - 20};
        for (size_t j = 0; j < COUNT_OF(cuts); j++) {
            struct error err = {.fact = ""};
            write_file(slice_of(packed.at, packed.length - cuts[j]));
            AUTO_SOURCE struct source *source = open_path(file);
            assert_false(read_from(source, 0, SIZE_MAX, &got, &err));
            assert_int_equal(err.kind, ERROR_INPUT);
            assert_string_equal(err.fact, "the compressed input ends too early");
            assert_string_equal(err.place, file);
            struct progress progress = {.terminal = false};
            assert_false(source_prove(source, &progress, &err));
        }
        struct error err = {.fact = ""};
        memset(packed.at + packed.length * 3 / 4, 0xa5, 40);
        write_file(buffer_slice(&packed));
        AUTO_SOURCE struct source *source = open_path(file);
        assert_false(read_from(source, 0, SIZE_MAX, &got, &err));
        assert_int_equal(err.kind, ERROR_INPUT);
        assert_non_null(strstr(err.fact, "damaged at byte"));
    }
}

static void other_bytes_behind_a_gzip_member_are_an_error(void **state)
{
    (void)state;
    AUTO_BUFFER struct buffer packed = {0};
    AUTO_BUFFER struct buffer got = {0};
    struct error err;
    add_gzip(slice_text("{}\n"), GZIP_BITS, &packed);
    buffer_add_text(&packed, "garbage");
    write_file(buffer_slice(&packed));
    AUTO_SOURCE struct source *source = open_path(file);
    assert_false(read_from(source, 0, SIZE_MAX, &got, &err));
    assert_int_equal(err.kind, ERROR_INPUT);
}

static void the_digest_is_that_of_the_bytes_as_given(void **state)
{
    (void)state;
    AUTO_BUFFER struct buffer bytes = {0};
    make_bytes(1000000, &bytes);
    struct digest const digest = digest_of(buffer_slice(&bytes));
    write_file(buffer_slice(&bytes));
    AUTO_SOURCE struct source *source = open_path(file);
    assert_true(digest_equal(&source_identity(source)->digest, &digest));
}

static void a_byte_order_mark_is_left_out_and_counted_in_offsets(void **state)
{
    (void)state;
    AUTO_BUFFER struct buffer packed = {0};
    struct slice const marked = slice_text("\xef\xbb\xbf"
                                           "abc");
    add_zstd(marked, &packed);
    for (int compressed = 0; compressed < 2; compressed++) {
        write_file(compressed ? buffer_slice(&packed) : marked);
        AUTO_SOURCE struct source *source = open_path(file);
        struct error err;
        assert_true(source_start(source, 0, &err));
        assert_int_equal(source_offset(source), 3);
        assert_true(slice_is(source_held(source), "abc"));
        source_take(source, 1);
        assert_int_equal(source_offset(source), 4);
        expect_bytes(source, 4, SIZE_MAX, slice_text("bc"));
    }
    write_file(slice_text("\xef\xbb"));
    AUTO_SOURCE struct source *source = open_path(file);
    expect_bytes(source, 0, SIZE_MAX, slice_text("\xef\xbb"));
}

static void what_is_held_stays_in_one_piece_however_long(void **state)
{
    (void)state;
    AUTO_BUFFER struct buffer bytes = {0};
    struct error err;
    make_bytes(5 << 20, &bytes);
    write_file(buffer_slice(&bytes));
    AUTO_SOURCE struct source *source = open_path(file);
    assert_true(source_start(source, 0, &err));
    source_take(source, 10);
    while (source_more(source, &err) == SOURCE_MORE)
        continue;
    struct slice const held = source_held(source);
    assert_int_equal(held.length, bytes.length - 10);
    assert_memory_equal(held.at, bytes.at + 10, held.length);
}

/* The far end of a pipe, written by a child process. */
static pid_t feed(int fd, struct slice bytes)
{
    pid_t const child = fork();
    assert_true(child >= 0);
    if (child > 0) return child;
    while (bytes.length > 0) {
        ssize_t const done = write(fd, bytes.at, bytes.length);
        if (done <= 0) _exit(1);
        bytes = slice_of(bytes.at + done, bytes.length - (size_t)done);
    }
    _exit(0);
}

static void a_pipe_is_read_as_often_as_a_file(void **state)
{
    (void)state;
    AUTO_BUFFER struct buffer bytes = {0};
    int ends[2];
    char path[64];
    make_bytes((1 << 20) + 5, &bytes);
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    (void)feed(ends[1], buffer_slice(&bytes));
    (void)close(ends[1]);
    (void)snprintf(path, sizeof path, "/proc/self/fd/%d", ends[0]);
    AUTO_SOURCE struct source *source = open_path(path);
    (void)close(ends[0]);
    struct digest const digest = digest_of(buffer_slice(&bytes));
    assert_true(digest_equal(&source_identity(source)->digest, &digest));
    for (int i = 0; i < 2; i++)
        expect_bytes(source, 0, 1000, buffer_slice(&bytes));
    struct error err;
    assert_true(source_check(source, &err));
}

static void a_file_that_changes_is_found_out(void **state)
{
    (void)state;
    struct error err;
    static const char *const facts[] = {"grown", "as long"};
    for (size_t i = 0; i < COUNT_OF(facts); i++) {
        write_file(slice_text("1234567"));
        AUTO_SOURCE struct source *source = open_path(file);
        assert_true(source_check(source, &err));
        struct timespec const times[2] = {{.tv_sec = 1000}, {.tv_sec = 1000}};
        write_file(slice_text(facts[i]));
        assert_int_equal(utimensat(AT_FDCWD, file, times, 0), 0);
        assert_false(source_check(source, &err));
        assert_int_equal(err.kind, ERROR_INPUT);
        assert_string_equal(err.fact, "changed while it was read");
        assert_string_equal(err.place, file);
    }
}

static void what_cannot_be_opened_is_named(void **state)
{
    (void)state;
    struct progress progress = {.terminal = false};
    struct source *source = NULL;
    struct error err;
    assert_false(source_open("/nowhere/x\ny", spool, &progress, &source, &err));
    assert_int_equal(err.kind, ERROR_MISSING);
    assert_string_equal(err.place, "/nowhere/x\\ny");
    assert_false(source_open(folder, spool, &progress, &source, &err));
    assert_int_equal(err.kind, ERROR_INPUT);
    assert_string_equal(err.fact, "is a directory");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_packing_gives_the_same_bytes_from_any_offset),
        cmocka_unit_test(compressed_input_that_ends_early_or_is_damaged_is_an_error),
        cmocka_unit_test(other_bytes_behind_a_gzip_member_are_an_error),
        cmocka_unit_test(the_digest_is_that_of_the_bytes_as_given),
        cmocka_unit_test(a_byte_order_mark_is_left_out_and_counted_in_offsets),
        cmocka_unit_test(what_is_held_stays_in_one_piece_however_long),
        cmocka_unit_test(a_pipe_is_read_as_often_as_a_file),
        cmocka_unit_test(a_file_that_changes_is_found_out),
        cmocka_unit_test(what_cannot_be_opened_is_named),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
