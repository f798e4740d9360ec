// SPDX-License-Identifier: Apache-2.0
#include "schema/schema_entities.h"

#include "../support/test.h"
#include "../support/tmpstore.h"

static const char visits[] =
    "{\"streams\":{\"visits\":{\"key\":\"id\",\"on_duplicate\":\"replace\",\"fields\":{"
    "\"id\":\"string\",\"user\":\"string\",\"arm\":\"string\",\"value\":\"decimal\",\"x\":\"int\","
    "\"kind\":\"string\",\"per\":\"int\"}}},"
    "\"views\":{\"v\":{\"by\":[\"arm\"],\"measures\":{%s}}}}";

static void open(struct tmpstore *tmp, const char *measures)
{
    AUTO_BUFFER struct buffer schema = {0};
    const char *const at = strstr(visits, "%s");
    buffer_add(&schema, visits, (size_t)(at - visits));
    buffer_add_text(&schema, measures);
    buffer_add_text(&schema, at + 2);
    buffer_add_byte(&schema, 0);
    tmpstore_open(tmp, (const char *)schema.at);
}

static const char *const lines[] = {
    "1|u|A|1|3|a|1", "2|u|A|2|3|b|1",  "3|v|A|10|5|a|1",
    "4|u|B|4|3|a|1", "5||A|100|9|a|1", "6|w|B||7|b|1",
};

static void check_rows(const char *measures, const char *total, const char *rows)
{
    struct tmpstore tmp;
    open(&tmp, measures);
    (void)tmpstore_put(&tmp, "visits", lines, COUNT_OF(lines));
    tmpstore_check(&tmp, "v/.total.json", total);
    tmpstore_check(&tmp, "v.json", rows);
    tmpstore_verify(&tmp);
    tmpstore_close(&tmp);
}

static void an_entity_is_one_at_every_depth(void **state)
{
    (void)state;
    /* u is in both arms: as a whole with 7, in A with 3, in B with 4; w has no value */
    check_rows(
        "\"users\":\"count(per user)\",\"mean\":\"mean(sum(value) per user)\"",
        "{\"users\":3,\"mean\":8.5}\n",
        "[{\"arm\":\"A\",\"users\":2,\"mean\":6.5},\n{\"arm\":\"B\",\"users\":2,\"mean\":4}]\n");
}

static void conditions_are_over_what_the_entity_comes_to(void **state)
{
    (void)state;
    check_rows("\"n\":\"count(per user where sum(value) > 3 and count() < 3)\","
               "\"zero\":\"sum(coalesce(sum(value), 0) per user)\"",
               "{\"n\":1,\"zero\":17}\n",
               "[{\"arm\":\"A\",\"n\":1,\"zero\":13},\n{\"arm\":\"B\",\"n\":1,\"zero\":4}]\n");
}

static void a_filter_behind_leaves_out_entities_without_events(void **state)
{
    (void)state;
    check_rows(
        "\"n\":\"count(per user) where kind = 'b'\","
        "\"m\":\"max(sum(value) filter (where kind = 'a') per user)\","
        "\"f\":\"count(per user) filter (where kind = 'a')\"",
        "{\"n\":2,\"m\":10,\"f\":2}\n",
        "[{\"arm\":\"A\",\"n\":1,\"m\":10,\"f\":2},\n{\"arm\":\"B\",\"n\":1,\"m\":4,\"f\":1}]\n");
}

static void per_may_stand_behind_any_operand_and_be_a_field_too(void **state)
{
    (void)state;
    check_rows("\"a\":\"covar(sum(value) per user, x)\",\"b\":\"covar(sum(value), x per user)\","
               "\"p\":\"sum(per)\",\"q\":\"sum(per * 2)\",\"r\":\"max(sum(per) per user)\"",
               "{\"a\":3,\"b\":3,\"p\":6,\"q\":12,\"r\":3}\n",
               "[{\"arm\":\"A\",\"a\":7,\"b\":7,\"p\":4,\"q\":8,\"r\":2},\n"
               "{\"arm\":\"B\",\"a\":null,\"b\":null,\"p\":2,\"q\":4,\"r\":1}]\n");
}

static void entities_follow_corrections(void **state)
{
    (void)state;
    struct tmpstore tmp;
    static const char *const changes[] = {"3|u|B|10|5|a|1", "1|u|A|5|3|a|1"};
    open(&tmp, "\"users\":\"count(per user)\",\"median\":\"median(sum(value) per user)\","
               "\"var\":\"var(sum(value) per user)\"");
    (void)tmpstore_put(&tmp, "visits", lines, COUNT_OF(lines));
    (void)tmpstore_put(&tmp, "visits", changes, COUNT_OF(changes));
    tmpstore_check(&tmp, "v.json",
                   "[{\"arm\":\"A\",\"users\":1,\"median\":7,\"var\":null},\n"
                   "{\"arm\":\"B\",\"users\":2,\"median\":14,\"var\":null}]\n");
    tmpstore_verify(&tmp);
    tmpstore_close(&tmp);
}

/* The measure is refused with these words. */
static void refuse(const char *measure, const char *fact)
{
    AUTO_BUFFER struct buffer schema = {0};
    struct schema *read;
    struct error err;
    const char *const at = strstr(visits, "%s");
    buffer_add(&schema, visits, (size_t)(at - visits));
    buffer_format(&schema, "\"m\":\"%s\"", measure);
    buffer_add_text(&schema, at + 2);
    assert_false(schema_read(buffer_slice(&schema), NULL, &read, &err));
    assert_string_equal(err.place, "views.v.measures.m");
    if (!strstr(err.fact, fact)) print_error("%s: %s\n", measure, err.fact);
    assert_non_null(strstr(err.fact, fact));
}

static void what_entities_cannot_tell_is_refused(void **state)
{
    (void)state;
    refuse("approx_uniq(sum(value) per user)", "cannot follow events");
    refuse("mean(top(value, 3) per user)", "cannot be told of one entity");
    refuse("mean(sum(value) per usr)", "no field 'usr'");
    refuse("mean(sum(kind) per user)", "needs a number");
    refuse("mean(sum(value) per user where sum(value))", "where needs a truth value");
    refuse("covar(sum(value) per user, x per user)", "'per' stands here twice");
    refuse("mean(nothing(value) per user)", "no measure 'nothing()'");
    refuse("mean(sqrt(sum(value)) per user)", "sqrt() is of measures, not of one entity");
    refuse("mean(sum(value) per)", "column");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_entity_is_one_at_every_depth),
        cmocka_unit_test(conditions_are_over_what_the_entity_comes_to),
        cmocka_unit_test(a_filter_behind_leaves_out_entities_without_events),
        cmocka_unit_test(per_may_stand_behind_any_operand_and_be_a_field_too),
        cmocka_unit_test(entities_follow_corrections),
        cmocka_unit_test(what_entities_cannot_tell_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
