// SPDX-License-Identifier: Apache-2.0
#include "tables/batch_log.h"

#include "../support/test.h"
#include "../support/tmpstore.h"

static const char schema[] = "{\"streams\":{\"s\":{\"fields\":{\"x\":\"int\"}}},\"views\":{}}";

static const struct batch batch = {
    .digest = {7, 8},
    .state = BATCH_PARTIAL,
    .source = {(const uint8_t *)"events.csv", 10},
    .input_bytes = 1000,
    .resume_offset = 500,
    .resume_line = 17,
    .read_count = 16,
    .new_count = 13,
    .rejected_count = 3,
    .rejects_bytes = 99,
    .rejects = {(const uint8_t *)"refused.tsv", 11},
    .first_error = {(const uint8_t *)"line 3: x: not a number", 23},
    .reasons = {{.text = {(const uint8_t *)"x: not a number", 15}, .count = 2},
                {.text = {(const uint8_t *)"x: missing", 10}, .count = 1}},
    .reason_count = 2,
};

static void open_store(struct tmpstore *tmp)
{
    tmpstore_open(tmp, schema);
    (void)tmpstore_put_batch(tmp, "s", (const char *const[]){"1"}, 1, &batch);
}

static enum batch_log_finding get(struct tmpstore *tmp, uint64_t id, struct arena *arena,
                                  struct batch *ret_batch, struct error *err)
{
    struct snapshot *snapshot;
    assert_true(snapshot_open(tmp->store, &snapshot, err));
    enum batch_log_finding const found = batch_log_get(snapshot, id, arena, ret_batch, err);
    snapshot_close(snapshot);
    return found;
}

static enum batch_log_finding find(struct tmpstore *tmp, uint16_t stream, uint64_t digest,
                                   struct arena *arena, struct batch *ret_batch, struct error *err)
{
    struct snapshot *snapshot;
    assert_true(snapshot_open(tmp->store, &snapshot, err));
    enum batch_log_finding const found =
        batch_log_find(snapshot, stream, (const uint64_t[]){7, digest}, arena, ret_batch, err);
    snapshot_close(snapshot);
    return found;
}

static void a_batch_reads_back(void **state)
{
    (void)state;
    AUTO_ARENA struct arena arena = {0};
    struct tmpstore tmp;
    struct batch back;
    struct error err;
    open_store(&tmp);
    assert_int_equal(find(&tmp, 0, 8, &arena, &back, &err), BATCH_LOG_FOUND);
    assert_int_equal(back.id, 1);
    assert_int_equal(back.state, BATCH_PARTIAL);
    assert_int_equal(back.resume_offset, 500);
    assert_int_equal(back.resume_line, 17);
    assert_int_equal(back.new_count, 14); /* with the event of this commit */
    assert_int_equal(back.rejects_bytes, 99);
    assert_true(slice_equal(back.source, batch.source));
    assert_true(slice_equal(back.rejects, batch.rejects));
    assert_true(slice_equal(back.first_error, batch.first_error));
    assert_int_equal(back.reason_count, 2);
    assert_true(slice_is(back.reasons[0].text, "x: not a number"));
    assert_int_equal(back.reasons[1].count, 1);
    tmpstore_close(&tmp);
}

static void what_is_not_there_is_missing(void **state)
{
    (void)state;
    AUTO_ARENA struct arena arena = {0};
    struct tmpstore tmp;
    struct batch ignored;
    struct error err;
    open_store(&tmp);
    assert_int_equal(find(&tmp, 0, 9, &arena, &ignored, &err), BATCH_LOG_MISSING);
    assert_int_equal(find(&tmp, 1, 8, &arena, &ignored, &err), BATCH_LOG_MISSING);
    assert_int_equal(get(&tmp, 2, &arena, &ignored, &err), BATCH_LOG_MISSING);
    tmpstore_close(&tmp);
}

static void an_entry_that_is_cut_anywhere_is_refused(void **state)
{
    (void)state;
    struct slice const first = {0};
    struct tmpstore tmp;
    open_store(&tmp);
    size_t length = tmpstore_cut(&tmp, TABLE_BATCHES, first, SIZE_MAX);
    while (length-- > 0) {
        AUTO_ARENA struct arena arena = {0};
        struct batch ignored;
        struct error err;
        (void)tmpstore_cut(&tmp, TABLE_BATCHES, first, length);
        assert_int_equal(get(&tmp, 1, &arena, &ignored, &err), BATCH_LOG_FAILED);
        assert_int_equal(err.kind, ERROR_CORRUPT);
        assert_string_equal(err.place, "batches");
        assert_non_null(strstr(err.fact, "the entry of batch 1"));
    }
    tmpstore_close(&tmp);
}

static void a_digest_that_leads_nowhere_is_refused(void **state)
{
    (void)state;
    AUTO_ARENA struct arena arena = {0};
    struct tmpstore tmp;
    struct batch ignored;
    struct error err;
    open_store(&tmp);
    (void)tmpstore_cut(&tmp, TABLE_DIGESTS, (struct slice){0}, 7);
    assert_int_equal(find(&tmp, 0, 8, &arena, &ignored, &err), BATCH_LOG_FAILED);
    assert_int_equal(err.kind, ERROR_CORRUPT);
    assert_string_equal(err.place, "digests");
    tmpstore_close(&tmp);
}

int main(void)
{
    struct CMUnitTest const tests[] = {
        cmocka_unit_test(a_batch_reads_back),
        cmocka_unit_test(what_is_not_there_is_missing),
        cmocka_unit_test(an_entry_that_is_cut_anywhere_is_refused),
        cmocka_unit_test(a_digest_that_leads_nowhere_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
