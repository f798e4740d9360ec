// SPDX-License-Identifier: Apache-2.0
#include "write/link_check.h"

#include <stdio.h>

#include "../support/test.h"
#include "../support/tmpstore.h"

#define SCHEMA(stream)                                                                             \
    "{\"streams\":{\"s\":{" stream "\"fields\":{\"k\":\"string\",\"id\":\"string\",\"up\":"        \
    "\"string\",\"op\":\"string\"}}},\"views\":{\"t\":{\"by\":[\"tree(id, up)\"],\"measures\":{"   \
    "\"n\":\"count()\"}}}}"

/* Judges the lines one after the other, each as "+" or "-" with the nodes of the cycle. */
static void check(const char *schema_text, const char *const *stored, size_t stored_count,
                  const char *const *lines, size_t count, const char *expected)
{
    struct tmpstore tmp;
    struct error err;
    const struct schema *schema;
    struct events_chunk chunk;
    struct link_check *links;
    AUTO_BUFFER struct buffer told = {0};
    tmpstore_open(&tmp, schema_text);
    if (stored_count) (void)tmpstore_put(&tmp, "s", stored, stored_count);
    assert_true(store_schema(tmp.store, &schema, &err));
    tmpstore_chunk(schema, "s", lines, count, &chunk);
    assert_true(link_check_wanted(schema, chunk.stream));
    assert_true(link_check_open(tmp.store, schema, chunk.stream, &links, &err));
    for (size_t i = 0; i < count; i++) {
        struct link_fault fault;
        enum link_verdict const verdict = link_check_record(links, &chunk.events[i], &fault, &err);
        assert_int_not_equal(verdict, LINK_UNKNOWN);
        buffer_add_text(&told, verdict == LINK_TAKEN ? "+" : "-");
        if (verdict == LINK_REFUSED) buffer_add_slice(&told, fault.nodes);
        buffer_add_byte(&told, ' ');
    }
    buffer_add_byte(&told, '\0');
    assert_string_equal((char *)told.at, expected);
    link_check_close(links);
    events_chunk_done(&chunk);
    tmpstore_close(&tmp);
}

#define KEYED "\"key\":\"k\",\"on_duplicate\":\"replace\",\"delete_when\":\"op = 'd'\","

static void records_are_judged_in_their_order(void **state)
{
    (void)state;
    static const char *const stored[] = {"1|a||", "2|b|a|", "3|c|b|"};
    static const char *const lines[] = {"1|a|c|", "9|x|x|", "3|c|||", "1|a|c|",
                                        "3|c|b|", "2|b||d", "3|c|b|", "1|a|b|"};
    check(SCHEMA(KEYED), stored, COUNT_OF(stored), lines, COUNT_OF(lines),
          "-a -> c -> b -> a -x -> x + + -c -> b -> a -> c + + + ");
}

static void without_a_key_each_record_counts(void **state)
{
    (void)state;
    static const char *const stored[] = {"1|a|m|", "1|m|z|"};
    static const char *const lines[] = {"1|m|a|", "1|z|m|", "1|a||", "1|m|b|", "1|b|m|"};
    check(SCHEMA(""), stored, COUNT_OF(stored), lines, COUNT_OF(lines),
          "-m -> a -> m -z -> m -> z + + -b -> m -> b ");
}

static void a_record_that_changes_nothing_is_taken(void **state)
{
    (void)state;
    static const char *const stored[] = {"1|a||", "2|b|a|"};
    static const char *const lines[] = {"1|a|b|", "3|a|b|"};
    check(SCHEMA("\"key\":\"k\","), stored, COUNT_OF(stored), lines, COUNT_OF(lines),
          "+ -a -> b -> a ");
}

/* What it took the place of had kept a greater parent from counting. */
static void what_goes_may_close_a_cycle_too(void **state)
{
    (void)state;
    static const char *const stored[] = {"1|n|a|", "2|n|z|", "3|z|n|"};
    static const char *const lines[] = {"1|n||d", "1|other|n|", "2|n||", "1|n||d"};
    check(SCHEMA(KEYED), stored, COUNT_OF(stored), lines, COUNT_OF(lines),
          "-n -> z -> n -n -> z -> n + + ");
}

static void a_chain_has_so_many_nodes(void **state)
{
    (void)state;
    enum { NODES = SCHEMA_CHAIN_MAX };
    struct tmpstore tmp;
    struct error err;
    const struct schema *schema;
    struct events_chunk chunk;
    struct link_check *links;
    struct link_fault fault;
    tmpstore_open(&tmp, SCHEMA(""));
    assert_true(store_schema(tmp.store, &schema, &err));
    tmpstore_chunk(schema, "s", NULL, 0, &chunk);
    assert_true(link_check_open(tmp.store, schema, chunk.stream, &links, &err));
    for (size_t i = 0; i <= NODES; i++) {
        char id[16], up[16];
        (void)snprintf(id, sizeof id, "n%zu", i);
        (void)snprintf(up, sizeof up, "n%zu", i - 1);
        struct value const values[] = {
            {.kind = VALUE_NULL},
            {.kind = VALUE_STRING, .string = slice_text(id)},
            {.kind = i ? VALUE_STRING : VALUE_NULL, .string = slice_text(up)},
            {.kind = VALUE_NULL}};
        events_chunk_clear(&chunk);
        events_chunk_add(&chunk, values);
        assert_int_equal(link_check_record(links, &chunk.events[0], &fault, &err),
                         i < NODES ? LINK_TAKEN : LINK_REFUSED);
    }
    assert_string_equal(fault.what, "the node would be too deep");
    link_check_close(links);
    events_chunk_done(&chunk);
    tmpstore_close(&tmp);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(records_are_judged_in_their_order),
        cmocka_unit_test(without_a_key_each_record_counts),
        cmocka_unit_test(a_record_that_changes_nothing_is_taken),
        cmocka_unit_test(what_goes_may_close_a_cycle_too),
        cmocka_unit_test(a_chain_has_so_many_nodes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
