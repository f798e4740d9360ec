// SPDX-License-Identifier: Apache-2.0
#include "tables/change_log.h"

#include "../support/test.h"
#include "../support/tmpstore.h"
#include "types/pack.h"

static const char schema[] = "{\"streams\":{\"s\":{\"fields\":{\"x\":\"int\"}}},\"views\":{}}";

/* Commit ID changes COUNT groups; the key of each tells which. */
static void save(struct txn *txn, uint64_t id, size_t count)
{
    struct change_log log = {.count = 0};
    struct error err;
    for (size_t i = 0; i < count; i++) {
        AUTO_BUFFER struct buffer key = {0};
        buffer_format(&key, "%llu %zu", (unsigned long long)id, i);
        struct change const change = {
            .view = 3, .depth = 2, .key = buffer_slice(&key), .flags = CHANGE_TEXT | CHANGE_EXISTS};
        change_log_add(&log, &change);
    }
    assert_true(change_log_save(txn, id, &log, &err));
    change_log_done(&log);
}

struct seen {
    uint64_t commit_id;
    size_t count; /* of its changes */
    size_t total;
};

static void visit_in_order(void *context, const struct change *change)
{
    struct seen *const seen = context;
    AUTO_BUFFER struct buffer key = {0};
    assert_int_equal(change->view, 3);
    assert_int_equal(change->depth, 2);
    assert_int_equal(change->flags, CHANGE_TEXT | CHANGE_EXISTS);
    buffer_format(&key, "%llu %zu", (unsigned long long)seen->commit_id, seen->count);
    if (!slice_equal(change->key, buffer_slice(&key))) { /* the next commit's first */
        buffer_clear(&key);
        buffer_format(&key, "%llu 0", (unsigned long long)++seen->commit_id);
        assert_true(slice_equal(change->key, buffer_slice(&key)));
        seen->count = 0;
    }
    seen->count++;
    seen->total++;
}

static enum change_log_answer tell(struct tmpstore *tmp, uint64_t newest, uint64_t after,
                                   size_t *ret_total, struct error *err)
{
    AUTO_TXN struct txn *txn = NULL;
    struct seen seen = {.commit_id = after};
    assert_true(txn_begin(store_db(tmp->store), false, &txn, err));
    struct snapshot const snapshot = {.txn = txn, .commit_id = newest, .schema_commit_id = 1};
    enum change_log_answer const answer =
        change_log_scan(&snapshot, after, visit_in_order, &seen, err);
    *ret_total = seen.total;
    return answer;
}

static struct txn *begin(struct tmpstore *tmp)
{
    struct error err;
    struct txn *txn;
    tmpstore_open(tmp, schema);
    assert_true(txn_begin(store_db(tmp->store), true, &txn, &err));
    return txn;
}

static size_t count_entries(struct tmpstore *tmp)
{
    AUTO_TXN struct txn *txn = NULL;
    AUTO_CURSOR struct cursor *cursor = NULL;
    struct db_entry entry;
    struct error err;
    size_t count = 0;
    assert_true(txn_begin(store_db(tmp->store), false, &txn, &err));
    assert_true(cursor_open(txn, TABLE_CHANGES, &cursor, &err));
    for (enum db_finding found = cursor_first(cursor, &entry, &err); found == DB_FOUND;
         found = cursor_next(cursor, &entry, &err))
        count++;
    return count;
}

static void lists_are_kept_of_the_last_commits(void **state)
{
    (void)state;
    enum { NEWEST = CHANGE_LOG_COMMITS + 50 };
    struct tmpstore tmp;
    struct error err;
    size_t total;
    struct txn *const txn = begin(&tmp);
    for (uint64_t id = 2; id <= NEWEST; id++)
        save(txn, id, 1 + id % 3);
    assert_true(txn_commit(txn, &err));
    assert_int_equal(count_entries(&tmp), CHANGE_LOG_COMMITS);
    assert_int_equal(tell(&tmp, NEWEST, NEWEST - 1, &total, &err), CHANGE_LOG_COMPLETE);
    assert_int_equal(total, 1 + NEWEST % 3);
    assert_int_equal(tell(&tmp, NEWEST, NEWEST - CHANGE_LOG_COMMITS, &total, &err),
                     CHANGE_LOG_COMPLETE);
    assert_int_equal(tell(&tmp, NEWEST, NEWEST - CHANGE_LOG_COMMITS - 1, &total, &err),
                     CHANGE_LOG_UNKNOWN);
    tmpstore_close(&tmp);
}

/* So long that it is kept in parts; and one change too many to be kept at all. */
static void long_lists_are_told_whole_or_not_at_all(void **state)
{
    (void)state;
    struct tmpstore tmp;
    struct error err;
    size_t total;
    struct txn *const txn = begin(&tmp);
    save(txn, 2, CHANGE_LOG_MAX);
    save(txn, 3, CHANGE_LOG_MAX + 1);
    save(txn, 4, 5);
    assert_true(txn_commit(txn, &err));
    assert_true(count_entries(&tmp) > 10);
    assert_int_equal(tell(&tmp, 2, 1, &total, &err), CHANGE_LOG_COMPLETE);
    assert_int_equal(total, CHANGE_LOG_MAX);
    assert_int_equal(tell(&tmp, 4, 3, &total, &err), CHANGE_LOG_COMPLETE);
    assert_int_equal(tell(&tmp, 4, 2, &total, &err), CHANGE_LOG_UNKNOWN);
    tmpstore_close(&tmp);
}

static void a_list_that_is_cut_is_refused(void **state)
{
    (void)state;
    struct tmpstore tmp;
    struct error err;
    size_t total;
    struct txn *const txn = begin(&tmp);
    save(txn, 2, 1);
    assert_true(txn_commit(txn, &err));
    size_t length = tmpstore_cut(&tmp, TABLE_CHANGES, (struct slice){0}, SIZE_MAX);
    while (--length > 0) { /* empty, it is the list of no changes */
        (void)tmpstore_cut(&tmp, TABLE_CHANGES, (struct slice){0}, length);
        assert_int_equal(tell(&tmp, 2, 1, &total, &err), CHANGE_LOG_FAILED);
        assert_int_equal(err.kind, ERROR_CORRUPT);
        assert_string_equal(err.place, "changes");
    }
    tmpstore_close(&tmp);
}

int main(void)
{
    struct CMUnitTest const tests[] = {
        cmocka_unit_test(lists_are_kept_of_the_last_commits),
        cmocka_unit_test(long_lists_are_told_whole_or_not_at_all),
        cmocka_unit_test(a_list_that_is_cut_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
