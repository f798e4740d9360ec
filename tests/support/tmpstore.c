// SPDX-License-Identifier: Apache-2.0
#include "tmpstore.h"

#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>

#include "test.h"
#include "verify/verify.h"

static void must(bool good, const struct error *err)
{
    char text[ERROR_TEXT_BYTES];
    if (!good) fail_msg("%s", error_text(err, text, sizeof text));
}

void tmpstore_open(struct tmpstore *tmp, const char *schema)
{
    struct error err;
    *tmp = (struct tmpstore){.directory = "/tmp/tally-test-XXXXXX",
                             .resources = {.memory_bytes = 64 << 20, .threads = 2}};
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

void tmpstore_chunk(const struct schema *schema, const char *stream, const char *const *lines,
                    size_t count, struct events_chunk *ret_chunk)
{
    const struct stream *const found = schema_stream(schema, slice_text(stream));
    assert_non_null(found);
    events_chunk_init(ret_chunk, found);
    for (size_t i = 0; i < count; i++)
        add_line(ret_chunk, schema, lines[i]);
}

struct batch tmpstore_put_batch(struct tmpstore *tmp, const char *stream, const char *const *lines,
                                size_t count, const struct batch *batch)
{
    struct error err;
    const struct schema *schema;
    struct events_chunk chunk;
    uint64_t commit_id;
    must(store_schema(tmp->store, &schema, &err), &err);
    tmpstore_chunk(schema, stream, lines, count, &chunk);
    struct batch put = *batch;
    put.stream = chunk.stream->id;
    struct chunk_commit const commit = {.chunk = &chunk,
                                        .schema = schema,
                                        .expires = put.state == BATCH_LOADED,
                                        .resources = tmp->resources};
    must(commit_chunk(tmp->store, &commit, &put, &commit_id, &err), &err);
    events_chunk_done(&chunk);
    return put;
}

struct batch tmpstore_put(struct tmpstore *tmp, const char *stream, const char *const *lines,
                          size_t count)
{
    struct batch const batch = {
        .digest = {{++tmp->batch_count, 0}}, .state = BATCH_LOADED, .source = slice_text("test")};
    return tmpstore_put_batch(tmp, stream, lines, count, &batch);
}

void tmpstore_put_rejects(struct tmpstore *tmp, const char *name, const char *text)
{
    char path[160];
    (void)snprintf(path, sizeof path, "%s/rejects/%s", tmp->path, name);
    AUTO_FD int const fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0666);
    assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
}

struct slice tmpstore_quoted(struct arena *arena, const char *text)
{
    char *const copy = arena_text(arena, slice_text(text));
    for (char *at = copy; *at; at++)
        *at = *at == '\'' ? '"' : *at == '`' ? '\'' : *at;
    return slice_text(copy);
}

size_t tmpstore_cut(struct tmpstore *tmp, enum db_table table, struct slice key, size_t length)
{
    struct error err;
    struct txn *txn;
    struct cursor *cursor;
    struct db_entry entry;
    AUTO_BUFFER struct buffer found = {0}, value = {0};
    must(txn_begin(store_db(tmp->store), true, &txn, &err), &err);
    must(cursor_open(txn, table, &cursor, &err), &err);
    assert_int_equal(cursor_seek(cursor, key.length ? key : slice_of("", 1), &entry, &err),
                     DB_FOUND);
    buffer_add_slice(&found, entry.key);
    buffer_add_slice(&value, entry.value);
    cursor_close(cursor);
    if (key.length) assert_true(slice_equal(buffer_slice(&found), key));
    size_t const before = value.length;
    if (length < before) value.length = length;
    must(db_put(txn, table, buffer_slice(&found), buffer_slice(&value), &err), &err);
    must(txn_commit(txn, &err), &err);
    return before;
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

void tmpstore_find(const struct snapshot *snapshot, const char *path, struct arena *arena,
                   struct node *ret_node)
{
    struct error err;
    struct node_stat stat;
    assert_int_equal(tree_find(snapshot, slice_text(path), arena, ret_node, &stat, &err),
                     TREE_FOUND);
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

void tmpstore_check(struct tmpstore *tmp, const char *path, const char *expected)
{
    char *const text = tmpstore_cat(tmp, path);
    if (!text && expected) fail_msg("%s is missing", path);
    if (expected)
        assert_string_equal(text, expected);
    else
        assert_null(text);
    free(text);
}

void tmpstore_check_names(struct tmpstore *tmp, const char *path, const char *expected)
{
    char *const text = tmpstore_ls(tmp, path);
    assert_string_equal(text, expected);
    free(text);
}

static void emit_difference(void *context, const char *path, const char *what)
{
    (void)context;
    print_error("%s %s\n", path, what);
}

void tmpstore_verify(struct tmpstore *tmp)
{
    struct error err;
    struct snapshot *snapshot;
    struct verify_result result, portions;
    must(snapshot_open(tmp->store, &snapshot, &err), &err);
    must(verify_store(snapshot, emit_difference, NULL, &result, &err), &err);
    /* the same in the least portions, each of which reads all events, by two threads */
    enum { FILES_MOST = 500 };
    static const struct resources few = {.memory_bytes = 4, .threads = 2};
    portions = result;
    if (result.files <= FILES_MOST)
        must(verify_store_within(snapshot, &few, emit_difference, NULL, &portions, &err), &err);
    snapshot_close(snapshot);
    assert_int_equal(result.differing, 0);
    assert_int_equal(portions.differing, 0);
    assert_int_equal(portions.files, result.files);
    assert_int_equal(portions.unproven, result.unproven);
}
