// SPDX-License-Identifier: Apache-2.0
#include "db.h"

#include <stdio.h>
#include <sys/stat.h>

#include "../support/test.h"
#include "arena.h"

struct place {
    char directory[64];
    char data[80];
    char lock[80];
};

static void make_place(struct place *place)
{
    *place = (struct place){.directory = "/dev/shm/tally-test-XXXXXX"};
    assert_non_null(mkdtemp(place->directory));
    (void)snprintf(place->data, sizeof place->data, "%s/data.mdb", place->directory);
    (void)snprintf(place->lock, sizeof place->lock, "%s/lock.mdb", place->directory);
}

static void remove_place(const struct place *place)
{
    assert_int_equal(remove(place->data), 0);
    assert_int_equal(remove(place->lock), 0);
    assert_int_equal(rmdir(place->directory), 0);
}

static uint64_t file_bytes(const struct place *place)
{
    struct stat status;
    assert_int_equal(stat(place->data, &status), 0);
    return (uint64_t)status.st_size;
}

/* A few entries put or dropped, always the same ones for the same seed. Returns the bytes that LMDB counts. */
static uint64_t change_a_little(struct db *db, uint64_t *seed)
{
    static uint8_t const value[3000];
    struct txn *txn;
    struct slice found;
    struct error err;
    struct db_usage usage;
    assert_true(txn_begin(db, true, &txn, &err));
    for (unsigned i = 0; i < 40; i++) {
        char key[16];
        *seed = *seed * 6364136223846793005u + 1442695040888963407u;
        unsigned const random = (unsigned)(*seed >> 33);
        enum db_table const table = random % 2 ? TABLE_META : TABLE_VALUES;
        (void)snprintf(key, sizeof key, "key %u", random / 2 % 60);
        bool const there = db_get(txn, table, slice_text(key), &found, &err) == DB_FOUND;
        if (there)
            assert_true(db_drop(txn, table, slice_text(key), &err));
        else
            assert_true(db_put(txn, table, slice_text(key),
                               slice_of(value, random / 128 % sizeof value), &err));
    }
    assert_true(txn_commit(txn, &err));
    assert_true(txn_begin(db, false, &txn, &err));
    assert_true(db_usage(txn, &usage, &err));
    txn_abort(txn);
    return usage.file_bytes;
}

/* A store whose last pages were taken and given back by the same transaction, and never written. */
static void make_short_place(struct place *place)
{
    enum { TRIES = 200, COMMITS = 60 };
    for (uint64_t seed = 1, tries = 0; tries < TRIES; tries++) {
        struct db *db;
        struct error err;
        bool short_of_pages = false;
        make_place(place);
        assert_true(db_open(place->directory, DB_CREATE, &db, &err));
        for (unsigned i = 0; i < COMMITS && !short_of_pages; i++)
            short_of_pages = change_a_little(db, &seed) > file_bytes(place);
        db_close(db);
        if (short_of_pages) return;
        remove_place(place);
    }
    fail_msg("no transaction leaves an unwritten page: this tests nothing");
}

static void pages_that_were_never_written_are_not_missing(void **state)
{
    (void)state;
    struct place place;
    struct db *db;
    struct error err;
    make_short_place(&place);
    if (!db_open(place.directory, DB_READ, &db, &err)) fail_msg("%s", err.fact);
    db_close(db);
    remove_place(&place);
}

static void a_file_that_is_cut_short_is_refused(void **state)
{
    (void)state;
    struct place place;
    struct db *db;
    struct error err;
    make_short_place(&place);
    for (uint64_t bytes = file_bytes(&place) - 4096; bytes >= 3 * 4096; bytes -= 4096) {
        assert_int_equal(truncate(place.data, (off_t)bytes), 0);
        assert_false(db_open(place.directory, DB_READ, &db, &err));
        assert_int_equal(err.kind, ERROR_CORRUPT);
        assert_non_null(strstr(err.fact, "cut short"));
    }
    remove_place(&place);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pages_that_were_never_written_are_not_missing),
        cmocka_unit_test(a_file_that_is_cut_short_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
