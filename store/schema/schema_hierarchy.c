/* Views whose groups are the nodes of a hierarchy, in "by":
 *
 *   tree(FIELD, FIELD)      the node that an event is of, and that node's parent
 *   path(FIELD, 'TEXT')     a path of nodes, and what stands between its segments
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <math.h>
#include <strings.h>

#include "expr/expr_p.h"
#include "schema/schema_p.h"

static const char hierarchy_remedy[] =
    "write \"by\": [\"tree(id, parent_id)\"] or \"by\": [\"path(field, '/')\"]";

/* The text of the entry, or of what its alias stands for; NULL: neither. */
static const char *entry_text(const cJSON *json)
{
    if (cJSON_IsObject(json)) json = json->child;
    return cJSON_IsString(json) ? json->valuestring : NULL;
}

static bool starts_with_call(const char *text, const char *function)
{
    size_t at = strspn(text, " \t"), length = strlen(function);
    if (strncasecmp(text + at, function, length) != 0) return false;
    at += length;
    return text[at + strspn(text + at, " \t")] == '(';
}

bool schema_names_hierarchy(const cJSON *json)
{
    const char *const text = entry_text(json);
    return text && (starts_with_call(text, "tree") || starts_with_call(text, "path"));
}

static bool schema_hierarchy_read_field(struct expr_parser *parser, const struct expr **ret_field)
{
    struct token const start = parser->token;
    if (!parser_expr(parser, ret_field)) return false;
    if (expr_field(*ret_field) >= 0) return true;
    parser->token = start; /* where the error is */
    (void)parser_fail(parser, "expected a field");
    return error_remedy(parser->err, "%s", hierarchy_remedy);
}

static bool read_links(struct expr_parser *parser, struct hierarchy_spec *spec)
{
    struct token const second = parser->token;
    if (!schema_hierarchy_read_field(parser, &spec->parent)) return false;
    if (expr_field(spec->id) == expr_field(spec->parent)) {
        parser->token = second;
        (void)parser_fail(parser, "a node cannot be its own parent");
        return error_remedy(parser->err, "name the field that has the id of the parent");
    }
    enum value_kind const id = expr_type(spec->id).kind, parent = expr_type(spec->parent).kind;
    if (id == parent) return true;
    parser->token = second;
    (void)parser_fail(parser, "the id is %s and its parent %s", type_name(id), type_name(parent));
    return error_remedy(parser->err, "give both fields the same type");
}

static bool read_separator(struct expr_parser *parser, struct hierarchy_spec *spec)
{
    if (expr_type(spec->id).kind != VALUE_STRING)
        return parser_fail(parser, "a path is a string, this field is %s",
                           type_name(expr_type(spec->id).kind));
    if (parser->token.kind != TOKEN_STRING || parser->token.text.length == 0) {
        (void)parser_fail(parser, "expected what stands between the segments of a path");
        return error_remedy(parser->err, "write path(field, '/')");
    }
    spec->separator = parser->token.text;
    return parser_next(parser);
}

static bool read_call(struct expr_parser *parser, struct hierarchy_spec *spec)
{
    spec->kind = parser_is_word(parser, "tree") ? HIERARCHY_LINKS : HIERARCHY_PATHS;
    if (!parser_next(parser) || !parser_expect(parser, "(") ||
        !schema_hierarchy_read_field(parser, &spec->id))
        return false;
    if (!parser_is_sign(parser, ",")) {
        (void)parser_fail(parser, "expected ',' and %s",
                          spec->kind == HIERARCHY_LINKS ? "the field of the parent"
                                                        : "what stands between segments");
        return error_remedy(parser->err, "%s", hierarchy_remedy);
    }
    if (!parser_next(parser) ||
        !(spec->kind == HIERARCHY_LINKS ? read_links(parser, spec)
                                        : read_separator(parser, spec)) ||
        !parser_expect(parser, ")"))
        return false;
    if (parser->token.kind == TOKEN_END) return true;
    return parser_fail(parser, "unexpected '%.*s'", (int)parser->token.source.length,
                       (const char *)parser->token.source.at);
}

bool schema_read_hierarchy(struct schema *schema, const cJSON *json, struct view *view,
                           struct error *err)
{
    struct expr_parser parser;
    if (cJSON_GetArraySize(json) != 1) {
        (void)error_set(err, ERROR_SCHEMA, "a tree is the only dimension of its view");
        return error_remedy(err, "other dimensions need a view of their own");
    }
    if (!cJSON_IsString(json->child)) {
        (void)error_set(err, ERROR_SCHEMA,
                        "a tree has no alias: its rows have \"id\" and \"parent\"");
        return error_wrap_index(err, 0);
    }
    struct slice const text = arena_copy(&schema->arena, slice_text(json->child->valuestring));
    struct hierarchy_spec *const spec = ARENA_NEW(&schema->arena, struct hierarchy_spec);
    struct dimension *const dimension = ARENA_NEW(&schema->arena, struct dimension);
    if (!parser_init(&parser, text, view->stream, schema->zone, &schema->arena, err) ||
        !read_call(&parser, spec))
        return error_wrap_index(err, 0);
    *dimension =
        (struct dimension){.name = slice_text("id"), .expr = spec->id, .type = expr_type(spec->id)};
    spec->levels = 1;
    view->hierarchy = spec;
    view->dimensions = dimension;
    view->dimension_count = 1;
    if (spec->kind == HIERARCHY_LINKS)
        view->retracts = true; /* a node that moves takes its events along */
    return true;
}

bool schema_read_levels(const cJSON *json, struct view *view, struct error *err)
{
    if (!json) return true;
    if (!view->hierarchy) {
        (void)error_set(err, ERROR_SCHEMA, "only a view by tree() or path() has a depth");
        return error_remedy(err, "%s", hierarchy_remedy);
    }
    double const number = cJSON_IsNumber(json) ? json->valuedouble : 0;
    if (!(number >= 1 && number <= SCHEMA_LEVELS_MAX && floor(number) == number))
        return error_set(err, ERROR_SCHEMA, "expected a number of levels, 1 to %d",
                         SCHEMA_LEVELS_MAX);
    struct hierarchy_spec *const spec = (struct hierarchy_spec *)(uintptr_t)view->hierarchy;
    spec->levels = (unsigned)number;
    return true;
}

static bool has_prom(const cJSON *formats)
{
    const cJSON *format;
    cJSON_ArrayForEach(format, formats)
    {
        if (cJSON_IsString(format) &&
            strcmp(format->valuestring, rows_extensions[ROWS_PROM] + 1) == 0)
            return true;
    }
    return false;
}

static bool keeps_for_a_while(const struct view *view, struct error *err)
{
    while (view->source)
        view = view->source;
    for (size_t i = 0; i < view->input_count; i++) {
        const struct stream *const stream = view->inputs[i].stream;
        if (stream->keep_seconds == 0) continue;
        (void)error_set(err, ERROR_SCHEMA,
                        "a tree cannot be over events that \"keep\" lets go, as '%.*s' says",
                        (int)stream->name.length, (const char *)stream->name.at);
        return error_wrap_dot(err, "by");
    }
    return true;
}

bool schema_check_hierarchy(const struct view *view, const cJSON *json, struct error *err)
{
    if (view->source && view->hierarchy->kind == HIERARCHY_LINKS) {
        (void)error_set(err, ERROR_SCHEMA, "a tree is over a stream, not over the rows of a view");
        return error_wrap_dot(err, "from");
    }
    if (!keeps_for_a_while(view, err)) return false;
    if (json_get(json, "retain")) {
        (void)error_set(err, ERROR_SCHEMA, "a tree lets no group go");
        (void)error_remedy(err, "leave \"retain\" out, and delete events that are to go");
        return error_wrap_dot(err, "retain");
    }
    if (has_prom(json_get(json, "formats"))) {
        (void)error_set(err, ERROR_SCHEMA, "a tree has no samples for Prometheus");
        (void)error_remedy(err, "there are json, ndjson and csv");
        return error_wrap_dot(err, "formats");
    }
    return true;
}

/* What a field of the view's stream is in an event of an input; NULL: null. */
static const struct expr *input_value(const struct view_input *input, const struct expr *field)
{
    return input->values ? input->values[expr_field(field)] : field;
}

static bool schema_hierarchy_follows(const struct view_input *input, const struct expr *expr)
{
    return expr_follows(expr, input->stream);
}

/* The view's condition over an event of the input itself. */
static const struct expr *condition_over(struct schema *schema, const struct view *view,
                                         const struct view_input *input)
{
    if (!view->where || !input->values) return view->where;
    return expr_substitute(view->where, input->values, &schema->arena);
}

/* Whether which events of the input count depends on what references lead to. */
static bool condition_follows(struct schema *schema, const struct view *view,
                              const struct view_input *input)
{
    return schema_hierarchy_follows(input, condition_over(schema, view, input)) ||
           schema_hierarchy_follows(input, input->where);
}

/* Links are known when a record comes, so that one which closes a cycle can be refused: other
 * events have no say in them. An event without a parent has no link. */
bool schema_check_links(struct schema *schema, const struct view *view, struct error *err)
{
    if (!view->hierarchy || view->hierarchy->kind != HIERARCHY_LINKS) return true;
    for (size_t i = 0; i < view->input_count; i++) {
        const struct view_input *const input = &view->inputs[i];
        const struct expr *const parent = input_value(input, view->hierarchy->parent);
        if (!parent) continue;
        bool const by_node =
            schema_hierarchy_follows(input, parent) ||
            schema_hierarchy_follows(input, input_value(input, view->hierarchy->id));
        if (!by_node && !condition_follows(schema, view, input)) continue;
        (void)error_set(err, ERROR_SCHEMA,
                        "where a node stands cannot depend on what references lead to");
        return error_wrap_dot(err, by_node                                         ? "by"
                                   : schema_hierarchy_follows(input, input->where) ? "from"
                                                                                   : "where");
    }
    return true;
}

/* Of a hierarchy each aggregate is kept twice, with values of its own each time. */
static bool double_aggregates(struct schema *schema, struct view *view, struct error *err)
{
    size_t const count = view->aggregate_count, sets = view->multiset_count;
    if (count * 2 > SCHEMA_AGGREGATES_MAX)
        return error_set(err, ERROR_SCHEMA,
                         "more than %d aggregates, each of which a tree has twice",
                         SCHEMA_AGGREGATES_MAX / 2);
    struct aggregate *const twice = ARENA_ARRAY(&schema->arena, struct aggregate, count * 2);
    struct multiset *const sets_twice = ARENA_ARRAY(&schema->arena, struct multiset, sets * 2);
    for (size_t i = 0; i < count; i++) {
        twice[i] = twice[count + i] = view->aggregates[i];
        if (twice[i].multiset >= 0) twice[count + i].multiset += (int)sets;
    }
    for (size_t i = 0; i < sets; i++)
        sets_twice[i] = sets_twice[sets + i] = view->multisets[i];
    view->aggregates = twice;
    view->aggregate_count = count * 2;
    view->multisets = sets_twice;
    view->multiset_count = sets * 2;
    return true;
}

bool schema_finish_hierarchy(struct schema *schema, struct view *view, struct error *err)
{
    for (size_t i = schema->view_count; i < schema->all_view_count; i++) {
        if (schema->views[i].owner != view) continue;
        (void)error_set(err, ERROR_SCHEMA, "a tree has no measures over entities");
        return error_remedy(err, "put what is counted per entity into a view of its own");
    }
    return double_aggregates(schema, view, err);
}

/* What references lead to is not known when a record is read: such a condition is taken to hold. */
static const struct expr *known_condition(const struct view_input *input, const struct expr *where)
{
    return where && !schema_hierarchy_follows(input, where) ? where : NULL;
}

static void add_path(struct schema *schema, const struct view *view, const struct view_input *input,
                     struct hierarchy_path *paths, size_t *count)
{
    const struct expr *const path = input_value(input, view->hierarchy->id);
    if (!path || schema_hierarchy_follows(input, path)) return;
    paths[(*count)++] = (struct hierarchy_path){
        .path = path,
        .spec = view->hierarchy,
        .conditions = {known_condition(input, input->where),
                       known_condition(input, condition_over(schema, view, input))},
    };
}

void schema_collect_paths(struct schema *schema)
{
    size_t most = 0;
    for (size_t i = 0; i < schema->view_count; i++)
        most += schema->views[i].input_count;
    for (size_t i = 0; i < schema->stream_count; i++) {
        /* the schema's own, in the making */
        struct stream *const stream = (struct stream *)(uintptr_t)&schema->streams[i];
        struct hierarchy_path *const paths =
            ARENA_ARRAY(&schema->arena, struct hierarchy_path, most);
        for (size_t j = 0; j < schema->view_count; j++) {
            const struct view *const view = &schema->views[j];
            if (!view->hierarchy || view->hierarchy->kind != HIERARCHY_PATHS) continue;
            for (size_t k = 0; k < view->input_count; k++) {
                if (view->inputs[k].stream == stream)
                    add_path(schema, view, &view->inputs[k], paths, &stream->path_count);
            }
        }
        stream->paths = paths;
    }
}
