// SPDX-License-Identifier: Apache-2.0
#include "tables/reference_index.h"

#include "../support/test.h"
#include "../support/tmpstore.h"

static const char calls[] =
    "{'streams':{"
    "'calls':{'key':'id','time':'t','on_duplicate':'replace','fields':{'id':'string','t':'time','"
    "op':'string',"
    "'project':{'type':'string','references':'projects'},'parent':{'type':'string','references':'"
    "calls'}}},"
    "'projects':{'key':'pid','on_duplicate':'replace','fields':{'pid':'string','name':'string'}},"
    "'feedback':{'key':'fid','fields':{'fid':'string','call':{'type':'string','references':'calls'}"
    ",'value':'decimal'}},"
    "'marks':{'fields':{'a':'string','n':'int'},'references':{'pair':{'stream':'pairs','by':['a','"
    "n']}}},"
    "'pairs':{'key':['x','y'],'on_duplicate':'replace','fields':{'x':'string','y':'int','z':'"
    "string'}}},"
    "'views':{"
    "'by_op':{'from':'feedback','by':['call.op'],'measures':{'n':'count()','most':'max(value)'}},"
    "'by_day':{'from':'feedback','by':[{'day':'day(call.t)'},'call.project.name'],'measures':{'n':'"
    "count()'}},"
    "'plain':{'from':'feedback','measures':{'first':'any_value(fid)'}},"
    "'children':{'from':'calls','by':['parent.op'],'measures':{'n':'count()'}},"
    "'marked':{'from':'marks','by':['pair.z'],'measures':{'n':'count()'}},"
    "'both':{'from':{'calls':{'kind':'``call``'},'feedback':{'op':'call.op','kind':'``feedback``'}}"
    ","
    "'by':['op','kind'],'measures':{'n':'count()'}}}}";

static void open(struct tmpstore *tmp)
{
    AUTO_ARENA struct arena arena = {0};
    struct slice const text = tmpstore_quoted(&arena, calls);
    AUTO_BUFFER struct buffer schema = {0};
    for (size_t i = 0; i < text.length; i++) { /* `` is a quote inside a JSON text */
        if (text.at[i] == '\'' && i + 1 < text.length && text.at[i + 1] == '\'') i++;
        buffer_add_byte(&schema, text.at[i]);
    }
    buffer_add_byte(&schema, 0);
    tmpstore_open(tmp, (const char *)schema.at);
}

static void put(struct tmpstore *tmp, const char *stream, const char *line)
{
    (void)tmpstore_put(tmp, stream, &line, 1);
}

static void check(struct tmpstore *tmp, const char *path, const char *quoted)
{
    AUTO_ARENA struct arena arena = {0};
    AUTO_BUFFER struct buffer text = {0};
    if (quoted) {
        buffer_add_slice(&text, tmpstore_quoted(&arena, quoted));
        buffer_add_byte(&text, 0);
    }
    tmpstore_check(tmp, path, quoted ? (const char *)text.at : NULL);
}

static void an_event_moves_when_its_target_comes_changes_and_goes(void **state)
{
    (void)state;
    struct tmpstore tmp;
    open(&tmp);
    put(&tmp, "feedback", "f1|a|5");
    put(&tmp, "feedback", "f2||7");
    check(&tmp, "by_op.json",
          "[{'op':null,'n':1,'most':7},\n{'op':'%unresolved','n':1,'most':5}]\n");
    tmpstore_check_names(&tmp, "by_op", ".total.json\n%null.json\n%unresolved.json\n");
    put(&tmp, "calls", "a|2026-01-01|x|p|");
    check(&tmp, "by_op.json", "[{'op':null,'n':1,'most':7},\n{'op':'x','n':1,'most':5}]\n");
    check(&tmp, "by_op/%unresolved.json", NULL);
    put(&tmp, "calls", "a|2026-01-02|y|p|");
    check(&tmp, "by_op/y.json", "{'op':'y','n':1,'most':5}\n");
    check(&tmp, "by_op/x.json", NULL);
    check(&tmp, "plain.json", "{'first':'f1'}\n");
    tmpstore_verify(&tmp);
    tmpstore_close(&tmp);
}

static void a_chain_is_followed_through_a_change_of_each_of_its_events(void **state)
{
    (void)state;
    struct tmpstore tmp;
    open(&tmp);
    put(&tmp, "feedback", "f1|a|5");
    check(&tmp, "by_day.json", "[{'day':'%unresolved','name':'%unresolved','n':1}]\n");
    put(&tmp, "calls", "a|2026-01-01|x|p|");
    check(&tmp, "by_day.json", "[{'day':'2026-01-01','name':'%unresolved','n':1}]\n");
    put(&tmp, "projects", "p|first");
    check(&tmp, "by_day.json", "[{'day':'2026-01-01','name':'first','n':1}]\n");
    put(&tmp, "projects", "p|second");
    check(&tmp, "by_day.json", "[{'day':'2026-01-01','name':'second','n':1}]\n");
    put(&tmp, "calls", "a|2026-01-01|x||");
    check(&tmp, "by_day.json", "[{'day':'2026-01-01','name':null,'n':1}]\n");
    tmpstore_verify(&tmp);
    tmpstore_close(&tmp);
}

static void a_stream_refers_to_itself_within_one_chunk(void **state)
{
    (void)state;
    struct tmpstore tmp;
    static const char *const lines[] = {"b||y||a", "a||x||", "d||z||d"};
    open(&tmp);
    (void)tmpstore_put(&tmp, "calls", lines, COUNT_OF(lines));
    check(&tmp, "children.json", "[{'op':null,'n':1},\n{'op':'x','n':1},\n{'op':'z','n':1}]\n");
    put(&tmp, "calls", "d||w||d");
    check(&tmp, "children.json", "[{'op':null,'n':1},\n{'op':'w','n':1},\n{'op':'x','n':1}]\n");
    tmpstore_verify(&tmp);
    tmpstore_close(&tmp);
}

static void a_reference_may_be_of_several_fields(void **state)
{
    (void)state;
    struct tmpstore tmp;
    open(&tmp);
    put(&tmp, "marks", "k|1");
    put(&tmp, "marks", "k|2");
    put(&tmp, "marks", "|");
    put(&tmp, "pairs", "k|1|one");
    check(&tmp, "marked.json",
          "[{'z':null,'n':1},\n{'z':'%unresolved','n':1},\n{'z':'one','n':1}]\n");
    tmpstore_verify(&tmp);
    tmpstore_close(&tmp);
}

static void a_view_counts_the_events_of_several_streams(void **state)
{
    (void)state;
    struct tmpstore tmp;
    open(&tmp);
    put(&tmp, "feedback", "f1|a|5");
    put(&tmp, "calls", "a|2026-01-01|x||");
    check(&tmp, "both.json",
          "[{'op':'x','kind':'call','n':1},\n{'op':'x','kind':'feedback','n':1}]\n");
    put(&tmp, "calls", "a|2026-01-01|y||");
    check(&tmp, "both.json",
          "[{'op':'y','kind':'call','n':1},\n{'op':'y','kind':'feedback','n':1}]\n");
    tmpstore_verify(&tmp);
    tmpstore_close(&tmp);
}

static void count_key(void *context, struct slice key)
{
    (void)key;
    ++*(size_t *)context;
}

static void only_those_that_refer_to_an_event_are_found(void **state)
{
    (void)state;
    struct tmpstore tmp;
    struct snapshot *snapshot;
    struct error err;
    size_t found = 0;
    AUTO_BUFFER struct buffer key = {0};
    open(&tmp);
    put(&tmp, "feedback", "f1|a|5");
    put(&tmp, "feedback", "f2|a|5");
    put(&tmp, "feedback", "f3|b|5");
    assert_true(snapshot_open(tmp.store, &snapshot, &err));
    const struct stream *const feedback = schema_stream(snapshot->schema, slice_text("feedback"));
    struct value const a = {.kind = VALUE_STRING, .string = slice_text("a")};
    event_key_pack(feedback->references[0].target, &a, &key);
    struct reference_lookup lookup = {.txn = snapshot->txn};
    assert_true(
        reference_lookup_find(&lookup, feedback, 0, buffer_slice(&key), count_key, &found, &err));
    assert_int_equal(found, 2);
    reference_lookup_done(&lookup);
    snapshot_close(snapshot);
    tmpstore_close(&tmp);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_event_moves_when_its_target_comes_changes_and_goes),
        cmocka_unit_test(a_chain_is_followed_through_a_change_of_each_of_its_events),
        cmocka_unit_test(a_stream_refers_to_itself_within_one_chunk),
        cmocka_unit_test(a_reference_may_be_of_several_fields),
        cmocka_unit_test(a_view_counts_the_events_of_several_streams),
        cmocka_unit_test(only_those_that_refer_to_an_event_are_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
