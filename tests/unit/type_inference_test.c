// SPDX-License-Identifier: Apache-2.0
#include "infer/type_inference.h"

#include "../support/test.h"
#include "types/time_zone.h"

enum { VALUES_MAX = 4 };

static struct time_zone *zone;

static int set_up(void **state)
{
    struct error err;
    (void)state;
    return time_zone_new(slice_of(NULL, 0), &zone, &err) ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    time_zone_free(zone);
    return 0;
}

static void visit(struct inference *inference, enum cell_kind kind, const char *text, size_t times)
{
    struct cell const cell = {.kind = kind, .text = slice_text(text)};
    for (size_t i = 0; i < times; i++)
        inference_add(inference, &cell);
}

/* Texts of a CSV. */
struct text_case {
    const char *name;
    const char *values[VALUES_MAX]; /* NULL: null */
    const char *type;
    const char *format, *note; /* the note: a part of it */
};

static const char *type_name(enum field_type type)
{
    static const char *const names[] = {
        [FIELD_STRING] = "string",   [FIELD_BOOL] = "bool", [FIELD_INT] = "int",
        [FIELD_DECIMAL] = "decimal", [FIELD_TIME] = "time", [FIELD_FLOAT] = "float",
    };
    return names[type];
}

static void check(const struct inference *inference, const struct text_case *expected)
{
    AUTO_BUFFER struct buffer note = {0};
    struct inferred const inferred = inference_type(inference, slice_text(expected->name), &note);
    const char *const format = expected->format ? expected->format : "";
    buffer_add_byte(&note, '\0');
    if (strcmp(type_name(inferred.type), expected->type) != 0 ||
        strcmp(inferred.format, format) != 0 ||
        !(expected->note ? strstr((char *)note.at, expected->note) != NULL : !note.at[0]))
        fail_msg("%s, %s: %s '%s' (%s)", expected->name, expected->values[0],
                 type_name(inferred.type), inferred.format, (const char *)note.at);
}

static void types_are_guessed_from_values_and_names(void **state)
{
    (void)state;
    static const struct text_case cases[] = {
        {"a", {"yes", "no", NULL, "Yes"}, "bool", NULL, NULL},
        {"a", {"true", "true", "true", "true"}, "bool", NULL, NULL},
        {"sex", {"f", "f", "f", "f"}, "string", NULL, NULL}, /* nobody is m */
        {"call", {"0", "1", "1", "0"}, "int", NULL, "could be \"bool\""},
        {"is_new", {"0", "1", "1", "0"}, "bool", NULL, NULL},
        {"a", {"5", " -7 ", NULL, "0"}, "int", NULL, NULL},
        {"a", {"17850.0", "13047.0", NULL, "0"}, "int", NULL, NULL},
        {"a", {"9223372036854775808", "1", "2", "3"}, "string", NULL, "more digits than an int"},
        {"a", {"5", "19.99", "1", "3"}, "decimal", NULL, NULL},
        {"price", {"0.1234567", "19.99", "1", "3"}, "decimal", NULL, NULL},
        {"a", {"0.1234567", "19.99", "1", "3"}, "float", NULL, "or \"decimal\""},
        {"lat", {"52.5", "13.4", "1", "3"}, "float", NULL, "or \"decimal\""},
        {"a", {"1e3", "2", "1", "3"}, "float", NULL, "or \"decimal\""},
        {"a", {"1e999", "1e999", "1e999", "1e999"}, "string", NULL, "range of a float"},
        {"a", {"1", "2", "3", "00123"}, "string", NULL, "zeros or a plus"},
        {"a", {"+4917012345678", "1", "3", "4"}, "string", NULL, "zeros or a plus"},
        {"zip_code", {"10115", "20095", "3", "4"}, "string", NULL, "by its name"},
        {"a", {"1", "2", "NA", "3"}, "string", NULL, "75 % are numbers, the others 'NA'"},
        {"a", {"1", "2", "x", "3"}, "string", NULL, "the others 'x'"},
        {"a", {NULL, NULL, NULL, NULL}, "string", NULL, "no value"},
        {"a", {" ", NULL, NULL, NULL}, "string", NULL, "only blank"},
        {"created", {"1517966773", "1517966037", NULL, "1517965273"}, "time", NULL, "epoch s"},
        {"ts", {"1517966773840", "1517966037750", NULL, NULL}, "time", NULL, "epoch ms"},
        {"time", {"1661140921590857802", NULL, NULL, NULL}, "time", NULL, "epoch ns"},
        {"etor",
         {"1517966773", "1517966037", NULL, NULL},
         "int",
         NULL,
         "could be \"time\", epoch s"},
        {"time", {"12", "13", "14", "15"}, "int", NULL, NULL},
        {"date", {"20260131", "20251231", NULL, NULL}, "time", "%Y%m%d", NULL},
        {"a", {"20260131", "20251231", NULL, NULL}, "int", NULL, NULL},
        {"a",
         {"2026-01-31", "2026-01-31 13:05", "2026-01-31T13:05:09.5Z", NULL},
         "time",
         NULL,
         NULL},
        {"a", {"2026-01-31", "tomorrow", "1", NULL}, "string", NULL, NULL},
        {"a", {"9/24/2016", "1/2/2016", NULL, NULL}, "time", "%m/%d/%Y", "month first"},
        {"a", {"24/9/2016", "1/2/2016", NULL, NULL}, "time", "%d/%m/%Y", "day first"},
        {"a",
         {"2/3/2016", "1/2/2016", NULL, NULL},
         "time",
         "%m/%d/%Y",
         "month first, a guess: all fit \"%d/%m/%Y\" as well"},
        {"a", {"1/26/20 16:00", "1/27/20 6:00", NULL, NULL}, "time", "%m/%d/%y %H:%M", "month"},
        {"a", {"24.12.2016", "01.02.2017", NULL, NULL}, "time", "%d.%m.%Y", NULL},
        {"a", {"2001/01/01 00:47", NULL, NULL, NULL}, "time", "%Y/%m/%d %H:%M", NULL},
        {"a", {"12/31/2016 11:59 PM", NULL, NULL, NULL}, "time", "%m/%d/%Y %I:%M %p", "month"},
        {"a",
         {"17/May/2015:10:05:03 +0000", NULL, NULL, NULL},
         "time",
         "%d/%b/%Y:%H:%M:%S %z",
         NULL},
        {"a",
         {"Fri, 21 Nov 1997 09:55:06 GMT", NULL, NULL, NULL},
         "time",
         "%a, %d %b %Y %H:%M:%S %Z",
         NULL},
        {"a", {"2026-01", "2026-12", NULL, NULL}, "time", "%Y-%m", NULL},
        {"a", {"13:05", "14:00", NULL, NULL}, "string", NULL, NULL},
        {"a", {"31/31/2016", NULL, NULL, NULL}, "string", NULL, NULL},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct inference inference = {.zone = zone};
        for (size_t j = 0; j < VALUES_MAX; j++) {
            const char *const value = cases[i].values[j];
            visit(&inference, value ? CELL_TEXT : CELL_NULL, value ? value : "", 1);
        }
        check(&inference, &cases[i]);
        inference_done(&inference);
    }
}

/* Fewer than one in a hundred; but what identifies may have letters now and then. */
static void little_dirt_does_not_change_a_type(void **state)
{
    (void)state;
    struct {
        const char *name, *value;
        size_t values;
        enum field_type type;
        size_t misfits;
    } const cases[] = {
        {"a", "5", 100, FIELD_INT, 1},
        {"a", "5", 99, FIELD_STRING, 0},
        {"invoice_no", "536365", 1000, FIELD_STRING, 0},
        {"a", "2026-01-31", 100, FIELD_TIME, 1},
        {"a", "31.01.2026", 100, FIELD_TIME, 1},
        {"a", "yes", 100, FIELD_STRING, 0}, /* all of them */
        {"a", "true", 100, FIELD_BOOL, 1},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct inference inference = {.zone = zone};
        AUTO_BUFFER struct buffer note = {0};
        visit(&inference, CELL_TEXT, cases[i].value, cases[i].values);
        visit(&inference, CELL_TEXT, "C12", 1);
        struct inferred const inferred =
            inference_type(&inference, slice_text(cases[i].name), &note);
        if (inferred.type != cases[i].type || inferred.misfits != cases[i].misfits)
            fail_msg("%s %s: %s, %zu", cases[i].name, cases[i].value, type_name(inferred.type),
                     inferred.misfits);
        inference_done(&inference);
    }
}

static void values_of_json_have_kinds(void **state)
{
    (void)state;
    AUTO_BUFFER struct buffer note = {0};
    struct inference truths = {.zone = zone}, lists = {.zone = zone}, some = {.zone = zone};
    visit(&truths, CELL_TRUE, "", 1);
    visit(&truths, CELL_ABSENT, "", 5);
    assert_int_equal(inference_type(&truths, slice_text("a"), &note).type, FIELD_BOOL);
    visit(&lists, CELL_NESTED, "[]", 2);
    visit(&lists, CELL_TEXT, "a", 98);
    assert_true(inference_type(&lists, slice_text("a"), &note).is_unusable);
    visit(&some, CELL_NESTED, "[]", 1);
    visit(&some, CELL_NUMBER, "5", 150);
    struct inferred const inferred = inference_type(&some, slice_text("a"), &note);
    assert_int_equal(inferred.type, FIELD_INT);
    assert_int_equal(inferred.misfits, 1);
    inference_done(&truths);
    inference_done(&lists);
    inference_done(&some);
}

int main(void)
{
    struct CMUnitTest const tests[] = {
        cmocka_unit_test(types_are_guessed_from_values_and_names),
        cmocka_unit_test(little_dirt_does_not_change_a_type),
        cmocka_unit_test(values_of_json_have_kinds),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
