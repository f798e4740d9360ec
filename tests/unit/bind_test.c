// SPDX-License-Identifier: Apache-2.0
#include "input/bind.h"

#include "../support/test.h"
#include "base/arena.h"

static const char schema_text[] =
    "{\"timezone\":\"UTC\",\"streams\":{\"s\":{\"key\":[\"s\"],\"fields\":{\"s\":\"string\","
    "\"b\":\"bool\",\"i\":\"int\",\"d\":\"decimal\",\"t\":\"time\","
    "\"f\":{\"type\":\"time\",\"format\":\"%m/%d/%Y %H:%M\"}}}},"
    "\"views\":{\"v\":{\"measures\":{\"n\":\"sum(d * d)\"}}}}";

enum { FIELD_S, FIELD_B, FIELD_I, FIELD_D, FIELD_T, FIELD_F, FIELDS };

static struct schema *schema;
static struct binder binder;

static int set_up(void **state)
{
    struct error err;
    (void)state;
    if (!schema_read(slice_text(schema_text), NULL, &schema, &err)) {
        print_error("%s: %s\n", err.place, err.fact);
        return -1;
    }
    binder_init(&binder, schema->streams, schema->zone);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    binder_done(&binder);
    schema_free(schema);
    return 0;
}

/* Binds an event whose fields are null but for its key and FIELD. */
static bool bind(size_t field, struct cell cell, struct refusal *refusal)
{
    struct cell cells[FIELDS] = {[FIELD_S] = {.kind = CELL_TEXT, .text = slice_text("key")}};
    cells[field] = cell;
    return bind_cells(&binder, cells, refusal);
}

static struct cell cell_of(enum cell_kind kind, const char *text)
{
    return (struct cell){.kind = kind, .text = slice_text(text)};
}

struct good_case {
    size_t field;
    enum cell_kind kind;
    const char *text;
    const char *value; /* as value_text gives it; NULL: null */
};

static void values_are_read_by_type(void **state)
{
    (void)state;
    static const struct good_case cases[] = {
        {FIELD_S, CELL_TEXT, "text", "text"},
        {FIELD_S, CELL_TEXT, " blanks stay ", " blanks stay "},
        {FIELD_S, CELL_TEXT, "", ""},
        {FIELD_S, CELL_NUMBER, "1.50e3", "1.50e3"},
        {FIELD_S, CELL_TRUE, "", "true"},
        {FIELD_S, CELL_FALSE, "", "false"},
        {FIELD_B, CELL_TRUE, "", "true"},
        {FIELD_B, CELL_FALSE, "", "false"},
        {FIELD_B, CELL_TEXT, "Yes", "true"},
        {FIELD_B, CELL_TEXT, " N ", "false"},
        {FIELD_B, CELL_TEXT, "T", "true"},
        {FIELD_B, CELL_TEXT, "FALSE", "false"},
        {FIELD_B, CELL_NUMBER, "1", "true"},
        {FIELD_B, CELL_TEXT, "0", "false"},
        {FIELD_B, CELL_TEXT, " ", NULL},
        {FIELD_I, CELL_NUMBER, "5", "5"},
        {FIELD_I, CELL_NUMBER, "-0", "0"},
        {FIELD_I, CELL_NUMBER, "1e3", "1000"},
        {FIELD_I, CELL_TEXT, "17850.0", "17850"},
        {FIELD_I, CELL_TEXT, "\t+7 ", "7"},
        {FIELD_I, CELL_TEXT, "", NULL},
        {FIELD_I, CELL_NULL, "", NULL},
        {FIELD_I, CELL_ABSENT, "", NULL},
        {FIELD_I, CELL_NUMBER, "9223372036854775807", "9223372036854775807"},
        {FIELD_I, CELL_NUMBER, "-9223372036854775808", "-9223372036854775808"},
        {FIELD_I, CELL_NUMBER, "-999999999999999999", "-999999999999999999"},
        {FIELD_D, CELL_NUMBER, "19.99", "19.99"},
        {FIELD_D, CELL_NUMBER, "100", "100"},
        {FIELD_D, CELL_TEXT, " 0.10 ", "0.1"},
        {FIELD_D, CELL_NUMBER, "12345678901234567.89", "12345678901234567.89"},
        {FIELD_D, CELL_TEXT, "", NULL},
        {FIELD_T, CELL_TEXT, "2026-01-01T00:00:00Z", "2026-01-01T000000"},
        {FIELD_T, CELL_TEXT, " 2026-01-01 ", "2026-01-01T000000"},
        {FIELD_T, CELL_NUMBER, "1767225600", "2026-01-01T000000"},
        {FIELD_T, CELL_TEXT, "1767225600000", "2026-01-01T000000"},
        {FIELD_T, CELL_TEXT, "", NULL},
        {FIELD_F, CELL_TEXT, "1/2/2026 3:04", "2026-01-02T030400"},
    };
    static const enum value_kind kinds[] = {VALUE_STRING, VALUE_BOOL, VALUE_NUMBER,
                                            VALUE_NUMBER, VALUE_TIME, VALUE_TIME};
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        const struct good_case *const each = &cases[i];
        struct refusal refusal = {.text = {0}};
        AUTO_BUFFER struct buffer text = {0};
        if (!bind(each->field, cell_of(each->kind, each->text), &refusal))
            fail_msg("'%s': %.*s", each->text, (int)refusal.text.length,
                     (const char *)refusal.text.at);
        const struct value *const value = &binder.values[each->field];
        assert_int_equal(value->kind == VALUE_NULL, each->value == NULL);
        if (!each->value) continue;
        assert_int_equal(value->kind, kinds[each->field]);
        value_text(value, (struct value_type){.kind = value->kind}, schema->zone, &text);
        if (!slice_is(buffer_slice(&text), each->value))
            fail_msg("'%s' is %.*s, expected %s", each->text, (int)text.length,
                     (const char *)text.at, each->value);
    }
}

static void what_does_not_fit_is_refused_with_field_value_and_wish(void **state)
{
    (void)state;
    static const struct {
        size_t field;
        enum cell_kind kind;
        const char *text;
        const char *reason;
        const char *kind_text;
    } cases[] = {
        {FIELD_D, CELL_TEXT, "abc", "d: 'abc' is not a number", "d: not a number"},
        {FIELD_D, CELL_TEXT, "1,5", "d: '1,5' is not a number", "d: not a number"},
        {FIELD_D, CELL_TRUE, "", "d: 'true' is not a number", "d: not a number"},
        {FIELD_D, CELL_NESTED, "[1]", "d: '[1]' is not a number", "d: not a number"},
        {FIELD_D, CELL_NUMBER, "1234567890123456789012345678901234567890.5",
         "d: '1234567890123456789012345678901234567890.5' is not a number of at most 38 digits",
         "d: not a number of at most 38 digits"},
        {FIELD_D, CELL_NUMBER, "12345678901234567890", "an expression of a view outgrows 38 digits",
         "an expression of a view outgrows 38 digits"},
        {FIELD_I, CELL_NUMBER, "1.5", "i: '1.5' is not a whole number", "i: not a whole number"},
        {FIELD_I, CELL_NUMBER, "9223372036854775808",
         "i: '9223372036854775808' is not a 64-bit integer", "i: not a 64-bit integer"},
        {FIELD_I, CELL_NUMBER, "1e99", "i: '1e99' is not a 64-bit integer",
         "i: not a 64-bit integer"},
        {FIELD_I, CELL_TEXT, "0x10", "i: '0x10' is not a number", "i: not a number"},
        {FIELD_I, CELL_TEXT, "-", "i: '-' is not a number", "i: not a number"},
        {FIELD_B, CELL_TEXT, "maybe", "b: 'maybe' is not true or false", "b: not true or false"},
        {FIELD_B, CELL_NUMBER, "2", "b: '2' is not true or false", "b: not true or false"},
        {FIELD_T, CELL_TEXT, "yester\tday\x1b[1m", "t: 'yester\\tday\\x1b[1m' is not a time",
         "t: not a time"},
        {FIELD_T, CELL_FALSE, "", "t: 'false' is not a time", "t: not a time"},
        {FIELD_F, CELL_TEXT, "2026-01-01", "f: '2026-01-01' is not a time of the declared format",
         "f: not a time of the declared format"},
        {FIELD_S, CELL_NESTED, "{}", "s: '{}' is not a string", "s: not a string"},
        {FIELD_S, CELL_NULL, "", "s: key is missing", "s: key is missing"},
        {FIELD_S, CELL_ABSENT, "", "s: key is missing", "s: key is missing"},
        {FIELD_I, CELL_TEXT,
         "a long value a long value a long value a long value a long value a long value",
         "i: 'a long value a long value a long value a long value a long v...' is not a number",
         "i: not a number"},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct refusal refusal = {.text = {0}};
        assert_false(bind(cases[i].field, cell_of(cases[i].kind, cases[i].text), &refusal));
        if (!slice_is(buffer_slice(&refusal.text), cases[i].reason) ||
            !slice_is(buffer_slice(&refusal.kind), cases[i].kind_text))
            fail_msg("%.*s, %.*s; expected %s", (int)refusal.text.length,
                     (const char *)refusal.text.at, (int)refusal.kind.length,
                     (const char *)refusal.kind.at, cases[i].reason);
        refusal_done(&refusal);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_are_read_by_type),
        cmocka_unit_test(what_does_not_fit_is_refused_with_field_value_and_wish),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
