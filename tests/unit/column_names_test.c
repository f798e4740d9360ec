// SPDX-License-Identifier: Apache-2.0
#include "infer/column_names.h"

#include "../support/test.h"

static void words_are_found_in_any_spelling(void **state)
{
    (void)state;
    static const char *const with[] = {"id", "user_id", "userID", "User Id", "UserId",
                                       "ID", "id2",     "HTTPId", "a/id",    "\xc3\xbc id"};
    static const char *const without[] = {"",         "idea", "paid",      "grid",
                                          "identity", "ids",  "\xc3\xbcid"};
    for (size_t i = 0; i < COUNT_OF(with); i++) {
        if (!column_name_has(slice_text(with[i]), "uuid id key")) fail_msg("not in %s", with[i]);
    }
    for (size_t i = 0; i < COUNT_OF(without); i++) {
        if (column_name_has(slice_text(without[i]), "uuid id key")) fail_msg("in %s", without[i]);
    }
}

static void a_field_can_be_named_without_quotes(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"price", "price"},
        {"_id", "_id"},
        {"Last Update", "Last_Update"},
        {"Province/State", "Province_State"},
        {" a -- b ", "a_b"},
        {"a_ b", "a_b"},
        {"Stra\xc3\x9f"
         "e",
         "Stra\xc3\x9f"
         "e"},
        {"a\xc2\xa0"
         "b",
         "a_b"},
        {"\xff", "column"},
        {"", "column"},
        {"2020", "_2020"},
        {"/1", "_1"},
        {"Null", "Null_"},
        {"where", "where_"},
    };
    AUTO_ARENA struct arena arena = {0};
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct slice const name = column_name_field(slice_text(cases[i][0]), &arena);
        if (!slice_is(name, cases[i][1]))
            fail_msg("%s: %.*s", cases[i][0], (int)name.length, (const char *)name.at);
    }
}

static void a_name_is_given_once(void **state)
{
    (void)state;
    AUTO_ARENA struct arena arena = {0};
    struct slice taken[4];
    size_t count = 0;
    assert_true(slice_is(column_name_unique(slice_text("a"), taken, &count, &arena), "a"));
    assert_true(slice_is(column_name_unique(slice_text("a_2"), taken, &count, &arena), "a_2"));
    assert_true(slice_is(column_name_unique(slice_text("a"), taken, &count, &arena), "a_3"));
    assert_true(slice_is(column_name_unique(slice_text("b"), taken, &count, &arena), "b"));
    assert_int_equal(count, 4);
}

int main(void)
{
    struct CMUnitTest const tests[] = {
        cmocka_unit_test(words_are_found_in_any_spelling),
        cmocka_unit_test(a_field_can_be_named_without_quotes),
        cmocka_unit_test(a_name_is_given_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
