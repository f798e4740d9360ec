// SPDX-License-Identifier: Apache-2.0
#include "../support/test.h"
#include "../support/tmpstore.h"
#include "write/commit.h"

static const char schema_text[] =
    "{\"streams\":{\"s\":{\"key\":\"k\",\"fields\":{\"k\":\"string\",\"v\":\"int\"}}},"
    "\"views\":{\"v\":{\"measures\":{\"n\":\"count()\",\"sum\":\"sum(v)\",\"most\":\"max(v)\"}}}}";
static const char *const lines[] = {"a|1", "b|2", "c|4", "d|8", "e|16"};

/* Keys from an array, and what was asked for. */
struct listed_keys {
    const char *const *keys;
    size_t count;
    size_t next;
    size_t rewind_count;
    size_t read_count;
    struct error *fails; /* at the end of the keys; NULL: there are no more */
};

static bool listed_rewind(void *context, struct error *err)
{
    struct listed_keys *const listed = context;
    (void)err;
    listed->next = 0;
    listed->rewind_count++;
    return true;
}

static bool listed_read(void *context, size_t most_bytes, struct events_chunk *chunk,
                        struct error *err)
{
    struct listed_keys *const listed = context;
    listed->read_count++;
    assert_int_equal(chunk->count, 0);
    while (listed->next < listed->count && events_chunk_bytes(chunk) < most_bytes) {
        struct value const values[] = {
            {.kind = VALUE_STRING, .string = slice_text(listed->keys[listed->next++])},
            {.kind = VALUE_NULL}};
        events_chunk_add(chunk, values);
    }
    if (chunk->count > 0 || !listed->fails) return true;
    *err = *listed->fails;
    return false;
}

/* Returns whether the deletion was committed. */
static bool delete_listed(struct tmpstore *tmp, struct listed_keys *listed, size_t memory_bytes,
                          struct batch *ret_batch)
{
    const struct schema *schema;
    struct error err;
    uint64_t commit_id;
    if (!store_schema(tmp->store, &schema, &err)) fail_msg("%s", err.fact);
    struct deletion const deletion = {.stream = &schema->streams[0],
                                      .keys = {listed_rewind, listed_read, listed}};
    *ret_batch = (struct batch){.kind = BATCH_DELETE,
                                .stream = deletion.stream->id,
                                .state = BATCH_LOADED,
                                .source = slice_text("test")};
    struct resources const resources = {.memory_bytes = memory_bytes, .threads = 2};
    if (commit_delete(tmp->store, &deletion, ret_batch, &resources, &commit_id, &err)) return true;
    if (!listed->fails) fail_msg("%s: %s", err.place, err.fact);
    return false;
}

static void begin(struct tmpstore *tmp)
{
    tmpstore_open(tmp, schema_text);
    (void)tmpstore_put(tmp, "s", lines, COUNT_OF(lines));
    tmpstore_check(tmp, "v.json", "{\"n\":5,\"sum\":31,\"most\":16}\n");
}

/* A key that is named again in a later portion is not there any more, as within one. */
static void keys_are_deleted_in_portions(void **state)
{
    (void)state;
    static const char *const keys[] = {"e", "b", "nowhere", "b", "e", "c"};
    static size_t const memories[] = {1, 16 << 20};
    for (size_t i = 0; i < COUNT_OF(memories); i++) {
        struct tmpstore tmp;
        struct batch batch;
        struct listed_keys listed = {.keys = keys, .count = COUNT_OF(keys)};
        begin(&tmp);
        assert_true(delete_listed(&tmp, &listed, 64 * memories[i], &batch));
        assert_int_equal(batch.deleted_count, 3);
        assert_int_equal(batch.duplicate_count, 3);
        assert_int_equal(listed.rewind_count, 1);
        assert_int_equal(listed.read_count, i == 0 ? COUNT_OF(keys) + 1 : 2);
        tmpstore_check(&tmp, "v.json", "{\"n\":2,\"sum\":9,\"most\":8}\n");
        tmpstore_verify(&tmp);
        tmpstore_close(&tmp);
    }
}

static void nothing_is_deleted_where_a_later_key_cannot_be_read(void **state)
{
    (void)state;
    static const char *const keys[] = {"a", "b"};
    struct tmpstore tmp;
    struct batch batch;
    struct error wrong;
    (void)error_set(&wrong, ERROR_INPUT, "it ends early");
    struct listed_keys listed = {.keys = keys, .count = COUNT_OF(keys), .fails = &wrong};
    begin(&tmp);
    assert_false(delete_listed(&tmp, &listed, 64, &batch));
    tmpstore_check(&tmp, "v.json", "{\"n\":5,\"sum\":31,\"most\":16}\n");
    tmpstore_verify(&tmp);
    tmpstore_close(&tmp);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys_are_deleted_in_portions),
        cmocka_unit_test(nothing_is_deleted_where_a_later_key_cannot_be_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
