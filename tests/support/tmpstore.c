// SPDX-License-Identifier: Apache-2.0
#include "tmpstore.h"

#include <ftw.h>
#include <stdio.h>

#include "test.h"

static void must(bool good, const struct error *err)
{
    char text[ERROR_TEXT_BYTES];
    if (!good) fail_msg("%s", error_text(err, text, sizeof text));
}

void tmpstore_open(struct tmpstore *tmp, const char *schema)
{
    struct error err;
    *tmp = (struct tmpstore){.directory = "/tmp/tally-test-XXXXXX", .memory_bytes = 64 << 20};
    assert_non_null(mkdtemp(tmp->directory));
    (void)snprintf(tmp->path, sizeof tmp->path, "%s/store", tmp->directory);
    must(store_create(tmp->path, slice_text(schema), &err), &err);
    must(store_open(tmp->path, STORE_WRITE, &tmp->store, &err), &err);
}

static int remove_one(const char *path, const struct stat *status, int type, struct FTW *where)
{
    (void)status;
    (void)type;
    (void)where;
    return remove(path);
}

void tmpstore_close(struct tmpstore *tmp)
{
    store_close(tmp->store);
    assert_int_equal(nftw(tmp->directory, remove_one, 16, FTW_DEPTH | FTW_PHYS), 0);
}

struct value tmpstore_value(const struct schema *schema, const struct field *field,
                            struct slice text)
{
    struct value value = {.kind = VALUE_NULL};
    if (text.length == 0) return value;
    switch (field->type) {
    case FIELD_STRING:
        value.kind = VALUE_STRING;
        value.string = slice_is(text, "''") ? slice_text("") : text;
        break;
    case FIELD_BOOL:
        value.kind = VALUE_BOOL;
        value.boolean = slice_is(text, "true");
        break;
    case FIELD_INT:
    case FIELD_DECIMAL:
        value.kind = VALUE_NUMBER;
        assert_int_equal(decimal_read(text, &value.number), DECIMAL_READ);
        break;
    case FIELD_FLOAT:
        value.kind = VALUE_FLOAT;
        assert_true(float_read(text, &value.real));
        break;
    case FIELD_TIME:
        value.kind = VALUE_TIME;
        assert_true(calendar_read(text, schema->zone, &value.time_ns));
        break;
    }
    return value;
}

static void add_line(struct events_chunk *chunk, const struct schema *schema, const char *line)
{
    const struct stream *const stream = chunk->stream;
    struct value *const values = memory_alloc(stream->field_count * sizeof *values);
    struct slice rest = slice_text(line);
    for (size_t i = 0; i < stream->field_count; i++) {
        const uint8_t *const bar = rest.length ? memchr(rest.at, '|', rest.length) : NULL;
        struct slice const text = slice_of(rest.at, bar ? (size_t)(bar - rest.at) : rest.length);
        values[i] = tmpstore_value(schema, &stream->fields[i], text);
        size_t const used = text.length + (bar ? 1 : 0);
        rest = slice_of(rest.at + used, rest.length - used);
    }
    events_chunk_add(chunk, values);
    free(values);
}

struct batch tmpstore_put(struct tmpstore *tmp, const char *stream, const char *const *lines,
                          size_t count)
{
    struct error err;
    const struct schema *schema;
    struct events_chunk chunk;
    uint64_t commit_id;
    must(store_schema(tmp->store, &schema, &err), &err);
    const struct stream *const found = schema_stream(schema, slice_text(stream));
    assert_non_null(found);
    struct batch batch = {.digest = {++tmp->batch_count, 0},
                          .stream = found->id,
                          .state = BATCH_LOADED,
                          .source = slice_text("test")};
    events_chunk_init(&chunk, found);
    for (size_t i = 0; i < count; i++)
        add_line(&chunk, schema, lines[i]);
    must(commit_chunk(tmp->store, &chunk, &batch, tmp->memory_bytes, &commit_id, &err), &err);
    events_chunk_done(&chunk);
    return batch;
}

char *tmpstore_cat(struct tmpstore *tmp, const char *path)
{
    struct error err;
    struct snapshot *snapshot;
    struct arena arena = {0};
    struct node node;
    struct node_stat stat;
    struct tree_reader reader = {0};
    struct buffer text = {0};
    must(snapshot_open(tmp->store, &snapshot, &err), &err);
    enum tree_answer const found =
        tree_find(snapshot, slice_text(path), &arena, &node, &stat, &err);
    must(found != TREE_FAILED, &err);
    if (found == TREE_FOUND) {
        assert_false(stat.directory);
        must(tree_read(snapshot, &node, &reader, 0, stat.size_bytes + 1, &text, &err), &err);
        assert_int_equal(text.length, stat.size_bytes);
        buffer_add_byte(&text, '\0');
    }
    tree_reader_done(&reader);
    arena_done(&arena);
    snapshot_close(snapshot);
    return (char *)text.at;
}

char *tmpstore_ls(struct tmpstore *tmp, const char *path)
{
    struct error err;
    struct snapshot *snapshot;
    struct arena arena = {0};
    struct node node;
    struct node_stat stat;
    struct tree_listing *listing;
    struct tree_entry entry;
    struct buffer text = {0};
    must(snapshot_open(tmp->store, &snapshot, &err), &err);
    assert_int_equal(tree_find(snapshot, slice_text(path), &arena, &node, &stat, &err), TREE_FOUND);
    must(tree_list(snapshot, &node, &listing, &err), &err);
    enum tree_answer answer;
    while ((answer = tree_listing_next(listing, &entry, &err)) == TREE_FOUND) {
        buffer_add_slice(&text, entry.name);
        buffer_add_text(&text, entry.stat.directory ? "/\n" : "\n");
    }
    must(answer == TREE_MISSING, &err);
    tree_listing_free(listing);
    arena_done(&arena);
    snapshot_close(snapshot);
    buffer_add_byte(&text, '\0');
    return (char *)text.at;
}
