// SPDX-License-Identifier: Apache-2.0
#include "tree/tree.h"

#include "../support/test.h"
#include "../support/tmpstore.h"

static const char schema[] =
    "{\"streams\":{\"s\":{\"fields\":{\"a\":\"string\",\"b\":\"string\"}}},"
    "\"views\":{\"all\":{\"measures\":{\"n\":\"count()\"}},"
    "\"per/a\":{\"by\":[\"a\",\"b\"],\"measures\":{\"n\":\"count()\"}}}}";

static const char *const directories[] = {
    "",        ".tallyfs",  ".tallyfs/views", ".tallyfs/batches", ".tallyfs/rejects",
    "per%2Fa", "per%2Fa/x",
};

/* Four batches. Two refused records, and the file of the second one of these was taken away. */
static void open_store(struct tmpstore *tmp)
{
    static const char *const lines[] = {"x|1", "x|2", "y|1", "|"};
    struct batch const refusing = {.digest = {{7, 7}},
                                   .state = BATCH_LOADED,
                                   .source = slice_text("refusing"),
                                   .rejects = slice_text("refused.tsv")};
    struct batch const cleared = {.digest = {{8, 8}},
                                  .state = BATCH_LOADED,
                                  .source = slice_text("cleared"),
                                  .rejects = slice_text("taken away.tsv")};
    tmpstore_open(tmp, schema);
    (void)tmpstore_put(tmp, "s", lines, 1);
    (void)tmpstore_put_batch(tmp, "s", lines, COUNT_OF(lines), &refusing);
    tmpstore_put_rejects(tmp, "refused.tsv", "");
    (void)tmpstore_put_batch(tmp, "s", lines, 1, &cleared);
    (void)tmpstore_put(tmp, "s", lines, 2);
}

static void what_tells_of_the_store_is_listed(void **state)
{
    (void)state;
    struct tmpstore tmp;
    open_store(&tmp);
    tmpstore_check_names(&tmp, "", ".tallyfs/\nall.json\nper%2Fa/\nper%2Fa.json\n");
    tmpstore_check_names(&tmp, ".tallyfs",
                         "README\ngeneration\nstatus.json\nschema.json\nviews/\nbatches/\n"
                         "rejects/\n");
    tmpstore_check_names(&tmp, ".tallyfs/views", "all.json\nper%2Fa.json\n");
    tmpstore_check_names(&tmp, ".tallyfs/batches", "1.json\n2.json\n3.json\n4.json\n");
    tmpstore_check_names(&tmp, ".tallyfs/rejects", "refused.tsv\n");
    tmpstore_close(&tmp);
}

static void expect_next(struct tree_listing *listing, const struct slice *name)
{
    struct error err;
    struct tree_entry entry;
    enum tree_answer const answer = tree_listing_next(listing, &entry, &err);
    assert_int_equal(answer, name ? TREE_FOUND : TREE_MISSING);
    if (name) assert_true(slice_equal(entry.name, *name));
}

/* A reader may go back, or on, to any entry: what comes then is what came there before. */
static void check_seeking(const struct snapshot *snapshot, const char *path)
{
    enum { ENTRIES_MAX = 16 };
    AUTO_ARENA struct arena arena = {0};
    AUTO(tree_listing_close) struct tree_listing *listing = NULL;
    struct node directory;
    struct tree_entry entry;
    struct slice names[ENTRIES_MAX];
    struct error err;
    size_t count = 0;
    tmpstore_find(snapshot, path, &arena, &directory);
    assert_true(tree_list(snapshot, &directory, &listing, &err));
    for (; tree_listing_next(listing, &entry, &err) == TREE_FOUND; count++) {
        assert_in_range(count, 0, ENTRIES_MAX - 1);
        names[count] = arena_copy(&arena, entry.name);
    }
    assert_int_equal(tree_listing_index(listing), count);
    for (size_t from = 0; from <= count; from++) {
        for (size_t to = 0; to <= count + 1; to++) {
            size_t const place = to < count ? to : count;
            assert_true(tree_listing_seek(listing, from, &err));
            assert_true(tree_listing_seek(listing, to, &err));
            assert_int_equal(tree_listing_index(listing), place);
            expect_next(listing, place < count ? &names[place] : NULL);
        }
    }
}

static void a_listing_goes_to_any_of_its_entries(void **state)
{
    (void)state;
    struct tmpstore tmp;
    struct snapshot *snapshot;
    struct error err;
    open_store(&tmp);
    assert_true(snapshot_open(tmp.store, &snapshot, &err));
    for (size_t i = 0; i < COUNT_OF(directories); i++)
        check_seeking(snapshot, directories[i]);
    snapshot_close(snapshot);
    tmpstore_close(&tmp);
}

static void expect_same_node(const struct node *one, const struct node *other)
{
    AUTO_BUFFER struct buffer left = {0}, right = {0};
    node_pack(one, &left);
    node_pack(other, &right);
    assert_true(slice_equal(buffer_slice(&left), buffer_slice(&right)));
}

static void a_listing_and_a_name_lead_to_the_same_node(void **state)
{
    (void)state;
    struct tmpstore tmp;
    struct snapshot *snapshot;
    struct error err;
    open_store(&tmp);
    assert_true(snapshot_open(tmp.store, &snapshot, &err));
    for (size_t i = 0; i < COUNT_OF(directories); i++) {
        AUTO_ARENA struct arena arena = {0};
        AUTO(tree_listing_close) struct tree_listing *listing = NULL;
        struct node directory, node;
        struct node_stat stat;
        struct tree_entry entry;
        tmpstore_find(snapshot, directories[i], &arena, &directory);
        assert_true(tree_list(snapshot, &directory, &listing, &err));
        while (tree_listing_next(listing, &entry, &err) == TREE_FOUND) {
            assert_int_equal(
                tree_lookup(snapshot, &directory, entry.name, &arena, &node, &stat, &err),
                TREE_FOUND);
            expect_same_node(&node, &entry.node);
            assert_int_equal(stat.ino, entry.stat.ino);
            assert_int_equal(stat.size_bytes, entry.stat.size_bytes);
        }
    }
    snapshot_close(snapshot);
    tmpstore_close(&tmp);
}

static void a_file_has_no_entries(void **state)
{
    (void)state;
    struct tmpstore tmp;
    struct snapshot *snapshot;
    struct tree_listing *listing;
    struct error err;
    open_store(&tmp);
    assert_true(snapshot_open(tmp.store, &snapshot, &err));
    assert_false(tree_list(snapshot, &(struct node){.kind = NODE_STATUS}, &listing, &err));
    assert_int_equal(err.kind, ERROR_INPUT);
    snapshot_close(snapshot);
    tmpstore_close(&tmp);
}

/* What a name that is not there may become decides how long the kernel may remember that. */
static void a_name_that_is_not_there_is_told_from_one_that_can_never_be(void **state)
{
    (void)state;
    static const struct {
        const char *directory, *name;
        enum tree_answer answer;
    } cases[] = {
        {".tallyfs", "status", TREE_NEVER},
        {".tallyfs/views", "all", TREE_NEVER},
        {".tallyfs/views", "per.json", TREE_NEVER},
        {".tallyfs/views", "all.json", TREE_FOUND},
        {".tallyfs/batches", "3.json", TREE_FOUND},
        {".tallyfs/batches", "5.json", TREE_MISSING},
        {".tallyfs/batches", "03.json", TREE_NEVER},
        {".tallyfs/batches", "3.JSON", TREE_NEVER},
        {".tallyfs/batches", "x.json", TREE_NEVER},
        {".tallyfs/rejects", "refused.tsv", TREE_FOUND},
        {".tallyfs/rejects", "taken away.tsv", TREE_MISSING},
        {".tallyfs/rejects", "other.tsv", TREE_UNKNOWN}, /* a batch may bring it */
        {"per%2Fa", "z", TREE_MISSING},
        {"per%2Fa", "%41", TREE_NEVER}, /* not how A is written */
    };
    struct tmpstore tmp;
    struct snapshot *snapshot;
    struct error err;
    open_store(&tmp);
    assert_true(snapshot_open(tmp.store, &snapshot, &err));
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        AUTO_ARENA struct arena arena = {0};
        struct node directory, node;
        struct node_stat stat;
        tmpstore_find(snapshot, cases[i].directory, &arena, &directory);
        enum tree_answer const answer = tree_lookup(snapshot, &directory, slice_text(cases[i].name),
                                                    &arena, &node, &stat, &err);
        if (answer != cases[i].answer)
            fail_msg("%s/%s: %d", cases[i].directory, cases[i].name, (int)answer);
    }
    snapshot_close(snapshot);
    tmpstore_close(&tmp);
}

/* An entry that is cut tells whoever reads it. */
static void a_file_of_refused_records_is_found_without_reading_other_batches(void **state)
{
    (void)state;
    struct tmpstore tmp;
    open_store(&tmp);
    for (uint8_t id = 1; id <= 4; id++) {
        uint8_t const key[8] = {0, 0, 0, 0, 0, 0, 0, id};
        if (id != 2) (void)tmpstore_cut(&tmp, TABLE_BATCHES, slice_of(key, sizeof key), 1);
    }
    tmpstore_check(&tmp, ".tallyfs/rejects/refused.tsv", "");
    tmpstore_check(&tmp, ".tallyfs/rejects/none.tsv", NULL);
    tmpstore_close(&tmp);
}

int main(void)
{
    struct CMUnitTest const tests[] = {
        cmocka_unit_test(what_tells_of_the_store_is_listed),
        cmocka_unit_test(a_listing_goes_to_any_of_its_entries),
        cmocka_unit_test(a_listing_and_a_name_lead_to_the_same_node),
        cmocka_unit_test(a_file_has_no_entries),
        cmocka_unit_test(a_name_that_is_not_there_is_told_from_one_that_can_never_be),
        cmocka_unit_test(a_file_of_refused_records_is_found_without_reading_other_batches),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
