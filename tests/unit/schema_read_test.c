// SPDX-License-Identifier: Apache-2.0
#include "schema.h"

#include "../support/test.h"
#include "../support/tmpstore.h"

/* The texts of this file are quoted as tmpstore_quoted tells. */
#define STREAM                                                                                     \
    "'streams':{'s':{'key':'id','time':'t','fields':{'id':'string','t':'time','n':'int','d':'"     \
    "decimal',"                                                                                    \
    "'b':'bool'}}}"

static void mistakes_are_told_with_place_and_hint(void **state)
{
    (void)state;
    static const struct {
        const char *text, *place, *fact, *remedy; /* parts of them */
    } cases[] = {
        {"{", "", "not JSON at line 1", ""},
        {"{" STREAM ",'views':{}} x", "", "not JSON", "remove"},
        {"[]", "", "expected an object", ""},
        {"{'streams':{},'views':{}}", "streams", "1 to", ""},
        {"{'stream':{}}", "", "no key 'stream'", "'streams'"},
        {"{'timezone':'Europe/Berlim'," STREAM ",'views':{}}", "timezone",
         "no time zone 'Europe/Berlim'", "IANA"},
        {"{'streams':{'s':{'fields':{'a':'strin'}}},'views':{}}", "streams.s.fields.a",
         "no type 'strin'", "'string'"},
        {"{'streams':{'s':{'fields':{'a':'int','a':'int'}}},'views':{}}", "streams.s.fields",
         "'a' is there twice", ""},
        {"{'streams':{'s':{'fields':{'a':{'type':'time','format':'%Q'}}}},'views':{}}",
         "streams.s.fields.a.format", "%Q", ""},
        {"{'streams':{'s':{'fields':{'a':{'type':'int','format':'%Y'}}}},'views':{}}",
         "streams.s.fields.a.format", "only a field of type 'time'", ""},
        {"{'streams':{'s':{'key':'ib','fields':{'id':'int'}}},'views':{}}", "streams.s.key",
         "no field 'ib'", "'id'"},
        {"{'streams':{'s':{'key':['id','id'],'fields':{'id':'int'}}},'views':{}}", "streams.s.key",
         "twice", ""},
        {"{'streams':{'s':{'time':'id','fields':{'id':'int'}}},'views':{}}", "streams.s.time",
         "not of type 'time'", ""},
        {"{'streams':{'s':{'on_duplicate':'replace','fields':{'id':'int'}}},'views':{}}",
         "streams.s.on_duplicate", "which records are of one event", "\"key\""},
        {"{'streams':{'s':{'keys':'id','fields':{'id':'int'}}},'views':{}}", "streams.s",
         "no key 'keys'", "'key'"},
        {"{" STREAM ",'views':{'v':{'by':['day(tt)'],'measures':{'n':'count()'}}}}",
         "views.v.by[0]", "no field 'tt' in stream 's'", ""},
        {"{" STREAM ",'views':{'v':{'by':['day(n)'],'measures':{'m':'count()'}}}}", "views.v.by[0]",
         "day needs a time, not a number", ""},
        {"{" STREAM ",'views':{'v':{'by':['n + 1'],'measures':{'m':'count()'}}}}", "views.v.by[0]",
         "a dimension is", "day("},
        {"{" STREAM ",'views':{'v':{'by':['n',{'x':'d','y':'d'}],'measures':{'m':'count()'}}}}",
         "views.v.by[1]", "expected one name", ""},
        {"{" STREAM ",'views':{'v':{'by':['n','n'],'measures':{'m':'count()'}}}}", "views.v.by[1]",
         "taken", "alias"},
        {"{" STREAM ",'views':{'v':{'by':['n'],'measures':{'n':'count()'}}}}", "views.v.measures.n",
         "dimension", ""},
        {"{" STREAM ",'views':{'v':{'measures':{'m':'cout()'}}}}", "views.v.measures.m",
         "no measure 'cout()'", "'count'"},
        {"{" STREAM ",'views':{'v':{'measures':{'m':'sum(id)'}}}}", "views.v.measures.m",
         "sum needs a number, not a string", ""},
        {"{" STREAM ",'views':{'v':{'measures':{'m':'count() where n'}}}}", "views.v.measures.m",
         "where needs a truth value", ""},
        {"{'streams':{'s':{'key':'id','on_duplicate':{'newest':'idd'},'fields':{'id':'int'}}},"
         "'views':{}}",
         "streams.s.on_duplicate.newest", "no field 'idd'", "'id'"},
        {"{'streams':{'s':{'keep':'90 days','fields':{'id':'int'}}},'views':{}}", "streams.s.keep",
         "does not say when", "\"time\""},
        {"{'streams':{'s':{'time':'t','keep':'90 moons','fields':{'t':'time'}}},'views':{}}",
         "streams.s.keep", "'90 moons' is no duration", "days"},
        {"{" STREAM ",'views':{'v':{'retain':'1 year','measures':{'a':'count()'}}}}",
         "views.v.retain", "no dimension of the view is a time", "day("},
        {"{" STREAM ",'views':{'v':{'from':'w','measures':{'a':'count()'}},"
         "'w':{'from':'v','measures':{'a':'count()'}}}}",
         "views.w.from", "a view is over its own rows: v -> w -> v", ""},
        {"{" STREAM ",'views':{'v':{'from':'w','measures':{'a':'first(x)'}},"
         "'w':{'measures':{'x':'count()'}}}}",
         "views.v.measures.a", "needs the time of an event", "arg_min"},
        {"{" STREAM ",'views':{'v':{'from':'w','measures':{'a':'approx_uniq(x)'}},"
         "'w':{'measures':{'x':'count()'}}}}",
         "views.v.measures.a", "cannot follow events that are replaced", "uniq()"},
        {"{" STREAM ",'views':{'v':{'measures':{'a':'quantile(n, 2)'}}}}", "views.v.measures.a",
         "expected a fraction from 0 to 1", ""},
        {"{" STREAM ",'views':{'v':{'measures':{'a':'top(n, 0)'}}}}", "views.v.measures.a",
         "from 1 to 1000", ""},
        {"{" STREAM ",'views':{'v':{'measures':{'a':'b','b':'a + 1'}}}}", "views.v.measures.b",
         "made of itself: a -> b -> a", ""},
        {"{" STREAM ",'views':{'v':{'measures':{'a':'b','b':'c','c':'a'}}}}", "views.v.measures.c",
         "made of itself: a -> b -> c -> a", ""},
        {"{" STREAM ",'views':{'v':{'measures':{'a':'count()','b':'a where b'}}}}",
         "views.v.measures.b", "'where' has no count(), sum() or the like to filter at column 3",
         "keeps its own filter"},
        {"{" STREAM ",'views':{'v':{'measures':{'m':'count(*id)'}}}}", "views.v.measures.m",
         "expected ')' before 'id' at column 8", ""},
        {"{" STREAM ",'views':{'v':{'by':['day(null)'],'measures':{'m':'count()'}}}}",
         "views.v.by[0]", "day needs a time, not null", ""},
        {"{" STREAM
         ",'views':{'v':{'where':'`2026-01-01` in (`x`, t)','measures':{'m':'count()'}}}}",
         "views.v.where", "'x' is not a time", ""},
        {"{" STREAM ",'views':{'v':{'measures':{'total':'count()','r':'totl / 2'}}}}",
         "views.v.measures.r", "no measure 'totl'", "'total'"},
        {"{" STREAM ",'views':{'v':{'measures':{'m':'sum(n'}}}}", "views.v.measures.m",
         "expected ')'", ""},
        {"{" STREAM ",'views':{'v':{'where':'n = `a`','measures':{'m':'count()'}}}}",
         "views.v.where", "cannot compare a number with a string", ""},
        {"{" STREAM ",'views':{'v':{'where':'t > `yesterday`','measures':{'m':'count()'}}}}",
         "views.v.where", "'yesterday' is not a time", ""},
        {"{" STREAM ",'views':{'v':{'from':'x','measures':{'m':'count()'}}}}", "views.v.from",
         "no stream or view 'x'", ""},
        {"{" STREAM ",'views':{'v':{}}}", "views.v.measures", "needs \"measures\"", ""},
        {"{" STREAM ",'views':{'.v':{'measures':{'m':'count()'}}}}", "views..v", "begin with a dot",
         ""},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        AUTO_ARENA struct arena arena = {0};
        struct schema *schema;
        struct error err;
        if (schema_read(tmpstore_quoted(&arena, cases[i].text), NULL, &schema, &err))
            fail_msg("accepted: %s", cases[i].text);
        assert_int_equal(err.kind, ERROR_SCHEMA);
        assert_string_equal(err.place, cases[i].place);
        if (!strstr(err.fact, cases[i].fact) || !strstr(err.remedy, cases[i].remedy))
            fail_msg("%s: %s (%s)", cases[i].text, err.fact, err.remedy);
    }
}

static void a_schema_is_resolved_and_typed(void **state)
{
    (void)state;
    AUTO_ARENA struct arena arena = {0};
    struct schema *schema;
    struct error err;
    struct slice const text = tmpstore_quoted(
        &arena, "{'timezone':'Europe/Berlin'," STREAM ",'views':{"
                "'plain':{'measures':{'ratio':'errors / "
                "total','total':'count()','errors':'count() where b',"
                "'again':'sum(n) / count()'}},"
                "'grouped':{'from':'s','by':['id',{'when':'month(t)'},'day(t)'],'where':'n "
                "* d > 1','measures':{'m':'sum(n * d)'}}}}");
    if (!schema_read(text, NULL, &schema, &err)) fail_msg("%s: %s", err.place, err.fact);
    const struct view *const plain = schema_view(schema, slice_text("plain"));
    const struct view *const grouped = schema_view(schema, slice_text("grouped"));
    assert_int_equal(plain->aggregate_count, 3); /* count() is kept once */
    assert_int_equal(grouped->dimension_count, 3);
    assert_true(slice_is(grouped->dimensions[1].name, "when"));
    assert_true(slice_is(grouped->dimensions[2].name, "day"));
    assert_int_equal(grouped->dimensions[1].type.kind, VALUE_BUCKET);
    assert_int_equal(grouped->dimensions[1].type.unit, BUCKET_MONTH);
    assert_int_equal(schema->streams[0].fallible_count, 2); /* n * d > 1, and n * d */
    assert_int_equal(schema->streams[0].time_field, 1);
    assert_null(schema_view(schema, slice_text("Plain")));
    schema_free(schema);
}

static void text_that_cjson_would_let_pass_is_refused(void **state)
{
    (void)state;
    static const char *const cases[] = {
        "{\"streams\":{\"a\\u0000b\":{\"fields\":{\"x\":\"int\"}}},\"views\":{}}",
        "{\"streams\":{\"\xff\":{\"fields\":{\"x\":\"int\"}}},\"views\":{}}",
        "{\"streams\":{\"s\":{\"fields\":{\"x\":\"int\"}}},\"Views\":{}}",
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct schema *schema;
        struct error err;
        assert_false(schema_read(slice_text(cases[i]), NULL, &schema, &err));
        assert_int_equal(err.kind, ERROR_SCHEMA);
    }
}

/* m1 = m0 + m0, m2 = m1 + m1: 2^40 additions a row. */
static void measures_that_double_each_other_are_refused_in_time(void **state)
{
    (void)state;
    AUTO_ARENA struct arena arena = {0};
    AUTO_BUFFER struct buffer text = {0};
    struct schema *schema;
    struct error err;
    buffer_add_text(&text, "{" STREAM ",'views':{'v':{'measures':{'m0':'count()'");
    for (int i = 1; i <= 40; i++)
        buffer_format(&text, ",'m%d':'m%d + m%d'", i, i - 1, i - 1);
    buffer_add_text(&text, "}}}}");
    buffer_add_byte(&text, '\0');
    assert_false(schema_read(tmpstore_quoted(&arena, (const char *)text.at), NULL, &schema, &err));
    assert_int_equal(err.kind, ERROR_SCHEMA);
    assert_string_equal(err.place, "views.v.measures.m9");
    assert_non_null(strstr(err.fact, "more than 1000 operations"));
}

static void the_nearest_name_is_near(void **state)
{
    (void)state;
    struct slice const names[] = {slice_text("event_ts"), slice_text("event_id"),
                                  slice_text("region")};
    assert_true(slice_is(schema_nearest(slice_text("evnt_ts"), names, 3), "event_ts"));
    assert_true(slice_is(schema_nearest(slice_text("REGION"), names, 3), "region"));
    assert_true(slice_is(schema_nearest(slice_text("regoin"), names, 3), "region"));
    assert_int_equal(schema_nearest(slice_text("customer"), names, 3).length, 0);
}

int main(void)
{
    struct CMUnitTest const tests[] = {
        cmocka_unit_test(mistakes_are_told_with_place_and_hint),
        cmocka_unit_test(a_schema_is_resolved_and_typed),
        cmocka_unit_test(text_that_cjson_would_let_pass_is_refused),
        cmocka_unit_test(measures_that_double_each_other_are_refused_in_time),
        cmocka_unit_test(the_nearest_name_is_near),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
