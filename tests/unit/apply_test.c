// SPDX-License-Identifier: Apache-2.0
#include "write/apply.h"

#include <stdio.h>

#include "../support/test.h"
#include "../support/tmpstore.h"

/* All schemas of this file are quoted as tmpstore_quoted tells. */
#define FIELDS "'fields':{'id':'int','t':'time','u':'time','g':'string','n':'int'}"
#define STREAM "'s':{'key':'id','time':'t'," FIELDS "}"
#define ALL "'all':{'measures':{'c':'count()','n':'sum(n)'}}"
#define DAYS "'days':{'by':['day(t)'],'measures':{'c':'count()'}}"
#define GROUPS "'groups':{'by':['g'],'measures':{'c':'count()','u':'uniq(n)'}}"

static const char *const lines[] = {
    "1|2026-01-01T20:00:00Z|2026-03-02|a|10",
    "2|2026-03-01T20:00:00Z|2026-01-01|b|20",
    "3|2026-03-02T01:00:00Z|2026-03-01|a|30",
};

static void open_store(struct tmpstore *tmp, const char *schema)
{
    AUTO_ARENA struct arena arena = {0};
    tmpstore_open(tmp, (const char *)tmpstore_quoted(&arena, schema).at);
    (void)tmpstore_put(tmp, "s", lines, COUNT_OF(lines));
}

static void write_fate(void *context, struct slice view, enum apply_fate fate)
{
    static const char *const names[] = {"kept", "added", "changed", "dropped"};
    buffer_format(context, "%.*s %s\n", (int)view.length, view.at, names[fate]);
}

static void write_loss(void *context, const struct apply_loss *loss)
{
    buffer_format(context, "%.*s loses %llu\n", (int)loss->name.length, loss->name.at,
                  (unsigned long long)loss->count);
}

struct answer {
    bool good;
    struct error err;
    char fates[160];
};

static struct answer apply(struct tmpstore *tmp, const char *schema, bool allow_loss)
{
    AUTO_ARENA struct arena arena = {0};
    AUTO_BUFFER struct buffer fates = {0};
    struct answer answer = {.good = false};
    struct apply_options const options = {.allow_loss = allow_loss,
                                          .resources = tmp->resources,
                                          .tell = write_fate,
                                          .tell_loss = write_loss,
                                          .context = &fates};
    uint64_t commit_id;
    answer.good = apply_schema(tmp->store, tmpstore_quoted(&arena, schema), &options, &commit_id,
                               &answer.err);
    (void)snprintf(answer.fates, sizeof answer.fates, "%.*s", (int)fates.length,
                   (const char *)fates.at);
    return answer;
}

static void must_apply(struct tmpstore *tmp, const char *schema, bool allow_loss, const char *fates)
{
    struct answer const answer = apply(tmp, schema, allow_loss);
    if (!answer.good) fail_msg("%s: %s", answer.err.place, answer.err.fact);
    assert_string_equal(answer.fates, fates);
    tmpstore_verify(tmp);
}

static void each_view_is_kept_added_changed_or_dropped(void **state)
{
    (void)state;
    struct tmpstore tmp;
    open_store(&tmp, "{'streams':{" STREAM "},'views':{" ALL "," DAYS "," GROUPS "}}");
    must_apply(&tmp,
               "{'streams':{" STREAM "},'views':{'more':{'by':['u'],'measures':{'c':'count()'}},"
               "'groups':{'by':['g'],'measures':{'n':'sum(n)'}}," ALL "}}",
               false, "more added\ngroups changed\nall kept\ndays dropped\n");
    tmpstore_check(&tmp, "groups.csv", "g,n\na,40\nb,20\n");
    tmpstore_check(&tmp, "all.csv", "c,n\n3,60\n");
    tmpstore_check(&tmp, "days.csv", NULL);
    tmpstore_close(&tmp);
}

/* A day is one of the zone: 20:00 of one day in London is 05:00 of the next in Tokyo. */
static void another_time_zone_moves_events_to_other_days(void **state)
{
    (void)state;
    struct tmpstore tmp;
    open_store(&tmp, "{'streams':{" STREAM "},'views':{" DAYS "}}");
    tmpstore_check(&tmp, "days.csv", "day,c\n2026-01-01,1\n2026-03-01,1\n2026-03-02,1\n");
    must_apply(&tmp, "{'timezone':'Asia/Tokyo','streams':{" STREAM "},'views':{" DAYS "}}", false,
               "days changed\n");
    tmpstore_check(&tmp, "days.csv", "day,c\n2026-01-02,1\n2026-03-02,2\n");
    tmpstore_close(&tmp);
}

/* With room for all rows at once, and with none: then each is merged before the next is read. */
static void a_view_over_one_that_stays_is_made_of_its_rows(void **state)
{
    (void)state;
    static size_t const memories[] = {64 << 20, 0};
    for (size_t i = 0; i < COUNT_OF(memories); i++) {
        struct tmpstore tmp;
        open_store(&tmp, "{'streams':{" STREAM "},'views':{" GROUPS "}}");
        (void)tmpstore_put(&tmp, "s", (const char *const[]){"4|||c|1", "5|||c|2", "6|||d|"}, 3);
        tmp.resources.memory_bytes = memories[i];
        must_apply(&tmp,
                   "{'streams':{" STREAM "},'views':{" GROUPS ",'sizes':{'from':'groups',"
                   "'by':['c'],'measures':{'k':'count()','last':'max(g)','u':'sum(u)'}}}}",
                   false, "groups kept\nsizes added\n");
        tmpstore_check(&tmp, "sizes.csv", "c,k,last,u\n1,2,d,1\n2,2,c,4\n");
        tmpstore_close(&tmp);
    }
}

static uint64_t stored_events(struct tmpstore *tmp)
{
    struct snapshot *snapshot;
    struct error err;
    assert_true(snapshot_open(tmp->store, &snapshot, &err));
    uint64_t const count = snapshot->event_count;
    snapshot_close(snapshot);
    return count;
}

/* Events that are there by then have their time noted like those that come later. */
static void a_stream_may_begin_to_forget(void **state)
{
    (void)state;
    struct tmpstore tmp;
    open_store(&tmp, "{'streams':{" STREAM "},'views':{" ALL "}}");
    static const char keeps[] =
        "{'streams':{'s':{'key':'id','time':'t','keep':'30 days'," FIELDS "}},'views':{" ALL "}}";
    struct answer const refused = apply(&tmp, keeps, false);
    assert_false(refused.good);
    assert_string_equal(refused.err.place, "streams.s.keep");
    assert_int_equal(stored_events(&tmp), 3);
    must_apply(&tmp, keeps, true, "all kept\ns loses 1\n");
    assert_int_equal(stored_events(&tmp), 2);
    tmpstore_check(&tmp, "all.csv", "c,n\n3,60\n"); /* what was counted stays */
    (void)tmpstore_put(&tmp, "s", (const char *const[]){"4|2026-04-15|||1"}, 1);
    assert_int_equal(stored_events(&tmp), 1);
    tmpstore_close(&tmp);
}

static void a_stream_may_forget_by_another_time(void **state)
{
    (void)state;
    struct tmpstore tmp;
    open_store(&tmp, "{'streams':{'s':{'key':'id','time':'t','keep':'90 days'," FIELDS "}},"
                     "'views':{" ALL "}}");
    assert_int_equal(stored_events(&tmp), 3);
    static const char by_u[] =
        "{'streams':{'s':{'key':'id','time':'u','keep':'30 days'," FIELDS "}},'views':{" ALL "}}";
    must_apply(&tmp, by_u, true, "all changed\ns loses 1\n");
    assert_int_equal(stored_events(&tmp), 2); /* without the event that has the least u */
    tmpstore_check(&tmp, "all.csv", "c,n\n3,60\n");
    /* The view has counted an event that is gone, so it is not made again unasked. */
    static const char changed[] = "{'streams':{'s':{'key':'id','time':'u','keep':'30 days'," FIELDS
                                  "}},'views':{'all':{'measures':{'n':'sum(n)'}}}}";
    struct answer const refused = apply(&tmp, changed, false);
    assert_false(refused.good);
    assert_int_equal(refused.err.kind, ERROR_SCHEMA);
    assert_string_equal(refused.err.place, "views.all");
    must_apply(&tmp, changed, true, "all changed\n");
    tmpstore_check(&tmp, "all.csv", "n\n40\n");
    tmpstore_close(&tmp);
}

/* Events of before and behind read alike; a field that comes back has nothing of
 * the one that went. */
static void a_field_may_go_and_come_back(void **state)
{
    (void)state;
    static const char without[] =
        "{'streams':{'s':{'key':'id','fields':{'g':'string','id':'int'}}},"
        "'views':{'groups':{'by':['g'],'measures':{'c':'count()'}}}}";
    struct tmpstore tmp;
    open_store(&tmp, "{'streams':{" STREAM "},'views':{" GROUPS "}}");
    must_apply(&tmp, without, true, "groups changed\n");
    (void)tmpstore_put(&tmp, "s", (const char *const[]){"c|4", "a|5"}, 2);
    tmpstore_check(&tmp, "groups.csv", "g,c\na,3\nb,1\nc,1\n");
    tmpstore_verify(&tmp);
    must_apply(&tmp, "{'streams':{" STREAM "},'views':{" ALL "," GROUPS "}}", true,
               "all added\ngroups changed\n");
    (void)tmpstore_put(&tmp, "s", (const char *const[]){"6|2026-07-01||d|60"}, 1);
    tmpstore_check(&tmp, "all.csv", "c,n\n6,60\n");
    tmpstore_check(&tmp, "groups.csv", "g,c,u\na,3,0\nb,1,0\nc,1,0\nd,1,1\n");
    tmpstore_verify(&tmp);
    tmpstore_close(&tmp);
}

static void what_events_cannot_follow_is_refused(void **state)
{
    (void)state;
    static const struct {
        const char *schema, *place, *fact;
    } cases[] = {
        {"{'streams':{'s':{'key':'g','time':'t'," FIELDS "}},'views':{}}", "streams.s.key",
         "cannot change"},
        {"{'streams':{'s':{'key':['id','g'],'time':'t'," FIELDS "}},'views':{}}", "streams.s.key",
         "cannot change"},
        {"{'streams':{'s':{'key':'id','fields':{'id':'int','t':'time','u':'time','g':'string',"
         "'n':'bool'}}},'views':{}}",
         "streams.s.fields.n", "the type of a field can only become a wider one"},
        {"{'streams':{'s':{'key':'id','fields':{'id':'int','t':'time','u':'time','g':'string'}}},"
         "'views':{}}",
         "streams.s.fields.n", "the field is gone"},
        {"{'streams':{'r':{'fields':{'id':'int'}}},'views':{}}", "streams.s", "its 3 events"},
        {"{'timezone':'Asia/Tokio','streams':{" STREAM "},'views':{}}", "timezone", "no time zone"},
        {"{'streams':{" STREAM "},'views':{}", "", "not JSON"},
    };
    struct tmpstore tmp;
    open_store(&tmp, "{'streams':{" STREAM "},'views':{" ALL "}}");
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct answer const answer = apply(&tmp, cases[i].schema, false);
        if (answer.good) fail_msg("accepted: %s", cases[i].schema);
        assert_int_equal(answer.err.kind, ERROR_SCHEMA);
        assert_string_equal(answer.err.place, cases[i].place);
        if (!strstr(answer.err.fact, cases[i].fact)) fail_msg("%s", answer.err.fact);
        assert_string_equal(answer.fates, ""); /* nothing was begun */
        tmpstore_check(&tmp, "all.csv", "c,n\n3,60\n");
    }
    tmpstore_close(&tmp);
}

int main(void)
{
    struct CMUnitTest const tests[] = {
        cmocka_unit_test(each_view_is_kept_added_changed_or_dropped),
        cmocka_unit_test(another_time_zone_moves_events_to_other_days),
        cmocka_unit_test(a_view_over_one_that_stays_is_made_of_its_rows),
        cmocka_unit_test(a_stream_may_begin_to_forget),
        cmocka_unit_test(a_stream_may_forget_by_another_time),
        cmocka_unit_test(a_field_may_go_and_come_back),
        cmocka_unit_test(what_events_cannot_follow_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
