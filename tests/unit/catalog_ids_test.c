// SPDX-License-Identifier: Apache-2.0
#include "schema/catalog_ids.h"

#include "../support/test.h"
#include "../support/tmpstore.h"
#include "types/pack.h"

/* All schemas of this file are quoted as tmpstore_quoted tells. */
static const char first[] =
    "{'streams':{'a':{'fields':{'x':'int','y':'string'}},'b':{'fields':{'z':'bool'}}},"
    "'views':{'v':{'from':'a','measures':{'n':'count()'}},"
    "'w':{'from':'b','measures':{'n':'count()'}}}}";

static struct schema *read_schema(const char *text)
{
    AUTO_ARENA struct arena arena = {0};
    struct schema *schema;
    struct error err;
    if (!schema_read(tmpstore_quoted(&arena, text), NULL, &schema, &err)) fail_msg("%s", err.fact);
    return schema;
}

/* Ids and slots stay what they were, whatever the order; what goes leaves its place empty for ever,
 * as events have in it what another field of that name must not show. */
static const struct stream *change(struct buffer *packed, struct schema *next, const bool *fresh)
{
    AUTO_BUFFER struct buffer old = {0};
    struct error err;
    buffer_add_slice(&old, buffer_slice(packed));
    buffer_clear(packed);
    assert_true(catalog_ids_change(buffer_slice(&old), next, fresh, packed, &err));
    assert_true(catalog_ids_apply(buffer_slice(packed), next, &err));
    return schema_stream(next, slice_text("a"));
}

static void names_keep_their_places(void **state)
{
    (void)state;
    static const char next[] =
        "{'streams':{'c':{'fields':{'z':'bool'}},'a':{'fields':{'new':'time','y':'string'}}},"
        "'views':{'w':{'from':'c','measures':{'n':'count()'}},"
        "'v':{'from':'a','measures':{'n':'count()'}}}}";
    AUTO_BUFFER struct buffer packed = {0};
    struct schema *const before = read_schema(first), *const after = read_schema(next);
    struct schema *const again = read_schema(first);
    bool const fresh[] = {true, false}; /* w is over another stream now */
    catalog_ids_first(before, &packed);
    const struct stream *a = change(&packed, after, fresh);
    assert_int_equal(after->streams[0].id, 2);
    assert_int_equal(a->id, 0);
    assert_int_equal(a->slot_count, 3);
    assert_int_equal(a->slots[0].field, -1); /* x is gone */
    assert_int_equal(a->slots[1].field, 1);
    assert_int_equal(a->slots[2].field, 0);
    assert_int_equal(after->views[0].id, 2);
    assert_int_equal(after->views[1].id, 0);
    a = change(&packed, again, NULL); /* x comes back */
    assert_int_equal(a->id, 0);
    assert_int_equal(a->slot_count, 4);
    assert_int_equal(a->slots[0].field, -1);
    assert_int_equal(a->slots[3].field, 0);
    schema_free(before);
    schema_free(after);
    schema_free(again);
}

static void expect_word(const struct slot *slot, const char *word, int number)
{
    assert_non_null(slot->dictionary);
    assert_int_equal(dictionary_find(slot->dictionary, slice_text(word)), number);
}

/* Also those of a field that is no longer declared; a field that is new lacks one. */
static void dictionaries_stay(void **state)
{
    (void)state;
    AUTO_BUFFER struct buffer packed = {0}, with = {0};
    struct schema *const before = read_schema(first), *const after = read_schema(first);
    struct schema *const without =
        read_schema("{'streams':{'a':{'fields':{'x':'int','q':'string'}}},'views':{}}");
    struct slice words[] = {slice_text("eu"), slice_text("us")};
    struct dictionary_words const dictionaries[2] = {
        {.count = 0}, {.prefix = slice_text("user_"), .words = words, .count = COUNT_OF(words)}};
    struct error err;
    catalog_ids_first(before, &packed);
    assert_true(catalog_ids_apply(buffer_slice(&packed), before, &err));
    const struct stream *a = schema_stream(before, slice_text("a"));
    assert_true(a->lacks_dictionaries && !a->has_dictionaries);
    assert_true(catalog_ids_add_dictionaries(buffer_slice(&packed), a, dictionaries, &with, &err));
    assert_true(catalog_ids_apply(buffer_slice(&with), after, &err));
    a = schema_stream(after, slice_text("a"));
    assert_true(a->has_dictionaries && !a->lacks_dictionaries);
    assert_null(a->slots[0].dictionary);
    expect_word(&a->slots[1], "us", 1);
    assert_true(slice_is(dictionary_prefix(a->slots[1].dictionary), "user_"));
    assert_true(schema_stream(after, slice_text("b"))->lacks_dictionaries);
    a = change(&with, without, NULL);
    assert_true(a->has_dictionaries && a->lacks_dictionaries);
    assert_int_equal(a->slots[1].field, -1);
    expect_word(&a->slots[1], "eu", 0);
    assert_null(a->slots[2].dictionary);
    schema_free(before);
    schema_free(after);
    schema_free(without);
}

static void expect_corrupt(struct slice packed, struct schema *schema)
{
    struct error err;
    assert_false(catalog_ids_apply(packed, schema, &err));
    assert_int_equal(err.kind, ERROR_CORRUPT);
    assert_string_equal(err.place, "meta");
    assert_non_null(strstr(err.remedy, "backup"));
}

static void a_layout_that_is_cut_or_goes_on_is_refused(void **state)
{
    (void)state;
    AUTO_BUFFER struct buffer packed = {0}, ignored = {0};
    struct schema *const schema = read_schema(first);
    struct error err;
    catalog_ids_first(schema, &packed);
    for (size_t length = 0; length < packed.length; length++) {
        expect_corrupt(slice_of(packed.at, length), schema);
        assert_false(catalog_ids_change(slice_of(packed.at, length), schema, NULL, &ignored, &err));
        assert_int_equal(err.kind, ERROR_CORRUPT);
    }
    assert_true(catalog_ids_apply(buffer_slice(&packed), schema, &err));
    buffer_add_byte(&packed, 0);
    expect_corrupt(buffer_slice(&packed), schema);
    schema_free(schema);
}

static void a_layout_of_another_schema_is_refused(void **state)
{
    (void)state;
    static const char *const others[] = {
        "{'streams':{'a':{'fields':{'x':'int','y':'string'}}},'views':{}}",
        "{'streams':{'a':{'fields':{'x':'int','y':'string'}},'c':{'fields':{'z':'bool'}}},"
        "'views':{'v':{'from':'a','measures':{'n':'count()'}},"
        "'w':{'from':'a','measures':{'n':'count()'}}}}",
        "{'streams':{'a':{'fields':{'x':'time','y':'string'}},'b':{'fields':{'z':'bool'}}},"
        "'views':{'v':{'from':'a','measures':{'n':'count()'}},"
        "'w':{'from':'a','measures':{'n':'count()'}}}}",
        "{'streams':{'a':{'fields':{'x':'int','y':'string','q':'int'}},'b':{'fields':{'z':'bool'}}"
        "},'views':{'v':{'from':'a','measures':{'n':'count()'}},"
        "'w':{'from':'a','measures':{'n':'count()'}}}}",
        "{'streams':{'a':{'fields':{'x':'int','y':'string'}},'b':{'fields':{'z':'bool'}}},"
        "'views':{'v':{'from':'a','measures':{'n':'count()'}},"
        "'q':{'from':'a','measures':{'n':'count()'}}}}",
        "{'streams':{'a':{'fields':{'x':'int','y':'string'}},'b':{'fields':{'z':'bool'}}},"
        "'views':{'v':{'from':'a','measures':{'n':'count()'}},"
        "'w':{'from':'b','measures':{'n':'count()'}},"
        "'q':{'from':'b','measures':{'n':'count()'}}}}",
    };
    AUTO_BUFFER struct buffer packed = {0};
    struct schema *const schema = read_schema(first);
    catalog_ids_first(schema, &packed);
    schema_free(schema);
    for (size_t i = 0; i < COUNT_OF(others); i++) {
        struct schema *const other = read_schema(others[i]);
        expect_corrupt(buffer_slice(&packed), other);
        schema_free(other);
    }
}

/* Ids are never given twice, and there are 65,535 of them. */
static void ids_that_run_out_are_told(void **state)
{
    (void)state;
    struct schema *const schema = read_schema(first);
    for (unsigned kind = 0; kind < 2; kind++) { /* streams, views */
        for (unsigned over = 0; over < 2; over++) {
            AUTO_BUFFER struct buffer old = {0}, packed = {0};
            struct error err;
            uint16_t const next = (uint16_t)(UINT16_MAX - 2 + over);
            pack_u16(&old, kind == 0 ? next : 0);
            pack_u16(&old, kind == 0 ? 0 : next);
            buffer_add(&old, (const uint8_t[]){0, 0}, 2); /* no streams, no views */
            assert_int_equal(catalog_ids_change(buffer_slice(&old), schema, NULL, &packed, &err),
                             !over);
            if (!over) continue;
            assert_int_equal(err.kind, ERROR_FULL);
            assert_non_null(strstr(err.remedy, "new store"));
        }
    }
    schema_free(schema);
}

int main(void)
{
    struct CMUnitTest const tests[] = {
        cmocka_unit_test(names_keep_their_places),
        cmocka_unit_test(dictionaries_stay),
        cmocka_unit_test(a_layout_that_is_cut_or_goes_on_is_refused),
        cmocka_unit_test(a_layout_of_another_schema_is_refused),
        cmocka_unit_test(ids_that_run_out_are_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
