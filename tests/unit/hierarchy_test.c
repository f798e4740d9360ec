// SPDX-License-Identifier: Apache-2.0
#include "tables/hierarchy.h"

#include <stdio.h>

#include "../support/test.h"
#include "../support/tmpstore.h"
#include "types/pack.h"

/* The texts of this file are quoted as tmpstore_quoted tells. */
#define FIELDS "'fields':{'k':'string','id':'string','up':'string','x':'int','u':'string'}"
#define STREAM "'streams':{'s':{'key':'k','on_duplicate':'replace'," FIELDS "}}"
#define COUNTS "'measures':{'n':'count()','s':'sum(x)'}"
#define TREE "{" STREAM ",'views':{'t':{'by':['tree(id, up)']," COUNTS "}}}"
#define PATHS "{" STREAM ",'views':{'p':{'by':['path(id, `/`)']," COUNTS "}}}"

static void open_store(struct tmpstore *tmp, const char *schema)
{
    AUTO_ARENA struct arena arena = {0};
    tmpstore_open(tmp, (const char *)tmpstore_quoted(&arena, schema).at);
}

static void put(struct tmpstore *tmp, const char *line)
{
    (void)tmpstore_put(tmp, "s", &line, 1);
}

static void mistakes_are_told_with_place_and_hint(void **state)
{
    (void)state;
    static const struct {
        const char *view, *place, *fact; /* parts of them */
    } cases[] = {
        {"'by':['tree(id)']", "views.v.by[0]", "expected ',' and the field of the parent"},
        {"'by':['tree(id, up, k)']", "views.v.by[0]", "expected ')'"},
        {"'by':['tree(id, upp)']", "views.v.by[0]", "no field 'upp'"},
        {"'by':['tree(id, x)']", "views.v.by[0]", "the id is a string and its parent a number"},
        {"'by':['tree(x + 1, up)']", "views.v.by[0]", "expected a field"},
        {"'by':['tree(id, up) x']", "views.v.by[0]", "unexpected 'x'"},
        {"'by':['path(id)']", "views.v.by[0]", "expected ',' and what stands between"},
        {"'by':['path(id, up)']", "views.v.by[0]", "expected what stands between"},
        {"'by':['path(id, ``)']", "views.v.by[0]", "expected what stands between"},
        {"'by':['path(x, `/`)']", "views.v.by[0]", "a path is a string"},
        {"'by':['tree(id, up)','k']", "views.v.by", "the only dimension"},
        {"'by':['k','tree(id, up)']", "views.v.by", "the only dimension"},
        {"'by':[{'node':'tree(id, up)'}]", "views.v.by[0]", "no alias"},
        {"'by':['k'],'depth':2", "views.v.depth", "only a view by tree() or path()"},
        {"'by':['tree(id, up)'],'depth':0", "views.v.depth", "1 to 16"},
        {"'by':['tree(id, up)'],'depth':17", "views.v.depth", "1 to 16"},
        {"'by':['tree(id, up)'],'depth':1.5", "views.v.depth", "1 to 16"},
        {"'by':['tree(id, up)'],'retain':'3 days'", "views.v.retain", "lets no group go"},
        {"'by':['tree(id, up)'],'formats':['prom']", "views.v.formats", "Prometheus"},
        {"'by':['tree(id, up)'],'from':'rows'", "views.v.from", "not over the rows of a view"},
        {"'by':['tree(id, up)'],'from':'kept'", "views.v.by", "\"keep\" lets go"},
        {"'from':'nodes'", "views.v.from", "'nodes' is a tree"},
        {"'by':['k'],'within':{}", "views.v.within", "only a view by tree() or path()"},
        {"'by':['tree(id, up)'],'within':{'a b':{}}", "views.v.within.a b", "letters, digits"},
        {"'by':['tree(id, up)'],'within':{'total':{}}", "views.v.within.total", "tallyfs's own"},
        {"'by':['tree(id, up)'],'within':{'w':{'measures':{'m':'count()'}}}", "views.v.within.w.by",
         "1 to 15 dimensions"},
        {"'by':['tree(id, up)'],'within':{'w':{'by':['tree(id, up)'],'measures':{'m':'count()'}}}",
         "views.v.within.w.by", "a tree is not divided by another one"},
        {"'by':['tree(id, up)'],'within':{'w':{'by':['kk'],'measures':{'m':'count()'}}}",
         "views.v.within.w.by[0]", "no field 'kk'"},
        {"'by':['tree(id, up)'],'within':{'w':{'by':['depth()']}}", "views.v.within.w.measures",
         "needs \"measures\""},
        {"'by':['depth()']", "views.v.by[0]", "no function 'depth'"},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        AUTO_ARENA struct arena arena = {0};
        AUTO_BUFFER struct buffer text = {0};
        struct schema *schema = NULL;
        struct error err;
        bool const from = strstr(cases[i].view, "'from'");
        buffer_add_text(&text, "{'streams':{'s':{'key':'k'," FIELDS "},'kept':{'time':'t',"
                               "'keep':'3 days','fields':{'t':'time','id':'int','up':'int'}}},"
                               "'views':{'rows':{'from':'s','by':['id','up'],'measures':{'n':"
                               "'count()'}},'nodes':{'from':'s','by':['tree(id, up)'],'measures':"
                               "{'n':'count()'}},'v':{");
        if (!from) buffer_add_text(&text, "'from':'s',");
        buffer_add_text(&text, cases[i].view);
        buffer_add_text(&text, ",'measures':{'m':'count()'}}}}");
        buffer_add_byte(&text, '\0');
        struct slice const quoted = tmpstore_quoted(&arena, (char *)text.at);
        assert_false(schema_read(quoted, NULL, &schema, &err));
        if (strcmp(err.place, cases[i].place) != 0 || !strstr(err.fact, cases[i].fact))
            fail_msg("%s: %s: %s", cases[i].view, err.place, err.fact);
    }
}

static void the_root_is_packed_as_null_is(void **state)
{
    (void)state;
    AUTO_BUFFER struct buffer packed = {0};
    (void)pack_value(&packed, &(struct value){.kind = VALUE_NULL}, PACK_NO_LIMIT);
    assert_true(slice_equal(buffer_slice(&packed), hierarchy_root));
}

static void check_path(const char *separator, const char *text, const char *normal,
                       const char *above, const char *name)
{
    AUTO_BUFFER struct buffer scratch = {0};
    struct hierarchy_spec const spec = {.kind = HIERARCHY_PATHS,
                                        .separator = slice_text(separator)};
    struct value path = {.kind = VALUE_STRING, .string = slice_text(text)};
    assert_true(hierarchy_normalise(&spec, &path, &scratch));
    if (!normal) {
        assert_int_equal(path.kind, VALUE_NULL);
        return;
    }
    assert_true(slice_is(path.string, normal));
    assert_true(slice_is(hierarchy_path_above(&spec, path.string), above));
    assert_true(slice_is(hierarchy_path_name(&spec, path.string), name));
}

static void empty_segments_of_a_path_are_left_out(void **state)
{
    (void)state;
    check_path("/", "a", "a", "", "a");
    check_path("/", "/a//b/", "a/b", "a", "b");
    check_path("/", "///", NULL, NULL, NULL);
    check_path("/", "", NULL, NULL, NULL);
    check_path("::", "a:b::c:::d", "a:b::c:::d", "a:b::c", ":d");
    check_path("::", "::a::::", "a", "", "a");
    check_path("aa", "aaab", "ab", "", "ab");
}

static void a_path_has_so_many_segments(void **state)
{
    (void)state;
    AUTO_BUFFER struct buffer text = {0}, scratch = {0};
    struct hierarchy_spec const spec = {.kind = HIERARCHY_PATHS, .separator = slice_text("/")};
    for (size_t i = 0; i < SCHEMA_SEGMENTS_MAX; i++)
        buffer_add_text(&text, "a/");
    struct value path = {.kind = VALUE_STRING, .string = buffer_slice(&text)};
    assert_true(hierarchy_normalise(&spec, &path, &scratch));
    buffer_add_text(&text, "b");
    path = (struct value){.kind = VALUE_STRING, .string = buffer_slice(&text)};
    assert_false(hierarchy_normalise(&spec, &path, &scratch));
    assert_int_equal(path.kind, VALUE_NULL);
}

static void a_path_has_so_many_bytes(void **state)
{
    (void)state;
    AUTO_BUFFER struct buffer text = {0}, scratch = {0};
    struct hierarchy_spec const spec = {.kind = HIERARCHY_PATHS, .separator = slice_text("/")};
    buffer_add_text(&text, "//b//"); /* empty segments are none of its bytes */
    for (size_t i = 2; i < SCHEMA_PATH_BYTES_MAX; i++)
        buffer_add_byte(&text, 'a');
    struct value path = {.kind = VALUE_STRING, .string = buffer_slice(&text)};
    assert_true(hierarchy_normalise(&spec, &path, &scratch));
    assert_int_equal(path.string.length, SCHEMA_PATH_BYTES_MAX);
    buffer_add_byte(&text, 'a');
    path = (struct value){.kind = VALUE_STRING, .string = buffer_slice(&text)};
    assert_false(hierarchy_normalise(&spec, &path, &scratch));
    assert_int_equal(path.kind, VALUE_NULL);
}

static void a_node_has_its_own_events_and_those_below(void **state)
{
    (void)state;
    static const char *const lines[] = {"1|b|a|1|p", "2|c|b|2|q", "3|c|b|4|p", "4|||8|r"};
    struct tmpstore tmp;
    open_store(&tmp, TREE);
    (void)tmpstore_put(&tmp, "s", lines, COUNT_OF(lines));
    tmpstore_check(&tmp, "t.json",
                   "[{\"id\":\"b\",\"parent\":\"a\",\"direct\":{\"n\":1,\"s\":1},"
                   "\"subtree\":{\"n\":3,\"s\":7}}]\n");
    tmpstore_check(&tmp, "t/b.csv",
                   "id,parent,direct.n,direct.s,subtree.n,subtree.s\nc,b,2,6,2,6\n");
    tmpstore_check(&tmp, "t/b/c.json", "[]\n");
    tmpstore_check(&tmp, "t/.total.json",
                   "{\"id\":null,\"parent\":null,\"direct\":{\"n\":1,\"s\":8},"
                   "\"subtree\":{\"n\":4,\"s\":15}}\n");
    tmpstore_check(&tmp, "t/.node/c.ndjson",
                   "{\"id\":\"c\",\"parent\":\"b\",\"direct\":{\"n\":2,\"s\":6},"
                   "\"subtree\":{\"n\":2,\"s\":6}}\n");
    tmpstore_check_names(&tmp, "t", ".total.json\nb/\nb.json\n");
    tmpstore_check_names(&tmp, "t/.node", "b.json\nc.json\n");
    tmpstore_check(&tmp, "t/index.html", NULL);
    put(&tmp, "5|a||16|");
    tmpstore_check(&tmp, "t.csv",
                   "id,parent,direct.n,direct.s,subtree.n,subtree.s\na,,1,16,4,23\n");
    tmpstore_check(&tmp, "t/b.json", NULL);
    tmpstore_check_names(&tmp, "t/a/b", ".total.json\nc/\nc.json\n");
    tmpstore_verify(&tmp);
    tmpstore_close(&tmp);
}

static void the_least_of_several_parents_counts(void **state)
{
    (void)state;
    struct tmpstore tmp;
    open_store(&tmp, TREE);
    put(&tmp, "1|n|q||");
    put(&tmp, "2|n|p||");
    put(&tmp, "3|n|||");
    tmpstore_check(&tmp, "t.csv", "id,parent,direct.n,direct.s,subtree.n,subtree.s\nn,p,3,,3,\n");
    put(&tmp, "2|n|r||");
    tmpstore_check(&tmp, "t.csv", "id,parent,direct.n,direct.s,subtree.n,subtree.s\nn,q,3,,3,\n");
    tmpstore_verify(&tmp);
    tmpstore_close(&tmp);
}

static void a_path_makes_its_prefixes(void **state)
{
    (void)state;
    static const char *const lines[] = {"1|/a/b/c||1|", "2|a||2|", "3|a/b2||4|", "4|/||8|"};
    struct tmpstore tmp;
    open_store(&tmp, PATHS);
    (void)tmpstore_put(&tmp, "s", lines, COUNT_OF(lines));
    tmpstore_check(&tmp, "p/a.csv",
                   "id,parent,direct.n,direct.s,subtree.n,subtree.s\n"
                   "a/b,a,0,,1,1\na/b2,a,1,4,1,4\n");
    tmpstore_check_names(&tmp, "p/a", ".total.json\nb/\nb.json\nb2/\nb2.json\n");
    tmpstore_check_names(&tmp, "p/.node", "a.json\na%2Fb.json\na%2Fb%2Fc.json\na%2Fb2.json\n");
    put(&tmp, "1|a||1|");
    tmpstore_check_names(&tmp, "p/a", ".total.json\nb2/\nb2.json\n");
    tmpstore_verify(&tmp);
    tmpstore_close(&tmp);
}

/* Ids that a key cuts are told apart, found by their names, and shown whole. */
static void long_ids_are_nodes_like_others(void **state)
{
    (void)state;
    enum { LONG = 400 };
    char first[LONG + 1], second[LONG + 1], line[3 * LONG];
    struct tmpstore tmp;
    memset(first, 'm', LONG);
    memset(second, 'm', LONG);
    first[LONG - 1] = '1';
    first[LONG] = second[LONG] = '\0';
    open_store(&tmp, TREE);
    (void)snprintf(line, sizeof line, "1|%s|%s|1|", first, second);
    put(&tmp, line);
    tmpstore_verify(&tmp);
    (void)snprintf(line, sizeof line, "2|%s||2|", second);
    put(&tmp, line);
    tmpstore_verify(&tmp);
    (void)snprintf(line, sizeof line, "3|x|%s|4|", first);
    put(&tmp, line);
    tmpstore_verify(&tmp);
    tmpstore_close(&tmp);
}

/* Each event is merged on its own, in the order of keys: in between the nodes are a cycle. */
static void a_cycle_within_a_commit_may_pass(void **state)
{
    (void)state;
    static const char *const before[] = {"2|a|b|1|", "9|b||2|"};
    static const char *const after[] = {"1|b|a|4|", "2|a||8|", "9|c|b|16|"};
    struct tmpstore tmp;
    open_store(&tmp, TREE);
    tmp.resources.memory_bytes = 1;
    (void)tmpstore_put(&tmp, "s", before, COUNT_OF(before));
    (void)tmpstore_put(&tmp, "s", after, COUNT_OF(after));
    tmpstore_check(&tmp, "t.csv", "id,parent,direct.n,direct.s,subtree.n,subtree.s\na,,1,8,3,28\n");
    tmpstore_check(&tmp, "t/a/b.csv",
                   "id,parent,direct.n,direct.s,subtree.n,subtree.s\nc,b,1,16,1,16\n");
    tmpstore_verify(&tmp);
    tmpstore_close(&tmp);
}

static void a_commit_that_leaves_a_cycle_fails(void **state)
{
    (void)state;
    static const char *const lines[] = {"1|b|a|4|", "2|a|c|8|", "3|c|b|1|", "4|d|c|1|"};
    struct tmpstore tmp;
    struct error err;
    struct events_chunk chunk;
    struct batch batch = {.state = BATCH_LOADED, .source = slice_text("test")};
    const struct schema *schema;
    uint64_t commit_id;
    open_store(&tmp, TREE);
    assert_true(store_schema(tmp.store, &schema, &err));
    tmpstore_chunk(schema, "s", lines, COUNT_OF(lines), &chunk);
    struct chunk_commit const commit = {
        .chunk = &chunk, .schema = schema, .expires = true, .resources = tmp.resources};
    assert_false(commit_chunk(tmp.store, &commit, &batch, &commit_id, &err));
    assert_int_equal(err.kind, ERROR_INPUT);
    assert_string_equal(err.place, "views.t");
    assert_true(strstr(err.fact, "a -> c -> b -> a") || strstr(err.fact, "b -> a -> c -> b") ||
                strstr(err.fact, "c -> b -> a -> c"));
    events_chunk_done(&chunk);
    tmpstore_check(&tmp, "t.json", NULL);
    tmpstore_close(&tmp);
}

static void more_nodes_than_max_rows_are_refused(void **state)
{
    (void)state;
    static const char *const lines[] = {"1|a/b/c||1|"};
    struct tmpstore tmp;
    struct error err;
    struct events_chunk chunk;
    struct batch batch = {.state = BATCH_LOADED, .source = slice_text("test")};
    const struct schema *schema;
    uint64_t commit_id;
    open_store(&tmp, "{" STREAM ",'views':{'p':{'by':['path(id, `/`)'],'max_rows':2," COUNTS "}}}");
    assert_true(store_schema(tmp.store, &schema, &err));
    tmpstore_chunk(schema, "s", lines, COUNT_OF(lines), &chunk);
    struct chunk_commit const commit = {
        .chunk = &chunk, .schema = schema, .expires = true, .resources = tmp.resources};
    assert_false(commit_chunk(tmp.store, &commit, &batch, &commit_id, &err));
    assert_int_equal(err.kind, ERROR_FULL);
    events_chunk_done(&chunk);
    tmpstore_close(&tmp);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(mistakes_are_told_with_place_and_hint),
        cmocka_unit_test(the_root_is_packed_as_null_is),
        cmocka_unit_test(empty_segments_of_a_path_are_left_out),
        cmocka_unit_test(a_path_has_so_many_segments),
        cmocka_unit_test(a_path_has_so_many_bytes),
        cmocka_unit_test(a_node_has_its_own_events_and_those_below),
        cmocka_unit_test(the_least_of_several_parents_counts),
        cmocka_unit_test(a_path_makes_its_prefixes),
        cmocka_unit_test(long_ids_are_nodes_like_others),
        cmocka_unit_test(a_cycle_within_a_commit_may_pass),
        cmocka_unit_test(a_commit_that_leaves_a_cycle_fails),
        cmocka_unit_test(more_nodes_than_max_rows_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
