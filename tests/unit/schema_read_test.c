// SPDX-License-Identifier: Apache-2.0
#include "schema/schema.h"

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
        {"{\n'streams':\n  x}", "", "not JSON at line 3, column 3", ""},
        {"{'streams':{'':{'fields':{'a':'int'}}},'views':{}}", "streams", "is empty", ""},
        {"{'streams':{'s':{'fields':{'a\tb':'int'}}},'views':{}}", "streams.s.fields.a?b",
         "control character", ""},
        {"{'streams':{'s':{'fields':{'a':'geography'}}},'views':{}}", "streams.s.fields.a",
         "no type 'geography'", "there are: string, bool, int, decimal, time, float"},
        {"{'streams':{'s':{'fields':{'a':{'type':'int','column':7}}}},'views':{}}",
         "streams.s.fields.a.column", "expected the name of a column in quotes", ""},
        {"{'streams':{'s':{'fields':{'a':{'type':'time','format':''}}}},'views':{}}",
         "streams.s.fields.a.format", "a format has 1 to 200 bytes", ""},
        {"{'streams':{'s':{'key':[],'fields':{'a':'int'}}},'views':{}}", "streams.s.key",
         "a key has 1 to 16 fields", ""},
        {"{'streams':{'s':{'time':'tt','fields':{'t':'time'}}},'views':{}}", "streams.s.time",
         "no field 'tt'", "'t'"},
        {"{'streams':{'s':{'key':'id','on_duplicate':'last','fields':{'id':'int'}}},'views':{}}",
         "streams.s.on_duplicate", "expected \"ignore\", \"replace\" or", "newest version"},
        {"{'streams':{'s':{'key':'id','on_duplicate':1,'fields':{'id':'int'}}},'views':{}}",
         "streams.s.on_duplicate", "expected \"ignore\"", ""},
        {"{'streams':{'s':{'key':'id','on_duplicate':{},'fields':{'id':'int'}}},'views':{}}",
         "streams.s.on_duplicate", "expected \"ignore\"", ""},
        {"{'streams':{'s':{'key':'id','on_duplicate':{'newest':'id'},'fields':{'id':'int'}}},"
         "'views':{}}",
         "streams.s.on_duplicate.newest", "'id' is in the key", ""},
        {"{'streams':{'s':{'key':'id','delete_when':'idd > 1','fields':{'id':'int'}}},"
         "'views':{}}",
         "streams.s.delete_when", "no field 'idd'", "'id'"},
        {"{'streams':{'s':{'key':'id','delete_when':'id + 1','fields':{'id':'int'}}},'views':{}}",
         "streams.s.delete_when", "true or false, this is neither", ""},
        {"{'streams':{'s':{'delete_when':'id > 1','fields':{'id':'int'}}},'views':{}}",
         "streams.s.delete_when", "which records are of one event", "\"key\""},
        {"{'streams':{'a':{'fields':{'x':'int'}},'b':{'fields':{'x':'int'}}},"
         "'views':{'v':{'measures':{'m':'count()'}}}}",
         "views.v", "does not say which stream", "\"from\": \"a\""},
        {"{" STREAM ",'views':{'v':{'from':7,'measures':{'m':'count()'}}}}", "views.v.from",
         "in quotes", ""},
        {"{" STREAM ",'views':{'v':{'where':'n + 1','measures':{'m':'count()'}}}}", "views.v.where",
         "true or false, this is neither", ""},
        {"{" STREAM ",'views':{'a':{'formats':['prom'],'measures':{'b_c':'count()'}},"
         "'a_b':{'formats':['prom'],'measures':{'c':'count()'}}}}",
         "views", "are both 'a_b_c' for Prometheus", "another name"},
        {"{" STREAM ",'views':{'v':{'max_rows':1.5,'measures':{'m':'count()'}}}}",
         "views.v.max_rows", "expected a number of rows, 1 or more", ""},
        {"{" STREAM ",'views':{'v':{'max_rows':'9','measures':{'m':'count()'}}}}",
         "views.v.max_rows", "expected a number of rows, 1 or more", ""},
        {"{" STREAM ",'views':{'v':{'by':'n','measures':{'m':'count()'}}}}", "views.v.by",
         "expected a list of dimensions", "\"by\": ["},
        {"{" STREAM ",'views':{'':{'measures':{'m':'count()'}}}}", "views", "has 1 to", ""},
        {"{" STREAM ",'views':{'a\nb':{'measures':{'m':'count()'}}}}", "views.a?b",
         "control character", ""},
        {"{" STREAM ",'views':{'v':{'measures':{'a':'bool_or(n)'}}}}", "views.v.measures.a",
         "bool_or needs a truth value, not a number", ""},
        {"{" STREAM ",'views':{'v':{'measures':{'a':'quantile(n, 0.1234567890123456789)'}}}}",
         "views.v.measures.a", "a fraction has at most 18 digits", ""},
        {"{" STREAM ",'views':{'v':{'measures':{'a':'top(n, 1.5)'}}}}", "views.v.measures.a",
         "must be a whole number", ""},
        {"{" STREAM ",'views':{'v':{'measures':{'a':'arg_min(n, n, d, t, b, id, n, d, t, b)'}}}}",
         "views.v.measures.a", "more than 8 expressions to order by", ""},
        {"{" STREAM ",'views':{'v':{'measures':{'a':'count() / "
         "123456789012345678901234567890123456789'}}}}",
         "views.v.measures.a", "is no number of at most 38 digits", ""},
        {"{" STREAM ",'views':{'v':{'measures':{'a':'count() + * 2'}}}}", "views.v.measures.a",
         "expected a measure before '*'", ""},
        {"{" STREAM ",'views':{'.v':{'measures':{'m':'count()'}}}}", "views..v", "begin with a dot",
         ""},
        {"{\n  /* a\n b", "", "a comment without an end at line 2, column 3", "*/"},
        {"{}/*/", "", "a comment without an end at line 1, column 3", "*/"},
        {"{'a': /* a\n b */ // c\n x}", "", "not JSON at line 3, column 2", ""},
        {"{'a': 1 / 2}", "", "not JSON at line 1, column 9", ""},
        {"{} // }\n /* */ x", "", "not JSON at line 2, column 8", "remove"},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        AUTO_ARENA struct arena arena = {0};
        struct schema *schema;
        struct error err;
        if (schema_read(tmpstore_quoted(&arena, cases[i].text), NULL, &schema, &err))
            fail_msg("accepted: %s", cases[i].text);
        assert_int_equal(err.kind, ERROR_SCHEMA);
        if (strcmp(err.place, cases[i].place) != 0) fail_msg("%s: %s", cases[i].text, err.place);
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

static void comments_are_kept_and_say_nothing(void **state)
{
    (void)state;
    static const char text[] = "// of \\u0000, \"C:\\\n"
                               "{\n"
                               "  \"streams\": { /* one */ \"s\": {\n"
                               "    // its fields\r\n"
                               "    \"fields\": {\"//a\": \"int\", \"/*\\\"b\": \"int\"} // two\n"
                               "  } },\n"
                               "  \"views\": {}/* none\n"
                               "  yet */\n"
                               "}\n"
                               "// ü";
    static const char json[] = "{\n"
                               "  \"streams\": { \"s\": {\n"
                               "    \"fields\": {\"//a\": \"int\", \"/*\\\"b\": \"int\"}\n"
                               "  } },\n"
                               "  \"views\": {}\n"
                               "}\n";
    AUTO_BUFFER struct buffer written = {0};
    struct schema *schema;
    struct error err;
    if (!schema_read(slice_text(text), NULL, &schema, &err))
        fail_msg("%s: %s", err.place, err.fact);
    assert_true(slice_is(schema->streams[0].fields[0].name, "//a"));
    assert_true(slice_is(schema->streams[0].fields[1].name, "/*\"b"));
    assert_true(slice_is(schema->text, text));
    schema_write_json(schema, &written);
    assert_int_equal(written.length, strlen(json));
    assert_memory_equal(written.at, json, written.length);
    schema_free(schema);
}

static void text_that_cjson_would_let_pass_is_refused(void **state)
{
    (void)state;
    static const char *const cases[] = {
        "{\"streams\":{\"a\\u0000b\":{\"fields\":{\"x\":\"int\"}}},\"views\":{}}",
        "{\"streams\":{\"\xff\":{\"fields\":{\"x\":\"int\"}}},\"views\":{}}",
        "{\"streams\":{\"s\":{\"fields\":{\"x\":\"int\"}}},\"Views\":{}}",
        "{\"streams\":{\"s\":{\"fields\":{\"x\":\"int\"}}},\"views\":{}} // \xff",
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

/* Appends FORMAT COUNT times, each with its number in place of #. */
static void add_many(struct buffer *text, const char *format, int count)
{
    for (int i = 0; i < count; i++) {
        for (const char *at = format; *at; at++) {
            if (*at == '#')
                buffer_format(text, "%d", i);
            else
                buffer_add_byte(text, (uint8_t)*at);
        }
    }
}

/* As many as the limit says are taken, one more is not. */
static void more_than_the_limits_is_refused(void **state)
{
    (void)state;
    static const struct {
        const char *before, *each, *last;
        int most;
        const char *place, *fact; /* the place may go on with a long name */
    } cases[] = {
        {"{'streams':{'", "s", "s':{'fields':{'a':'int'}}},'views':{}}", 200, "streams.sss",
         "the name of a stream is longer than 200 bytes"},
        {"{'streams':{'s':{'fields':{'", "f", "f':'int'}}},'views':{}}", 200,
         "streams.s.fields.fff", "the name of a field is longer than 200 bytes"},
        {"{'streams':{'s':{'fields':{'t':{'type':'time','format':'", "x", "x'}}}},'views':{}}", 200,
         "streams.s.fields.t.format", "a format has 1 to 200 bytes"},
        {"{" STREAM ",'views':{'", "v", "v':{'measures':{'m':'count()'}}}}", 200, "views.vvv",
         "the name of a view has 1 to 200 bytes"},
        {"{'streams':{", "'s#':{'fields':{'a':'int'}},", "'s':{'fields':{'a':'int'}}},'views':{}}",
         SCHEMA_STREAMS_MAX, "streams", "1 to 1000 streams"},
        {"{'streams':{'s':{'fields':{", "'f#':'int',", "'f':'int'}}},'views':{}}",
         SCHEMA_FIELDS_MAX, "streams.s.fields", "more than 1000 fields"},
        {"{" STREAM ",'views':{", "'v#':{'measures':{'m':'count()'}},",
         "'v':{'measures':{'m':'count()'}}}}", SCHEMA_VIEWS_MAX, "views", "more than 1000 views"},
        {"{" STREAM ",'views':{'v':{'measures':{'m':'count()'},'by':[", "{'x#':'n'},",
         "{'x':'n'}]}}}", SCHEMA_DIMENSIONS_MAX, "views.v.by", "more than 16 dimensions"},
        {"{" STREAM ",'views':{'v':{'measures':{", "'m#':'count()',", "'m':'count()'}}}}",
         SCHEMA_AGGREGATES_MAX, "views.v.measures", "more than 200 measures"},
        {"{" STREAM ",'views':{'v':{'measures':{'m':'", "sum(n + #) + ", "count()'}}}}",
         SCHEMA_AGGREGATES_MAX, "views.v.measures.m", "more than 200 aggregates"},
        {"{" STREAM ",'views':{'v':{'measures':{'two':'min(n) + max(n)',", "'m#':'sum(n + #)',",
         "'m':'count()'}}}}", SCHEMA_AGGREGATES_MAX - 2, "views.v.measures.m",
         "the view has more than 200 aggregates"},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        for (int over = 0; over <= 1; over++) {
            AUTO_ARENA struct arena arena = {0};
            AUTO_BUFFER struct buffer text = {0};
            struct schema *schema = NULL;
            struct error err;
            buffer_add_text(&text, cases[i].before);
            add_many(&text, cases[i].each, cases[i].most - 1 + over);
            buffer_add_text(&text, cases[i].last);
            buffer_add_byte(&text, '\0');
            struct slice const quoted = tmpstore_quoted(&arena, (const char *)text.at);
            bool const good = schema_read(quoted, NULL, &schema, &err);
            schema_free(schema);
            if (good != (over == 0)) fail_msg("%s: %s", cases[i].fact, good ? "taken" : err.fact);
            if (good) continue;
            if (strncmp(err.place, cases[i].place, strlen(cases[i].place)) != 0)
                fail_msg("%s", err.place);
            if (!strstr(err.fact, cases[i].fact)) fail_msg("%s", err.fact);
        }
    }
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
        cmocka_unit_test(comments_are_kept_and_say_nothing),
        cmocka_unit_test(text_that_cjson_would_let_pass_is_refused),
        cmocka_unit_test(measures_that_double_each_other_are_refused_in_time),
        cmocka_unit_test(more_than_the_limits_is_refused),
        cmocka_unit_test(the_nearest_name_is_near),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
