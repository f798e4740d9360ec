// SPDX-License-Identifier: Apache-2.0
#include "verify/verify.h"

#include "../support/test.h"
#include "../support/tmpstore.h"
#include "kv/db.h"
#include "tables/events.h"
#include "tables/expiry.h"
#include "tables/groups.h"
#include "tables/hierarchy_links.h"
#include "write/rebuild.h"

static const char schema[] =
    "{\"streams\":{\"s\":{\"key\":\"k\",\"fields\":{\"k\":\"string\",\"g\":\"string\",\"n\":"
    "\"int\"}}},"
    "\"views\":{\"v\":{\"by\":[\"g\",\"k\"],\"measures\":{\"n\":\"sum(n)\",\"u\":\"uniq(k)\"}},"
    "\"all\":{\"measures\":{\"n\":\"sum(n)\",\"least\":\"min(k)\"}}}}";
static const char *const lines[] = {"a|x|1", "b|x|2", "c|y|3"};

static void collect(void *context, const char *path, const char *what)
{
    (void)what;
    buffer_format(context, "%s ", path);
}

static void check_differing(struct tmpstore *tmp, const char *expected)
{
    struct snapshot *snapshot;
    struct error err;
    struct verify_result result, in_portions;
    AUTO_BUFFER struct buffer seen = {0}, others = {0};
    assert_true(snapshot_open(tmp->store, &snapshot, &err));
    assert_true(verify_store(snapshot, collect, &seen, &result, &err));
    /* the same in the least portions, in another order, by two threads */
    static const struct resources few = {.memory_bytes = 4, .threads = 2};
    assert_true(verify_store_within(snapshot, &few, collect, &others, &in_portions, &err));
    snapshot_close(snapshot);
    buffer_add_byte(&seen, '\0');
    buffer_add_byte(&others, '\0');
    assert_string_equal((char *)seen.at, expected);
    assert_int_equal(in_portions.files, result.files);
    assert_int_equal(in_portions.differing, result.differing);
    assert_int_equal(others.length, seen.length);
    for (char *path = strtok((char *)seen.at, " "); path; path = strtok(NULL, " "))
        assert_non_null(strstr((char *)others.at, path));
}

/* By its name, a breakdown by its own. */
static const struct view *find_view(const struct tmpstore *tmp, const char *name)
{
    struct error err;
    const struct schema *read;
    assert_true(store_schema(tmp->store, &read, &err));
    for (size_t i = 0; i < read->all_view_count; i++) {
        const struct view *const view = &read->views[i];
        if (slice_is(view->owner ? view->breakdown : view->name, name)) return view;
    }
    fail_msg("no view %s", name);
    return NULL;
}

/* Changes one group behind everybody's back: another text of the same length, or none at all. */
static void damage(struct tmpstore *tmp, const char *view_name, unsigned depth,
                   const char *const *values, bool drop)
{
    struct error err;
    struct txn *txn;
    struct group group;
    struct value dimensions[2];
    AUTO_BUFFER struct buffer key = {0}, text = {0};
    const struct view *const view = find_view(tmp, view_name);
    for (unsigned i = 0; i < depth; i++)
        dimensions[i] = (struct value){.kind = VALUE_STRING, .string = slice_text(values[i])};
    (void)group_key_pack(view, dimensions, depth, &key);
    assert_true(txn_begin(store_db(tmp->store), true, &txn, &err));
    assert_int_equal(groups_get(txn, view, depth, buffer_slice(&key), &group, &err), DB_FOUND);
    if (drop) {
        assert_true(groups_drop(txn, view, depth, buffer_slice(&key), &err));
    } else {
        buffer_add_slice(&text, group.text);
        size_t digit = text.length - 1;
        while (text.at[digit] < '0' || text.at[digit] > '9')
            digit--;
        text.at[digit] ^= 1;
        AUTO_BUFFER struct buffer states = {0}, facts = {0};
        buffer_add_slice(&states, group.states);
        buffer_add_slice(&facts, group.hierarchy);
        group.states = buffer_slice(&states);
        group.hierarchy = buffer_slice(&facts);
        group.text = buffer_slice(&text);
        assert_true(groups_put(txn, view, depth, buffer_slice(&key), &group, &err));
    }
    assert_true(txn_commit(txn, &err));
}

/* Gives a row the state of another one, and nothing that it shows. */
static void damage_state(struct tmpstore *tmp, const char *view_name, unsigned depth,
                         const char *const *values, const char *const *others)
{
    struct error err;
    struct txn *txn;
    struct group group, other;
    AUTO_BUFFER struct buffer key = {0}, from = {0}, text = {0}, states = {0}, facts = {0};
    const struct view *const view = find_view(tmp, view_name);
    for (unsigned i = 0; i < depth; i++) {
        struct value const value = {.kind = VALUE_STRING, .string = slice_text(values[i])};
        struct value const source = {.kind = VALUE_STRING, .string = slice_text(others[i])};
        (void)group_key_add(view, &value, &key);
        (void)group_key_add(view, &source, &from);
    }
    assert_true(txn_begin(store_db(tmp->store), true, &txn, &err));
    assert_int_equal(groups_get(txn, view, depth, buffer_slice(&key), &group, &err), DB_FOUND);
    assert_int_equal(groups_get(txn, view, depth, buffer_slice(&from), &other, &err), DB_FOUND);
    buffer_add_slice(&text, group.text);
    buffer_add_slice(&states, other.states);
    buffer_add_slice(&facts, group.hierarchy);
    group.hierarchy = buffer_slice(&facts);
    group.text = buffer_slice(&text);
    group.states = buffer_slice(&states);
    assert_true(groups_put(txn, view, depth, buffer_slice(&key), &group, &err));
    assert_true(txn_commit(txn, &err));
}

/* VIEW: NULL for all. */
static void rebuild(struct tmpstore *tmp, const char *view)
{
    struct error err;
    const struct schema *read;
    uint64_t commit_id;
    assert_true(store_schema(tmp->store, &read, &err));
    const struct view *const views[] = {view ? schema_view(read, slice_text(view)) : NULL};
    struct rebuild const one = {
        .views = views, .view_count = view ? 1 : 0, .resources = {.memory_bytes = 1 << 20}};
    assert_true(commit_rebuild(tmp->store, &one, &commit_id, &err));
}

/* Of the view that is named, and of no other. */
static void what_is_found_is_mended_by_a_rebuild_of_its_view(void **state)
{
    (void)state;
    struct tmpstore tmp;
    tmpstore_open(&tmp, schema);
    (void)tmpstore_put(&tmp, "s", lines, COUNT_OF(lines));
    damage(&tmp, "v", 1, (const char *const[]){"y"}, false);
    rebuild(&tmp, "all");
    check_differing(&tmp, "v/y/.total.json ");
    rebuild(&tmp, "v");
    check_differing(&tmp, "");
    tmpstore_close(&tmp);
}

static void a_sound_store_is_clean_and_an_empty_one_too(void **state)
{
    (void)state;
    struct tmpstore tmp;
    tmpstore_open(&tmp, schema);
    check_differing(&tmp, "");
    (void)tmpstore_put(&tmp, "s", lines, COUNT_OF(lines));
    check_differing(&tmp, "");
    tmpstore_close(&tmp);
}

static void a_changed_row_is_found_in_every_file_that_has_it(void **state)
{
    (void)state;
    struct tmpstore tmp;
    tmpstore_open(&tmp, schema);
    (void)tmpstore_put(&tmp, "s", lines, COUNT_OF(lines));
    damage(&tmp, "v", 2, (const char *const[]){"x", "b"}, false);
    check_differing(&tmp, "v.json v.ndjson v.csv v/x.json v/x.ndjson v/x.csv "
                          "v/x/b.json v/x/b.ndjson v/x/b.csv ");
    tmpstore_close(&tmp);
}

static void a_changed_total_is_found(void **state)
{
    (void)state;
    struct tmpstore tmp;
    tmpstore_open(&tmp, schema);
    (void)tmpstore_put(&tmp, "s", lines, COUNT_OF(lines));
    damage(&tmp, "v", 1, (const char *const[]){"y"}, false);
    check_differing(&tmp, "v/y/.total.json ");
    tmpstore_close(&tmp);
}

static void a_lost_group_is_found(void **state)
{
    (void)state;
    struct tmpstore tmp;
    tmpstore_open(&tmp, schema);
    (void)tmpstore_put(&tmp, "s", lines, COUNT_OF(lines));
    damage(&tmp, "all", 0, NULL, true);
    check_differing(&tmp, "all.json all.ndjson all.csv ");
    tmpstore_close(&tmp);
}

/* Takes a byte from the first entry of a table. */
static void damage_table(struct tmpstore *tmp, enum db_table table)
{
    struct slice const first = {0};
    size_t const length = tmpstore_cut(tmp, table, first, SIZE_MAX);
    (void)tmpstore_cut(tmp, table, first, length - 1);
}

static void check_refused(struct tmpstore *tmp, const char *fact)
{
    struct snapshot *snapshot;
    struct verify_result result;
    struct error err;
    assert_true(snapshot_open(tmp->store, &snapshot, &err));
    assert_false(verify_store(snapshot, NULL, NULL, &result, &err));
    assert_int_equal(err.kind, ERROR_CORRUPT);
    if (!strstr(err.fact, fact)) fail_msg("%s", err.fact);
    snapshot_close(snapshot);
}

static void a_damaged_table_is_found(void **state)
{
    (void)state;
    static enum db_table const tables[] = {TABLE_EVENTS, TABLE_VALUES};
    for (size_t i = 0; i < COUNT_OF(tables); i++) {
        struct tmpstore tmp;
        tmpstore_open(&tmp, schema);
        (void)tmpstore_put(&tmp, "s", lines, COUNT_OF(lines));
        damage_table(&tmp, tables[i]);
        check_refused(&tmp, "a block of entries is damaged");
        tmpstore_close(&tmp);
    }
}

/* No view looks at them, but the store says how many it has. */
static void lost_events_are_found(void **state)
{
    (void)state;
    struct tmpstore tmp;
    struct error err;
    struct txn *txn;
    tmpstore_open(&tmp, schema);
    (void)tmpstore_put(&tmp, "s", lines, COUNT_OF(lines));
    assert_true(txn_begin(store_db(tmp.store), true, &txn, &err));
    assert_true(db_clear(txn, TABLE_EVENTS, &err));
    assert_true(txn_commit(txn, &err));
    check_refused(&tmp, "entries of a run are missing");
    tmpstore_close(&tmp);
}

/* Who is named as the parent of which node, but for one; what the files are made of stays. */
static bool drop_first_link(struct txn *txn, struct error *err)
{
    AUTO_BUFFER struct buffer key = {0};
    struct cursor *cursor;
    struct db_entry entry;
    assert_true(cursor_open(txn, TABLE_LINKS, &cursor, err));
    enum db_finding found = cursor_first(cursor, &entry, err);
    while (found == DB_FOUND && entry.key.at[sizeof(uint16_t)] != HIERARCHY_PARENTS)
        found = cursor_next(cursor, &entry, err);
    assert_int_equal(found, DB_FOUND);
    buffer_add_slice(&key, entry.key);
    cursor_close(cursor);
    return db_drop(txn, TABLE_LINKS, buffer_slice(&key), err);
}

static const char linked_schema[] =
    "{\"streams\":{\"s\":{\"key\":\"id\",\"fields\":{\"id\":\"string\",\"up\":{\"type\":\"string\","
    "\"references\":\"s\"}}}},"
    "\"views\":{\"t\":{\"by\":[\"tree(id, up)\"],\"measures\":{\"n\":\"count()\"}}}}";

/* No file shows them before an event comes that they are needed for. */
static void lost_references_and_links_are_found(void **state)
{
    (void)state;
    static enum db_table const tables[] = {TABLE_REFERENCES, TABLE_LINKS};
    static const char *const nodes[] = {"a|b", "c|b", "b|"};
    for (size_t i = 0; i < COUNT_OF(tables); i++) {
        struct tmpstore tmp;
        struct error err;
        struct txn *txn;
        tmpstore_open(&tmp, linked_schema);
        (void)tmpstore_put(&tmp, "s", nodes, COUNT_OF(nodes));
        check_differing(&tmp, "");
        assert_true(txn_begin(store_db(tmp.store), true, &txn, &err));
        if (tables[i] == TABLE_LINKS)
            assert_true(drop_first_link(txn, &err));
        else
            assert_true(db_clear(txn, tables[i], &err));
        assert_true(txn_commit(txn, &err));
        if (tables[i] == TABLE_LINKS)
            check_differing(&tmp, "links of t ");
        else
            check_refused(&tmp, "entries of a run are missing");
        rebuild(&tmp, NULL);
        check_differing(&tmp, "");
        tmpstore_close(&tmp);
    }
}

static const char kept_schema[] =
    "{\"streams\":{\"s\":{\"key\":\"id\",\"time\":\"t\",\"keep\":\"100 years\",\"fields\":{"
    "\"id\":\"string\",\"t\":\"time\"}}},\"views\":{}}";

/* No file shows it before the event is too old. */
static void an_event_that_would_stay_is_found(void **state)
{
    (void)state;
    static const char *const kept[] = {"a|2026-01-01", "b|2026-01-02", "c|"};
    struct tmpstore tmp;
    struct error err;
    struct txn *txn;
    struct lsm_changes changes = {.count = 0};
    tmpstore_open(&tmp, kept_schema);
    (void)tmpstore_put(&tmp, "s", kept, COUNT_OF(kept));
    check_differing(&tmp, "");
    const struct schema *in_force;
    assert_true(store_schema(tmp.store, &in_force, &err));
    const struct stream *const stream = &in_force->streams[0];
    struct value const values[2] = {
        {.kind = VALUE_STRING, .string = slice_text("a")},
        tmpstore_value(in_force, &stream->fields[1], slice_text("2026-01-01"))};
    AUTO_BUFFER struct buffer key = {0};
    event_key_pack(stream, values, &key);
    assert_true(txn_begin(store_db(tmp.store), true, &txn, &err));
    expiry_note(&changes, stream, buffer_slice(&key), values, false);
    assert_true(expiry_save(txn, &changes, &err));
    lsm_changes_done(&changes);
    assert_true(txn_commit(txn, &err));
    check_differing(&tmp, "expiry of s ");
    rebuild(&tmp, NULL);
    check_differing(&tmp, "");
    tmpstore_close(&tmp);
}

static const char stacked_schema[] =
    "{\"streams\":{\"s\":{\"key\":\"k\",\"fields\":{\"k\":\"string\",\"g\":\"string\",\"n\":"
    "\"int\"}}},"
    "\"views\":{\"v\":{\"by\":[\"g\",\"k\"],\"measures\":{\"n\":\"sum(n)\"}},"
    "\"w\":{\"from\":\"v\",\"by\":[\"g\"],\"measures\":{\"n\":\"max(n)\"}}}}";

static void a_view_over_a_view_is_proven_by_the_rows_below(void **state)
{
    (void)state;
    struct tmpstore tmp;
    tmpstore_open(&tmp, stacked_schema);
    (void)tmpstore_put(&tmp, "s", lines, COUNT_OF(lines));
    check_differing(&tmp, "");
    damage(&tmp, "w", 1, (const char *const[]){"x"}, false);
    check_differing(&tmp, "w.json w.ndjson w.csv w/x.json w/x.ndjson w/x.csv ");
    tmpstore_close(&tmp);
}

static void a_row_is_to_views_over_it_what_it_shows(void **state)
{
    (void)state;
    struct tmpstore tmp;
    tmpstore_open(&tmp, stacked_schema);
    (void)tmpstore_put(&tmp, "s", lines, COUNT_OF(lines));
    damage_state(&tmp, "v", 2, (const char *const[]){"x", "a"}, (const char *const[]){"x", "b"});
    check_differing(&tmp, "v/x/a.json ");
    tmpstore_close(&tmp);
}

static const char divided_schema[] =
    "{\"streams\":{\"s\":{\"key\":\"id\",\"fields\":{\"id\":\"string\",\"up\":\"string\",\"m\":"
    "\"string\",\"x\":\"int\"}}},"
    "\"views\":{\"t\":{\"by\":[\"tree(id, up)\"],\"measures\":{\"n\":\"sum(x)\"},"
    "\"within\":{\"w\":{\"by\":[\"m\"],\"measures\":{\"n\":\"avg(x)\"}}}}}}";
static const char *const divided[] = {"a||p|1", "b|a|p|2", "c|b|q|3", "d|b|q|5"};

static void divided_open(struct tmpstore *tmp)
{
    tmpstore_open(tmp, divided_schema);
    (void)tmpstore_put(tmp, "s", divided, COUNT_OF(divided));
    check_differing(tmp, "");
}

static void a_changed_node_is_found_in_every_file_that_has_it(void **state)
{
    (void)state;
    struct tmpstore tmp;
    divided_open(&tmp);
    damage(&tmp, "t", 1, (const char *const[]){"c"}, false);
    check_differing(&tmp, "t/a/b.json t/a/b.ndjson t/a/b.csv t/a/b/c.json t/a/b/c.ndjson "
                          "t/a/b/c.csv t/a/b/c/.total.json ");
    tmpstore_close(&tmp);
}

static void a_changed_row_within_a_node_is_found(void **state)
{
    (void)state;
    struct tmpstore tmp;
    divided_open(&tmp);
    damage(&tmp, "w", 2, (const char *const[]){"b", "q"}, false);
    check_differing(&tmp, "t/a/b/.w.json t/a/b/.w.ndjson t/a/b/.w.csv ");
    tmpstore_close(&tmp);
}

/* What the nodes above are proven by, though nothing shows it. */
static void a_changed_state_of_a_node_is_found(void **state)
{
    (void)state;
    struct tmpstore tmp;
    divided_open(&tmp);
    damage_state(&tmp, "w", 2, (const char *const[]){"a", "p"}, (const char *const[]){"b", "p"});
    check_differing(&tmp, "t/.w.json t/.w.json t/.w.ndjson t/.w.csv t/a/.w.json ");
    rebuild(&tmp, "t");
    check_differing(&tmp, "");
    tmpstore_close(&tmp);
}

int main(void)
{
    struct CMUnitTest const tests[] = {
        cmocka_unit_test(a_sound_store_is_clean_and_an_empty_one_too),
        cmocka_unit_test(a_changed_row_is_found_in_every_file_that_has_it),
        cmocka_unit_test(a_changed_total_is_found),
        cmocka_unit_test(a_lost_group_is_found),
        cmocka_unit_test(what_is_found_is_mended_by_a_rebuild_of_its_view),
        cmocka_unit_test(a_damaged_table_is_found),
        cmocka_unit_test(lost_events_are_found),
        cmocka_unit_test(lost_references_and_links_are_found),
        cmocka_unit_test(an_event_that_would_stay_is_found),
        cmocka_unit_test(a_changed_node_is_found_in_every_file_that_has_it),
        cmocka_unit_test(a_changed_row_within_a_node_is_found),
        cmocka_unit_test(a_changed_state_of_a_node_is_found),
        cmocka_unit_test(a_view_over_a_view_is_proven_by_the_rows_below),
        cmocka_unit_test(a_row_is_to_views_over_it_what_it_shows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
