// SPDX-License-Identifier: Apache-2.0
#include "tables/commits.h"

#include <stdio.h>
#include <stdlib.h>

#include "../support/test.h"
#include "../support/tmpstore.h"
#include "database/backup.h"
#include "types/pack.h"

static const char schema[] =
    "{\"streams\":{\"s\":{\"fields\":{\"k\":\"string\"}}},\"views\":{\"v\":{\"measures\":{\"n\":"
    "\"count()\"}}}}";
static const int64_t begin_ns = INT64_C(4102444800000) * COMMIT_RESOLUTION_NS;

/* A store has one commit when it is made: time and batch of those that follow are functions
 * of their number. */
struct course {
    int64_t (*ns)(uint64_t commit_id);
    uint64_t (*batch)(uint64_t commit_id);
};

static void add(struct tmpstore *tmp, const struct course *course, uint64_t from, uint64_t to)
{
    struct txn *txn;
    struct error err;
    assert_true(txn_begin(store_db(tmp->store), true, &txn, &err));
    for (uint64_t id = from; id < to; id++) {
        if (!commits_add(txn, id, course->ns(id), course->batch(id), &err))
            fail_msg("%s", err.fact);
    }
    assert_true(txn_commit(txn, &err));
}

static void expect(const struct tmpstore *tmp, const struct course *course, uint64_t from,
                   uint64_t to, uint64_t step)
{
    AUTO_TXN struct txn *txn = NULL;
    struct meta_commit commit;
    struct error err;
    assert_true(txn_begin(store_db(tmp->store), false, &txn, &err));
    for (uint64_t id = from; id < to; id += step) {
        assert_int_equal(commits_find(txn, id, &commit, &err), DB_FOUND);
        assert_int_equal(commit.ns, course->ns(id));
        assert_int_equal(commit.batch_id, course->batch(id));
    }
    assert_int_equal(commits_find(txn, to, &commit, &err), DB_MISSING);
    assert_int_equal(commits_find(txn, UINT64_MAX, &commit, &err), DB_MISSING);
    assert_int_equal(commits_find(txn, 0, &commit, &err), DB_MISSING);
}

/* One a second or so, of one batch, as tally follow makes them. */
static int64_t each_second(uint64_t id)
{
    return begin_ns + (int64_t)(id * 1000 + id * id % 400) * COMMIT_RESOLUTION_NS;
}

static uint64_t of_one_batch(uint64_t id)
{
    return id > 1;
}

static void a_commit_takes_five_bytes(void **state)
{
    (void)state;
    enum { PAGE_BYTES = 4096, PORTION = 100000 };
    uint64_t const count = test_slice() > 1 ? PORTION : 10 * PORTION;
    static const struct course course = {each_second, of_one_batch};
    struct tmpstore tmp;
    struct error err;
    uint64_t before, bytes;
    tmpstore_open(&tmp, schema);
    for (uint64_t id = 2; id < count; id += PORTION)
        add(&tmp, &course, id, id + PORTION);
    expect(&tmp, &course, 2, count + 2, 997);
    AUTO_TXN struct txn *txn = NULL;
    assert_true(txn_begin(store_db(tmp.store), false, &txn, &err));
    assert_true(db_table_bytes(txn, TABLE_COMMITS, &bytes, &err));
    assert_true(db_table_bytes(txn, TABLE_META, &before, &err));
    print_message("%llu bytes of %llu commits\n", (unsigned long long)bytes,
                  (unsigned long long)count);
    assert_true(bytes < count * 5);
    assert_true(before <= 2 * PAGE_BYTES);
    txn_abort(TAKE(txn));
    tmpstore_close(&tmp);
}

/* Any distance, from a millisecond to years; batches that come and go. */
static int64_t at_any_distance(uint64_t id)
{
    int64_t ms = 0;
    for (uint64_t i = 1; i <= id % COMMITS_IN_BLOCK; i++)
        ms += i % 50 == 0 ? INT64_C(100000000000) / 7 : i % 7 == 0 ? 1 : (int64_t)(i * i % 99991);
    return begin_ns + ((int64_t)(id / COMMITS_IN_BLOCK) * 200000000000 + ms +
                       (int64_t)(id % COMMITS_IN_BLOCK)) *
                          COMMIT_RESOLUTION_NS;
}

static uint64_t of_any_batch(uint64_t id)
{
    return id % 3 == 0 ? 0 : id % 11 == 0 ? UINT64_C(1) << 40 : id * 7 % 5;
}

static void each_is_found_again(void **state)
{
    (void)state;
    static const struct course course = {at_any_distance, of_any_batch};
    struct tmpstore tmp;
    tmpstore_open(&tmp, schema);
    for (uint64_t id = 2; id < 5 * COMMITS_IN_BLOCK; id += 101) {
        add(&tmp, &course, id, id + 101);
        expect(&tmp, &course, 2, id + 101, 1);
    }
    tmpstore_close(&tmp);
}

static uint64_t nonce_of(struct store *store, uint64_t commit_id)
{
    AUTO_TXN struct txn *txn = NULL;
    struct meta_commit commit;
    struct error err;
    assert_true(txn_begin(store_db(store), false, &txn, &err));
    assert_int_equal(commits_find(txn, commit_id, &commit, &err), DB_FOUND);
    return commit.nonce;
}

/* The nonce that the block begins with. */
static uint64_t before_block(struct store *store, uint64_t first)
{
    AUTO_TXN struct txn *txn = NULL;
    STACK_BUFFER(key, sizeof first);
    struct slice block;
    struct error err;
    uint64_t nonce;
    pack_u64(&key, first);
    assert_true(txn_begin(store_db(store), false, &txn, &err));
    assert_int_equal(db_get(txn, TABLE_COMMITS, buffer_slice(&key), &block, &err), DB_FOUND);
    assert_true(unpack_u64(&block, &nonce));
    return nonce;
}

static int by_number(const void *one, const void *other)
{
    uint64_t a, b;
    memcpy(&a, one, sizeof a);
    memcpy(&b, other, sizeof b);
    return (a > b) - (a < b);
}

static void a_nonce_stays_what_it_was_and_is_nobody_elses(void **state)
{
    (void)state;
    enum { COMMITS = 3 * COMMITS_IN_BLOCK + 5 };
    static const struct course course = {at_any_distance, of_any_batch};
    uint64_t told[COMMITS];
    struct tmpstore tmp;
    tmpstore_open(&tmp, schema);
    told[0] = nonce_of(tmp.store, 1);
    for (uint64_t i = 1; i < COMMITS; i++) {
        add(&tmp, &course, i + 1, i + 2);
        told[i] = nonce_of(tmp.store, i + 1);
    }
    for (uint64_t i = 0; i < COMMITS; i++)
        assert_int_equal(nonce_of(tmp.store, i + 1), told[i]);
    assert_int_equal(before_block(tmp.store, 1 + COMMITS_IN_BLOCK), told[COMMITS_IN_BLOCK - 1]);
    qsort(told, COMMITS, sizeof *told, by_number);
    for (uint64_t i = 1; i < COMMITS; i++)
        assert_int_not_equal(told[i], told[i - 1]);
    tmpstore_close(&tmp);
}

/* Of three, that all draw the same number is one chance in 2^32. */
static void copies_part_with_their_next_commits_however_alike(void **state)
{
    (void)state;
    enum { COPIES = 3, SHARED = COMMITS_IN_BLOCK + 9 };
    static const struct course course = {each_second, of_one_batch};
    struct store *copies[COPIES];
    uint64_t next[COPIES];
    struct tmpstore tmp;
    struct error err;
    tmpstore_open(&tmp, schema);
    add(&tmp, &course, 2, SHARED + 1);
    for (size_t i = 0; i < COPIES; i++) {
        struct backup *backup;
        struct txn *txn;
        char path[128];
        (void)snprintf(path, sizeof path, "%s/copy%zu", tmp.directory, i);
        assert_true(backup_begin(tmp.store, path, &backup, &err) && backup_finish(backup, &err));
        backup_free(backup);
        assert_true(store_open(path, STORE_WRITE, &copies[i], &err));
        for (uint64_t id = 1; id <= SHARED; id++)
            assert_int_equal(nonce_of(copies[i], id), nonce_of(tmp.store, id));
        assert_true(txn_begin(store_db(copies[i]), true, &txn, &err));
        assert_true(commits_add(txn, SHARED + 1, course.ns(SHARED + 1), 1, &err));
        assert_true(txn_commit(txn, &err));
        next[i] = nonce_of(copies[i], SHARED + 1);
    }
    assert_false(next[0] == next[1] && next[1] == next[2]);
    for (size_t i = 0; i < COPIES; i++)
        store_close(copies[i]);
    tmpstore_close(&tmp);
}

static void a_gap_is_refused(void **state)
{
    (void)state;
    static const uint64_t wrong[] = {1, 3, 2 + COMMITS_IN_BLOCK, 0, UINT64_MAX};
    struct tmpstore tmp;
    tmpstore_open(&tmp, schema);
    for (size_t i = 0; i < COUNT_OF(wrong); i++) {
        AUTO_TXN struct txn *txn = NULL;
        struct error err;
        assert_true(txn_begin(store_db(tmp.store), true, &txn, &err));
        assert_false(commits_add(txn, wrong[i], begin_ns * 2, 0, &err));
        assert_int_equal(err.kind, ERROR_CORRUPT);
        assert_string_not_equal(err.remedy, "");
    }
    tmpstore_close(&tmp);
}

int main(void)
{
    struct CMUnitTest const tests[] = {
        cmocka_unit_test(a_commit_takes_five_bytes),
        cmocka_unit_test(each_is_found_again),
        cmocka_unit_test(a_nonce_stays_what_it_was_and_is_nobody_elses),
        cmocka_unit_test(copies_part_with_their_next_commits_however_alike),
        cmocka_unit_test(a_gap_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
