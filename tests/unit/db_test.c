// SPDX-License-Identifier: Apache-2.0
#include "kv/db.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../support/test.h"
#include "base/arena.h"

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

/* A few entries put or dropped, always the same ones for the same seed. Returns the bytes
 * that LMDB counts. */
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

static enum db_finding read_after_change(const struct place *place, size_t at, uint8_t change,
                                         struct slice key)
{
    FILE *const file = fopen(place->data, "r+b");
    struct db *db;
    struct txn *txn;
    struct slice value;
    struct error err;
    assert_non_null(file);
    assert_int_equal(fseek(file, (long)at, SEEK_SET), 0);
    int const byte = fgetc(file);
    assert_int_equal(fseek(file, (long)at, SEEK_SET), 0);
    assert_int_equal(fputc(byte ^ change, file), byte ^ change);
    assert_int_equal(fclose(file), 0);
    assert_true(db_open(place->directory, DB_READ, &db, &err));
    assert_true(txn_begin(db, false, &txn, &err));
    enum db_finding const found = db_get(txn, TABLE_GROUPS, key, &value, &err);
    if (found == DB_FAILED) assert_int_equal(err.kind, ERROR_CORRUPT);
    txn_abort(txn);
    db_close(db);
    return found;
}

/* Any byte of the value, one after the other. */
static void an_entry_that_changed_on_the_disk_is_refused(void **state)
{
    (void)state;
    static const char value[] = "a value that is found in the file";
    struct slice const key = slice_text("key");
    struct place place;
    struct db *db;
    struct txn *txn;
    struct error err;
    AUTO_BUFFER struct buffer content = {0};
    make_place(&place);
    assert_true(db_open(place.directory, DB_CREATE, &db, &err));
    assert_true(txn_begin(db, true, &txn, &err));
    assert_true(db_put(txn, TABLE_GROUPS, key, slice_text(value), &err));
    assert_true(txn_commit(txn, &err));
    db_close(db);
    buffer_reserve(&content, file_bytes(&place));
    FILE *const file = fopen(place.data, "rb");
    assert_non_null(file);
    content.length = fread(content.at, 1, file_bytes(&place), file);
    assert_int_equal(fclose(file), 0);
    const uint8_t *const found = memmem(content.at, content.length, value, strlen(value));
    assert_non_null(found);
    size_t const start = (size_t)(found - content.at);
    for (size_t i = 0; i < strlen(value) + DB_SUM_BYTES; i++) {
        assert_int_equal(read_after_change(&place, start + i, 0x20, key), DB_FAILED);
        assert_int_equal(read_after_change(&place, start + i, 0x20, key), DB_FOUND);
    }
    remove_place(&place);
}

/* Turns the kind of the first page of a value, wherever it is in the file. */
static void spoil_pages_of_value(const struct place *place)
{
    enum { PAGE_BYTES = 4096, KIND_AT = 10, KIND_OF_VALUE = 4 };
    uint8_t page[PAGE_BYTES];
    size_t count = 0;
    FILE *const file = fopen(place->data, "r+b");
    assert_non_null(file);
    for (long at = 0; fread(page, 1, sizeof page, file) == sizeof page; at += PAGE_BYTES) {
        if (page[KIND_AT] != KIND_OF_VALUE || page[PAGE_BYTES - 1] != 'v') continue;
        assert_int_equal(fseek(file, at + KIND_AT, SEEK_SET), 0);
        assert_int_equal(fputc(KIND_OF_VALUE << 1, file), KIND_OF_VALUE << 1);
        assert_int_equal(fseek(file, at + PAGE_BYTES, SEEK_SET), 0);
        count++;
    }
    assert_int_equal(fclose(file), 0);
    assert_int_equal(count, 1);
}

/* LMDB would free its pages by what they say of themselves. */
static void a_long_value_whose_pages_are_damaged_is_not_replaced(void **state)
{
    (void)state;
    static uint8_t value[9000];
    struct place place;
    struct db *db;
    struct txn *txn;
    struct error err;
    make_place(&place);
    memset(value, 'v', sizeof value);
    assert_true(db_open(place.directory, DB_CREATE, &db, &err));
    assert_true(txn_begin(db, true, &txn, &err));
    assert_true(db_put(txn, TABLE_GROUPS, slice_text("a"), slice_text("short"), &err));
    assert_true(db_put(txn, TABLE_GROUPS, slice_text("b"), slice_of(value, sizeof value), &err));
    assert_true(txn_commit(txn, &err));
    db_close(db);
    spoil_pages_of_value(&place);
    assert_true(db_open(place.directory, DB_WRITE, &db, &err));
    assert_true(txn_begin(db, true, &txn, &err));
    assert_true(db_put(txn, TABLE_GROUPS, slice_text("a"), slice_text("longer"), &err));
    assert_false(db_put(txn, TABLE_GROUPS, slice_text("b"), slice_text("short"), &err));
    assert_int_equal(err.kind, ERROR_CORRUPT);
    txn_abort(txn);
    db_close(db);
    remove_place(&place);
}

static uint64_t address_space_bytes(void)
{
    unsigned long long pages;
    FILE *const file = fopen("/proc/self/statm", "r");
    assert_non_null(file);
    assert_int_equal(fscanf(file, "%llu", &pages), 1);
    assert_int_equal(fclose(file), 0);
    return pages * (uint64_t)sysconf(_SC_PAGESIZE);
}

/* Puts entries until the map is full, and how many fitted. */
static unsigned fill(struct txn *txn, struct error *err)
{
    enum { VALUE_BYTES = 1 << 20 };
    AUTO_FREE uint8_t *const value = memory_alloc(VALUE_BYTES);
    for (unsigned count = 0;; count++) {
        char key[16];
        (void)snprintf(key, sizeof key, "key %u", count);
        if (!db_put(txn, TABLE_META, slice_text(key), slice_of(value, VALUE_BYTES), err))
            return count;
    }
}

/* The least map of 256 MiB is all that the limit leaves room for; later there is more. */
static void a_full_map_grows_when_it_may(void **state)
{
    (void)state;
    struct place place;
    struct db *db;
    struct txn *txn, *reading;
    struct error err;
    struct rlimit before;
    if (test_slice() > 1) skip(); /* a GiB is copied */
    make_place(&place);
    assert_int_equal(getrlimit(RLIMIT_AS, &before), 0);
    struct rlimit const tight = {.rlim_cur = address_space_bytes() + (384 << 20),
                                 .rlim_max = before.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_AS, &tight), 0);
    bool const opened = db_open(place.directory, DB_CREATE, &db, &err);
    assert_int_equal(setrlimit(RLIMIT_AS, &before), 0);
    assert_true(opened);
    assert_true(txn_begin(db, true, &txn, &err));
    assert_in_range(fill(txn, &err), 200, 255);
    assert_int_equal(err.kind, ERROR_FULL);
    assert_non_null(strstr(err.remedy, "ulimit"));
    assert_true(txn_map_full(txn));
    assert_false(txn_commit(txn, &err)); /* nothing of it is published */
    assert_non_null(strstr(err.fact, "had failed before"));
    assert_true(txn_begin(db, false, &reading, &err));
    assert_false(db_grow(db, &err)); /* the map cannot move under a reader */
    assert_int_equal(err.kind, ERROR_FULL);
    txn_abort(reading);
    assert_true(db_grow(db, &err));
    assert_true(txn_begin(db, true, &txn, &err));
    assert_in_range(fill(txn, &err), 450, 511);
    txn_abort(txn);
    struct db_usage usage;
    assert_true(db_grow(db, &err));
    assert_true(txn_begin(db, false, &reading, &err));
    assert_true(db_usage(reading, &usage, &err));
    assert_int_equal(usage.map_bytes, 1 << 30);
    txn_abort(reading);
    db_close(db);
    remove_place(&place);
}

static void one_reader_too_many_is_told(void **state)
{
    (void)state;
    enum { READERS_MAX = 1022 };
    static struct txn *readers[READERS_MAX];
    struct place place;
    struct db *db;
    struct txn *txn;
    struct error err;
    make_place(&place);
    assert_true(db_open(place.directory, DB_CREATE, &db, &err));
    for (size_t i = 0; i < READERS_MAX; i++)
        assert_true(txn_begin(db, false, &readers[i], &err));
    assert_false(txn_begin(db, false, &txn, &err));
    assert_int_equal(err.kind, ERROR_FULL);
    assert_non_null(strstr(err.fact, "1022 readers"));
    txn_abort(readers[0]);
    assert_true(txn_begin(db, false, &readers[0], &err)); /* its place is free again */
    for (size_t i = 0; i < READERS_MAX; i++)
        txn_abort(readers[i]);
    db_close(db);
    remove_place(&place);
}

static void a_path_that_cannot_be_is_told(void **state)
{
    (void)state;
    struct db *db;
    struct error err;
    assert_false(db_open("/nonexistent/store", DB_READ, &db, &err));
    assert_int_equal(err.kind, ERROR_MISSING);
    assert_string_equal(err.place, "/nonexistent/store");
}

/* LMDB's list of tables, in both meta pages: its depth, its entries, and no root. */
static void forget_tables(const struct place *place)
{
    enum {
        PAGE = 4096,
        LIST = 16 + 24 + 48,
        DEPTH = LIST + 6,
        COUNTS = LIST + 8,
        ROOT = LIST + 40
    };
    static uint8_t const zeros[32], none[8] = {255, 255, 255, 255, 255, 255, 255, 255};
    AUTO_FD int const fd = open(place->data, O_WRONLY);
    for (unsigned i = 0; i < 2; i++) {
        off_t const page = i * PAGE;
        assert_int_equal(pwrite(fd, zeros, 2, page + DEPTH), 2);
        assert_int_equal(pwrite(fd, zeros, sizeof zeros, page + COUNTS), sizeof zeros);
        assert_int_equal(pwrite(fd, none, sizeof none, page + ROOT), sizeof none);
    }
}

/* Other LMDB files are no stores: one without any table, as another program makes it. */
static void an_environment_without_our_tables_is_refused(void **state)
{
    (void)state;
    struct place place;
    struct db *db;
    struct error err;
    make_place(&place);
    assert_true(db_open(place.directory, DB_CREATE, &db, &err));
    db_close(db);
    forget_tables(&place);
    assert_false(db_open(place.directory, DB_WRITE, &db, &err));
    assert_int_equal(err.kind, ERROR_CORRUPT);
    assert_string_equal(err.fact, "the store has no table 'meta'");
    remove_place(&place);
}

/* Rising keys fill pages to the end; one that does not rise is refused. */
static void what_is_appended_is_behind_all_others(void **state)
{
    (void)state;
    enum { ENTRIES = 1000, ENTRY_BYTES = 400 };
    static uint8_t const value[ENTRY_BYTES];
    struct place place;
    struct db *db;
    struct txn *txn;
    struct slice found;
    struct error err;
    uint64_t bytes;
    char key[16];
    make_place(&place);
    assert_true(db_open(place.directory, DB_CREATE, &db, &err));
    assert_true(txn_begin(db, true, &txn, &err));
    for (unsigned i = 0; i < ENTRIES; i++) {
        (void)snprintf(key, sizeof key, "%08u", i);
        assert_true(
            db_append(txn, TABLE_VALUES, slice_text(key), slice_of(value, sizeof value), &err));
    }
    assert_true(db_table_bytes(txn, TABLE_VALUES, &bytes, &err));
    assert_true(bytes < (uint64_t)ENTRIES * ENTRY_BYTES * 5 / 4); /* half-full ones take 2 */
    assert_int_equal(db_get(txn, TABLE_VALUES, slice_text("00000500"), &found, &err), DB_FOUND);
    assert_memory_equal(found.at, value, sizeof value);
    assert_false(db_append(txn, TABLE_VALUES, slice_text("00000500"), (struct slice){0}, &err));
    txn_abort(txn);
    db_close(db);
    remove_place(&place);
}

enum { NUMBERS = 600, LOOKS = 40000 };

/* The next number that is there, from NUMBER on. */
static unsigned next_there(const bool *there, unsigned number)
{
    while (number < NUMBERS && !there[number])
        number++;
    return number;
}

/* Both ways to look for NUMBER, beside a list of what is there. */
static void check_look(struct txn *txn, const bool *there, unsigned number)
{
    struct db_entry entry;
    struct slice value;
    struct error err;
    char key[16];
    unsigned const next = next_there(there, number);
    (void)snprintf(key, sizeof key, "%08u", number);
    assert_int_equal(db_get(txn, TABLE_VALUES, slice_text(key), &value, &err),
                     there[number] ? DB_FOUND : DB_MISSING);
    if (there[number]) assert_true(slice_is(value, key));
    assert_int_equal(db_seek(txn, TABLE_VALUES, slice_text(key), &entry, &err),
                     next < NUMBERS ? DB_FOUND : DB_MISSING);
    if (next == NUMBERS) return;
    (void)snprintf(key, sizeof key, "%08u", next);
    assert_true(slice_is(entry.key, key) && slice_is(entry.value, key));
}

/* Keys that rise and keys anywhere, while entries come and go now and then. */
static void what_is_looked_for_or_the_next_behind_it_is_found(void **state)
{
    (void)state;
    bool there[NUMBERS] = {false};
    struct place place;
    struct db *db;
    struct txn *txn;
    struct error err;
    unsigned random = 1, number = 0;
    make_place(&place);
    assert_true(db_open(place.directory, DB_CREATE, &db, &err));
    assert_true(txn_begin(db, true, &txn, &err));
    for (unsigned i = 0; i < LOOKS; i++) {
        random = random * 1103515245u + 12345u;
        number = (random >> 16 & 3 ? number + 1 : random >> 18) % NUMBERS;
        check_look(txn, there, number);
        if (random >> 27) continue;
        char key[16];
        (void)snprintf(key, sizeof key, "%08u", number);
        assert_true(there[number]
                        ? db_drop(txn, TABLE_VALUES, slice_text(key), &err)
                        : db_put(txn, TABLE_VALUES, slice_text(key), slice_text(key), &err));
        there[number] = !there[number];
        check_look(txn, there, number);
    }
    assert_true(db_clear(txn, TABLE_VALUES, &err));
    memset(there, 0, sizeof there);
    check_look(txn, there, 0);
    check_look(txn, there, number);
    txn_abort(txn);
    db_close(db);
    remove_place(&place);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_looked_for_or_the_next_behind_it_is_found),
        cmocka_unit_test(a_full_map_grows_when_it_may),
        cmocka_unit_test(one_reader_too_many_is_told),
        cmocka_unit_test(a_path_that_cannot_be_is_told),
        cmocka_unit_test(an_environment_without_our_tables_is_refused),
        cmocka_unit_test(an_entry_that_changed_on_the_disk_is_refused),
        cmocka_unit_test(a_long_value_whose_pages_are_damaged_is_not_replaced),
        cmocka_unit_test(pages_that_were_never_written_are_not_missing),
        cmocka_unit_test(a_file_that_is_cut_short_is_refused),
        cmocka_unit_test(what_is_appended_is_behind_all_others),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
