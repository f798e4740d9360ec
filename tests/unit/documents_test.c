// SPDX-License-Identifier: Apache-2.0
#include "tree/documents.h"

#include <stdio.h>

#include "../support/test.h"
#include "../support/tmpstore.h"
#include "write/apply.h"
#include "write/rebuild.h"

static const char schema[] =
    "{\"streams\":{\"s\":{\"key\":\"id\",\"time\":\"t\",\"fields\":{\"id\":\"string\","
    "\"t\":\"time\"}},\"other\":{\"fields\":{\"x\":\"int\"}}},"
    "\"views\":{\"v\":{\"from\":\"s\",\"by\":[\"id\"],\"measures\":{\"n\":\"count()\"}}}}";

/* Fails the test unless the document has the line, at any depth. */
static void expect_line(struct tmpstore *tmp, const char *path, const char *line)
{
    char *const text = tmpstore_cat(tmp, path);
    if (!text || !strstr(text, line)) fail_msg("no %s in %s", line, text ? text : path);
    free(text);
}

static void the_schema_is_shown_as_it_was_given_but_for_comments(void **state)
{
    (void)state;
    struct tmpstore tmp;
    tmpstore_open(&tmp, schema);
    AUTO_BUFFER struct buffer expected = {0};
    buffer_format(&expected, "%s\n", schema); /* a text file ends in a newline */
    buffer_add_byte(&expected, '\0');
    tmpstore_check(&tmp, ".tallyfs/schema.json", (char *)expected.at);
    tmpstore_close(&tmp);
    tmpstore_open(&tmp, (char *)expected.at);
    tmpstore_check(&tmp, ".tallyfs/schema.json", (char *)expected.at);
    tmpstore_close(&tmp);
    AUTO_BUFFER struct buffer commented = {0};
    buffer_format(&commented, "// one line\n/* and */%s // another%c", schema, '\0');
    tmpstore_open(&tmp, (char *)commented.at);
    tmpstore_check(&tmp, ".tallyfs/schema.json", (char *)expected.at);
    expect_line(&tmp, ".tallyfs/README", "X/.total.json the group itself");
    tmpstore_close(&tmp);
}

static void the_status_counts_batches_events_and_rows(void **state)
{
    (void)state;
    struct tmpstore tmp;
    static const char *const lines[] = {"a|2026-03-01T00:00:00Z", "b|2026-02-01T00:00:00Z"};
    struct batch const unfinished = {.digest = {{7, 7}},
                                     .state = BATCH_PARTIAL,
                                     .source = slice_text("unfinished"),
                                     .rejected_count = 3};
    tmpstore_open(&tmp, schema);
    (void)tmpstore_put(&tmp, "s", lines, 1);
    (void)tmpstore_put_batch(&tmp, "s", lines + 1, 1, &unfinished);
    static const char *const expected[] = {
        "\"commit\":\t3,",
        "\"events\":\t2,",
        "\"rows\":\t2,",
        "\"batches\":\t2,",
        "\"unfinished_batches\":\t1,",
        "\"rejected\":\t3,",
        "\"newest_event_time\":\t\"2026-03-01T00:00:00Z\"", /* of s */
        "\"newest_event_time\":\tnull",                     /* of the other stream */
    };
    for (size_t i = 0; i < COUNT_OF(expected); i++)
        expect_line(&tmp, ".tallyfs/status.json", expected[i]);
    tmpstore_close(&tmp);
}

static void a_view_tells_its_rows_and_bytes(void **state)
{
    (void)state;
    struct tmpstore tmp;
    static const char *const lines[] = {"a|2026-03-01", "b|2026-02-01"};
    tmpstore_open(&tmp, schema);
    expect_line(&tmp, ".tallyfs/views/v.json", "\"rows\":\t0,");
    (void)tmpstore_put(&tmp, "s", lines, COUNT_OF(lines));
    char *const rows = tmpstore_cat(&tmp, "v.json");
    char bytes[32];
    (void)snprintf(bytes, sizeof bytes, "\"bytes\":\t%zu,", strlen(rows));
    free(rows);
    expect_line(&tmp, ".tallyfs/views/v.json", "\"rows\":\t2,");
    expect_line(&tmp, ".tallyfs/views/v.json", bytes);
    tmpstore_check(&tmp, ".tallyfs/views/w.json", NULL);
    tmpstore_close(&tmp);
}

static void tell_nobody(void *context, struct slice view, enum apply_fate fate)
{
    (void)context, (void)view, (void)fate;
}

/* The batch log keeps what came into a stream that is no longer declared. */
static void a_batch_outlives_its_stream(void **state)
{
    (void)state;
    struct tmpstore tmp;
    struct error err;
    uint64_t commit_id;
    static const char without[] =
        "{\"streams\":{\"s\":{\"key\":\"id\",\"time\":\"t\",\"fields\":{\"id\":\"string\","
        "\"t\":\"time\"}}},\"views\":{}}";
    struct apply_options const options = {
        .allow_loss = true, .resources = {.memory_bytes = 1 << 20}, .tell = tell_nobody};
    tmpstore_open(&tmp, schema);
    (void)tmpstore_put(&tmp, "other", (const char *const[]){"1", "2"}, 2);
    expect_line(&tmp, ".tallyfs/batches/1.json", "\"stream\":\t\"other\",");
    assert_true(apply_schema(tmp.store, slice_text(without), &options, &commit_id, &err));
    expect_line(&tmp, ".tallyfs/batches/1.json", "\"stream\":\t\"\",");
    expect_line(&tmp, ".tallyfs/batches/1.json", "\"new\":\t2,");
    struct snapshot *snapshot;
    struct node_stat stat;
    struct node const node = {.kind = NODE_BATCH, .batch = 1};
    assert_true(snapshot_open(tmp.store, &snapshot, &err));
    assert_int_equal(tree_stat(snapshot, &node, &stat, &err), TREE_FOUND);
    assert_int_equal(stat.commit_id, commit_id); /* another text is another version */
    snapshot_close(snapshot);
    tmpstore_check(&tmp, ".tallyfs/batches/2.json", NULL);
    tmpstore_close(&tmp);
}

/* What stands behind the checkpoint belongs to a commit that never was. */
static void refused_records_are_shown_up_to_the_checkpoint(void **state)
{
    (void)state;
    struct tmpstore tmp;
    struct error err;
    struct snapshot *snapshot;
    AUTO_BUFFER struct buffer text = {0};
    struct tree_reader reader = {0};
    struct batch const batch = {.digest = {{7, 7}},
                                .state = BATCH_LOADED,
                                .source = slice_text("refusing"),
                                .rejects = slice_text("refused.tsv"),
                                .rejects_bytes = 8};
    tmpstore_open(&tmp, schema);
    (void)tmpstore_put_batch(&tmp, "s", NULL, 0, &batch);
    tmpstore_put_rejects(&tmp, "refused.tsv", "1\tno\tx\n\n2\tbehind the checkpoint");
    tmpstore_check(&tmp, ".tallyfs/rejects/refused.tsv", "1\tno\tx\n\n");
    tmpstore_put_rejects(&tmp, "refused.tsv", "1\tno"); /* somebody has cut it */
    tmpstore_check(&tmp, ".tallyfs/rejects/refused.tsv", "1\tno");
    tmpstore_put_rejects(&tmp, "other.tsv", "nobody's");
    tmpstore_check(&tmp, ".tallyfs/rejects/other.tsv", NULL);
    char path[160];
    (void)snprintf(path, sizeof path, "%s/rejects/refused.tsv", tmp.path);
    assert_int_equal(unlink(path), 0);
    assert_true(snapshot_open(tmp.store, &snapshot, &err));
    struct node const node = {.kind = NODE_REJECT_FILE, .batch = 1};
    assert_false(tree_read(snapshot, &node, &reader, 0, 8, &text, &err));
    assert_int_equal(err.kind, ERROR_MISSING);
    assert_non_null(strstr(err.fact, "rejects/refused.tsv"));
    snapshot_close(snapshot);
    tmpstore_close(&tmp);
}

static void a_batch_tells_what_was_refused_and_why(void **state)
{
    (void)state;
    struct tmpstore tmp;
    struct batch const batch = {
        .digest = {{0x0123456789abcdef, 0xfedcba9876543210}},
        .state = BATCH_LOADED,
        .source = slice_text("a \"quoted\" name.csv"),
        .rejects = slice_text("refused.tsv"),
        .rejected_count = 3,
        .first_error = slice_text("line 3: x: not a number"),
        .reasons = {{.text = slice_text("x: not a number"), .count = 2},
                    {.text = slice_text("x: missing"), .count = 1}},
        .reason_count = 2,
    };
    tmpstore_open(&tmp, schema);
    (void)tmpstore_put_batch(&tmp, "s", NULL, 0, &batch);
    static const char *const expected[] = {
        "\"source\":\t\"a \\\"quoted\\\" name.csv\",",
        "\"sha256_128\":\t\"0123456789abcdeffedcba9876543210\",",
        "\"kind\":\t\"ingest\",",
        "\"state\":\t\"loaded\",",
        "\"rejected\":\t3,",
        "\"reason\":\t\"x: not a number\",\n\t\t\t\"count\":\t2",
        "\"reason\":\t\"x: missing\",\n\t\t\t\"count\":\t1",
        "\"first_error\":\t\"line 3: x: not a number\",",
        "\"rejects\":\t\"refused.tsv\",",
        "\"first_commit\":\t2,",
    };
    for (size_t i = 0; i < COUNT_OF(expected); i++)
        expect_line(&tmp, ".tallyfs/batches/1.json", expected[i]);
    (void)tmpstore_put(&tmp, "s", NULL, 0);
    expect_line(&tmp, ".tallyfs/batches/2.json", "\"reasons\":\t[],");
    expect_line(&tmp, ".tallyfs/batches/2.json", "\"first_error\":\tnull,");
    expect_line(&tmp, ".tallyfs/batches/2.json", "\"rejects\":\tnull,");
    tmpstore_close(&tmp);
}

/* A view that is made when events are gone says from when on it has them all. */
static void a_view_tells_from_when_on_it_is_complete(void **state)
{
    (void)state;
    struct tmpstore tmp;
    struct error err;
    uint64_t commit_id;
    static const char *const lines[] = {"a|2026-01-01", "b|2026-06-01"};
    tmpstore_open(&tmp, "{\"streams\":{\"s\":{\"key\":\"id\",\"time\":\"t\",\"keep\":\"30 days\","
                        "\"fields\":{\"id\":\"string\",\"t\":\"time\"}}},"
                        "\"views\":{\"v\":{\"measures\":{\"n\":\"count()\"}}}}");
    (void)tmpstore_put(&tmp, "s", lines, COUNT_OF(lines));
    expect_line(&tmp, ".tallyfs/views/v.json", "\"complete_from\":\tnull");
    struct rebuild const everything = {.allow_loss = true, .resources = {.memory_bytes = 1 << 20}};
    assert_true(commit_rebuild(tmp.store, &everything, &commit_id, &err));
    tmpstore_check(&tmp, "v.csv", "n\n1\n");
    expect_line(&tmp, ".tallyfs/views/v.json", "\"complete_from\":\t\"2026-05-02T00:00:00Z\"");
    tmpstore_close(&tmp);
}

int main(void)
{
    struct CMUnitTest const tests[] = {
        cmocka_unit_test(the_schema_is_shown_as_it_was_given_but_for_comments),
        cmocka_unit_test(the_status_counts_batches_events_and_rows),
        cmocka_unit_test(a_view_tells_its_rows_and_bytes),
        cmocka_unit_test(a_batch_outlives_its_stream),
        cmocka_unit_test(a_batch_tells_what_was_refused_and_why),
        cmocka_unit_test(a_view_tells_from_when_on_it_is_complete),
        cmocka_unit_test(refused_records_are_shown_up_to_the_checkpoint),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
