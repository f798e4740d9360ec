// SPDX-License-Identifier: Apache-2.0
#include "tables/commits.h"

#include "../support/test.h"
#include "../support/tmpstore.h"

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
        struct meta_commit const commit = {.ns = course->ns(id), .batch_id = course->batch(id)};
        if (!commits_add(txn, id, &commit, &err)) fail_msg("%s", err.fact);
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

static void a_commit_takes_two_bytes(void **state)
{
    (void)state;
    enum { COMMITS = 1000000, PAGE_BYTES = 4096, PORTION = 100000 };
    static const struct course course = {each_second, of_one_batch};
    struct tmpstore tmp;
    struct error err;
    uint64_t before, bytes;
    tmpstore_open(&tmp, schema);
    for (uint64_t id = 2; id < COMMITS; id += PORTION)
        add(&tmp, &course, id, id + PORTION);
    expect(&tmp, &course, 2, COMMITS + 2, 997);
    AUTO_TXN struct txn *txn = NULL;
    assert_true(txn_begin(store_db(tmp.store), false, &txn, &err));
    assert_true(db_table_bytes(txn, TABLE_COMMITS, &bytes, &err));
    assert_true(db_table_bytes(txn, TABLE_META, &before, &err));
    print_message("%llu bytes of %d commits\n", (unsigned long long)bytes, COMMITS);
    assert_true(bytes < (uint64_t)COMMITS * 5 / 2);
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

static void a_gap_is_refused(void **state)
{
    (void)state;
    static const uint64_t wrong[] = {1, 3, 2 + COMMITS_IN_BLOCK, 0, UINT64_MAX};
    struct tmpstore tmp;
    tmpstore_open(&tmp, schema);
    for (size_t i = 0; i < COUNT_OF(wrong); i++) {
        AUTO_TXN struct txn *txn = NULL;
        struct error err;
        struct meta_commit const commit = {.ns = begin_ns * 2};
        assert_true(txn_begin(store_db(tmp.store), true, &txn, &err));
        assert_false(commits_add(txn, wrong[i], &commit, &err));
        assert_int_equal(err.kind, ERROR_CORRUPT);
        assert_string_not_equal(err.remedy, "");
    }
    tmpstore_close(&tmp);
}

int main(void)
{
    struct CMUnitTest const tests[] = {
        cmocka_unit_test(a_commit_takes_two_bytes),
        cmocka_unit_test(each_is_found_again),
        cmocka_unit_test(a_gap_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
