// SPDX-License-Identifier: Apache-2.0
#include "tables/groups.h"

#include "../support/test.h"
#include "../support/tmpstore.h"
#include "types/pack.h"

static const char schema[] = "{\"streams\":{\"s\":{\"fields\":{\"a\":\"string\",\"n\":\"int\"}}},"
                             "\"views\":{\"v\":{\"by\":[\"a\"],\"measures\":{\"n\":\"sum(n)\"}}}}";

/* What a reader of each kind says of the view's entries. */
struct looks {
    enum db_finding whole; /* the group of depth 0 */
    enum db_finding scan;  /* the leaves */
    struct error err;      /* of the last that failed */
};

static struct looks look(struct tmpstore *tmp)
{
    AUTO(groups_scan_close) struct groups_scan scan = {0};
    struct looks looks = {.whole = DB_FOUND};
    struct snapshot *snapshot;
    struct group group;
    struct slice key;
    struct error err;
    assert_true(snapshot_open(tmp->store, &snapshot, &err));
    const struct view *const view = &snapshot->schema->views[0];
    looks.whole = groups_get(snapshot->txn, view, 0, (struct slice){0}, &group, &looks.err);
    assert_true(groups_scan_open(&scan, snapshot->txn, view, 1, (struct slice){0},
                                 (struct slice){0}, &err));
    do {
        looks.scan = groups_scan_next(&scan, &key, &group, &looks.err);
    } while (looks.scan == DB_FOUND);
    groups_scan_close(&scan);
    scan = (struct groups_scan){0};
    snapshot_close(snapshot);
    return looks;
}

static void expect_corrupt(const struct error *err)
{
    assert_int_equal(err->kind, ERROR_CORRUPT);
    assert_string_equal(err->place, "groups");
    assert_string_equal(err->remedy, "tally rebuild STORE");
}

/* Where the text begins, an entry that is cut cannot be told from one with a shorter text. */
static void an_entry_that_is_cut_in_its_numbers_is_refused(void **state)
{
    (void)state;
    struct slice const whole = slice_of("\0\0\0", 3); /* view and depth */
    AUTO_BUFFER struct buffer leaf = {0};
    struct value const x = {.kind = VALUE_STRING, .string = slice_text("x")};
    buffer_add(&leaf, "\0\0\1", 3);
    assert_true(pack_value(&leaf, &x, PACK_NO_LIMIT));
    struct tmpstore tmp;
    tmpstore_open(&tmp, schema);
    (void)tmpstore_put(&tmp, "s", (const char *const[]){"x|1"}, 1);
    struct looks looks = look(&tmp);
    assert_int_equal(looks.whole, DB_FOUND);
    assert_int_equal(looks.scan, DB_MISSING); /* the end */
    for (size_t length = tmpstore_cut(&tmp, TABLE_GROUPS, whole, SIZE_MAX); length-- > 0;) {
        (void)tmpstore_cut(&tmp, TABLE_GROUPS, whole, length);
        looks = look(&tmp);
        if (length < 10) assert_int_equal(looks.whole, DB_FAILED);
        if (looks.whole == DB_FAILED) expect_corrupt(&looks.err);
    }
    for (size_t length = tmpstore_cut(&tmp, TABLE_GROUPS, buffer_slice(&leaf), SIZE_MAX);
         length-- > 0;) {
        (void)tmpstore_cut(&tmp, TABLE_GROUPS, buffer_slice(&leaf), length);
        looks = look(&tmp);
        if (length < 6) assert_int_equal(looks.scan, DB_FAILED);
        if (looks.scan == DB_FAILED) expect_corrupt(&looks.err);
    }
    tmpstore_close(&tmp);
}

int main(void)
{
    struct CMUnitTest const tests[] = {
        cmocka_unit_test(an_entry_that_is_cut_in_its_numbers_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
