// SPDX-License-Identifier: Apache-2.0
#include "tables/meta.h"

#include "../support/test.h"
#include "../support/tmpstore.h"
#include "types/pack.h"

static const char schema[] =
    "{\"streams\":{\"s\":{\"key\":\"k\",\"time\":\"t\",\"fields\":{\"k\":\"string\","
    "\"t\":\"time\"}}},\"views\":{\"v\":{\"by\":[\"day(t)\"],\"retain\":\"30 days\","
    "\"measures\":{\"n\":\"count()\"}}}}";

/* A commit that leaves each of the records: by the time of the second event, the first one is too
 * old for the view. */
static void open_store(struct tmpstore *tmp)
{
    static const char *const lines[] = {"a|2026-01-01", "b|2026-06-01"};
    tmpstore_open(tmp, schema);
    (void)tmpstore_put(tmp, "s", lines, COUNT_OF(lines));
}

static bool load_store(const struct txn *txn, struct error *err)
{
    struct meta ignored;
    return meta_load(txn, &ignored, err);
}

static bool load_commit(const struct txn *txn, struct error *err)
{
    struct meta_commit ignored;
    return meta_commit_load(txn, 2, &ignored, err);
}

static bool load_stream(const struct txn *txn, struct error *err)
{
    struct meta_stream ignored;
    return meta_stream_load(txn, 0, &ignored, err);
}

static bool load_view(const struct txn *txn, struct error *err)
{
    struct meta_view ignored;
    return meta_view_load(txn, 0, &ignored, err);
}

static bool load(const struct tmpstore *tmp, bool (*record)(const struct txn *, struct error *),
                 struct error *err)
{
    AUTO_TXN struct txn *txn = NULL;
    assert_true(txn_begin(store_db(tmp->store), false, &txn, err));
    return record(txn, err);
}

static const struct {
    enum db_table table;
    struct slice key;
    bool (*load)(const struct txn *txn, struct error *err);
    bool required; /* else a store without it is as good as new */
} records[] = {
    {TABLE_META, {(const uint8_t *)"store", 5}, load_store, true},
    {TABLE_META, {(const uint8_t *)"stream\0\0", 8}, load_stream, false},
    {TABLE_META, {(const uint8_t *)"view\0\0", 6}, load_view, false},
    {TABLE_META, {(const uint8_t *)"commits", 7}, load_commit, true},
};

static void expect_corrupt(const struct tmpstore *tmp, size_t record)
{
    struct error err;
    if (load(tmp, records[record].load, &err)) fail_msg("record %zu was read", record);
    assert_int_equal(err.kind, ERROR_CORRUPT);
    assert_non_null(strstr(err.fact, "the store's record of"));
    assert_non_null(strstr(err.remedy, "backup"));
}

static void a_record_that_is_cut_anywhere_is_refused(void **state)
{
    (void)state;
    struct tmpstore tmp;
    struct error err;
    open_store(&tmp);
    for (size_t i = 0; i < COUNT_OF(records); i++) {
        assert_true(load(&tmp, records[i].load, &err));
        size_t length = tmpstore_cut(&tmp, records[i].table, records[i].key, SIZE_MAX);
        assert_true(length > 0);
        while (length-- > 0) {
            (void)tmpstore_cut(&tmp, records[i].table, records[i].key, length);
            expect_corrupt(&tmp, i);
        }
    }
    tmpstore_close(&tmp);
}

static void a_record_that_is_missing_is_told_from_one_that_never_was(void **state)
{
    (void)state;
    struct tmpstore tmp;
    struct error err;
    open_store(&tmp);
    for (size_t i = 0; i < COUNT_OF(records); i++) {
        struct txn *txn;
        assert_true(txn_begin(store_db(tmp.store), true, &txn, &err));
        assert_true(db_drop(txn, records[i].table, records[i].key, &err));
        assert_true(txn_commit(txn, &err));
        if (records[i].required)
            expect_corrupt(&tmp, i);
        else
            assert_true(load(&tmp, records[i].load, &err));
    }
    tmpstore_close(&tmp);
}

int main(void)
{
    struct CMUnitTest const tests[] = {
        cmocka_unit_test(a_record_that_is_cut_anywhere_is_refused),
        cmocka_unit_test(a_record_that_is_missing_is_told_from_one_that_never_was),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
