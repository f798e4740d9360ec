// SPDX-License-Identifier: Apache-2.0
#include "input/event_reader.h"

#include "../support/input.h"
#include "../support/test.h"
#include "base/arena.h"

static const char schema_text[] =
    "{\"streams\":{\"s\":{\"key\":\"id\",\"fields\":{\"id\":\"string\",\"text\":\"string\","
    "\"n\":\"int\"}}},\"views\":{\"v\":{\"measures\":{\"n\":\"sum(n)\"}}}}";

static const struct notices nobody = {.show = NULL};
static struct schema *schema;

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

/* xorshift64, by Marsaglia (2003). */
static uint64_t draw(uint64_t *seed, uint64_t below)
{
    *seed ^= *seed << 13;
    *seed ^= *seed >> 7;
    *seed ^= *seed << 17;
    return *seed % below;
}

static void add_filler(struct buffer *into, size_t length)
{
    for (size_t i = 0; i < length; i++)
        buffer_add_byte(into, (uint8_t)('a' + i % 26));
}

/* A hole. */
static void add_zeros(struct buffer *into, uint64_t *seed)
{
    for (uint64_t length = draw(seed, 20) == 0 ? 700000 : 1 + draw(seed, 30); length > 0; length--)
        buffer_add_byte(into, 0);
}

/* One of what a line, or what begins on it, can be. */
static void add_csv_record(struct buffer *into, uint64_t *seed, unsigned number)
{
    switch (draw(seed, 40)) {
    case 0: buffer_format(into, "%u,\"two\nlines, \"\"quoted\"\"\",%u\n", number, number); break;
    case 1: buffer_format(into, "%u,\"stray,%u\n", number, number); break;
    case 2: buffer_format(into, "%u,plain,no number\n", number); break;
    case 3: buffer_format(into, "%u,too,many,cells\r\n", number); break;
    case 4: buffer_add_text(into, "\n\r\n"); break;
    case 5: buffer_add_text(into, "   \n"); break;
    case 6: buffer_format(into, ",no key,%u\n", number); break;
    case 7:
        buffer_format(into, "%u,\"", number);
        for (uint64_t i = draw(seed, draw(seed, 20) == 0 ? 20000 : 3000); i > 0; i--)
            buffer_add_text(into, "5,looks like a record,5\n");
        buffer_add_text(into, "\",7\n");
        break;
    case 8:
        buffer_format(into, "%u,", number);
        add_filler(into, draw(seed, 50) == 0 ? 700000 : 300);
        buffer_add_text(into, ",8\n");
        break;
    case 9: add_zeros(into, seed); break;
    default: buffer_format(into, "%u,text %u,%u\n", number, number % 7, number); break;
    }
}

static void add_json_record(struct buffer *into, uint64_t *seed, unsigned number)
{
    switch (draw(seed, 30)) {
    case 0: buffer_format(into, "{\"id\":%u,\"n\":\n", number); break;
    case 1: buffer_add_text(into, " \t\n\n"); break;
    case 2: buffer_format(into, "{\"id\":\"%u\",\"text\":\"a\\nb\\u00e4\"}\r\n", number); break;
    case 3: buffer_format(into, "{\"id\":\"%u\",\"n\":\"x\"}\n", number); break;
    case 4:
        buffer_format(into, "{\"id\":\"%u\",\"text\":\"", number);
        add_filler(into, draw(seed, 50) == 0 ? 700000 : 300);
        buffer_add_text(into, "\"}\n");
        break;
    case 5: add_zeros(into, seed); break;
    default: buffer_format(into, "{\"id\":\"%u\",\"n\":%u}\n", number, number % 100); break;
    }
}

static struct source *start_bytes(struct slice bytes)
{
    struct source *const source = open_bytes(bytes);
    struct error err;
    if (!source_start(source, 0, &err)) fail_msg("%s", err.fact);
    return source;
}

static struct binder new_binder(void)
{
    struct binder binder;
    binder_init(&binder, &schema->streams[0], schema->zone);
    return binder;
}

/* What tells a record from another: where it begins, its bytes, of which more may follow, ... */
static void write_bytes(const struct record *record, struct buffer *into)
{
    buffer_format(into, "%d%s: ", (int)record->line, record->is_open ? ", open" : "");
    buffer_add_slice(into, record->raw);
}

/* ... its event, or why it is none, and where it ends. */
static void write_outcome(const struct event *event, const struct refusal *reason,
                          struct reader_place place, struct buffer *into)
{
    buffer_add_byte(into, 0);
    if (reason) {
        buffer_add_slice(into, buffer_slice(&reason->text));
        buffer_add_slice(into, buffer_slice(&reason->kind));
    } else {
        buffer_add_slice(into, event->key);
        buffer_add_byte(into, 0);
        buffer_add_slice(into, event->packed);
    }
    buffer_format(into, " up to %d at %d\n", (int)place.line, (int)place.offset);
}

/* By one reader and one binder, from the first byte to the last. */
static void read_in_order(struct slice input, size_t memory_bytes, struct buffer *into)
{
    struct source *source = start_bytes(input);
    struct binder binder = new_binder();
    struct refusal refusal = {.text = {0}};
    struct record record;
    struct reader *reader;
    struct error err;
    enum reader_step step;
    if (!reader_open(source, &schema->streams[0], INPUT_BY_CONTENT, NULL,
                     reader_bytes_most(memory_bytes, RECORD_SHARES), &nobody, &reader, &err))
        fail_msg("%s", err.fact);
    while ((step = reader_next(reader, &record, &refusal, &err)) != READER_END) {
        AUTO_BUFFER struct buffer packed = {0};
        struct event event = {.key = {0}};
        assert_int_not_equal(step, READER_FAILED);
        bool const taken = step == READER_RECORD && bind_cells(&binder, record.cells, &refusal);
        if (taken) {
            size_t const key_length = event_pack(&schema->streams[0], binder.values, 0, &packed);
            event = event_of_bytes(packed.at, key_length, packed.length);
        }
        write_bytes(&record, into);
        while (!taken && record.more) {
            assert_true(reader_rest(reader, &record, &err));
            buffer_add_slice(into, record.raw);
        }
        write_outcome(&event, taken ? NULL : &refusal, reader_place(reader), into);
    }
    buffer_format(into, "%d zero bytes\n", (int)reader->zero_bytes);
    reader_free(reader);
    source_close(source);
    binder_done(&binder);
    refusal_done(&refusal);
}

static void read_side_by_side(struct slice input, struct resources resources, struct buffer *into)
{
    struct source *source = start_bytes(input);
    struct binder binder = new_binder();
    struct event_reader *reader;
    struct read_event event;
    struct error err;
    enum reader_step step;
    if (!event_reader_open(source, &binder, INPUT_BY_CONTENT, NULL, &resources, &nobody, &reader,
                           &err))
        fail_msg("%s", err.fact);
    while ((step = event_reader_next(reader, &event, &err)) != READER_END) {
        assert_int_not_equal(step, READER_FAILED);
        assert_int_equal(event.reason != NULL, step == READER_REFUSED);
        write_bytes(&event.record, into);
        while (event.reason && event.record.more) {
            assert_true(event_reader_rest(reader, &event.record, &err));
            buffer_add_slice(into, event.record.raw);
        }
        write_outcome(&event.event, event.reason, event_reader_place(reader), into);
    }
    buffer_format(into, "%d zero bytes\n", (int)event_reader_zero_bytes(reader));
    event_reader_close(reader);
    source_close(source);
    binder_done(&binder);
}

static void check(struct slice input, const char *what, uint64_t seed)
{
    static const struct resources cases[] = {
        {.memory_bytes = 512 << 20, .threads = 3},
        {.memory_bytes = 512 << 20, .threads = 1},
        {.memory_bytes = 64 << 20, .threads = 8},
        {.memory_bytes = 2 << 20, .threads = 2},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i += test_slice()) {
        AUTO_BUFFER struct buffer wanted = {0};
        AUTO_BUFFER struct buffer found = {0};
        read_in_order(input, cases[i].memory_bytes, &wanted);
        read_side_by_side(input, cases[i], &found);
        if (slice_equal(buffer_slice(&wanted), buffer_slice(&found))) continue;
        size_t at = 0;
        while (at < wanted.length && at < found.length && wanted.at[at] == found.at[at])
            at++;
        size_t const from = at < 100 ? 0 : at - 100;
        fail_msg("%s of seed %d, threads %d:\nwanted %.300s\nfound  %.300s", what, (int)seed,
                 (int)cases[i].threads, (const char *)wanted.at + from,
                 (const char *)found.at + from);
    }
}

static void threads_change_nothing(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 4; seed += test_slice()) {
        AUTO_BUFFER struct buffer csv = {0};
        AUTO_BUFFER struct buffer json = {0};
        uint64_t state_csv = seed * 77777, state_json = seed * 99991;
        buffer_add_text(&csv, "id,text,n\n");
        for (unsigned i = 0; csv.length < 3 << 20; i++)
            add_csv_record(&csv, &state_csv, i);
        for (unsigned i = 0; json.length < 3 << 20; i++)
            add_json_record(&json, &state_json, i);
        if (seed % 2) buffer_add_text(&csv, "9,\"open");
        check(buffer_slice(&csv), "CSV", seed);
        check(buffer_slice(&json), "NDJSON", seed);
    }
}

/* What a record is depends on the brackets in front of it. */
static void an_array_is_read_in_order(void **state)
{
    (void)state;
    AUTO_BUFFER struct buffer array = {0};
    for (unsigned i = 0; array.length < 2 << 20; i++)
        buffer_format(&array, "%c\n{\"id\":\"%u\",\n\"n\":%u}", i ? ',' : '[', i, i);
    buffer_add_text(&array, "]");
    check(buffer_slice(&array), "an array", 0);
}

static void what_is_too_small_for_segments_is_read(void **state)
{
    (void)state;
    check(slice_text("id,text,n\n"), "a header", 0);
    check(slice_text("id,text,n\n\n\n"), "blank lines", 0);
    check(slice_text("id,text,n\n1,a,1"), "no line end", 0);
    check(slice_text("{\"id\":\"1\"}"), "one object", 0);
    check(slice_text("\n"), "a line end", 0);
}

/* However much of it is held already. */
static void a_record_of_many_lines_is_too_long(void **state)
{
    (void)state;
    AUTO_BUFFER struct buffer csv = {0};
    AUTO_BUFFER struct buffer found = {0};
    buffer_add_text(&csv, "id,text,n\n1,\"");
    while (csv.length < 200 << 10)
        buffer_add_text(&csv, "line\n");
    buffer_add_text(&csv, "\",1\n2,b,2\n");
    check(buffer_slice(&csv), "a long record", 0);
    read_in_order(buffer_slice(&csv), 1 << 20, &found);
    assert_non_null(memmem(found.at, found.length, "too long", strlen("too long")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(threads_change_nothing),
        cmocka_unit_test(an_array_is_read_in_order),
        cmocka_unit_test(a_record_of_many_lines_is_too_long),
        cmocka_unit_test(what_is_too_small_for_segments_is_read),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
