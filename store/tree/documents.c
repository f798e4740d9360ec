// SPDX-License-Identifier: Apache-2.0
#include "tree/documents.h"

#include <cjson/cJSON.h>
#include <stdio.h>

#include "kv/db.h"
#include "tables/batch_log.h"
#include "tables/meta.h"
#include "tree/page.h"
#include "tree/tree_hierarchy.h"
#include "types/pack.h"

static const char readme[] =
    "This is a tallyfs mount: answers as files, written when the events came in.\n"
    "\n"
    "  X/            a group: its name is the value of one dimension\n"
    "  X.json        the breakdown of what lies under X, one row a line\n"
    "  X/.total.json the group itself, as one object\n"
    "\n"
    "At the last dimension X.json is one row. A view without dimensions is one file.\n"
    "Beside every X.json of rows X.ndjson and X.csv can be read too, and X.prom where the view\n"
    "has the format prom; they are not listed, but for that of a whole view, VIEW.prom. Nor are\n"
    "index.html and VIEW/index.html: pages for a browser, with tables and charts.\n"
    "In a tree X/ is a node, and X.json its children. X/.total.json has its own figures (direct)\n"
    "and those with all below it (subtree), X/.NAME.json the latter by other dimensions, and\n"
    "VIEW/.node/ID.json, which is not listed, finds a node by its id.\n"
    "A group without events is not there (ENOENT), rather than shown with zeros.\n"
    "\n"
    "Names: bytes 00-1F and 7F, / \\ %, bytes that are not UTF-8, a leading . - or ~ and the\n"
    "last dot of a value that ends in .json, .ndjson, .csv, .prom or .html are written %XX. Null\n"
    "is %null, what a reference did not find %unresolved, the empty text %empty. A name that\n"
    "would be too long is cut and ends in %~ and a hash.\n"
    "The row inside the file always holds the exact value.\n"
    "\n"
    "A file never changes while it is open. Each commit of `tally ingest` replaces the files that "
    "it\n"
    "changed, all at once; their mtime, and the attribute user.tallyfs.commit, tell which commit.\n"
    "inotify does not tell of that: tally wait and tally watch do, or read\n"
    ".tallyfs/generation again.\n"
    "\n"
    ".tallyfs/\n"
    "  generation     the number of the commit that is shown\n"
    "  status.json    its time, the newest event of each stream, counts and sizes\n"
    "  schema.json    the schema in force, without its comments\n"
    "  views/         dimensions, measures, rows and bytes of each view\n"
    "  batches/       every batch that was ingested: source, digest, counts, first error\n"
    "  rejects/       the records that were refused: line, reason, record\n"
    "  daemon.prom    in a mount: the daemon's own metrics, as they are now\n";

static enum tree_answer documents_view_version(const struct snapshot *snapshot,
                                               const struct node *node, uint64_t *ret_commit_id,
                                               struct error *err)
{
    const struct view *const view = tree_view(snapshot, node);
    struct group group;
    struct hierarchy_facts facts;
    uint64_t commit_id = snapshot->schema_commit_id;
    if (!view) return TREE_MISSING;
    uint64_t changed = 0;
    switch (tree_whole_view(snapshot, view, &group, err)) {
    case DB_FOUND:
        changed = view->dimension_count ? group.rows_commit_id : group.text_commit_id;
        if (view->hierarchy) {
            if (!hierarchy_facts_unpack(view, &group, &facts, NULL, err)) return TREE_FAILED;
            if (facts.nodes_commit_id > changed) changed = facts.nodes_commit_id;
        }
        break;
    case DB_MISSING: changed = snapshot->root_listing_commit_id; break;
    case DB_FAILED: return TREE_FAILED;
    }
    *ret_commit_id = changed > commit_id ? changed : commit_id;
    return TREE_FOUND;
}

enum tree_answer document_version(const struct snapshot *snapshot, const struct node *node,
                                  uint64_t *ret_commit_id, struct error *err)
{
    AUTO_ARENA struct arena arena = {0};
    struct batch batch;
    if (node->kind == NODE_GENERATION || node->kind == NODE_STATUS) {
        *ret_commit_id = snapshot->commit_id;
        return TREE_FOUND;
    }
    if (node->kind == NODE_README || node->kind == NODE_SCHEMA) {
        *ret_commit_id = snapshot->schema_commit_id;
        return TREE_FOUND;
    }
    if (node->kind == NODE_VIEW) return documents_view_version(snapshot, node, ret_commit_id, err);
    if (node_is_page(node)) return page_version(snapshot, node, ret_commit_id, err);
    enum tree_answer const answer = tree_batch(snapshot, node, &arena, &batch, err);
    if (answer != TREE_FOUND) return answer;
    /* The schema has the name of its stream. */
    *ret_commit_id = batch.last_commit;
    if (node->kind == NODE_BATCH && *ret_commit_id < snapshot->schema_commit_id)
        *ret_commit_id = snapshot->schema_commit_id;
    return TREE_FOUND;
}

/* cJSON prints large integers as doubles; their digits go in as they are. */
static void documents_add_number(cJSON *object, const char *name, uint64_t number)
{
    char text[24];
    (void)snprintf(text, sizeof text, "%llu", (unsigned long long)number);
    (void)cJSON_AddRawToObject(object, name, text);
}

/* A string of any bytes, and a whole JSON text, likewise go in as they are. */
static void add_text(cJSON *object, const char *name, struct slice text)
{
    AUTO_BUFFER struct buffer json = {0};
    json_string(text, &json);
    buffer_add_byte(&json, '\0');
    (void)cJSON_AddRawToObject(object, name, (char *)json.at);
}

static void add_item(cJSON *array, struct slice text)
{
    AUTO_BUFFER struct buffer json = {0};
    json_string(text, &json);
    buffer_add_byte(&json, '\0');
    (void)cJSON_AddItemToArray(array, cJSON_CreateRaw((char *)json.at));
}

static void documents_add_time(cJSON *object, const char *name, int128 time_ns,
                               const struct time_zone *zone)
{
    char text[CALENDAR_TEXT_BYTES];
    add_text(object, name, slice_of(text, calendar_write(time_ns, zone, text)));
}

/* Prints and frees the document. */
static bool documents_finish(cJSON *document, struct buffer *text, struct error *err)
{
    char *const printed = cJSON_Print(document);
    cJSON_Delete(document);
    if (!printed) return error_set(err, ERROR_MEMORY, "not enough memory for a document");
    buffer_add_text(text, printed);
    buffer_add_byte(text, '\n');
    cJSON_free(printed);
    return true;
}

static bool documents_add_streams(const struct snapshot *snapshot, cJSON *document,
                                  struct error *err)
{
    cJSON *const streams = cJSON_AddObjectToObject(document, "streams");
    for (size_t i = 0; i < snapshot->schema->stream_count; i++) {
        const struct stream *const stream = &snapshot->schema->streams[i];
        AUTO_BUFFER struct buffer name = {0};
        struct meta_stream meta;
        if (!meta_stream_load(snapshot->txn, stream->id, &meta, err)) return false;
        buffer_add_slice(&name, stream->name);
        buffer_add_byte(&name, '\0');
        cJSON *const entry = cJSON_AddObjectToObject(streams, (char *)name.at);
        documents_add_number(entry, "events", meta.event_count);
        if (meta.newest.kind == VALUE_NULL)
            (void)cJSON_AddNullToObject(entry, "newest_event_time");
        else
            documents_add_time(entry, "newest_event_time", meta.newest.time_ns,
                               snapshot->schema->zone);
    }
    return true;
}

static bool add_batches(const struct snapshot *snapshot, cJSON *document, struct error *err)
{
    uint64_t partial = 0, rejected = 0;
    for (uint64_t id = 1; id <= snapshot->last_batch_id; id++) {
        AUTO_ARENA struct arena arena = {0};
        struct batch batch;
        switch (batch_log_get(snapshot->txn, id, &arena, &batch, err)) {
        case BATCH_LOG_FOUND: break;
        case BATCH_LOG_MISSING: continue;
        case BATCH_LOG_FAILED: return false;
        }
        partial += batch.state == BATCH_PARTIAL && batch.kind != BATCH_FOLLOW;
        rejected += batch.rejected_count;
    }
    documents_add_number(document, "batches", snapshot->last_batch_id);
    documents_add_number(document, "unfinished_batches", partial);
    documents_add_number(document, "rejected", rejected);
    return true;
}

static bool render_status(const struct snapshot *snapshot, struct buffer *text, struct error *err)
{
    cJSON *const document = cJSON_CreateObject();
    uint64_t total = 0;
    documents_add_number(document, "commit", snapshot->commit_id);
    documents_add_time(document, "committed", snapshot->commit_ns, snapshot->schema->zone);
    documents_add_number(document, "events", snapshot->event_count);
    documents_add_number(document, "rows", snapshot->row_count);
    bool good =
        add_batches(snapshot, document, err) && documents_add_streams(snapshot, document, err);
    cJSON *const bytes = cJSON_AddObjectToObject(document, "bytes");
    for (unsigned i = 0; i < DB_TABLES && good; i++) {
        uint64_t table;
        good = db_table_bytes(snapshot->txn, (enum db_table)i, &table, err);
        if (!good) break;
        total += table;
        documents_add_number(bytes, db_table_names[i], table);
    }
    documents_add_number(bytes, "total", total);
    if (good) return documents_finish(document, text, err);
    cJSON_Delete(document);
    return false;
}

/* The name of the one stream or view, or a list of streams. */
static void add_from(cJSON *document, const struct view *view)
{
    if (view->input_count <= 1) {
        add_text(document, "from", view->stream->name);
        return;
    }
    cJSON *const from = cJSON_AddArrayToObject(document, "from");
    for (size_t i = 0; i < view->input_count; i++)
        add_item(from, view->inputs[i].stream->name);
}

static bool render_view(const struct snapshot *snapshot, const struct node *node,
                        struct buffer *text, struct error *err)
{
    const struct view *const view = tree_view(snapshot, node);
    struct group group = {0};
    struct meta_view stored;
    if (tree_whole_view(snapshot, view, &group, err) == DB_FAILED) return false;
    cJSON *const document = cJSON_CreateObject();
    add_text(document, "name", view->name);
    add_from(document, view);
    cJSON *const dimensions = cJSON_AddArrayToObject(document, "dimensions");
    for (size_t i = 0; i < view->dimension_count; i++)
        add_item(dimensions, view->dimensions[i].name);
    cJSON *const measures = cJSON_AddObjectToObject(document, "measures");
    for (size_t i = 0; i < view->measure_count; i++) {
        AUTO_BUFFER struct buffer name = {0};
        buffer_add_slice(&name, view->measures[i].name);
        buffer_add_byte(&name, '\0');
        add_text(measures, (char *)name.at, view->measures[i].text);
    }
    uint64_t rows = group.row_count;
    if (view->hierarchy && group.hierarchy.length) {
        struct hierarchy_facts facts;
        if (!hierarchy_facts_unpack(view, &group, &facts, NULL, err)) {
            cJSON_Delete(document);
            return false;
        }
        rows = facts.node_count;
    }
    documents_add_number(document, "rows", rows);
    documents_add_number(document, "max_rows", view->max_rows);
    uint64_t const list = view->dimension_count && group.row_count ? group.row_count + 1 : 0;
    documents_add_number(document, "bytes",
                         group.row_count ? group.bytes[ROWS_JSON] + group.row_count + list : 0);
    if (!meta_view_load(snapshot->txn, view->id, &stored, err)) {
        cJSON_Delete(document);
        return false;
    }
    if (stored.complete_from.kind == VALUE_NULL)
        (void)cJSON_AddNullToObject(document, "complete_from"); /* from the first event on */
    else
        documents_add_time(document, "complete_from", stored.complete_from.time_ns,
                           snapshot->schema->zone);
    return documents_finish(document, text, err);
}

/* What it takes back, whose place it takes, and what does so with it. */
static void add_undoing(cJSON *document, const struct batch *batch)
{
    bool const is_undo = batch->kind == BATCH_UNDO;
    if (batch->undoes)
        documents_add_number(document, is_undo ? "undoes" : "replaces", batch->undoes);
    if (batch->undone_by) documents_add_number(document, "undone_by", batch->undone_by);
    if (batch->undoes == 0) return;
    documents_add_number(document, "removed", batch->removed_count);
    documents_add_number(document, "restored", batch->restored_count);
}

static bool render_batch(const struct snapshot *snapshot, const struct node *node,
                         struct buffer *text, struct error *err)
{
    AUTO_ARENA struct arena arena = {0};
    struct batch batch;
    struct meta_commit commit;
    static const char *const kinds[] = {[BATCH_INGEST] = "ingest",
                                        [BATCH_DELETE] = "delete",
                                        [BATCH_FOLLOW] = "follow",
                                        [BATCH_UNDO] = "undo"};
    AUTO_BUFFER struct buffer digest = {0};
    if (tree_batch(snapshot, node, &arena, &batch, err) != TREE_FOUND ||
        !meta_commit_load(snapshot->txn, batch.last_commit, &commit, err))
        return false;
    digest_write(&batch.digest, &digest);
    cJSON *const document = cJSON_CreateObject();
    documents_add_number(document, "batch", batch.id);
    if (batch.name.length) add_text(document, "name", batch.name);
    if (batch.repeats) documents_add_number(document, "repeats", batch.repeats);
    add_undoing(document, &batch);
    add_text(document, "source", batch.source);
    add_text(document, "sha256_128", buffer_slice(&digest));
    const struct stream *const stream = schema_stream_of(snapshot->schema, batch.stream);
    add_text(document, "kind", slice_text(kinds[batch.kind]));
    add_text(document, "stream",
             stream ? stream->name : slice_text("")); /* a dropped one has no name */
    const char *const open = batch.kind == BATCH_FOLLOW ? "followed" : "unfinished";
    add_text(document, "state", slice_text(batch.state == BATCH_LOADED ? "loaded" : open));
    documents_add_number(document, "bytes", batch.input_bytes);
    documents_add_number(document, "read", batch.read_count);
    documents_add_number(document, "new", batch.new_count);
    documents_add_number(document, "duplicate", batch.duplicate_count);
    documents_add_number(document, "replaced", batch.replaced_count);
    documents_add_number(document, "stale", batch.stale_count);
    documents_add_number(document, "deleted", batch.deleted_count);
    documents_add_number(document, "rejected", batch.rejected_count);
    cJSON *const reasons = cJSON_AddArrayToObject(document, "reasons");
    for (size_t i = 0; i < batch.reason_count; i++) {
        cJSON *const reason = cJSON_CreateObject();
        add_text(reason, "reason", batch.reasons[i].text);
        documents_add_number(reason, "count", batch.reasons[i].count);
        (void)cJSON_AddItemToArray(reasons, reason);
    }
    if (batch.first_error.length)
        add_text(document, "first_error", batch.first_error);
    else
        (void)cJSON_AddNullToObject(document, "first_error");
    if (batch.rejects.length)
        add_text(document, "rejects", batch.rejects);
    else
        (void)cJSON_AddNullToObject(document, "rejects");
    documents_add_number(document, "first_commit", batch.first_commit);
    documents_add_number(document, "commit", batch.last_commit);
    documents_add_time(document, "committed", commit.ns, snapshot->schema->zone);
    return documents_finish(document, text, err);
}

bool document_render(const struct snapshot *snapshot, const struct node *node, struct buffer *text,
                     struct error *err)
{
    if (node->kind == NODE_README) {
        buffer_add_text(text, readme);
    } else if (node->kind == NODE_GENERATION) {
        buffer_format(text, "%llu\n", (unsigned long long)snapshot->commit_id);
    } else if (node->kind == NODE_SCHEMA) {
        schema_write_json(snapshot->schema, text);
        if (text->length && text->at[text->length - 1] != '\n') buffer_add_byte(text, '\n');
    } else if (node->kind == NODE_STATUS) {
        return render_status(snapshot, text, err);
    } else if (node->kind == NODE_VIEW) {
        return render_view(snapshot, node, text, err);
    } else if (node_is_page(node)) {
        return page_line(snapshot, node, text, err);
    } else {
        return render_batch(snapshot, node, text, err);
    }
    return true;
}

void document_libraries(struct buffer *text)
{
    buffer_format(text, "cJSON %s\n", cJSON_Version());
}
