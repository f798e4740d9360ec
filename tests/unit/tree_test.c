// SPDX-License-Identifier: Apache-2.0
#include "tree/tree.h"

#include <stdio.h>

#include "../support/test.h"
#include "../support/tmpstore.h"
#include "types/file_name.h"

static const char schema[] =
    "{\"streams\":{\"s\":{\"key\":\"k\",\"on_duplicate\":\"replace\",\"delete_when\":\"n < 0\","
    "\"fields\":{\"k\":\"string\",\"a\":\"string\",\"b\":\"string\",\"n\":\"int\"}}},"
    "\"views\":{\"all\":{\"measures\":{\"n\":\"sum(n)\"}},"
    "\"per\":{\"by\":[\"a\",\"b\"],\"measures\":{\"n\":\"sum(n)\",\"most\":\"max(n)\"}}}}";

/* Everything that a mount may hold of a snapshot: each node, and its version. */
struct held {
    struct slice node; /* packed */
    uint64_t commit_id;
};
struct all {
    struct held held[200];
    size_t count;
    struct arena arena;
};

static void add(struct all *all, const struct node *node, uint64_t commit_id)
{
    AUTO_BUFFER struct buffer packed = {0};
    assert_in_range(all->count, 0, COUNT_OF(all->held) - 1);
    node_pack(node, &packed);
    all->held[all->count++] = (struct held){.node = arena_copy(&all->arena, buffer_slice(&packed)),
                                            .commit_id = commit_id};
}

static const struct held *find_held(const struct all *all, struct slice node)
{
    for (size_t i = 0; i < all->count; i++) {
        if (slice_equal(all->held[i].node, node)) return &all->held[i];
    }
    return NULL;
}

/* The forms of a file of rows that are not listed. */
static void add_formats(struct all *all, const struct snapshot *snapshot, struct node node)
{
    for (node.format = ROWS_NDJSON; node.format <= ROWS_CSV; node.format++) {
        struct node_stat stat;
        struct error err;
        assert_int_equal(tree_stat(snapshot, &node, &stat, &err), TREE_FOUND);
        add(all, &node, stat.commit_id);
    }
}

/* Nor is the page of the root and of a view. */
static void add_page(struct all *all, const struct snapshot *snapshot, const struct node *directory)
{
    AUTO_ARENA struct arena arena = {0};
    struct node node;
    struct node_stat stat;
    struct error err;
    if (tree_lookup(snapshot, directory, slice_text("index.html"), &arena, &node, &stat, &err) ==
        TREE_FOUND)
        add(all, &node, stat.commit_id);
}

static void collect(struct all *all, const struct snapshot *snapshot, const struct node *directory)
{
    AUTO(tree_listing_close) struct tree_listing *listing = NULL;
    struct tree_entry entry;
    struct error err;
    add_page(all, snapshot, directory);
    assert_true(tree_list(snapshot, directory, &listing, &err));
    while (tree_listing_next(listing, &entry, &err) == TREE_FOUND) {
        add(all, &entry.node, entry.stat.commit_id);
        if (entry.stat.directory) collect(all, snapshot, &entry.node);
        if (entry.node.kind == NODE_ROWS || entry.node.kind == NODE_LEAF)
            add_formats(all, snapshot, entry.node);
    }
}

static void look(struct tmpstore *tmp, struct all *all, struct snapshot **ret_snapshot)
{
    struct error err;
    struct node_stat stat;
    struct node const root = {.kind = NODE_ROOT};
    *all = (struct all){.count = 0};
    assert_true(snapshot_open(tmp->store, ret_snapshot, &err));
    assert_int_equal(tree_stat(*ret_snapshot, &root, &stat, &err), TREE_FOUND);
    add(all, &root, stat.commit_id);
    collect(all, *ret_snapshot, &root);
}

struct telling {
    const struct snapshot *snapshot;
    struct all told;
};

static void hear_node(void *context, const struct node *node, bool replaced)
{
    struct telling *const telling = context;
    add(&telling->told, node, replaced);
}

static void hear_change(void *context, const struct change *change)
{
    struct telling *const telling = context;
    tree_change_nodes(telling->snapshot, change, hear_node, telling);
}

/* Whatever is there in one only, or in another version, has been told. */
static void check_told(const struct all *one, const struct all *other, const struct all *told)
{
    for (size_t i = 0; i < one->count; i++) {
        const struct held *const same = find_held(other, one->held[i].node);
        if (same && same->commit_id == one->held[i].commit_id) continue;
        struct node node;
        assert_true(node_unpack(one->held[i].node, &node));
        if (!find_held(told, one->held[i].node))
            fail_msg("kind %d, format %d, depth %u of view %u was not told", (int)node.kind,
                     (int)node.format, node.depth, node.view);
    }
}

/* The kernel holds names and bytes for ever, until it is told. */
static void a_commit_tells_of_every_node_that_it_changed(void **state)
{
    (void)state;
    static const char *const commits[][3] = {
        {"1|x|p|5", "2|x|q|7"}, /* the views appear */
        {"3|y|p|1"},            /* a directory, and what is in it */
        {"3|y|p|2"},            /* another row */
        {"4|y|r|2", "1|x|p|9"}, /* a name more; a row in the other directory */
        {"5|x|p|0"},            /* which no number shows */
        {"2|x|q|-1"},           /* a name less */
        {"4|y|r|-1", "3|y|p|-1"},
        {"1|x|p|-1", "5|x|p|-1"}, /* nothing is left */
        {"6|z|p|1"},
    };
    struct tmpstore tmp;
    struct error err;
    struct snapshot *before, *after;
    tmpstore_open(&tmp, schema);
    for (size_t i = 0; i < COUNT_OF(commits); i++) {
        static struct all old, new;
        static struct telling telling;
        size_t count = 0;
        while (count < COUNT_OF(commits[i]) && commits[i][count])
            count++;
        look(&tmp, &old, &before);
        (void)tmpstore_put(&tmp, "s", commits[i], count);
        look(&tmp, &new, &after);
        telling = (struct telling){.snapshot = after};
        assert_int_equal(change_log_scan(after->txn, before->commit_id, after->commit_id,
                                         hear_change, &telling, &err),
                         CHANGE_LOG_COMPLETE);
        tree_commit_nodes(after, before->commit_id, hear_node, &telling);
        check_told(&old, &new, &telling.told);
        check_told(&new, &old, &telling.told);
        snapshot_close(before);
        snapshot_close(after);
        arena_done(&old.arena);
        arena_done(&new.arena);
        arena_done(&telling.told.arena);
    }
    tmpstore_close(&tmp);
}

static void a_node_reads_back_from_its_bytes(void **state)
{
    (void)state;
    struct node const node = {.kind = NODE_LEAF,
                              .format = ROWS_CSV,
                              .view = UINT16_MAX,
                              .depth = 3,
                              .batch = UINT64_MAX,
                              .key = slice_text("key")};
    AUTO_BUFFER struct buffer bytes = {0};
    struct node back;
    node_pack(&node, &bytes);
    assert_true(node_unpack(buffer_slice(&bytes), &back));
    assert_int_equal(back.kind, node.kind);
    assert_int_equal(back.format, node.format);
    assert_int_equal(back.view, node.view);
    assert_int_equal(back.depth, node.depth);
    assert_int_equal(back.batch, node.batch);
    assert_true(slice_equal(back.key, node.key));
    for (size_t length = 0; length < bytes.length - node.key.length; length++)
        assert_false(node_unpack(slice_of(bytes.at, length), &back));
    static const uint8_t broken[][7] = {
        {NODE_REJECT_FILE + 1}, {NODE_LEAF, ROWS_FORMATS}, {NODE_LEAF, 0, 0, 0x80, 0x80, 0x04}};
    for (size_t i = 0; i < COUNT_OF(broken); i++)
        assert_false(node_unpack(slice_of(broken[i], sizeof broken[i]), &back));
}

enum { LONG_BYTES = 700 }; /* more than a name has, and more than a key keeps */

/* Values that differ only behind all that name and key have of them. */
static void names_that_were_cut_lead_to_their_values(void **state)
{
    (void)state;
    enum { VALUES = 5 };
    struct tmpstore tmp;
    struct snapshot *snapshot;
    struct error err;
    struct value_type const type = {.kind = VALUE_STRING};
    char line[LONG_BYTES + 32];
    tmpstore_open(&tmp, schema);
    for (int i = 0; i < VALUES; i++) {
        (void)snprintf(line, sizeof line, "%d|%0*d|b|%d", i, LONG_BYTES, i, i + 1);
        (void)tmpstore_put(&tmp, "s", (const char *const[]){line}, 1);
    }
    assert_true(snapshot_open(tmp.store, &snapshot, &err));
    for (int i = 0; i <= VALUES; i++) { /* and one that is not there */
        AUTO_ARENA struct arena arena = {0};
        AUTO_BUFFER struct buffer path = {0};
        struct node node;
        struct node_stat stat;
        char text[LONG_BYTES + 1];
        (void)snprintf(text, sizeof text, "%0*d", LONG_BYTES, i);
        struct value const value = {.kind = VALUE_STRING, .string = slice_text(text)};
        buffer_add_text(&path, "per/");
        file_name_write(&value, type, NULL, &path);
        buffer_add_text(&path, ".csv");
        buffer_add_byte(&path, '\0');
        enum tree_answer const found =
            tree_find(snapshot, slice_text((char *)path.at), &arena, &node, &stat, &err);
        assert_int_equal(found, i < VALUES ? TREE_FOUND : TREE_UNKNOWN);
        if (found != TREE_FOUND) continue;
        AUTO_BUFFER struct buffer expected = {0};
        buffer_format(&expected, "a,b,n,most\n%s,b,%d,%d\n", text, i + 1, i + 1);
        buffer_add_byte(&expected, '\0');
        tmpstore_check(&tmp, (char *)path.at, (char *)expected.at);
    }
    snapshot_close(snapshot);
    tmpstore_verify(&tmp);
    tmpstore_close(&tmp);
}

static void a_path_leads_through_directories_only(void **state)
{
    (void)state;
    AUTO_ARENA struct arena arena = {0};
    struct tmpstore tmp;
    struct snapshot *snapshot;
    struct error err;
    struct node node, same;
    struct node_stat stat;
    tmpstore_open(&tmp, schema);
    (void)tmpstore_put(&tmp, "s", (const char *const[]){"1|x|p|5"}, 1);
    assert_true(snapshot_open(tmp.store, &snapshot, &err));
    tmpstore_find(snapshot, "/per/x/", &arena, &node);
    tmpstore_find(snapshot, "per/x", &arena, &same);
    assert_int_equal(node.kind, NODE_GROUP);
    assert_true(slice_equal(node.key, same.key));
    static const char *const nowhere[] = {"all.json/x", "per.csv/x", "per/x/p", "nothing/x"};
    for (size_t i = 0; i < COUNT_OF(nowhere); i++) {
        if (tree_find(snapshot, slice_text(nowhere[i]), &arena, &node, &stat, &err) == TREE_FOUND)
            fail_msg("%s", nowhere[i]);
    }
    snapshot_close(snapshot);
    tmpstore_close(&tmp);
}

int main(void)
{
    struct CMUnitTest const tests[] = {
        cmocka_unit_test(a_commit_tells_of_every_node_that_it_changed),
        cmocka_unit_test(a_node_reads_back_from_its_bytes),
        cmocka_unit_test(names_that_were_cut_lead_to_their_values),
        cmocka_unit_test(a_path_leads_through_directories_only),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
