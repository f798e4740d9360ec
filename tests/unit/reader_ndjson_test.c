// SPDX-License-Identifier: Apache-2.0
#include "input/reader.h"

#include <stdio.h>

#include "../support/input.h"
#include "../support/test.h"
#include "base/arena.h"

/* NDJSON and the JSON array: what differs is the framing. */

static const char schema_text[] =
    "{\"streams\":{\"s\":{\"fields\":{\"a\":\"string\",\"b\":\"string\"}}},"
    "\"views\":{\"v\":{\"measures\":{\"n\":\"count()\"}}}}";

static struct schema *schema;
static const struct notices nobody = {.show = NULL};

static int set_up(void **state)
{
    struct error err;
    (void)state;
    return schema_read(slice_text(schema_text), NULL, &schema, &err) ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    schema_free(schema);
    return 0;
}

static struct reader *open_reader(struct source *source, const struct reader_place *from)
{
    struct reader *reader = NULL;
    struct error err;
    if (!source_start(source, 0, &err) ||
        !reader_open(source, schema->streams, INPUT_BY_CONTENT, from, RECORD_BYTES_MAX, &nobody,
                     &reader, &err))
        fail_msg("%s: %s", err.place, err.fact);
    return reader;
}

static void write_cell(const struct cell *cell, struct buffer *into)
{
    static const char *const words[] = {"-", "null", "'", "#", "true", "false", ""};
    buffer_add_text(into, words[cell->kind]);
    if (cell->kind == CELL_TEXT || cell->kind == CELL_NUMBER || cell->kind == CELL_NESTED)
        buffer_add_slice(into, cell->text);
}

/* "3:'x,#1;" for a record on line 3, "4!{bad;" for a refused one; "$5" where reading ended. */
static bool write_next(struct reader *reader, struct buffer *into)
{
    struct refusal refusal = {.text = {0}};
    struct record record;
    struct error err;
    enum reader_step const step = reader_next(reader, &record, &refusal, &err);
    switch (step) {
    case READER_FAILED: fail_msg("%s: %s", err.place, err.fact); break;
    case READER_END: buffer_format(into, "$%d", (int)reader_place(reader).line); break;
    case READER_RECORD:
        buffer_format(into, "%d:", (int)record.line);
        write_cell(&record.cells[0], into);
        buffer_add_byte(into, ',');
        write_cell(&record.cells[1], into);
        buffer_add_byte(into, ';');
        break;
    case READER_REFUSED:
        assert_true(refusal.text.length > 0 && refusal.kind.length > 0);
        buffer_format(into, "%d!", (int)record.line);
        buffer_add_slice(into, record.raw);
        buffer_add_byte(into, ';');
        break;
    }
    refusal_done(&refusal);
    return step != READER_END;
}

static void write_all(struct slice input, struct buffer *into)
{
    AUTO_SOURCE struct source *source = open_bytes(input);
    AUTO_READER struct reader *reader = open_reader(source, NULL);
    while (write_next(reader, into))
        continue;
}

struct framing_case {
    const char *input;
    const char *records;
};

static void expect_records(const struct framing_case *cases, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        AUTO_BUFFER struct buffer records = {0};
        write_all(slice_text(cases[i].input), &records);
        if (!slice_is(buffer_slice(&records), cases[i].records))
            fail_msg("%s: %.*s, expected %s", cases[i].input, (int)records.length,
                     (const char *)records.at, cases[i].records);
    }
}

static void each_line_is_a_record(void **state)
{
    (void)state;
    static const struct framing_case cases[] = {
        {"", "$1"},
        {"\n \r\n\t", "$4"},
        {"{\"a\":1}\n", "1:#1,-;$2"},
        {"{\"a\":1}", "1:#1,-;$2"},
        {"{\"a\":1}\r\n{\"b\":2}\r\n", "1:#1,-;2:-,#2;$3"},
        {"\n\n{\"a\":1}\n\n  \n{\"a\":2}\n\n", "3:#1,-;6:#2,-;$8"},
        {"\xef\xbb\xbf{\"a\":1}\n", "1:#1,-;$2"},
        {"  {\"a\":1}  \n", "1:#1,-;$2"},
        {"{\"a\":1}\n{bad\n{\"a\":3}\n", "1:#1,-;2!{bad;3:#3,-;$4"},
        {"{\"a\":1}\n[1]\nnull\n5\r\n", "1:#1,-;2![1];3!null;4!5;$5"},
        {"{\"a\":1}{\"a\":2}\n", "1!{\"a\":1}{\"a\":2};$2"},
        {"{\n\"a\":1}\n", "1!{;2!\"a\":1};$3"},
        {"{\"a\":\"x\\ny\"}\n", "1:'x\ny,-;$2"},
    };
    expect_records(cases, COUNT_OF(cases));
}

static void zero_bytes_in_front_of_a_line_are_left_out(void **state)
{
    (void)state;
    static const char *const records[] = {"", "{\"a\":1}\n", "{\"a\":\n", "\n", "[{\"a\":1}]"};
    static const char *const expected[] = {"$1", "1:#1,-;$2", "1!{\"a\":;$2", "$2", "1:#1,-;$1"};
    static const size_t counts[] = {1, 100, 4096, 3 << 20};
    for (size_t i = 0; i < COUNT_OF(records) * COUNT_OF(counts); i++) {
        AUTO_BUFFER struct buffer input = {0};
        AUTO_BUFFER struct buffer found = {0};
        for (size_t zeros = counts[i / COUNT_OF(records)]; zeros > 0; zeros--)
            buffer_add_byte(&input, 0);
        buffer_add_text(&input, records[i % COUNT_OF(records)]);
        write_all(buffer_slice(&input), &found);
        if (!slice_is(buffer_slice(&found), expected[i % COUNT_OF(records)]))
            fail_msg("%d: %.*s", (int)i, (int)found.length, (const char *)found.at);
    }
}

static void each_element_of_an_array_is_a_record(void **state)
{
    (void)state;
    static const struct framing_case cases[] = {
        {"[]", "$1"},
        {" [ ] \n", "$2"},
        {"[{\"a\":1}]", "1:#1,-;$1"},
        {"[\n {\"a\":1},\n {\n\"b\":2\n}\n ,{}\n]\n", "2:#1,-;3:-,#2;6:-,-;$8"},
        {"[{\"a\":\"],}{\\\"\"},{\"a\":{\"a\":[1,{}]}}]", "1:'],}{\",-;1:{\"a\":[1,{}]},-;$1"},
        {"[{\"a\":1},5,{\"a\":2}]", "1:#1,-;1!5;1:#2,-;$1"},
        {"[{\"a\":1},,{\"a\":2}]", "1:#1,-;1!;1:#2,-;$1"},
        {"[{\"a\":1},]", "1:#1,-;1!;$1"},
        {"[{\"a\":1} {\"a\":2},{\"a\":3}]", "1!{\"a\":1} {\"a\":2};1:#3,-;$1"},
        {"[{\"a\":1},{\"a\":tru},{\"a\":3}]", "1:#1,-;1!{\"a\":tru};1:#3,-;$1"},
        {"[{\"a\":1}", "1:#1,-;1!;$1"},
        {"[{\"a\":1},\n{\"a\":", "1:#1,-;2!{\"a\":;2!;$2"},
        {"[", "1!;$1"},
        {"[{\"a\":1}]\n{\"a\":2}\n", "1:#1,-;2!{\"a\":2}\n;$3"},
    };
    expect_records(cases, COUNT_OF(cases));
}

/* Records of many lengths, some longer than the window, with bad ones between. */
static void make_input(bool array, size_t record_count, struct buffer *into)
{
    if (array) buffer_add_text(into, "[\n");
    for (size_t i = 0; i < record_count; i++) {
        size_t const padding = i % 97 == 50 ? 1500000 : i * 7919 % 3000;
        if (i > 0 && array) buffer_add_text(into, ",\n");
        buffer_format(into, i % 13 == 7 ? "{\"a\":%zu,oops,\"pad\":\"" : "{\"a\":%zu,\"pad\":\"",
                      i);
        buffer_reserve(into, padding);
        memset(into->at + into->length, 'x', padding);
        into->length += padding;
        buffer_add_text(into, array ? "\"}" : "\"}\n");
    }
    if (array) buffer_add_text(into, "\n]\n");
}

static void expect_record(struct reader *reader, size_t index)
{
    struct refusal refusal = {.text = {0}};
    struct record record;
    struct error err;
    char number[32];
    enum reader_step const step = reader_next(reader, &record, &refusal, &err);
    assert_int_equal(step, index % 13 == 7 ? READER_REFUSED : READER_RECORD);
    (void)snprintf(number, sizeof number, "%zu", index);
    if (step == READER_RECORD) assert_true(slice_is(record.cells[0].text, number));
    assert_true(record.raw.length > 10 && record.raw.at[record.raw.length - 1] == '}');
    refusal_done(&refusal);
}

static void reading_goes_on_from_any_place(void **state)
{
    (void)state;
    enum { RECORDS = 1000 };
    for (int array = 0; array < 2; array++) {
        AUTO_BUFFER struct buffer input = {0};
        make_input(array, RECORDS, &input);
        AUTO_SOURCE struct source *source = open_bytes(buffer_slice(&input));
        AUTO_READER struct reader *reader = open_reader(source, NULL);
        struct reader_place places[RECORDS];
        for (size_t i = 0; i < RECORDS; i++) {
            expect_record(reader, i);
            places[i] = reader_place(reader);
            if (i + 1 < RECORDS) assert_int_equal(places[i].line, i + 2);
        }
        for (size_t i = 0; i + 1 < RECORDS; i += 83) {
            AUTO_READER struct reader *resumed = open_reader(source, &places[i]);
            for (size_t j = i + 1; j < RECORDS && j < i + 40; j++)
                expect_record(resumed, j);
        }
    }
}

static void a_record_beyond_the_limit_comes_in_parts(void **state)
{
    (void)state;
    if (test_slice() > 1) skip();
    for (int array = 0; array < 2; array++) {
        AUTO_BUFFER struct buffer input = {0};
        struct refusal refusal = {.text = {0}};
        struct record record;
        struct error err;
        buffer_add_text(&input, array ? "[{\"a\":\"" : "{\"a\":\"");
        size_t const filling = 5U * RECORD_BYTES_MAX / 2;
        buffer_reserve(&input, filling + 64);
        memset(input.at + input.length, 'x', filling);
        input.length += filling;
        buffer_add_text(&input, array ? "\"},\n{\"a\":2}]" : "\"}\n{\"a\":2}\n");
        AUTO_SOURCE struct source *source = open_bytes(buffer_slice(&input));
        AUTO_READER struct reader *reader = open_reader(source, NULL);
        assert_int_equal(reader_next(reader, &record, &refusal, &err), READER_REFUSED);
        assert_int_equal(record.line, 1);
        assert_true(slice_is(buffer_slice(&refusal.text), "longer than 64 MiB"));
        assert_true(record.more);
        struct slice expected = slice_of(input.at + array, filling + strlen("{\"a\":\"\"}"));
        for (;;) {
            assert_true(record.raw.length <= expected.length);
            assert_memory_equal(record.raw.at, expected.at, record.raw.length);
            expected =
                slice_of(expected.at + record.raw.length, expected.length - record.raw.length);
            if (!record.more) break;
            assert_true(reader_rest(reader, &record, &err));
        }
        assert_int_equal(expected.length, 0);
        assert_int_equal(reader_next(reader, &record, &refusal, &err), READER_RECORD);
        assert_int_equal(record.line, 2);
        assert_true(slice_is(record.cells[0].text, "2"));
        assert_int_equal(reader_next(reader, &record, &refusal, &err), READER_END);
        refusal_done(&refusal);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_line_is_a_record),
        cmocka_unit_test(zero_bytes_in_front_of_a_line_are_left_out),
        cmocka_unit_test(each_element_of_an_array_is_a_record),
        cmocka_unit_test(reading_goes_on_from_any_place),
        cmocka_unit_test(a_record_beyond_the_limit_comes_in_parts),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
