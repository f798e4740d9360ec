// SPDX-License-Identifier: Apache-2.0
#include "load/rejects.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

#include "../support/test.h"

static char folder[] = "/tmp/rejects_test-XXXXXX";
static int store = -1;

static int set_up(void **state)
{
    (void)state;
    if (!mkdtemp(folder)) return -1;
    store = open(folder, O_RDONLY | O_DIRECTORY);
    return store < 0 ? -1 : mkdirat(store, "rejects", 0755);
}

static int tear_down(void **state)
{
    (void)state;
    (void)unlinkat(store, "rejects/00000000000000ab0000000000000001.tsv", 0);
    (void)unlinkat(store, "rejects", AT_REMOVEDIR);
    (void)close(store);
    return rmdir(folder);
}

static const struct batch batch = {.digest = {{0xab, 1}}};

static void read_rejects(struct buffer *ret_bytes)
{
    char bytes[4096];
    AUTO_FD int const fd = openat(store, "rejects/00000000000000ab0000000000000001.tsv", O_RDONLY);
    buffer_clear(ret_bytes);
    if (fd < 0) {
        buffer_add_text(ret_bytes, "(none)");
        return;
    }
    ssize_t length;
    while ((length = read(fd, bytes, sizeof bytes)) > 0)
        buffer_add(ret_bytes, bytes, (size_t)length);
}

static void expect_file(const char *expected)
{
    AUTO_BUFFER struct buffer bytes = {0};
    read_rejects(&bytes);
    if (!slice_is(buffer_slice(&bytes), expected))
        fail_msg("%.*s, expected %s", (int)bytes.length, (const char *)bytes.at, expected);
}

static void add(struct rejects *rejects, uint64_t line, const char *record)
{
    struct error err;
    rejects_begin(rejects, line, slice_text("why"));
    assert_true(rejects_add(rejects, slice_text(record), &err));
    rejects_end(rejects);
}

static void the_name_tells_digest_and_stream(void **state)
{
    (void)state;
    struct rejects rejects;
    struct batch other = batch;
    rejects_init(&rejects, store, &other, 1);
    assert_string_equal(rejects.name, "00000000000000ab0000000000000001.tsv");
    other.stream = 3;
    rejects_init(&rejects, store, &other, 1);
    assert_string_equal(rejects.name, "00000000000000ab0000000000000001-3.tsv");
    other.repeats = 7;
    rejects_init(&rejects, store, &other, UINT64_MAX);
    assert_string_equal(rejects.name,
                        "00000000000000ab0000000000000001-3-again-18446744073709551615.tsv");
}

static void no_file_is_made_without_a_reject(void **state)
{
    (void)state;
    struct rejects rejects;
    struct error err;
    rejects_init(&rejects, store, &batch, 1);
    assert_true(rejects_resume(&rejects, &batch, &err));
    assert_true(rejects_sync(&rejects, &err));
    rejects_done(&rejects);
    expect_file("(none)");
}

static void what_was_behind_the_checkpoint_is_cut_off(void **state)
{
    (void)state;
    struct rejects rejects;
    struct error err;
    rejects_init(&rejects, store, &batch, 1);
    add(&rejects, 7, "a\tb");
    assert_true(rejects_sync(&rejects, &err));
    expect_file("7\twhy\ta\tb\n");
    struct batch checkpoint = batch;
    checkpoint.rejects_bytes = rejects.bytes;
    assert_int_equal(rejects.bytes, 10);
    add(&rejects, 9, "not counted by a commit");
    assert_true(rejects_sync(&rejects, &err));
    rejects_done(&rejects);

    rejects_init(&rejects, store, &batch, 1);
    assert_true(rejects_resume(&rejects, &checkpoint, &err));
    expect_file("7\twhy\ta\tb\n");
    add(&rejects, 8, "two\nlines");
    assert_true(rejects_sync(&rejects, &err));
    assert_int_equal(rejects.bytes, 10 + 16);
    rejects_done(&rejects);
    expect_file("7\twhy\ta\tb\n8\twhy\ttwo\nlines\n");
}

static void an_attempt_without_a_commit_leaves_nothing(void **state)
{
    (void)state;
    struct rejects rejects;
    struct error err;
    rejects_init(&rejects, store, &batch, 1);
    add(&rejects, 1, "old");
    assert_true(rejects_sync(&rejects, &err));
    rejects_done(&rejects);
    rejects_init(&rejects, store, &batch, 1);
    assert_true(rejects_resume(&rejects, &batch, &err));
    expect_file("(none)");
    add(&rejects, 2, "new");
    assert_true(rejects_sync(&rejects, &err));
    rejects_done(&rejects);
    expect_file("2\twhy\tnew\n");
}

static void a_file_that_was_taken_away_begins_anew(void **state)
{
    (void)state;
    struct rejects rejects;
    struct error err;
    struct batch checkpoint = batch;
    checkpoint.rejects_bytes = 1000;
    (void)unlinkat(store, "rejects/00000000000000ab0000000000000001.tsv", 0);
    rejects_init(&rejects, store, &batch, 1);
    assert_true(rejects_resume(&rejects, &checkpoint, &err));
    assert_int_equal(rejects.bytes, 0);
    add(&rejects, 2, "new");
    assert_true(rejects_sync(&rejects, &err));
    rejects_done(&rejects);
    expect_file("2\twhy\tnew\n");
}

static void many_rejects_are_written_as_they_come(void **state)
{
    (void)state;
    struct rejects rejects;
    struct error err;
    struct stat found;
    rejects_init(&rejects, store, &batch, 1);
    assert_true(rejects_resume(&rejects, &batch, &err));
    for (uint64_t line = 0; line < 100000; line++)
        add(&rejects, line, "record");
    assert_true(rejects.pending.capacity < 1 << 20);
    assert_true(rejects_sync(&rejects, &err));
    assert_int_equal(fstat(rejects.fd, &found), 0);
    assert_int_equal(found.st_size, rejects.bytes);
    rejects_done(&rejects);
}

static void a_store_without_the_directory_is_an_error(void **state)
{
    (void)state;
    struct rejects rejects;
    struct error err;
    AUTO_FD int const elsewhere = open("/", O_RDONLY | O_DIRECTORY);
    rejects_init(&rejects, elsewhere, &batch, 1);
    add(&rejects, 1, "x");
    assert_false(rejects_sync(&rejects, &err));
    assert_int_equal(err.kind, ERROR_MISSING);
    assert_string_equal(err.place, "rejects");
    rejects_done(&rejects);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_name_tells_digest_and_stream),
        cmocka_unit_test(no_file_is_made_without_a_reject),
        cmocka_unit_test(what_was_behind_the_checkpoint_is_cut_off),
        cmocka_unit_test(an_attempt_without_a_commit_leaves_nothing),
        cmocka_unit_test(a_file_that_was_taken_away_begins_anew),
        cmocka_unit_test(many_rejects_are_written_as_they_come),
        cmocka_unit_test(a_store_without_the_directory_is_an_error),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
