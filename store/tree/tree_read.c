/* A rows file is never stored as such. It is the range of its rows in key order, with text between:
 *
 *   JSON     [row0,\n row1,\n ... rowN]\n     one row a line
 *   NDJSON   row0\n row1\n ... rowN\n
 *   CSV      header\n cells0\n ... cellsN\n
 *   prom     head of a measure\n sample0\n ... sampleN\n, and so on for the next measure
 *
 * So it is a sequence of pieces, piece i being row i with what stands in front of or behind it. A
 * reader that stopped inside piece i remembers its key and offset and goes on there.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "render/prometheus_text.h"
#include "render/rows.h"
#include "tree/documents.h"
#include "tree/page.h"
#include "tree/rejects_file.h"
#include "tree/tree_hierarchy.h"

/* The part of the file that is asked for, and how far the pieces have come. */
struct window {
    uint64_t start;
    uint64_t end;
    uint64_t position; /* of the next piece */
    struct buffer *into;
};

static inline void emit(struct window *window, struct slice piece)
{
    uint64_t const from = window->position, to = from + piece.length;
    window->position = to;
    if (to <= window->start || from >= window->end) return;
    uint64_t const first = from < window->start ? window->start - from : 0;
    uint64_t const last = to > window->end ? window->end - from : piece.length;
    buffer_add(window->into, piece.at + first, (size_t)(last - first));
}

static inline void emit_text(struct window *window, const char *text)
{
    emit(window, slice_text(text));
}

static void emit_row(struct window *window, enum rows_format format, uint64_t index,
                     struct slice text, struct buffer *scratch)
{
    switch (format) {
    case ROWS_JSON:
        if (index > 0) emit_text(window, ",\n");
        emit(window, text);
        return;
    case ROWS_NDJSON:
        emit(window, text);
        emit_text(window, "\n");
        return;
    case ROWS_CSV:
        buffer_clear(scratch);
        rows_csv(text, scratch);
        buffer_add_byte(scratch, '\n');
        emit(window, buffer_slice(scratch));
        return;
    case ROWS_PROM: break; /* of one measure at a time: emit_sample */
    }
}

static void emit_sample(struct window *window, const struct snapshot *snapshot,
                        const struct view *view, size_t measure, struct slice row,
                        struct buffer *scratch)
{
    buffer_clear(scratch);
    prometheus_sample(view, snapshot->schema->zone, row, measure, scratch);
    emit(window, buffer_slice(scratch));
}

static void emit_head(struct window *window, const struct view *view, enum rows_format format,
                      bool is_list, struct buffer *scratch)
{
    if (format == ROWS_JSON && is_list) emit_text(window, "[");
    if (format != ROWS_CSV) return;
    buffer_clear(scratch);
    rows_csv_header(view, scratch);
    buffer_add_byte(scratch, '\n');
    emit(window, buffer_slice(scratch));
}

static bool tree_read_is_expired(struct error *err)
{
    (void)error_set(err, ERROR_CORRUPT, "a file that was there has no rows");
    return error_remedy(err, "tally rebuild STORE");
}

/* Starts where the reader stands if that is not behind the window, else at the head of the file. */
static uint64_t start_rows(const struct view *view, const struct node *node,
                           struct tree_reader *reader, struct window *window,
                           struct buffer *scratch)
{
    if (reader->row_key.length && reader->row_offset <= window->start) {
        window->position = reader->row_offset;
        return reader->row_index;
    }
    buffer_clear(&reader->row_key);
    emit_head(window, view, node->format, true, scratch);
    return 0;
}

/* The rows of a file, one after the other. */
struct rows_scan {
    const struct view *view;
    struct groups_scan groups;
    struct hierarchy_scan nodes;
};

static bool rows_scan_open(struct rows_scan *scan, const struct snapshot *snapshot,
                           const struct node *node, struct slice from, struct error *err)
{
    const struct view *const view = tree_view(snapshot, node);
    *scan = (struct rows_scan){.view = view};
    if (node->kind == NODE_BREAKDOWN) {
        AUTO_BUFFER struct buffer prefix = {0};
        enum tree_answer const there = tree_breakdown_key(snapshot, node, &prefix, err);
        if (there == TREE_FAILED || (there != TREE_FOUND && !tree_read_is_expired(err)))
            return false;
        return groups_scan_open(&scan->groups, snapshot->txn, view, (unsigned)view->dimension_count,
                                buffer_slice(&prefix), from, err);
    }
    if (view->hierarchy)
        return hierarchy_scan_open(&scan->nodes, snapshot->txn, view, tree_hierarchy_id(node), from,
                                   err);
    return groups_scan_open(&scan->groups, snapshot->txn, view, (unsigned)view->dimension_count,
                            node->key, from, err);
}

static void rows_scan_close(struct rows_scan *scan)
{
    groups_scan_close(&scan->groups);
    hierarchy_scan_close(&scan->nodes);
}

static enum db_finding rows_scan_next(struct rows_scan *scan, struct slice *ret_key,
                                      struct group *ret_group, struct error *err)
{
    return scan->view->hierarchy ? hierarchy_scan_next(&scan->nodes, ret_key, ret_group, err)
                                 : groups_scan_next(&scan->groups, ret_key, ret_group, err);
}

/* The rows from FROM on, or all of them if that is empty, as far as the window goes; of a file for Prometheus their
 * samples of one measure. INDEX: the number of the first. The reader then stands at the last one. */
static enum db_finding scan_rows(const struct snapshot *snapshot, const struct node *node,
                                 size_t measure, uint64_t index, struct slice from,
                                 struct tree_reader *reader, struct window *window,
                                 struct buffer *scratch, struct error *err)
{
    const struct view *const view = tree_view(snapshot, node);
    AUTO(rows_scan_close) struct rows_scan scan = {0};
    struct slice key, last = {0};
    struct group group;
    if (!rows_scan_open(&scan, snapshot, node, from, err)) return DB_FAILED;
    enum db_finding found = DB_FOUND;
    uint64_t offset = window->position;
    for (; window->position < window->end &&
           (found = rows_scan_next(&scan, &key, &group, err)) == DB_FOUND;
         index++) {
        offset = window->position;
        last = key;
        if (node->format == ROWS_PROM)
            emit_sample(window, snapshot, view, measure, group.text, scratch);
        else
            emit_row(window, node->format, index, group.text, scratch);
    }
    if (last.length == 0) return found; /* the reader stands where it stood */
    reader->row_index = index - 1;
    reader->row_offset = offset;
    reader->row_family = measure;
    buffer_set(&reader->row_key, last);
    return found;
}

static bool read_rows(const struct snapshot *snapshot, const struct node *node,
                      struct tree_reader *reader, struct window *window, struct error *err)
{
    AUTO_BUFFER struct buffer scratch = {0};
    struct view const shown = view_shown(tree_view(snapshot, node));
    uint64_t const index = start_rows(&shown, node, reader, window, &scratch);
    enum db_finding const found = scan_rows(
        snapshot, node, 0, index, buffer_slice(&reader->row_key), reader, window, &scratch, err);
    if (found == DB_FAILED) return false;
    if (found == DB_MISSING && node->format == ROWS_JSON) emit_text(window, "]\n");
    return true;
}

/* The samples of one measure, from row FROM on if that is given. */
static bool read_family(const struct snapshot *snapshot, const struct node *node, size_t measure,
                        struct slice from, struct tree_reader *reader, struct window *window,
                        struct buffer *scratch, struct error *err)
{
    if (from.length == 0) {
        buffer_clear(scratch);
        prometheus_head(tree_view(snapshot, node), measure, scratch);
        emit(window, buffer_slice(scratch));
    }
    return scan_rows(snapshot, node, measure, 0, from, reader, window, scratch, err) != DB_FAILED;
}

static bool read_prom(const struct snapshot *snapshot, const struct node *node,
                      struct tree_reader *reader, struct window *window, struct error *err)
{
    const struct view *const view = tree_view(snapshot, node);
    AUTO_BUFFER struct buffer scratch = {0};
    struct slice from = {0};
    bool const goes_on = reader->row_key.length && reader->row_offset <= window->start;
    if (goes_on) {
        window->position = reader->row_offset;
        from = buffer_slice(&reader->row_key); /* the scan copies it before the reader moves */
    }
    for (size_t i = goes_on ? reader->row_family : 0;
         i < view->measure_count && window->position < window->end; i++) {
        if (prometheus_has_family(view, i) &&
            !read_family(snapshot, node, i, from, reader, window, &scratch, err))
            return false;
        from = (struct slice){0};
    }
    return true;
}

static void emit_families(struct window *window, const struct snapshot *snapshot,
                          const struct view *view, struct slice row, struct buffer *scratch)
{
    for (size_t i = 0; i < view->measure_count; i++) {
        if (!prometheus_has_family(view, i)) continue;
        buffer_clear(scratch);
        prometheus_head(view, i, scratch);
        emit(window, buffer_slice(scratch));
        emit_sample(window, snapshot, view, i, row, scratch);
    }
}

/* A leaf's one row, an inner group's total. */
static bool read_group(const struct snapshot *snapshot, const struct node *node,
                       struct window *window, struct error *err)
{
    const struct view *const view = tree_view(snapshot, node);
    STACK_BUFFER(scratch, 1024);
    struct group group;
    bool const row = node->kind == NODE_LEAF || node->kind == NODE_BY_ID;
    switch (tree_group(snapshot, node, &group, err)) {
    case TREE_FOUND: break;
    case TREE_MISSING:
    case TREE_NEVER:
    case TREE_UNKNOWN: return tree_read_is_expired(err);
    case TREE_FAILED: return false;
    }
    if (row && node->format == ROWS_CSV) {
        emit_head(window, view, node->format, false, &scratch);
        emit_row(window, node->format, 0, group.text, &scratch);
    } else if (row && node->format == ROWS_PROM) {
        emit_families(window, snapshot, view, group.text, &scratch);
    } else {
        emit(window, group.text);
        emit_text(window, "\n");
    }
    return true;
}

static bool read_document(const struct snapshot *snapshot, const struct node *node,
                          struct tree_reader *reader, struct window *window, struct error *err)
{
    if (!reader->rendered) {
        buffer_clear(&reader->document);
        if (!document_render(snapshot, node, &reader->document, err)) return false;
        reader->rendered = true;
    }
    emit(window, buffer_slice(&reader->document));
    return true;
}

static bool read_page(const struct snapshot *snapshot, const struct node *node,
                      struct tree_reader *reader, struct window *window, struct error *err)
{
    struct node const rows = {.kind = NODE_ROWS, .format = ROWS_JSON, .view = node->view};
    struct group group;
    emit(window, page_front());
    if (!read_document(snapshot, node, reader, window, err)) return false;
    if (node->kind == NODE_FRONT_PAGE) return true;
    if (tree_whole_view(snapshot, tree_view(snapshot, node), &group, err) != DB_FOUND) return false;
    if (!page_has_rows(&group)) {
        emit_text(window, page_no_rows);
        return true;
    }
    uint64_t const front = window->position; /* the rows know of a file of their own */
    if (window->end <= front) return true;
    struct window behind = {.start = window->start > front ? window->start - front : 0,
                            .end = window->end - front,
                            .into = window->into};
    return read_rows(snapshot, &rows, reader, &behind, err);
}

bool tree_read(const struct snapshot *snapshot, const struct node *node, struct tree_reader *reader,
               uint64_t offset, size_t size, struct buffer *into, struct error *err)
{
    struct window window = {.start = offset, .end = offset + size, .into = into};
    if (node_of_group(node) && !tree_view(snapshot, node)) return tree_read_is_expired(err);
    if (node->kind == NODE_ROWS && node->format == ROWS_PROM)
        return read_prom(snapshot, node, reader, &window, err);
    if (node->kind == NODE_ROWS || node->kind == NODE_BREAKDOWN)
        return read_rows(snapshot, node, reader, &window, err);
    if (node_of_group(node)) return read_group(snapshot, node, &window, err);
    if (node_is_page(node)) return read_page(snapshot, node, reader, &window, err);
    if (node->kind == NODE_REJECT_FILE)
        return rejects_file_read(snapshot, node, offset, size, into, err);
    return read_document(snapshot, node, reader, &window, err);
}

void tree_reader_done(struct tree_reader *reader)
{
    buffer_done(&reader->row_key);
    buffer_done(&reader->document);
    *reader = (struct tree_reader){0};
}
