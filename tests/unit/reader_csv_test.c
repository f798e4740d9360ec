// SPDX-License-Identifier: Apache-2.0
#include "input/reader.h"

#include <cjson/cJSON.h>
#include <stdio.h>

#include "../support/input.h"
#include "../support/test.h"
#include "base/arena.h"

static const char schema_text[] =
    "{\"streams\":{\"s\":{\"key\":\"a\",\"fields\":{\"a\":\"string\",\"b\":\"string\","
    "\"c\":{\"type\":\"string\",\"column\":\"The C\"}}}},"
    "\"views\":{\"v\":{\"measures\":{\"n\":\"count()\"}}}}";

enum { FIELDS = 3 };

static struct schema *schema;
static struct buffer noticed;

static void note(void *context, const char *text)
{
    (void)context;
    buffer_add_text(&noticed, text);
    buffer_add_byte(&noticed, '\n');
}

static const struct notices notices = {.show = note};

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
    buffer_done(&noticed);
    return 0;
}

static struct reader *open_reader(struct source *source, const struct stream *stream,
                                  const struct reader_place *from)
{
    struct reader *reader = NULL;
    struct error err;
    if (!source_start(source, 0, &err) || !reader_open(source, stream, INPUT_BY_CONTENT, from,
                                                       RECORD_BYTES_MAX, &notices, &reader, &err))
        fail_msg("%s: %s", err.place, err.fact);
    return reader;
}

/* "2:x|y|null;" for a record on line 2, "3!raw(reason);" for a refused one. */
static bool write_next(struct reader *reader, struct buffer *into)
{
    struct refusal refusal = {.text = {0}};
    struct record record;
    struct error err;
    enum reader_step const step = reader_next(reader, &record, &refusal, &err);
    switch (step) {
    case READER_FAILED: fail_msg("%s: %s", err.place, err.fact); break;
    case READER_END: break;
    case READER_RECORD:
        buffer_format(into, "%d:", (int)record.line);
        for (size_t i = 0; i < FIELDS; i++) {
            if (i > 0) buffer_add_byte(into, '|');
            if (record.cells[i].kind == CELL_NULL)
                buffer_add_text(into, "null");
            else
                buffer_add_slice(into, record.cells[i].text);
        }
        buffer_add_byte(into, ';');
        break;
    case READER_REFUSED:
        buffer_format(into, "%d!", (int)record.line);
        buffer_add_slice(into, record.raw);
        buffer_format(into, "(%.*s);", (int)refusal.text.length, (const char *)refusal.text.at);
        break;
    }
    refusal_done(&refusal);
    return step != READER_END;
}

static void cells_are_cut_and_unquoted(void **state)
{
    (void)state;
    static const struct {
        const char *input;
        const char *records;
    } cases[] = {
        {"a,b,The C\n", ""},
        {"a,b,The C", ""},
        {"a,b,The C\n1,2,3\n", "2:1|2|3;"},
        {"a,b,The C\n1,2,3", "2:1|2|3;"},
        {"a,b,The C\r\n1,2,3\r\n4,5,6\r\n", "2:1|2|3;3:4|5|6;"},
        {"a,b,The C\r\n1,2,3\r", "2:1|2|3;"},
        {"\xef\xbb\xbf"
         "a,b,The C\n1,2,3\n",
         "2:1|2|3;"},
        {"\n\na,b,The C\n\n1,2,3\n\r\n\n4,5,6\n", "5:1|2|3;8:4|5|6;"},
        {"The C,x,b,a\n1,2,3,4\n", "2:4|3|1;"},
        {"a\tb\tThe C\n1\t2,5\t3\n", "2:1|2,5|3;"},
        {"a\tb,x\tThe C\n1\t2\t3\n", "2:1|null|3;"},
        {"\"a\",\"b\",\"The C\"\n1,2,3\n", "2:1|2|3;"},
        {"a,b,The C,\"x\ny\"\n1,2,3,4\n", "3:1|2|3;"},
        {"a,b,The C\n,,\n", "2:null|null|null;"},
        {"a,b,The C\n\"\",\"\",\n", "2:||null;"},
        {"a,b,The C\n 1 , 2, 3\n", "2: 1 | 2| 3;"},
        {"a,b,The C\n\"1,5\",\"say \"\"x\"\"\",\"\"\"\"\n", "2:1,5|say \"x\"|\";"},
        {"a,b,The C\n\"x\ny\r\nz\",2,\"\n\"\n4,5,6\n", "2:x\ny\r\nz|2|\n;6:4|5|6;"},
        {"a,b,The C\n1,x\"y\"z,\"3\"\n", "2:1|x\"y\"z|3;"},
        {"a,b,The C\n1, \"2\",3\n", "2:1| \"2\"|3;"},
        {"a,b,The C\n\"1\",\"2\",\"3\"", "2:1|2|3;"},
        {"a,b,The C\n\"1\",\"2\",\"3\"\r", "2:1|2|3;"},
        {"a,b,The C\n1,2\n3,4,5,6\n\"7\",8,9\n",
         "2!1,2(wrong number of cells: 2, the header has 3);"
         "3!3,4,5,6(wrong number of cells: 4, the header has 3);4:7|8|9;"},
        {"a,b,The C\n\"1\n\",2\n3,4,5\n",
         "2!\"1\n\",2(wrong number of cells: 2, the header has 3);4:3|4|5;"},
        {"a,b,The C\n1,\"oops,2\n3,\"4\",5\n",
         "2!1,\"oops,2(text behind a closing quote);3:3|4|5;"},
        {"a,b,The C\n\"1\"x,2,3\n4,5,6\n", "2!\"1\"x,2,3(text behind a closing quote);3:4|5|6;"},
        {"a,b,The C\n1,2,\"oops\n4,5,6\n7,8,9",
         "2!1,2,\"oops(a quoted cell has no closing quote);3:4|5|6;4:7|8|9;"},
        {"a,b,The C\n1,2,\"", "2!1,2,\"(a quoted cell has no closing quote);"},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        AUTO_BUFFER struct buffer records = {0};
        AUTO_SOURCE struct source *source = open_bytes(slice_text(cases[i].input));
        AUTO_READER struct reader *reader = open_reader(source, schema->streams, NULL);
        while (write_next(reader, &records))
            continue;
        if (!slice_is(buffer_slice(&records), cases[i].records))
            fail_msg("%s: %.*s, expected %s", cases[i].input, (int)records.length,
                     (const char *)records.at, cases[i].records);
    }
}

static void a_header_that_cannot_be_is_an_error(void **state)
{
    (void)state;
    static const struct {
        const char *input;
        const char *fact;
        const char *remedy;
    } cases[] = {
        {"x,y\n1,2\n",
         "the header has none of the stream's columns: it has x, y; wanted are a, b, The C",
         "the first line must name the columns"},
        {"The C,xyz\n", "the header has no column 'a', which the key needs", ""},
        {"a,b,a\n", "the header has the column 'a' twice", ""},
        {"a,\"b\n", "the header cannot be read: a quoted cell has no closing quote", ""},
        {"a,\"b\"x\n", "the header cannot be read: text behind a closing quote", ""},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        AUTO_SOURCE struct source *source = open_bytes(slice_text(cases[i].input));
        struct reader *reader = NULL;
        struct error err;
        assert_true(source_start(source, 0, &err));
        assert_false(reader_open(source, schema->streams, INPUT_BY_CONTENT, NULL, RECORD_BYTES_MAX,
                                 &notices, &reader, &err));
        assert_string_equal(err.fact, cases[i].fact);
        assert_string_equal(err.remedy, cases[i].remedy);
        assert_int_equal(err.kind, ERROR_INPUT);
        assert_non_null(strstr(err.place, ":1"));
    }
}

static void a_missing_column_is_told_and_null(void **state)
{
    (void)state;
    AUTO_BUFFER struct buffer records = {0};
    AUTO_SOURCE struct source *source = open_bytes(slice_text("a,b,The CC\n1,2,3\n"));
    buffer_clear(&noticed);
    AUTO_READER struct reader *reader = open_reader(source, schema->streams, NULL);
    while (write_next(reader, &records))
        continue;
    assert_true(slice_is(buffer_slice(&records), "2:1|2|null;"));
    buffer_add_byte(&noticed, '\0');
    assert_non_null(strstr((const char *)noticed.at,
                           "the header has no column 'The C' (but 'The CC'); the field is null"));
}

/* A stray quote costs its line, and no more than a bounded look ahead. */
static void a_quote_that_never_closes_does_not_swallow_the_file(void **state)
{
    (void)state;
    enum { LINES = 400000 };
    AUTO_BUFFER struct buffer input = {0};
    AUTO_BUFFER struct buffer records = {0};
    buffer_add_text(&input, "a,b,The C\n0,\"stray,0\n");
    for (int i = 1; i < LINES; i++)
        buffer_format(&input, "%d,x,y\n", i);
    AUTO_SOURCE struct source *source = open_bytes(buffer_slice(&input));
    AUTO_READER struct reader *reader = open_reader(source, schema->streams, NULL);
    assert_true(write_next(reader, &records));
    assert_true(
        slice_is(buffer_slice(&records), "2!0,\"stray,0(a quoted cell has no closing quote);"));
    int count = 1;
    for (; write_next(reader, &records); count++)
        buffer_clear(&records);
    assert_int_equal(count, LINES);
}

static void reading_goes_on_from_any_place(void **state)
{
    (void)state;
    enum { RECORDS = 2000 };
    AUTO_BUFFER struct buffer input = {0};
    AUTO_BUFFER struct buffer expected = {0};
    AUTO_BUFFER struct buffer resumed_records = {0};
    buffer_add_text(&input, "\"a\",b,\"The C\"\n");
    for (int i = 0; i < RECORDS; i++) {
        buffer_format(&input, i % 3 ? "%d,\"two\nlines \"\"%d\"\"\"," : "%d,plain %d,", i, i);
        for (int j = 0; j < i % 500; j++)
            buffer_add_text(&input, "filler ");
        buffer_add_byte(&input, '\n');
    }
    AUTO_SOURCE struct source *source = open_bytes(buffer_slice(&input));
    AUTO_READER struct reader *reader = open_reader(source, schema->streams, NULL);
    struct reader_place middle = {0};
    for (int i = 0; i < RECORDS; i++) {
        if (i == RECORDS / 2) middle = reader_place(reader);
        if (i < RECORDS / 2) buffer_clear(&expected);
        if (i == RECORDS / 2) buffer_clear(&expected);
        assert_true(write_next(reader, &expected));
    }
    AUTO_READER struct reader *resumed = open_reader(source, schema->streams, &middle);
    while (write_next(resumed, &resumed_records))
        continue;
    assert_true(slice_equal(buffer_slice(&expected), buffer_slice(&resumed_records)));
}

static const char *data_folder(void)
{
    const char *const data = getenv("TALLY_TEST_DATA");
    return data ? data : "../shared/data";
}

static bool read_file(const char *path, struct buffer *ret_text)
{
    uint8_t bytes[4096];
    size_t length;
    FILE *const file = fopen(path, "rb");
    if (!file) return false;
    while ((length = fread(bytes, 1, sizeof bytes, file)) > 0)
        buffer_add(ret_text, bytes, length);
    (void)fclose(file);
    return true;
}

/* A stream with the members of a JSON object as its fields. */
static struct schema *schema_of(const cJSON *object)
{
    AUTO_BUFFER struct buffer text = {0};
    struct schema *result = NULL;
    struct error err;
    buffer_add_text(&text, "{\"streams\":{\"s\":{\"fields\":{");
    for (const cJSON *member = object->child; member; member = member->next)
        buffer_format(&text, "%s\"%s\":\"string\"", member == object->child ? "" : ",",
                      member->string);
    buffer_add_text(&text, "}}},\"views\":{\"v\":{\"measures\":{\"n\":\"count()\"}}}}");
    if (!schema_read(buffer_slice(&text), NULL, &result, &err)) fail_msg("%s", err.fact);
    return result;
}

static void check_spectrum(const char *name, struct slice csv, const cJSON *rows)
{
    struct schema *const spectrum = schema_of(cJSON_GetArrayItem(rows, 0));
    AUTO_SOURCE struct source *source = open_bytes(csv);
    AUTO_READER struct reader *reader = open_reader(source, spectrum->streams, NULL);
    struct refusal refusal = {.text = {0}};
    struct record record;
    struct error err;
    const cJSON *row;
    cJSON_ArrayForEach(row, rows)
    {
        assert_int_equal(reader_next(reader, &record, &refusal, &err), READER_RECORD);
        const cJSON *member = row->child;
        for (size_t i = 0; member; member = member->next, i++) {
            assert_true(slice_is(spectrum->streams->fields[i].column, member->string));
            if (!slice_is(record.cells[i].text, member->valuestring))
                fail_msg("%s: %s is not '%s'", name, member->string, member->valuestring);
        }
    }
    assert_int_equal(reader_next(reader, &record, &refusal, &err), READER_END);
    refusal_done(&refusal);
    schema_free(spectrum);
}

static void the_csv_spectrum_is_met(void **state)
{
    (void)state;
    static const char *const names[] = {"comma_in_quotes",
                                        "empty",
                                        "empty_crlf",
                                        "escaped_quotes",
                                        "json",
                                        "newlines",
                                        "newlines_crlf",
                                        "quotes_and_newlines",
                                        "simple",
                                        "simple_crlf",
                                        "utf8"};
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        char path[512];
        AUTO_BUFFER struct buffer csv = {0};
        AUTO_BUFFER struct buffer json = {0};
        (void)snprintf(path, sizeof path, "%s/nasty/csv-spectrum/csvs/%s.csv", data_folder(),
                       names[i]);
        if (!read_file(path, &csv)) {
            print_message("no %s: set TALLY_TEST_DATA\n", path);
            skip();
        }
        (void)snprintf(path, sizeof path, "%s/nasty/csv-spectrum/json/%s.json", data_folder(),
                       names[i]);
        assert_true(read_file(path, &json));
        cJSON *const rows = cJSON_ParseWithLength((const char *)json.at, json.length);
        assert_non_null(rows);
        check_spectrum(names[i], buffer_slice(&csv), rows);
        cJSON_Delete(rows);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cells_are_cut_and_unquoted),
        cmocka_unit_test(a_header_that_cannot_be_is_an_error),
        cmocka_unit_test(a_missing_column_is_told_and_null),
        cmocka_unit_test(a_quote_that_never_closes_does_not_swallow_the_file),
        cmocka_unit_test(reading_goes_on_from_any_place),
        cmocka_unit_test(the_csv_spectrum_is_met),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
