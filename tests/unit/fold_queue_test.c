// SPDX-License-Identifier: Apache-2.0
#include "write/fold_queue.h"

#include <stdio.h>

#include "../support/test.h"
#include "../support/tmpstore.h"
#include "base/arena.h"

static const char schema_text[] =
    "{\"streams\":{\"a\":{\"fields\":{\"k\":\"string\",\"n\":\"int\"}},"
    "\"b\":{\"fields\":{\"k\":\"string\"}}},"
    "\"views\":{\"of_a\":{\"from\":\"a\",\"by\":[\"k\"],\"measures\":{\"n\":\"sum(n)\"}},"
    "\"all_of_a\":{\"from\":\"a\",\"measures\":{\"n\":\"count()\"}},"
    "\"of_b\":{\"from\":\"b\",\"by\":[\"k\"],\"measures\":{\"n\":\"count()\"}}}}";

enum { GROUPS = 7, EVENTS = 20000 /* a few slices */ };

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

static void add_events(struct events_chunk *chunk, const char *stream, size_t count)
{
    AUTO_FREE char(*const texts)[32] = memory_alloc(count * sizeof *texts);
    AUTO_FREE const char **const lines = memory_alloc(count * sizeof *lines);
    for (size_t i = 0; i < count; i++) {
        (void)snprintf(texts[i], sizeof texts[i], "k%zu%s", i % GROUPS,
                       stream[0] == 'a' ? "|1" : "");
        lines[i] = texts[i];
    }
    tmpstore_chunk(schema, stream, lines, count, chunk);
}

static void go_on(struct fold_queue *queue)
{
    struct error err;
    if (!fold_queue_wait(queue, &err)) fail_msg("%s", err.fact);
    fold_queue_begin(queue);
}

static void fold(struct fold_queue *queue, const struct events_chunk *chunk, size_t i)
{
    (void)fold_queue_add_event(queue, chunk->stream, &chunk->events[i], +1);
    if (fold_queue_is_full(queue)) go_on(queue);
}

/* What is folded by so many threads, as "view: leaves, events". */
static void fold_all(size_t threads, struct buffer *into)
{
    struct events_chunk a, b;
    struct delta delta;
    struct fold_queue queue;
    struct error err;
    delta_init(&delta, schema);
    fold_queue_init(&queue, &delta, 1 << 24, threads);
    add_events(&a, "a", EVENTS);
    add_events(&b, "b", EVENTS / 2);
    for (size_t i = 0; i < a.count; i++) {
        /* first a slice of one stream alone, then of both */
        fold(&queue, &a, i);
        if (i >= EVENTS / 2) fold(&queue, &b, i - EVENTS / 2);
    }
    go_on(&queue);
    if (!fold_queue_wait(&queue, &err)) fail_msg("%s", err.fact);
    for (size_t i = 0; i < schema->view_count; i++) {
        const struct buffer *const leaves = &delta_view_of(&delta, &schema->views[i])->leaves;
        struct delta_leaf *const *const list = (const void *)leaves->at;
        size_t const count = leaves->length / sizeof *list;
        int64_t events = 0;
        for (size_t leaf = 0; leaf < count; leaf++)
            events += list[leaf]->event_count;
        buffer_format(into, "%.*s: %zu, %d; ", (int)schema->views[i].name.length,
                      (const char *)schema->views[i].name.at, count, (int)events);
    }
    buffer_add_byte(into, 0);
    fold_queue_done(&queue);
    delta_done(&delta);
    events_chunk_done(&a);
    events_chunk_done(&b);
}

static void each_view_gets_the_events_of_its_stream(void **state)
{
    (void)state;
    for (size_t threads = 0; threads < 5; threads++) {
        AUTO_BUFFER struct buffer found = {0};
        fold_all(threads, &found);
        assert_string_equal((const char *)found.at,
                            "of_a: 7, 20000; all_of_a: 1, 20000; of_b: 7, 10000; ");
    }
}

static void an_event_that_cannot_be_unpacked_is_told(void **state)
{
    (void)state;
    for (size_t threads = 1; threads < 3; threads++) {
        struct events_chunk a;
        struct delta delta;
        struct fold_queue queue;
        struct error err;
        delta_init(&delta, schema);
        fold_queue_init(&queue, &delta, 1 << 24, threads);
        add_events(&a, "a", FOLD_SLICE_EVENTS);
        a.events[1000].packed.length--;
        for (size_t i = 0; i < a.count; i++)
            (void)fold_queue_add_event(&queue, a.stream, &a.events[i], +1);
        fold_queue_begin(&queue);
        assert_false(fold_queue_wait(&queue, &err));
        assert_int_equal(err.kind, ERROR_CORRUPT);
        assert_string_equal(err.fact, "an event cannot be read");
        fold_queue_done(&queue);
        delta_done(&delta);
        events_chunk_done(&a);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_view_gets_the_events_of_its_stream),
        cmocka_unit_test(an_event_that_cannot_be_unpacked_is_told),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
