// SPDX-License-Identifier: Apache-2.0
#include "input/delete_keys.h"

#include <stdio.h>
#include <sys/mman.h>

#include "../support/test.h"

static const char schema_text[] =
    "{\"streams\":{\"s\":{\"key\":\"k\",\"fields\":{\"k\":\"string\",\"v\":\"int\"}}},"
    "\"views\":{\"v\":{\"measures\":{\"n\":\"count()\"}}}}";

static struct schema *schema;

static int set_up(void **state)
{
    struct error err;
    (void)state;
    return schema_read(slice_text(schema_text), NULL, &schema, &err) ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    schema_free(schema);
    return 0;
}

struct opened {
    struct binder binder;
    struct progress progress;
    struct delete_keys *file;
    struct events_chunk chunk;
};

static void open_text(const char *text, struct opened *ret_opened)
{
    struct error err;
    char path[64];
    int const fd = memfd_create("keys", MFD_CLOEXEC);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    (void)snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    *ret_opened = (struct opened){.file = NULL};
    binder_init(&ret_opened->binder, schema->streams, schema->zone);
    events_chunk_init(&ret_opened->chunk, schema->streams);
    if (!delete_keys_open(&ret_opened->binder, path, -1, &ret_opened->progress, &ret_opened->file,
                          &err))
        fail_msg("%s", err.fact);
    (void)close(fd);
}

static void close_keys(struct opened *opened)
{
    delete_keys_close(opened->file);
    events_chunk_done(&opened->chunk);
    binder_done(&opened->binder);
}

static void check_read(struct opened *opened, size_t most_bytes, size_t expected)
{
    struct error err;
    events_chunk_clear(&opened->chunk);
    if (!delete_keys_read(opened->file, most_bytes, &opened->chunk, &err)) fail_msg("%s", err.fact);
    assert_int_equal(opened->chunk.count, expected);
}

/* Lines, records and CSV; from the first key again after any. */
static void keys_come_in_portions_and_again(void **state)
{
    (void)state;
    static const char *const texts[] = {"a\n\nb\r\nc",
                                        "{\"k\":\"a\"}\n{\"k\":\"b\",\"v\":5}\n{\"k\":\"c\"}\n",
                                        "v,k\n1,a\n,b\n3,c\n"};
    for (size_t i = 0; i < COUNT_OF(texts); i++) {
        struct opened opened;
        struct error err;
        open_text(texts[i], &opened);
        for (size_t taken = 0; taken <= 3; taken++) {
            assert_true(delete_keys_rewind(opened.file, &err));
            for (size_t j = 0; j < taken; j++)
                check_read(&opened, 1, 1);
            check_read(&opened, 1 << 20, 3 - taken);
            check_read(&opened, 1 << 20, 0);
        }
        close_keys(&opened);
    }
}

static void a_bad_key_is_named_with_its_line(void **state)
{
    (void)state;
    struct opened opened;
    struct error err;
    open_text("a\nb\n[\"c\",5]\n", &opened);
    assert_true(delete_keys_rewind(opened.file, &err));
    check_read(&opened, 1, 1);
    assert_false(delete_keys_read(opened.file, 1 << 20, &opened.chunk, &err));
    assert_non_null(strstr(err.place, ":3"));
    close_keys(&opened);
}

static void an_empty_file_has_no_keys(void **state)
{
    (void)state;
    struct opened opened;
    struct error err;
    open_text("", &opened);
    assert_true(delete_keys_rewind(opened.file, &err));
    check_read(&opened, 1, 0);
    close_keys(&opened);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys_come_in_portions_and_again),
        cmocka_unit_test(a_bad_key_is_named_with_its_line),
        cmocka_unit_test(an_empty_file_has_no_keys),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
