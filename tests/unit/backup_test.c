// SPDX-License-Identifier: Apache-2.0
#include "database/backup.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

#include "../support/test.h"
#include "../support/tmpstore.h"

static const char schema[] =
    "{\"streams\":{\"s\":{\"key\":\"k\",\"fields\":{\"k\":\"string\",\"n\":\"int\"}}},"
    "\"views\":{\"v\":{\"by\":[\"k\"],\"measures\":{\"n\":\"sum(n)\"}}}}";

struct place {
    struct tmpstore tmp;
    char target[80];
    char partial[96];
};

static void open_place(struct place *place)
{
    struct batch const batch = {.digest = {{7, 7}},
                                .state = BATCH_LOADED,
                                .source = slice_text("first"),
                                .rejects = slice_text("refused.tsv"),
                                .rejects_bytes = 4};
    tmpstore_open(&place->tmp, schema);
    (void)snprintf(place->target, sizeof place->target, "%s/copy", place->tmp.directory);
    (void)snprintf(place->partial, sizeof place->partial, "%s.partial", place->target);
    tmpstore_put_rejects(&place->tmp, "refused.tsv", "1\tx\n");
    (void)tmpstore_put_batch(&place->tmp, "s", (const char *const[]){"a|1", "b|2"}, 2, &batch);
}

static bool is_there(const char *directory, const char *name)
{
    char path[256];
    struct stat status;
    (void)snprintf(path, sizeof path, "%s/%s", directory, name);
    return lstat(path, &status) == 0;
}

static void make_file(const char *directory, const char *name)
{
    char path[256];
    (void)snprintf(path, sizeof path, "%s/%s", directory, name);
    AUTO_FD int const fd = open(path, O_WRONLY | O_CREAT | O_EXCL, 0666);
    assert_true(fd >= 0);
}

static void make_directory(const char *directory, const char *name)
{
    char path[256];
    (void)snprintf(path, sizeof path, "%s/%s", directory, name);
    assert_int_equal(mkdir(path, 0777), 0);
}

static struct backup *begin(struct place *place, const char *target)
{
    struct backup *backup;
    struct error err;
    if (!backup_begin(place->tmp.store, target, &backup, &err)) fail_msg("%s", err.fact);
    return backup;
}

static struct error expect_refused(struct place *place, const char *target, enum error_kind kind)
{
    struct backup *backup;
    struct error err;
    assert_false(backup_begin(place->tmp.store, target, &backup, &err));
    assert_int_equal(err.kind, kind);
    return err;
}

/* The copy shows what the store showed when it was begun, and can be written to. */
static void check_copy(const struct place *place)
{
    struct error err;
    struct tmpstore copy = place->tmp;
    (void)snprintf(copy.path, sizeof copy.path, "%s", place->target);
    assert_true(store_open(place->target, STORE_WRITE, &copy.store, &err));
    tmpstore_check(&copy, "v.csv", "k,n\na,1\nb,2\n");
    tmpstore_check(&copy, ".tallyfs/rejects/refused.tsv", "1\tx\n");
    tmpstore_verify(&copy);
    (void)tmpstore_put(&copy, "s", (const char *const[]){"d|4"}, 1);
    tmpstore_check(&copy, "v.csv", "k,n\na,1\nb,2\nd,4\n");
    store_close(copy.store);
    assert_false(is_there(place->partial, ""));
}

static void a_copy_is_the_store_as_of_one_commit(void **state)
{
    (void)state;
    struct place place;
    struct error err;
    open_place(&place);
    struct backup *const backup = begin(&place, place.target);
    assert_string_equal(backup_path(backup), place.partial);
    assert_false(is_there(place.target, ""));
    (void)tmpstore_put(&place.tmp, "s", (const char *const[]){"c|3"}, 1);
    assert_true(backup_finish(backup, &err));
    backup_free(backup);
    check_copy(&place);
    tmpstore_check(&place.tmp, "v.csv", "k,n\na,1\nb,2\nc,3\n");
    tmpstore_close(&place.tmp);
}

/* In the working directory, and with slashes at the end. */
static void a_target_may_be_written_in_other_ways(void **state)
{
    (void)state;
    static const char *const targets[] = {"copy", "copy///", "./copy"};
    for (size_t i = 0; i < COUNT_OF(targets); i++) {
        struct place place;
        struct error err;
        char before[256];
        assert_non_null(getcwd(before, sizeof before));
        open_place(&place);
        assert_int_equal(chdir(place.tmp.directory), 0);
        struct backup *const backup = begin(&place, targets[i]);
        assert_true(backup_finish(backup, &err));
        backup_free(backup);
        check_copy(&place);
        assert_int_equal(chdir(before), 0);
        tmpstore_close(&place.tmp);
    }
}

static void what_is_not_finished_leaves_nothing(void **state)
{
    (void)state;
    struct place place;
    open_place(&place);
    backup_free(begin(&place, place.target));
    assert_false(is_there(place.partial, ""));
    assert_false(is_there(place.target, ""));
    tmpstore_close(&place.tmp);
}

static void nothing_that_is_there_is_replaced(void **state)
{
    (void)state;
    struct place place;
    struct error err;
    open_place(&place);
    struct backup *const late = begin(&place, place.target);
    assert_int_equal(symlink("nowhere", place.target), 0); /* somebody was faster */
    assert_false(backup_finish(late, &err));
    assert_int_equal(err.kind, ERROR_INPUT);
    assert_non_null(strstr(err.fact, "there already"));
    backup_free(late);
    assert_true(is_there(place.tmp.directory, "copy"));
    assert_false(is_there(place.partial, ""));
    err = expect_refused(&place, place.target, ERROR_INPUT);
    assert_string_equal(err.place, place.target);
    assert_false(is_there(place.partial, ""));
    tmpstore_close(&place.tmp);
}

static void two_do_not_make_the_same_copy(void **state)
{
    (void)state;
    struct place place;
    struct error err;
    open_place(&place);
    struct backup *const first = begin(&place, place.target);
    (void)expect_refused(&place, place.target, ERROR_BUSY);
    assert_true(is_there(place.partial, "ingest.lock"));
    assert_true(backup_finish(first, &err));
    backup_free(first);
    check_copy(&place);
    tmpstore_close(&place.tmp);
}

static void what_a_killed_backup_left_is_taken_over(void **state)
{
    (void)state;
    struct place place;
    struct error err;
    open_place(&place);
    assert_int_equal(mkdir(place.partial, 0700), 0);
    make_file(place.partial, "ingest.lock");
    make_file(place.partial, "data.mdb");
    make_directory(place.partial, "rejects");
    make_file(place.partial, "rejects/half.tsv");
    struct backup *const backup = begin(&place, place.target);
    assert_true(backup_finish(backup, &err));
    backup_free(backup);
    check_copy(&place);
    assert_false(is_there(place.target, "rejects/half.tsv"));
    tmpstore_close(&place.tmp);
}

/* What stands in the place of the copy and is none stays as it is. */
static void a_place_that_cannot_be_taken_is_told(void **state)
{
    (void)state;
    struct place place;
    char below[128];
    open_place(&place);
    (void)snprintf(below, sizeof below, "%s/no/such/place", place.tmp.directory);
    (void)expect_refused(&place, below, ERROR_MISSING);
    make_directory(place.tmp.directory, "elsewhere");
    assert_int_equal(symlink("elsewhere", place.partial), 0);
    (void)expect_refused(&place, place.target, ERROR_MISSING); /* ENOTDIR: a link is no directory */
    assert_true(is_there(place.tmp.directory, "copy.partial"));
    assert_int_equal(unlink(place.partial), 0);
    assert_int_equal(mkdir(place.partial, 0777), 0);
    make_directory(place.partial, "rejects");
    make_directory(place.partial, "rejects/folder");
    struct error const err = expect_refused(&place, place.target, ERROR_SYSTEM);
    assert_non_null(strstr(err.fact, "rejects"));
    assert_true(is_there(place.partial, "rejects/folder"));
    tmpstore_close(&place.tmp);
}

static void a_store_without_refused_records_is_copied(void **state)
{
    (void)state;
    struct place place;
    struct error err;
    char path[128];
    tmpstore_open(&place.tmp, schema);
    (void)snprintf(place.target, sizeof place.target, "%s/copy", place.tmp.directory);
    (void)snprintf(path, sizeof path, "%s/rejects", place.tmp.path);
    assert_int_equal(rmdir(path), 0);
    struct backup *const backup = begin(&place, place.target);
    assert_true(backup_finish(backup, &err));
    backup_free(backup);
    assert_true(is_there(place.target, "rejects"));
    tmpstore_close(&place.tmp);
}

static void a_copy_is_no_more_open_than_the_store(void **state)
{
    (void)state;
    struct place place;
    struct error err;
    struct stat status;
    char data[128];
    open_place(&place);
    (void)snprintf(data, sizeof data, "%s/data.mdb", place.tmp.path);
    assert_int_equal(chmod(data, 0640), 0);
    assert_int_equal(chmod(place.tmp.path, 0710), 0);
    struct backup *const backup = begin(&place, place.target);
    assert_true(backup_finish(backup, &err));
    backup_free(backup);
    (void)snprintf(data, sizeof data, "%s/data.mdb", place.target);
    assert_int_equal(stat(data, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0640);
    assert_int_equal(stat(place.target, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0710);
    tmpstore_close(&place.tmp);
}

int main(void)
{
    struct CMUnitTest const tests[] = {
        cmocka_unit_test(a_copy_is_the_store_as_of_one_commit),
        cmocka_unit_test(a_target_may_be_written_in_other_ways),
        cmocka_unit_test(what_is_not_finished_leaves_nothing),
        cmocka_unit_test(nothing_that_is_there_is_replaced),
        cmocka_unit_test(two_do_not_make_the_same_copy),
        cmocka_unit_test(what_a_killed_backup_left_is_taken_over),
        cmocka_unit_test(a_place_that_cannot_be_taken_is_told),
        cmocka_unit_test(a_store_without_refused_records_is_copied),
        cmocka_unit_test(a_copy_is_no_more_open_than_the_store),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
