/* lsm_writer.c, lsm_cursor.c, lsm_reader.c and what is below them, beside a plain array of keys.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "lsm/lsm_writer.h"

#include <stdio.h>

#include "../support/test.h"
#include "../support/tmpstore.h"
#include "lsm/block.h"
#include "lsm/lsm_cursor.h"
#include "lsm/lsm_reader.h"
#include "lsm/lsm_verify.h"
#include "lsm/run_list.h"
#include "tables/event_scan.h"
#include "types/pack.h"

enum { KEYS = 4000, ROUNDS = 60 };

static const char schema_text[] =
    "{\"streams\":{\"a\":{\"key\":\"k\",\"fields\":{\"k\":\"string\"}},"
    "\"b\":{\"key\":\"k\",\"fields\":{\"k\":\"string\"}},"
    "\"c\":{\"key\":\"k\",\"fields\":{\"k\":\"string\"}}},\"views\":{}}";

/* What the table should have: per key the length of its event, 0 for none. */
struct model {
    size_t lengths[KEYS];
};

struct fixture {
    struct tmpstore tmp;
    const struct stream *stream;
    struct txn *txn;
    struct model model;
    uint32_t random;
};

static int setup(void **state)
{
    struct fixture *const fixture = memory_alloc(sizeof *fixture);
    const struct schema *schema;
    struct error err;
    tmpstore_open(&fixture->tmp, schema_text);
    if (!store_schema(fixture->tmp.store, &schema, &err) ||
        !txn_begin(store_db(fixture->tmp.store), true, &fixture->txn, &err))
        fail_msg("%s", err.fact);
    fixture->stream = &schema->streams[1]; /* the others are its neighbours */
    fixture->random = 12345;
    *state = fixture;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *const fixture = *state;
    txn_abort(fixture->txn);
    tmpstore_close(&fixture->tmp);
    free(fixture);
    return 0;
}

static uint32_t next_random(struct fixture *fixture, uint32_t below)
{
    fixture->random = fixture->random * 1664525 + 1013904223;
    return (fixture->random >> 8) % below;
}

static void write_key(const struct fixture *fixture, size_t number, struct buffer *key)
{
    buffer_clear(key);
    pack_u16(key, fixture->stream->id);
    buffer_format(key, "key-%05zu", number);
}

/* A live event of LENGTH bytes. */
static void write_event(size_t number, size_t length, struct buffer *packed)
{
    buffer_clear(packed);
    buffer_add_byte(packed, 0);
    while (packed->length < length)
        buffer_add_byte(packed, (uint8_t)(number + packed->length));
}

static void check_event(size_t number, size_t length, struct slice found)
{
    AUTO_BUFFER struct buffer packed = {0};
    if (length) write_event(number, length, &packed);
    if (!slice_equal(found, buffer_slice(&packed)))
        fail_msg("key %zu has %zu bytes, not %zu", number, found.length, length);
}

/* Looked for one by one, each STRIDE behind the one before, and round again. */
static void check_each(struct fixture *fixture, size_t stride)
{
    AUTO_BUFFER struct buffer key = {0}, prefix = {0};
    struct lsm_reader *reader;
    struct slice found;
    struct error err;
    pack_u16(&prefix, fixture->stream->id);
    if (!lsm_reader_open(fixture->txn, TABLE_EVENTS, buffer_slice(&prefix), &reader, &err))
        fail_msg("%s", err.fact);
    for (size_t i = 0; i < KEYS; i += 1 + next_random(fixture, 5)) {
        size_t const number = i * stride % KEYS;
        write_key(fixture, number, &key);
        enum db_finding const finding = lsm_reader_find(reader, buffer_slice(&key), &found, &err);
        assert_int_not_equal(finding, DB_FAILED);
        check_event(number, fixture->model.lengths[number],
                    finding == DB_FOUND ? found : (struct slice){0});
    }
    lsm_reader_close(reader);
}

static void count_entry(void *context, const struct db_entry *entry)
{
    (void)entry;
    ++*(size_t *)context;
}

static void check_whole(struct fixture *fixture)
{
    size_t count = 0, expected = 0;
    struct error err;
    for (size_t i = 0; i < KEYS; i++)
        expected += fixture->model.lengths[i] > 0;
    if (!lsm_verify(fixture->txn, TABLE_EVENTS, count_entry, &count, &err))
        fail_msg("%s", err.fact);
    assert_int_equal(count, expected);
}

static void check_table(struct fixture *fixture)
{
    AUTO_BUFFER struct buffer key = {0};
    struct event_scan *scan;
    struct event event;
    struct error err;
    if (!event_scan_open(fixture->txn, fixture->stream, &scan, &err)) fail_msg("%s", err.fact);
    for (size_t i = 0; i < KEYS; i++) {
        if (fixture->model.lengths[i] == 0) continue;
        write_key(fixture, i, &key);
        assert_int_equal(event_scan_next(scan, &event, &err), EVENT_ONE);
        if (!slice_equal(event.key, buffer_slice(&key))) fail_msg("key %zu is not there", i);
        check_event(i, fixture->model.lengths[i], event.packed);
    }
    assert_int_equal(event_scan_next(scan, &event, &err), EVENT_END);
    event_scan_close(scan);
    check_each(fixture, 1237);
    check_each(fixture, 1);
    check_each(fixture, KEYS - 1);
    check_whole(fixture);
}

static struct lsm_writer *open_writer(struct fixture *fixture)
{
    struct lsm_writer *writer;
    struct error err;
    if (!events_writer_open(fixture->txn, fixture->stream, &writer, &err)) fail_msg("%s", err.fact);
    return writer;
}

static void close_writer(struct lsm_writer *writer)
{
    struct error err;
    if (!lsm_writer_finish(writer, &err)) fail_msg("%s", err.fact);
    lsm_writer_close(writer);
}

static void change(struct fixture *fixture, struct lsm_writer *writer, size_t number, bool set,
                   size_t length)
{
    AUTO_BUFFER struct buffer key = {0}, packed = {0};
    struct slice known;
    struct error err;
    write_key(fixture, number, &key);
    if (!lsm_writer_seek(writer, buffer_slice(&key), &known, &err)) fail_msg("%s", err.fact);
    check_event(number, fixture->model.lengths[number], known);
    if (!set) return;
    if (length) write_event(number, length, &packed);
    if (!lsm_writer_set(writer, buffer_slice(&packed), &err)) fail_msg("%s", err.fact);
    fixture->model.lengths[number] = length;
}

static uint64_t table_bytes(const struct fixture *fixture)
{
    uint64_t bytes;
    struct error err;
    if (!db_table_bytes(fixture->txn, TABLE_EVENTS, &bytes, &err)) fail_msg("%s", err.fact);
    return bytes;
}

static void it_does_what_an_array_does(void **state)
{
    struct fixture *const fixture = *state;
    for (size_t round = 0; round < ROUNDS; round += test_slice()) {
        struct lsm_writer *const writer = open_writer(fixture);
        /* from a few keys to most of them; rounds that add, that remove and that do both */
        uint32_t const one_in = 1 + next_random(fixture, 300), kind = next_random(fixture, 3);
        for (size_t i = 0; i < KEYS; i++) {
            if (next_random(fixture, one_in) != 0) continue;
            bool const removes = kind == 1 || (kind == 2 && next_random(fixture, 2) == 0);
            size_t const length = next_random(fixture, 500) == 0 ? 1000 + next_random(fixture, 9000)
                                                                 : 1 + next_random(fixture, 60);
            change(fixture, writer, i, next_random(fixture, 10) != 0, removes ? 0 : length);
        }
        close_writer(writer);
        check_table(fixture);
    }
}

static void fill(struct fixture *fixture, size_t first, size_t end, size_t step, size_t length)
{
    struct lsm_writer *const writer = open_writer(fixture);
    for (size_t i = first; i < end; i += step)
        change(fixture, writer, i, true, length);
    close_writer(writer);
}

/* The nearest number from NUMBER on in one direction that the model has; KEYS if none. */
static size_t nearest(const struct fixture *fixture, size_t number, bool forward)
{
    for (; number < KEYS && fixture->model.lengths[number] == 0;)
        number = forward ? number + 1 : number - 1; /* below zero it is beyond KEYS */
    return number < KEYS ? number : KEYS;
}

static void check_found(struct fixture *fixture, enum db_finding found,
                        const struct db_entry *entry, size_t number)
{
    AUTO_BUFFER struct buffer key = {0};
    write_key(fixture, number, &key);
    bool const ours = found == DB_FOUND && entry->key.at[1] == key.at[1]; /* the stream */
    assert_int_not_equal(found, DB_FAILED);
    assert_int_equal(ours, number < KEYS);
    if (ours && !slice_equal(entry->key, buffer_slice(&key)))
        fail_msg("%.*s instead of key %zu", (int)entry->key.length - 2, entry->key.at + 2, number);
}

static void it_is_read_from_anywhere_in_both_directions(void **state)
{
    struct fixture *const fixture = *state;
    AUTO_BUFFER struct buffer key = {0}, prefix = {0};
    struct lsm_cursor *cursor;
    struct db_entry entry;
    struct error err;
    for (size_t i = 0; i < KEYS; i += 1 + i % 7)
        fill(fixture, i, i + 1, 1, 1 + i % 90);
    pack_u16(&prefix, fixture->stream->id);
    if (!lsm_cursor_open(fixture->txn, TABLE_EVENTS, buffer_slice(&prefix), &cursor, &err))
        fail_msg("%s", err.fact);
    for (size_t round = 0; round < KEYS; round++) {
        size_t const number = next_random(fixture, KEYS);
        write_key(fixture, number, &key);
        size_t const here = nearest(fixture, number, true);
        enum db_finding found = lsm_cursor_seek(cursor, buffer_slice(&key), 0, &entry, &err);
        check_found(fixture, found, &entry, here);
        found = lsm_cursor_previous(cursor, &entry, &err);
        if (here < KEYS) check_found(fixture, found, &entry, nearest(fixture, here - 1, false));
        found = lsm_cursor_seek_before(cursor, buffer_slice(&key), 0, &entry, &err);
        size_t const before = nearest(fixture, number - 1, false);
        check_found(fixture, found, &entry, before);
        found = lsm_cursor_next(cursor, &entry, &err);
        if (before < KEYS) check_found(fixture, found, &entry, nearest(fixture, before + 1, true));
    }
    lsm_cursor_close(cursor);
}

static void what_begins_alike_is_removed_at_once(void **state)
{
    struct fixture *const fixture = *state;
    fill(fixture, 0, KEYS, 1, 40);
    struct lsm_writer *const writer = open_writer(fixture);
    static const char *const prefixes[] = {"key-00", "key-0123", "key-013", "key-02999", "key-09"};
    for (size_t i = 0; i < COUNT_OF(prefixes); i++) {
        AUTO_BUFFER struct buffer prefix = {0};
        struct error err;
        pack_u16(&prefix, fixture->stream->id);
        buffer_add_text(&prefix, prefixes[i]);
        if (!lsm_writer_clear(writer, buffer_slice(&prefix), &err)) fail_msg("%s", err.fact);
        for (size_t number = 0; number < KEYS; number++) {
            AUTO_BUFFER struct buffer key = {0};
            write_key(fixture, number, &key);
            if (slice_starts(buffer_slice(&key), buffer_slice(&prefix)))
                fixture->model.lengths[number] = 0;
        }
        if (i == 2) change(fixture, writer, 2000, true, 7);
    }
    close_writer(writer);
    check_table(fixture);
}

static void rising_keys_leave_full_blocks(void **state)
{
    struct fixture *const fixture = *state;
    for (size_t i = 0; i < KEYS; i += 100)
        fill(fixture, i, i + 100, 1, 40);
    check_table(fixture);
    uint64_t const least = KEYS * 40;
    if (BLOCK_BYTES > 4000) assert_in_range(table_bytes(fixture), least, least + least / 4);
}

static void keys_anywhere_leave_blocks_half_full_at_least(void **state)
{
    struct fixture *const fixture = *state;
    for (size_t i = 0; i < KEYS; i++)
        fill(fixture, i * 1237 % KEYS, i * 1237 % KEYS + 1, 1,
             40); /* 1237 and 4000 have no common divisor */
    check_table(fixture);
    assert_in_range(table_bytes(fixture), KEYS * 40, KEYS * 40 * 5 / 2);
}

static void a_table_shrinks_with_its_events(void **state)
{
    struct fixture *const fixture = *state;
    fill(fixture, 0, KEYS, 1, 40);
    uint64_t const before = table_bytes(fixture);
    struct lsm_writer *writer = open_writer(fixture);
    for (size_t i = 0; i < KEYS; i++) {
        if (i % 50) change(fixture, writer, i, true, 0);
    }
    close_writer(writer);
    check_table(fixture);
    assert_true(table_bytes(fixture) < before / 10);
    fill(fixture, 0, KEYS, 50, 0);
    check_table(fixture);
    assert_int_equal(table_bytes(fixture), 0);
}

static void looking_changes_nothing(void **state)
{
    struct fixture *const fixture = *state;
    fill(fixture, 0, KEYS, 2, 40);
    uint64_t const before = table_bytes(fixture);
    struct lsm_writer *const writer = open_writer(fixture);
    for (size_t i = 0; i < KEYS; i++)
        change(fixture, writer, i, false, 0);
    close_writer(writer);
    check_table(fixture);
    assert_int_equal(table_bytes(fixture), before);
}

static void check_refused(struct fixture *fixture, const char *fact)
{
    size_t count = 0;
    struct error err;
    assert_false(lsm_verify(fixture->txn, TABLE_EVENTS, count_entry, &count, &err));
    assert_int_equal(err.kind, ERROR_CORRUPT);
    if (!strstr(err.fact, fact)) fail_msg("%s", err.fact);
}

/* Where a filter says that a key is not there, nobody looks for it. */
static void a_filter_that_forgets_is_found(void **state)
{
    struct fixture *const fixture = *state;
    struct error err;
    fill(fixture, 0, KEYS, 1, 40);
    check_whole(fixture);
    assert_true(db_clear(fixture->txn, TABLE_FILTERS, &err));
    check_refused(fixture, "a filter has forgotten a key");
}

static void a_run_that_nothing_knows_is_found(void **state)
{
    struct fixture *const fixture = *state;
    struct error err;
    fill(fixture, 0, KEYS, 1, 40);
    assert_true(db_clear(fixture->txn, TABLE_RUNS, &err));
    check_refused(fixture, "there are other blocks than the runs have");
}

static void a_block_that_is_gone_is_found(void **state)
{
    struct fixture *const fixture = *state;
    AUTO_BUFFER struct buffer fence = {0};
    struct cursor *cursor;
    struct db_entry entry;
    struct error err;
    fill(fixture, 0, KEYS, 1, 40);
    assert_true(cursor_open(fixture->txn, TABLE_EVENTS, &cursor, &err));
    assert_int_equal(cursor_first(cursor, &entry, &err), DB_FOUND);
    buffer_set(&fence, entry.key);
    cursor_close(cursor);
    assert_true(db_drop(fixture->txn, TABLE_EVENTS, buffer_slice(&fence), &err));
    check_refused(fixture, "entries of a run are missing");
}

/* However they come, a few runs of each size is all there is. */
static void runs_stay_few(void **state)
{
    struct fixture *const fixture = *state;
    AUTO(run_list_done) struct run_list list = {0};
    AUTO_BUFFER struct buffer prefix = {0};
    struct error err;
    size_t most = 0;
    pack_u16(&prefix, fixture->stream->id);
    for (size_t i = 0; i < KEYS; i += 8) {
        struct lsm_writer *const writer = open_writer(fixture);
        for (size_t j = 0; j < 8; j++)
            change(fixture, writer, j * KEYS / 8 + i / 8, true, 3000);
        close_writer(writer);
        run_list_done(&list);
        assert_true(run_list_load(fixture->txn, TABLE_EVENTS, buffer_slice(&prefix), &list, &err));
        if (list.count > most) most = list.count;
    }
    check_table(fixture);
    assert_in_range(most, 4, 40);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    struct CMUnitTest const tests[] = {
        TEST(it_does_what_an_array_does),
        TEST(it_is_read_from_anywhere_in_both_directions),
        TEST(what_begins_alike_is_removed_at_once),
        TEST(rising_keys_leave_full_blocks),
        TEST(keys_anywhere_leave_blocks_half_full_at_least),
        TEST(a_table_shrinks_with_its_events),
        TEST(looking_changes_nothing),
        TEST(a_filter_that_forgets_is_found),
        TEST(a_run_that_nothing_knows_is_found),
        TEST(a_block_that_is_gone_is_found),
        TEST(runs_stay_few),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
