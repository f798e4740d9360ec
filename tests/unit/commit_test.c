// SPDX-License-Identifier: Apache-2.0
#include "write/commit.h"

#include <stdio.h>

#include "../support/test.h"
#include "../support/tmpstore.h"
#include "kv/db.h"
#include "tables/meta.h"
#include "write/rebuild.h"

static const char shop[] = "{\"streams\":{\"events\":{\"key\":\"id\",\"time\":\"t\",\"fields\":{"
                           "\"id\":\"string\",\"t\":\"time\","
                           "\"user\":\"string\",\"region\":\"string\",\"amount\":\"decimal\"}}},"
                           "\"views\":{\"all\":{\"measures\":{\"n\":\"count()\",\"users\":\"uniq("
                           "user)\",\"sum\":\"sum(amount)\","
                           "\"least\":\"min(amount)\",\"last\":\"max(t)\",\"mean\":\"avg(amount)\","
                           "\"per_user\":\"sum / users\"}},"
                           "\"by_day\":{\"by\":[\"region\",\"day(t)\"],\"measures\":{\"n\":\"count("
                           ")\",\"users\":\"uniq(user)\"}}}}";

static const char *const first_lines[] = {
    "a|2026-01-01T10:00:00Z|u1|eu|19.99",
    "b|2026-01-01T11:00:00Z|u2|eu|0.01",
    "c|2026-01-02T00:00:00Z|u1|us|5",
};

static void an_empty_store_shows_no_views(void **state)
{
    (void)state;
    struct tmpstore tmp;
    tmpstore_open(&tmp, shop);
    tmpstore_check(&tmp, "all.json", NULL);
    tmpstore_check(&tmp, "by_day.json", NULL);
    tmpstore_check_names(&tmp, "", ".tallyfs/\n");
    tmpstore_check(&tmp, ".tallyfs/generation", "1\n");
    tmpstore_close(&tmp);
}

static void a_commit_writes_rows_totals_and_listings(void **state)
{
    (void)state;
    struct tmpstore tmp;
    tmpstore_open(&tmp, shop);
    struct batch const result = tmpstore_put(&tmp, "events", first_lines, COUNT_OF(first_lines));
    assert_int_equal(result.new_count, 3);
    assert_int_equal(result.last_commit, 2);
    tmpstore_check(
        &tmp, "all.json",
        "{\"n\":3,\"users\":2,\"sum\":25,\"least\":0.01,\"last\":\"2026-01-02T00:00:00Z\","
        "\"mean\":8.333333333333334,\"per_user\":12.5}\n");
    tmpstore_check(&tmp, "by_day.json",
                   "[{\"region\":\"eu\",\"day\":\"2026-01-01\",\"n\":2,\"users\":2},\n"
                   "{\"region\":\"us\",\"day\":\"2026-01-02\",\"n\":1,\"users\":1}]\n");
    tmpstore_check(&tmp, "by_day.ndjson",
                   "{\"region\":\"eu\",\"day\":\"2026-01-01\",\"n\":2,\"users\":2}\n"
                   "{\"region\":\"us\",\"day\":\"2026-01-02\",\"n\":1,\"users\":1}\n");
    tmpstore_check(&tmp, "by_day.csv",
                   "region,day,n,users\neu,2026-01-01,2,2\nus,2026-01-02,1,1\n");
    tmpstore_check(&tmp, "by_day/eu.json",
                   "[{\"region\":\"eu\",\"day\":\"2026-01-01\",\"n\":2,\"users\":2}]\n");
    tmpstore_check(&tmp, "by_day/eu/2026-01-01.json",
                   "{\"region\":\"eu\",\"day\":\"2026-01-01\",\"n\":2,\"users\":2}\n");
    tmpstore_check(&tmp, "by_day/eu/2026-01-01.csv", "region,day,n,users\neu,2026-01-01,2,2\n");
    tmpstore_check(&tmp, "by_day/.total.json", "{\"n\":3,\"users\":2}\n");
    tmpstore_check(&tmp, "by_day/eu/.total.json", "{\"region\":\"eu\",\"n\":2,\"users\":2}\n");
    tmpstore_check(&tmp, "by_day/eu/2026-01-02.json", NULL);
    tmpstore_check(&tmp, "by_day/%65u.json", NULL);
    tmpstore_check_names(&tmp, "", ".tallyfs/\nall.json\nby_day/\nby_day.json\n");
    tmpstore_check_names(&tmp, "by_day", ".total.json\neu/\neu.json\nus/\nus.json\n");
    tmpstore_check_names(&tmp, "by_day/us", ".total.json\n2026-01-02.json\n");
    tmpstore_close(&tmp);
}

static void the_first_event_of_a_key_stays(void **state)
{
    (void)state;
    struct tmpstore tmp;
    tmpstore_open(&tmp, shop);
    (void)tmpstore_put(&tmp, "events", first_lines, COUNT_OF(first_lines));
    static const char *const again[] = {"d|2026-01-01|u9|eu|1", "a|2026-03-01|u3|ap|7",
                                        "d|2026-01-05|u8|ap|2"};
    struct batch const result = tmpstore_put(&tmp, "events", again, COUNT_OF(again));
    assert_int_equal(result.new_count, 1);
    assert_int_equal(result.duplicate_count, 2);
    tmpstore_check(&tmp, "by_day/.total.json", "{\"n\":4,\"users\":3}\n");
    tmpstore_check_names(&tmp, "by_day", ".total.json\neu/\neu.json\nus/\nus.json\n");
    tmpstore_close(&tmp);
}

static void a_stream_without_key_counts_every_record(void **state)
{
    (void)state;
    struct tmpstore tmp;
    static const char *const lines[] = {"x|1", "x|1", "|2"};
    tmpstore_open(&tmp, "{\"streams\":{\"s\":{\"fields\":{\"a\":\"string\",\"b\":\"int\"}}},"
                        "\"views\":{\"v\":{\"by\":[\"a\"],\"measures\":{\"n\":\"count()\","
                        "\"b\":\"sum(b)\"}}}}");
    (void)tmpstore_put(&tmp, "s", lines, COUNT_OF(lines));
    (void)tmpstore_put(&tmp, "s", lines, COUNT_OF(lines));
    tmpstore_check(&tmp, "v.json",
                   "[{\"a\":null,\"n\":2,\"b\":4},\n{\"a\":\"x\",\"n\":4,\"b\":4}]\n");
    tmpstore_check_names(&tmp, "v", ".total.json\n%null.json\nx.json\n");
    tmpstore_close(&tmp);
}

/* Only what changed gets the new commit's number. */
static void a_version_moves_only_with_the_bytes(void **state)
{
    (void)state;
    struct tmpstore tmp;
    struct error err;
    tmpstore_open(&tmp, shop);
    (void)tmpstore_put(&tmp, "events", first_lines, COUNT_OF(first_lines));
    static const char *const more[] = {"e|2026-01-02|u1|us|5"};
    uint64_t const commit_id = tmpstore_put(&tmp, "events", more, 1).last_commit;
    static const struct {
        const char *path;
        bool moved;
    } cases[] = {{"by_day/eu.json", false},
                 {"by_day/us.json", true},
                 {"by_day/us", false},
                 {"by_day/us/2026-01-02.json", true},
                 {"by_day/eu/2026-01-01.json", false},
                 {"by_day", false},
                 {"by_day.json", true},
                 {"by_day/.total.json", true},
                 {"", false},
                 {".tallyfs/generation", true}};
    struct snapshot *snapshot;
    assert_true(snapshot_open(tmp.store, &snapshot, &err));
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        AUTO_ARENA struct arena arena = {0};
        struct node node;
        struct node_stat stat;
        assert_int_equal(tree_find(snapshot, slice_text(cases[i].path), &arena, &node, &stat, &err),
                         TREE_FOUND);
        if ((stat.commit_id == commit_id) != cases[i].moved) fail_msg("%s", cases[i].path);
    }
    snapshot_close(snapshot);
    tmpstore_close(&tmp);
}

static void collect_change(void *context, const struct change *change)
{
    buffer_format(context, "%u:%u:%u ", change->view, change->depth, change->flags);
}

static void a_commit_lists_what_it_changed(void **state)
{
    (void)state;
    struct tmpstore tmp;
    struct error err;
    AUTO_BUFFER struct buffer seen = {0};
    tmpstore_open(&tmp, shop);
    (void)tmpstore_put(&tmp, "events", first_lines, COUNT_OF(first_lines));
    static const char *const more[] = {"e|2026-01-03|u1|us|5"};
    uint64_t const commit_id = tmpstore_put(&tmp, "events", more, 1).last_commit;
    struct snapshot *snapshot;
    assert_true(snapshot_open(tmp.store, &snapshot, &err));
    assert_int_equal(change_log_scan(snapshot->txn, commit_id - 1, snapshot->commit_id,
                                     collect_change, &seen, &err),
                     CHANGE_LOG_COMPLETE);
    buffer_add_byte(&seen, '\0');
    /* all: text; leaf: text, exists; us: text, rows, listing; view: text, rows */
    assert_string_equal((char *)seen.at, "0:0:1 1:2:9 1:1:7 1:0:3 ");
    assert_int_equal(
        change_log_scan(snapshot->txn, 0, snapshot->commit_id, collect_change, &seen, &err),
        CHANGE_LOG_UNKNOWN);
    snapshot_close(snapshot);
    tmpstore_close(&tmp);
}

/* Offsets of every kind give the bytes that reading from the start gives. */
static void check_any_offset(struct tmpstore *tmp, const char *path)
{
    char *const whole = tmpstore_cat(tmp, path);
    size_t const length = strlen(whole);
    AUTO_ARENA struct arena arena = {0};
    struct snapshot *snapshot;
    struct node node;
    struct node_stat stat;
    struct error err;
    assert_true(snapshot_open(tmp->store, &snapshot, &err));
    assert_int_equal(tree_find(snapshot, slice_text(path), &arena, &node, &stat, &err), TREE_FOUND);
    assert_int_equal(stat.size_bytes, length);
    struct tree_reader reader = {0};
    for (size_t i = 0; i < 400; i++) {
        size_t const offset = (i * 7919) % (length + 3), size = i % 97;
        AUTO_BUFFER struct buffer part = {0};
        assert_true(tree_read(snapshot, &node, &reader, offset, size, &part, &err));
        size_t const expected = offset >= length         ? 0
                                : offset + size > length ? length - offset
                                                         : size;
        assert_int_equal(part.length, expected);
        if (expected) assert_memory_equal(part.at, whole + offset, expected);
    }
    tree_reader_done(&reader);
    for (size_t step = 1; step < 100; step += 7) { /* one reader, from the start on */
        struct tree_reader on = {0};
        AUTO_BUFFER struct buffer all = {0};
        for (size_t offset = 0; offset < length; offset += step)
            assert_true(tree_read(snapshot, &node, &on, offset, step, &all, &err));
        tree_reader_done(&on);
        assert_int_equal(all.length, length);
        assert_memory_equal(all.at, whole, length);
    }
    snapshot_close(snapshot);
    free(whole);
}

static void a_rows_file_reads_alike_from_any_offset(void **state)
{
    (void)state;
    struct tmpstore tmp;
    tmpstore_open(&tmp, shop);
    for (int i = 0; i < 40; i++) {
        char line[64];
        (void)snprintf(line, sizeof line, "k%d|2026-01-%02d|u%d|r\"%d|1", i, i % 28 + 1, i % 7,
                       i % 5);
        const char *const lines[] = {line};
        (void)tmpstore_put(&tmp, "events", lines, 1);
    }
    static const char *const paths[] = {"by_day.json",     "by_day.ndjson", "by_day.csv",
                                        "by_day/r\"1.csv", "index.html",    "by_day/index.html"};
    for (size_t p = 0; p < COUNT_OF(paths); p++)
        check_any_offset(&tmp, paths[p]);
    tmpstore_close(&tmp);
}

/* Families with and without rows, and windows that end within a head. */
static void a_file_for_prometheus_reads_alike_from_any_offset(void **state)
{
    (void)state;
    struct tmpstore tmp;
    tmpstore_open(&tmp, "{\"streams\":{\"s\":{\"key\":\"k\",\"fields\":{\"k\":\"string\",\"g\":"
                        "\"string\",\"n\":\"int\"}}},\"views\":{\"v\":{\"by\":[\"g\",\"k\"],"
                        "\"formats\":[\"prom\"],\"measures\":{\"c\":\"count()\",\"n\":\"sum(n)\","
                        "\"none\":\"max(n) where n > 99\",\"most\":\"max(n)\"}}}}");
    for (int i = 0; i < 30; i++) {
        char line[64];
        (void)snprintf(line, sizeof line, "k%d|g\"%d|%d", i, i % 3, i);
        const char *const lines[] = {line};
        (void)tmpstore_put(&tmp, "s", lines, 1);
    }
    check_any_offset(&tmp, "v.prom");
    check_any_offset(&tmp, "v/g\"1.prom");
    check_any_offset(&tmp, "v/g\"1/k4.prom");
    tmpstore_close(&tmp);
}

static void rebuild_gives_the_same_files(void **state)
{
    (void)state;
    struct tmpstore tmp;
    struct error err;
    uint64_t commit_id;
    static const char *const paths[] = {"all.json", "by_day.json", "by_day.csv",
                                        "by_day/.total.json", "by_day/eu/.total.json"};
    char *before[COUNT_OF(paths)];
    tmpstore_open(&tmp, shop);
    (void)tmpstore_put(&tmp, "events", first_lines, COUNT_OF(first_lines));
    for (size_t i = 0; i < COUNT_OF(paths); i++)
        before[i] = tmpstore_cat(&tmp, paths[i]);
    struct rebuild const everything = {.resources = {.memory_bytes = 1 << 20}};
    assert_true(commit_rebuild(tmp.store, &everything, &commit_id, &err));
    for (size_t i = 0; i < COUNT_OF(paths); i++) {
        tmpstore_check(&tmp, paths[i], before[i]);
        free(before[i]);
    }
    tmpstore_close(&tmp);
}

/* Replacements, deletes and views over views, with everything merged at once or
 * after each event. */
static void a_delta_merged_early_gives_the_same(void **state)
{
    (void)state;
    static const char schema[] =
        "{\"streams\":{\"s\":{\"key\":\"id\",\"on_duplicate\":{\"newest\":\"v\"},"
        "\"delete_when\":\"gone\",\"fields\":{\"id\":\"string\",\"v\":\"int\",\"gone\":\"bool\","
        "\"g\":\"string\",\"n\":\"int\"}}},"
        "\"views\":{\"groups\":{\"by\":[\"g\"],\"measures\":{\"c\":\"count()\",\"least\":\"min(n)"
        "\","
        "\"u\":\"uniq(n)\",\"mid\":\"median(n)\",\"top\":\"top(n, 2)\",\"best\":\"arg_max(id, "
        "n)\"}},"
        "\"sizes\":{\"from\":\"groups\",\"by\":[\"c\"],\"measures\":{\"k\":\"count()\","
        "\"m\":\"max(mid)\"}}}}";
    static const char *const paths[] = {"groups.json", "groups/.total.json", "sizes.json",
                                        "sizes/.total.json"};
    static size_t const memories[] = {64 << 20, 0, 16 << 10, 128 << 10, 512 << 10};
    char *found[COUNT_OF(memories)][COUNT_OF(paths)];
    for (size_t i = 0; i < COUNT_OF(memories); i++) {
        struct tmpstore tmp;
        tmpstore_open(&tmp, schema);
        tmp.resources.memory_bytes = memories[i];
        for (unsigned batch = 0; batch < 6; batch++) {
            enum { LINES = 40, LINE_BYTES = 64 };
            static char text[LINES][LINE_BYTES];
            const char *lines[LINES];
            for (unsigned line = 0; line < LINES; line++) {
                unsigned const x = (batch * LINES + line) * 2654435761u >> 7;
                (void)snprintf(text[line], LINE_BYTES, "k%u|%u|%s|g%u|%u", x % 23, x / 23 % 9,
                               x % 11 == 0 ? "true" : "false", x % 4, x / 4 % 7);
                lines[line] = text[line];
            }
            (void)tmpstore_put(&tmp, "s", lines, LINES);
        }
        for (size_t j = 0; j < COUNT_OF(paths); j++)
            found[i][j] = tmpstore_cat(&tmp, paths[j]);
        tmpstore_close(&tmp);
    }
    for (size_t j = 0; j < COUNT_OF(paths); j++) {
        assert_non_null(found[0][j]);
        for (size_t i = 1; i < COUNT_OF(memories); i++)
            assert_string_equal(found[0][j], found[i][j]);
        for (size_t i = 0; i < COUNT_OF(memories); i++)
            free(found[i][j]);
    }
}

/* In place of the one that was drawn: with one of 700, two of the four values below would be
 * in one register. */
static void fix_secret(struct tmpstore *tmp)
{
    AUTO_TXN struct txn *txn = NULL;
    struct meta meta;
    struct error err;
    assert_true(txn_begin(store_db(tmp->store), true, &txn, &err));
    assert_true(meta_load(txn, &meta, &err));
    meta.secret = (struct hash_key){{1, 2}};
    meta_next_commit(&meta);
    assert_true(meta_save(txn, &meta, &err) && txn_commit(TAKE(txn), &err));
}

/* A delta is merged in portions of groups. Events that go from the groups of one portion to those
 * of a later one leave the groups above both without events in between, and these keep what they
 * know of entities. */
static void groups_move_between_portions(void **state)
{
    (void)state;
    static const char schema[] =
        "{\"streams\":{\"s\":{\"key\":\"id\",\"on_duplicate\":\"replace\",\"fields\":{\"id\":"
        "\"int\","
        "\"a\":\"int\",\"b\":\"int\",\"u\":\"string\",\"n\":\"int\"}}},"
        "\"views\":{\"v\":{\"by\":[\"a\",\"b\"],\"measures\":{\"c\":\"count()\",\"d\":\"uniq(n)\","
        "\"m\":\"max(n)\",\"q\":\"median(n)\",\"t\":\"top(n, 2)\",\"e\":\"max(sum(n) per u)\","
        "\"w\":\"mean(sum(n) per u)\"}}}}";
    enum { EVENTS = 120, ROUNDS = 4, LINE_BYTES = 64 };
    static char text[EVENTS][LINE_BYTES];
    const char *lines[EVENTS];
    struct tmpstore tmp;
    tmpstore_open(&tmp, schema);
    tmp.resources.memory_bytes = 1 << 20; /* all events in one delta, a few groups in a portion */
    for (unsigned round = 0; round < ROUNDS; round++) {
        for (unsigned i = 0; i < EVENTS; i++) {
            (void)snprintf(text[i], LINE_BYTES, "%u|%u|%u|u%u|%u", i, i / 2, round, i % 2, i % 5);
            lines[i] = text[i];
        }
        (void)tmpstore_put(&tmp, "s", lines, EVENTS);
        tmpstore_verify(&tmp);
    }
    tmpstore_close(&tmp);
}

/* approx_uniq of few values is exact, and says the same from groups that were merged. */
static void approximate_counts_add_up_over_groups(void **state)
{
    (void)state;
    static const char *const lines[] = {"a|1", "a|2", "b|2", "b|3", "b|"};
    struct tmpstore tmp;
    struct error err;
    uint64_t commit_id;
    tmpstore_open(&tmp, "{\"streams\":{\"s\":{\"fields\":{\"g\":\"string\",\"n\":\"int\"}}},"
                        "\"views\":{\"v\":{\"by\":[\"g\"],\"measures\":{"
                        "\"u\":\"approx_uniq(n)\"}}}}");
    fix_secret(&tmp);
    (void)tmpstore_put(&tmp, "s", lines, COUNT_OF(lines));
    (void)tmpstore_put(&tmp, "s", (const char *const[]){"a|2", "a|4"}, 2);
    tmpstore_check(&tmp, "v.csv", "g,u\na,3\nb,2\n");
    tmpstore_check(&tmp, "v/.total.json", "{\"u\":4}\n");
    tmpstore_verify(&tmp);
    struct rebuild const everything = {.resources = {.memory_bytes = 1 << 20}};
    assert_true(commit_rebuild(tmp.store, &everything, &commit_id, &err));
    tmpstore_check(&tmp, "v/.total.json", "{\"u\":4}\n");
    tmpstore_close(&tmp);
}

/* A row is kept as JSON, and CSV is made of that: what JSON escapes comes back as it was. */
static void any_text_is_written_as_json_and_as_csv(void **state)
{
    (void)state;
    static const struct {
        const char *text, *json, *csv;
    } cases[] = {
        {"\b\f\r\n\t", "\\b\\f\\r\\n\\t", "\"\b\f\r\n\t\""},
        {"\x01\x1f\x7f", "\\u0001\\u001f\\u007f", "\x01\x1f\x7f"},
        {"say \"so\", \\", "say \\\"so\\\", \\\\", "\"say \"\"so\"\", \\\""},
        {"\xc3\xbc \xe2\x82\xac", "\xc3\xbc \xe2\x82\xac", "\xc3\xbc \xe2\x82\xac"},
        {"\xff!", "\\udcff!", "\xff!"}, /* no UTF-8 */
        {"\xc2\x85", "\\u0085", "\xc2\x85"},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        AUTO_BUFFER struct buffer json = {0}, csv = {0};
        struct tmpstore tmp;
        tmpstore_open(&tmp, "{\"streams\":{\"s\":{\"fields\":{\"a\":\"string\"}}},"
                            "\"views\":{\"v\":{\"measures\":{\"m\":\"max(a)\"}}}}");
        (void)tmpstore_put(&tmp, "s", &cases[i].text, 1);
        buffer_format(&json, "{\"m\":\"%s\"}\n", cases[i].json);
        buffer_add_byte(&json, '\0');
        buffer_format(&csv, "m\n%s\n", cases[i].csv);
        buffer_add_byte(&csv, '\0');
        tmpstore_check(&tmp, "v.json", (char *)json.at);
        tmpstore_check(&tmp, "v.csv", (char *)csv.at);
        tmpstore_close(&tmp);
    }
}

enum { LONG_BYTES = 600 }; /* more than a key of a multiset keeps */

static const char *long_line(char *line, const char *key, char last)
{
    size_t const length = strlen(key);
    memcpy(line, key, length);
    line[length] = '|';
    memset(line + length + 1, 'x', LONG_BYTES - 1);
    line[length + LONG_BYTES] = last;
    line[length + 1 + LONG_BYTES] = '\0';
    return line;
}

/* The keys of such values are cut, and ordered by hash behind the cut. */
static void values_that_differ_late_have_the_right_ends(void **state)
{
    (void)state;
    struct tmpstore tmp;
    tmpstore_open(&tmp, "{\"streams\":{\"s\":{\"key\":\"k\",\"on_duplicate\":\"replace\","
                        "\"fields\":{\"k\":\"string\",\"a\":\"string\"}}},"
                        "\"views\":{\"v\":{\"measures\":{\"least\":\"min(a)\","
                        "\"most\":\"max(a)\",\"u\":\"uniq(a)\"}}}}");
    for (char last = 'a'; last <= 'h'; last++) {
        char line[LONG_BYTES + 8], key[2] = {last, '\0'};
        (void)tmpstore_put(&tmp, "s", (const char *const[]){long_line(line, key, last)}, 1);
        char *const text = tmpstore_cat(&tmp, "v.csv");
        const char *const row = strchr(text, '\n') + 1;
        assert_int_equal(row[LONG_BYTES - 1], 'a');
        assert_int_equal(row[2 * LONG_BYTES], last);
        free(text);
    }
    for (char last = 'a'; last < 'h'; last++) { /* each least value is replaced by the greatest */
        char line[LONG_BYTES + 8], key[2] = {last, '\0'};
        (void)tmpstore_put(&tmp, "s", (const char *const[]){long_line(line, key, 'h')}, 1);
        char *const text = tmpstore_cat(&tmp, "v.csv");
        const char *const row = strchr(text, '\n') + 1;
        assert_int_equal(row[LONG_BYTES - 1], last + 1);
        assert_int_equal(row[2 * LONG_BYTES], 'h');
        free(text);
    }
    tmpstore_verify(&tmp);
    tmpstore_close(&tmp);
}

/* So many groups that the tables of a delta, and those of verify, become larger several times. */
static void a_commit_of_many_groups_loses_none(void **state)
{
    (void)state;
    enum { GROUPS = 20000, LINE_BYTES = 32 };
    struct tmpstore tmp;
    struct error err;
    struct snapshot *snapshot;
    static char text[GROUPS][LINE_BYTES];
    static const char *lines[GROUPS];
    size_t const count = GROUPS / test_slice();
    for (unsigned i = 0; i < count; i++) {
        (void)snprintf(text[i], LINE_BYTES, "k%u|||r%u|%u", i, i, i);
        lines[i] = text[i];
    }
    tmpstore_open(&tmp, "{\"streams\":{\"events\":{\"key\":\"id\",\"fields\":{\"id\":\"string\","
                        "\"t\":\"time\",\"user\":\"string\",\"region\":\"string\","
                        "\"amount\":\"decimal\"}}},\"views\":{\"v\":{\"by\":[\"region\"],"
                        "\"measures\":{\"n\":\"count()\",\"u\":\"uniq(id)\"}}}}");
    (void)tmpstore_put(&tmp, "events", lines, count);
    assert_true(snapshot_open(tmp.store, &snapshot, &err));
    assert_int_equal(snapshot->row_count, count);
    snapshot_close(snapshot);
    tmpstore_check(&tmp, "v/r777.csv", "region,n,u\nr777,1,1\n");
    tmpstore_verify(&tmp);
    tmpstore_close(&tmp);
}

/* The counts of a commit, without the commit. */
static struct batch preview(struct tmpstore *tmp, const char *stream, const char *const *lines,
                            size_t count)
{
    struct error err;
    const struct schema *schema;
    struct events_chunk chunk;
    struct batch batch = {.state = BATCH_LOADED};
    assert_true(store_schema(tmp->store, &schema, &err));
    tmpstore_chunk(schema, stream, lines, count, &chunk);
    assert_true(commit_preview(tmp->store, &chunk, &batch, &err));
    events_chunk_done(&chunk);
    return batch;
}

static void a_preview_counts_what_the_commit_does(void **state)
{
    (void)state;
    struct tmpstore tmp;
    tmpstore_open(&tmp, "{\"streams\":{\"s\":{\"key\":\"k\",\"on_duplicate\":{\"newest\":\"v\"},"
                        "\"delete_when\":\"n < 0\",\"fields\":{\"k\":\"string\",\"v\":\"int\","
                        "\"n\":\"int\"}},\"all\":{\"fields\":{\"n\":\"int\"}}},"
                        "\"views\":{\"v\":{\"from\":\"s\",\"measures\":{\"n\":\"sum(n)\"}}}}");
    static const char *const before[] = {"a|5|1", "b|5|1", "c|5|1"};
    static const char *const lines[] = {"a|4|2", "a|6|2", "b|6|-1", "d|1|1", "d|1|1", "c|5|1"};
    (void)tmpstore_put(&tmp, "s", before, COUNT_OF(before));
    struct batch const seen = preview(&tmp, "s", lines, COUNT_OF(lines));
    tmpstore_check(&tmp, "v.csv", "n\n3\n");
    struct batch const done = tmpstore_put(&tmp, "s", lines, COUNT_OF(lines));
    tmpstore_check(&tmp, "v.csv", "n\n4\n");
    assert_int_equal(seen.new_count, done.new_count);
    assert_int_equal(seen.duplicate_count, done.duplicate_count);
    assert_int_equal(seen.replaced_count, done.replaced_count);
    assert_int_equal(seen.stale_count, done.stale_count);
    assert_int_equal(seen.deleted_count, done.deleted_count);
    assert_int_equal(done.new_count, 1);
    assert_int_equal(done.replaced_count, 1);
    assert_int_equal(done.deleted_count, 1);
    assert_int_equal(done.stale_count + done.duplicate_count, 3);
    struct batch const keyless = preview(&tmp, "all", (const char *const[]){"1", "1"}, 2);
    assert_int_equal(keyless.new_count, 2);
    tmpstore_close(&tmp);
}

/* What is too old goes when a batch ends; a batch in parts holds it until the expiry by hand. */
static void expiry_by_hand_lets_go_what_is_too_old(void **state)
{
    (void)state;
    struct tmpstore tmp;
    struct error err;
    uint64_t commit_id;
    static const char *const lines[] = {"a|2026-01-01", "b|2026-06-01"};
    struct batch const unfinished = {.digest = {{9, 9}}, .state = BATCH_PARTIAL};
    tmpstore_open(&tmp, "{\"streams\":{\"s\":{\"key\":\"k\",\"time\":\"t\",\"keep\":\"90 days\","
                        "\"fields\":{\"k\":\"string\",\"t\":\"time\"}}},"
                        "\"views\":{\"days\":{\"by\":[\"day(t)\"],\"retain\":\"30 days\","
                        "\"measures\":{\"n\":\"count()\"}},"
                        "\"all\":{\"measures\":{\"n\":\"count()\"}}}}");
    (void)tmpstore_put_batch(&tmp, "s", lines, COUNT_OF(lines), &unfinished);
    tmpstore_check(&tmp, "days.csv", "day,n\n2026-01-01,1\n2026-06-01,1\n");
    assert_true(commit_expire(tmp.store, &tmp.resources, &commit_id, &err));
    assert_int_equal(commit_id, 3);
    tmpstore_check(&tmp, "days.csv", "day,n\n2026-06-01,1\n");
    tmpstore_check(&tmp, "days/.total.json", "{\"n\":1}\n");
    tmpstore_check(&tmp, "all.csv", "n\n2\n");
    struct snapshot *snapshot;
    assert_true(snapshot_open(tmp.store, &snapshot, &err));
    assert_int_equal(snapshot->event_count, 1);
    snapshot_close(snapshot);
    tmpstore_verify(&tmp);
    tmpstore_close(&tmp);
}

static void a_view_does_not_grow_beyond_its_limit(void **state)
{
    (void)state;
    struct tmpstore tmp;
    struct error err;
    const struct schema *schema;
    struct events_chunk chunk;
    struct batch batch = {.state = BATCH_LOADED};
    uint64_t commit_id;
    tmpstore_open(&tmp, "{\"streams\":{\"s\":{\"fields\":{\"a\":\"string\"}}},\"views\":{\"v\":{"
                        "\"by\":[\"a\"],\"max_rows\":2,\"measures\":{\"n\":\"count()\"}}}}");
    (void)tmpstore_put(&tmp, "s", (const char *const[]){"x", "y"}, 2);
    assert_true(store_schema(tmp.store, &schema, &err));
    tmpstore_chunk(schema, "s", (const char *const[]){"x", "z"}, 2, &chunk);
    struct chunk_commit const commit = {
        .chunk = &chunk, .schema = schema, .expires = true, .resources = tmp.resources};
    assert_false(commit_chunk(tmp.store, &commit, &batch, &commit_id, &err));
    events_chunk_done(&chunk);
    assert_int_equal(err.kind, ERROR_FULL);
    assert_string_equal(err.place, "views.v");
    assert_non_null(strstr(err.fact, "3 rows"));
    tmpstore_check(&tmp, "v.csv", "a,n\nx,1\ny,1\n");
    (void)tmpstore_put(&tmp, "s", (const char *const[]){"x"}, 1);
    tmpstore_check(&tmp, "v.csv", "a,n\nx,2\ny,1\n");
    tmpstore_close(&tmp);
}

int main(void)
{
    struct CMUnitTest const tests[] = {
        cmocka_unit_test(a_delta_merged_early_gives_the_same),
        cmocka_unit_test(an_empty_store_shows_no_views),
        cmocka_unit_test(a_commit_writes_rows_totals_and_listings),
        cmocka_unit_test(the_first_event_of_a_key_stays),
        cmocka_unit_test(a_stream_without_key_counts_every_record),
        cmocka_unit_test(a_version_moves_only_with_the_bytes),
        cmocka_unit_test(a_commit_lists_what_it_changed),
        cmocka_unit_test(a_rows_file_reads_alike_from_any_offset),
        cmocka_unit_test(a_file_for_prometheus_reads_alike_from_any_offset),
        cmocka_unit_test(rebuild_gives_the_same_files),
        cmocka_unit_test(a_commit_of_many_groups_loses_none),
        cmocka_unit_test(a_preview_counts_what_the_commit_does),
        cmocka_unit_test(expiry_by_hand_lets_go_what_is_too_old),
        cmocka_unit_test(a_view_does_not_grow_beyond_its_limit),
        cmocka_unit_test(groups_move_between_portions),
        cmocka_unit_test(approximate_counts_add_up_over_groups),
        cmocka_unit_test(any_text_is_written_as_json_and_as_csv),
        cmocka_unit_test(values_that_differ_late_have_the_right_ends),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
