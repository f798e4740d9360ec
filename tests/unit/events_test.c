// SPDX-License-Identifier: Apache-2.0
#include "tables/events.h"

#include <stdio.h>

#include "../support/test.h"
#include "../support/tmpstore.h"

static struct schema *read_schema(const char *key)
{
    struct error err;
    struct schema *schema;
    AUTO_BUFFER struct buffer text = {0};
    buffer_format(
        &text,
        "{\"streams\":{\"s\":{%s\"fields\":{\"a\":\"string\",\"b\":\"bool\",\"i\":\"int\","
        "\"d\":\"decimal\",\"t\":\"time\"}}},\"views\":{}}",
        key);
    if (!schema_read(buffer_slice(&text), NULL, &schema, &err)) fail_msg("%s", err.fact);
    return schema;
}

static void check_values(const struct schema *schema, const struct value *values)
{
    const struct stream *const stream = &schema->streams[0];
    struct events_chunk chunk;
    struct value back[5];
    events_chunk_init(&chunk, stream);
    events_chunk_add(&chunk, values);
    assert_int_equal(chunk.count, 1);
    assert_true(event_unpack(stream, &chunk.events[0], &chunk.arena, back));
    for (size_t i = 0; i < stream->field_count; i++)
        assert_int_equal(value_compare(&values[i], &back[i]), 0);
    events_chunk_done(&chunk);
}

static void every_value_reads_back(void **state)
{
    (void)state;
    static const char *const keys[] = {"", "\"key\":\"a\",",
                                       "\"key\":[\"i\",\"a\",\"t\",\"d\",\"b\"],"};
    static const char *const numbers[] = {"0",
                                          "1",
                                          "-1",
                                          "127",
                                          "128",
                                          "-128",
                                          "-129",
                                          "255",
                                          "256",
                                          "32767",
                                          "32768",
                                          "-32768",
                                          "-32769",
                                          "8388607",
                                          "8388608",
                                          "2147483647",
                                          "2147483648",
                                          "-2147483649",
                                          "9223372036854775807",
                                          "-9223372036854775808"};
    static const char *const decimals[] = {"0",
                                           "19.99",
                                           "-0.01",
                                           "1.28",
                                           "-1.28",
                                           "99999999999999999999999999999999999999",
                                           "-0.00000000000000000000000000000000000001",
                                           "170141183460469231731687303715884105.7"};
    static const char *const times[] = {"0000-01-01", "1969-12-31T23:59:59.999999999Z",
                                        "1970-01-01", "2026-01-01T10:00:00Z",
                                        "9999-12-31T23:59:59Z"};
    static struct slice const strings[] = {{(const uint8_t *)"", 0},
                                           {(const uint8_t *)"evt_1", 5},
                                           {(const uint8_t *)"a\0b", 3},
                                           {(const uint8_t *)"\xff\x00", 2}};
    for (size_t k = 0; k < COUNT_OF(keys); k++) {
        struct schema *const schema = read_schema(keys[k]);
        for (size_t i = 0; i < COUNT_OF(numbers); i++) {
            struct value values[5];
            const struct field *const fields = schema->streams[0].fields;
            values[0] = (struct value){.kind = VALUE_STRING, .string = strings[i % 4]};
            values[1] = (struct value){.kind = VALUE_BOOL, .boolean = i % 2};
            values[2] = tmpstore_value(schema, &fields[2], slice_text(numbers[i]));
            values[3] = tmpstore_value(schema, &fields[3], slice_text(decimals[i % 8]));
            values[4] = tmpstore_value(schema, &fields[4], slice_text(times[i % 5]));
            check_values(schema, values);
        }
        schema_free(schema);
    }
}

static void nulls_and_long_keys_read_back(void **state)
{
    (void)state;
    char text[2000];
    memset(text, 'k', sizeof text);
    struct schema *const schema = read_schema("\"key\":\"a\",");
    struct value const values[5] = {{.kind = VALUE_STRING, .string = slice_of(text, sizeof text)}};
    check_values(schema, values);
    schema_free(schema);
}

/* Also of a head of several bytes, beside both flags. */
static void events_know_their_batch(void **state)
{
    (void)state;
    static const uint64_t batches[] = {0, 1, 31, 32, 4095, 4096, 1ull << 40};
    static const char *const keys[] = {"", "\"key\":\"a\","};
    for (size_t k = 0; k < COUNT_OF(keys); k++) {
        struct schema *const schema = read_schema(keys[k]);
        const struct stream *const stream = &schema->streams[0];
        struct value const values[5] = {
            {.kind = VALUE_STRING, .string = {(const uint8_t *)"a\0b", 3}},
            {.kind = VALUE_BOOL, .boolean = true}};
        for (size_t i = 0; i < COUNT_OF(batches); i++) {
            AUTO_ARENA struct arena arena = {0};
            AUTO_BUFFER struct buffer bytes = {0}, other = {0};
            struct value back[5];
            size_t const key_length = event_pack(stream, values, batches[i], &bytes);
            struct event const event = event_of_bytes(bytes.at, key_length, bytes.length);
            assert_int_equal(event_batch(event.packed), batches[i]);
            assert_true(event_is_live(event.packed));
            assert_true(event_unpack(stream, &event, &arena, back));
            assert_int_equal(value_compare(&values[0], &back[0]), 0);
            assert_int_equal(event_pack(stream, values, 7, &other), key_length);
            struct event const same = event_of_bytes(other.at, key_length, other.length);
            assert_true(event_has_fields_of(event.packed, same.packed));
            other.at[other.length - 4]++; /* the bool: three nulls are behind it */
            assert_false(event_has_fields_of(event.packed, same.packed));
        }
        schema_free(schema);
    }
}

static void a_chunk_sorts_by_key_and_keeps_the_order_of_arrival(void **state)
{
    (void)state;
    struct schema *const schema = read_schema("\"key\":\"a\",");
    struct events_chunk chunk;
    events_chunk_init(&chunk, &schema->streams[0]);
    for (int i = 0; i < 1000; i++) {
        char key[16];
        struct value const values[5] = {
            {.kind = VALUE_STRING,
             .string = slice_of(key, (size_t)snprintf(key, sizeof key, "key%d", i * 7919 % 100))},
            {.kind = VALUE_NULL},
            {.kind = VALUE_NUMBER, .number = {.coefficient = i}}};
        events_chunk_add(&chunk, values);
    }
    events_chunk_sort(&chunk);
    assert_int_equal(chunk.count, 1000);
    for (size_t i = 1; i < chunk.count; i++) {
        int const order = slice_compare(chunk.events[i - 1].key, chunk.events[i].key);
        struct value before[5], after[5];
        assert_true(event_unpack(chunk.stream, &chunk.events[i - 1], &chunk.arena, before));
        assert_true(event_unpack(chunk.stream, &chunk.events[i], &chunk.arena, after));
        assert_true(order < 0 ||
                    (order == 0 && before[2].number.coefficient < after[2].number.coefficient));
    }
    events_chunk_done(&chunk);
    schema_free(schema);
}

static void damaged_events_are_refused(void **state)
{
    (void)state;
    struct schema *const schema = read_schema("");
    static const char *const cases[] = {
        "", "\0\tabc", "\0\0\0\x13", "\0\0\0\0\x05", "\0\0\0\0\0\x11", "\0\0\0\0\0\0\0"};
    static size_t const lengths[] = {0, 5, 4, 5, 6, 7};
    for (size_t i = 0; i < COUNT_OF(lengths); i++) {
        struct event const event = {.packed = slice_of(cases[i], lengths[i])};
        struct value values[5];
        AUTO_ARENA struct arena arena = {0};
        assert_false(event_unpack(&schema->streams[0], &event, &arena, values));
    }
    schema_free(schema);
}

int main(void)
{
    struct CMUnitTest const tests[] = {
        cmocka_unit_test(every_value_reads_back),
        cmocka_unit_test(nulls_and_long_keys_read_back),
        cmocka_unit_test(events_know_their_batch),
        cmocka_unit_test(a_chunk_sorts_by_key_and_keeps_the_order_of_arrival),
        cmocka_unit_test(damaged_events_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
