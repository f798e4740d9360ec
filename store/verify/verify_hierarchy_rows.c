/* The rows of a hierarchy's nodes, and the files of them. Those of the nodes below another are made
 * of what the store has of each: that this is right is proven with the node itself.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "types/file_name.h"
#include "verify/verify_hierarchy_p.h"
#include "verify/verify_stream.h"

void verify_node_name(const struct check *check, const struct view *view, const struct value *id,
                      const struct value *parent, bool whole, struct buffer *name)
{
    struct value shown = *id;
    if (!whole && view->hierarchy->kind == HIERARCHY_PATHS && parent->kind == VALUE_STRING) {
        size_t const above = parent->string.length + view->hierarchy->separator.length;
        shown.string = slice_of(id->string.at + above, id->string.length - above);
    }
    file_name_write(&shown, view->dimensions[0].type, check->snapshot->schema->zone, name);
}

/* The measures of one half: `"direct":{…}`, or cells. */
static void add_half(const struct check *check, const struct view *view, enum kind kind, bool own,
                     const struct result *results, struct buffer *row)
{
    AUTO_BUFFER struct buffer json = {0};
    if (kind != KIND_CSV) buffer_add_text(row, own ? ",\"direct\":{" : ",\"subtree\":{");
    for (size_t i = 0; i < view->measure_count; i++) {
        const struct measure *const measure = &view->measures[i];
        struct result const result = formula_eval(measure->formula, results);
        buffer_clear(&json);
        result_json(&result, formula_type(measure->formula), check->snapshot->schema->zone, &json);
        verify_member(kind, measure->name, &json,
                      result.kind == RESULT_VALUE ? &result.value : NULL,
                      kind != KIND_CSV && i == 0, row);
    }
    if (kind != KIND_CSV) buffer_add_byte(row, '}');
}

void verify_node_row(const struct check *check, const struct view *view, enum kind kind,
                     const struct tallied_group *group, const struct value *id,
                     const struct value *parent, struct buffer *row)
{
    AUTO_BUFFER struct buffer json = {0};
    AUTO_ARENA struct arena arena = {0};
    struct result results[SCHEMA_AGGREGATES_MAX];
    const struct value *const ids[] = {id, parent};
    for (size_t i = 0; i < view->aggregate_count; i++)
        results[i] = aggregate_result(&view->aggregates[i], &group->tallies[i].state, &arena);
    if (kind != KIND_CSV) buffer_add_byte(row, '{');
    for (size_t i = 0; i < COUNT_OF(ids); i++) {
        buffer_clear(&json);
        value_json(ids[i], view->dimensions[0].type, check->snapshot->schema->zone, &json);
        verify_member(kind, slice_text(i == 0 ? "id" : "parent"), &json, ids[i], i == 0, row);
    }
    add_half(check, view, kind, true, results, row);
    add_half(check, view, kind, false, results + view->aggregate_count / 2, row);
    if (kind != KIND_CSV) buffer_add_byte(row, '}');
}

void verify_node_header(const struct view *view, struct buffer *text)
{
    static const char *const halves[] = {"direct.", "subtree."};
    buffer_add_text(text, "id,parent");
    for (size_t half = 0; half < COUNT_OF(halves); half++) {
        for (size_t i = 0; i < view->measure_count; i++) {
            AUTO_BUFFER struct buffer name = {0};
            buffer_add_text(&name, halves[half]);
            buffer_add_slice(&name, view->measures[i].name);
            buffer_add_byte(text, ',');
            verify_cell(buffer_slice(&name), text);
        }
    }
    buffer_add_byte(text, '\n');
}

/* One node below, as a row of the file. */
static bool add_row(struct nodes_check *nodes, enum kind kind, const struct verify_node *node,
                    struct verify_stream *file, struct error *err)
{
    struct check *const check = nodes->check;
    struct buffer *const text = &check->expected;
    if (kind == KIND_JSON) buffer_add_text(text, file->offset + text->length == 0 ? "[" : ",\n");
    verify_node_row(check, nodes->view, kind, &node->group, &node->group.dimensions[0],
                    &node->parent, text);
    if (kind != KIND_JSON) buffer_add_byte(text, '\n');
    return text->length < VERIFY_PIECE_BYTES || verify_stream_piece(check, file, err);
}

/* The nodes below, LEVELS down: it calls itself for each level, of which there are few. */
static bool add_rows(struct nodes_check *nodes, enum kind kind, struct slice above, unsigned levels,
                     struct verify_stream *file, struct error *err)
{
    AUTO(verify_children_close) struct verify_children children = {0};
    AUTO(verify_node_done) struct verify_node node = {0};
    enum db_finding found = DB_MISSING;
    if (!verify_children_open(&children, nodes->check->snapshot, nodes->view, above, err))
        return false;
    while (!file->is_told && (found = verify_children_next(&children, &node, err)) == DB_FOUND) {
        if (!add_row(nodes, kind, &node, file, err)) return false;
        if (levels > 1 && !add_rows(nodes, kind, node.key, levels - 1, file, err)) return false;
    }
    return found != DB_FAILED;
}

bool verify_node_rows(struct nodes_check *nodes, enum kind kind, const struct node *above,
                      struct slice stem, struct error *err)
{
    AUTO(verify_stream_done) struct verify_stream file = {0};
    AUTO_BUFFER struct buffer name = {0};
    struct check *const check = nodes->check;
    buffer_add_slice(&name, stem);
    buffer_add_text(&name, verify_extension(kind));
    enum tree_answer const answer = tree_lookup(check->snapshot, above, buffer_slice(&name),
                                                &file.arena, &file.node, &file.stat, err);
    if (!verify_stream_begin(check, &file, answer, verify_extension(kind))) return false;
    if (kind == KIND_CSV) verify_node_header(nodes->view, &check->expected);
    if (!add_rows(nodes, kind, nodes->placed.key, nodes->view->hierarchy->levels, &file, err))
        return false;
    if (kind == KIND_JSON) {
        if (file.offset + check->expected.length == 0) buffer_add_byte(&check->expected, '[');
        buffer_add_text(&check->expected, "]\n");
    }
    return verify_stream_end(check, &file, err);
}

bool verify_node_file(struct check *check, const struct node *directory, struct slice stem,
                      const char *extension, struct error *err)
{
    AUTO_ARENA struct arena arena = {0};
    AUTO_BUFFER struct buffer name = {0}, told = {0};
    struct node node;
    struct node_stat stat;
    buffer_add_slice(&name, stem);
    buffer_add_text(&name, extension);
    if (slice_starts(buffer_slice(&name),
                     slice_text("."))) { /* it is in the node's own directory */
        buffer_add_byte(&told, '/');
        buffer_add_slice(&told, stem);
    }
    buffer_add_text(&told, extension);
    buffer_add_byte(&told, '\0');
    enum tree_answer const answer =
        tree_lookup(check->snapshot, directory, buffer_slice(&name), &arena, &node, &stat, err);
    return verify_found(check, answer, &node, &stat, (char *)told.at, err);
}
