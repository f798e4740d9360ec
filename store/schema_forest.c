/* Views whose groups are the nodes of a forest, in "by":
 *
 *   tree(FIELD, FIELD)      the node that an event is of, and that node's parent
 *   path(FIELD, 'TEXT')     a path of nodes, and what stands between its segments
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <math.h>
#include <strings.h>

#include "expr_p.h"
#include "schema_p.h"

static const char forest_remedy[] =
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

bool schema_names_forest(const cJSON *json)
{
    const char *const text = entry_text(json);
    return text && (starts_with_call(text, "tree") || starts_with_call(text, "path"));
}

static bool read_field(struct expr_parser *parser, const struct expr **ret_field)
{
    struct token const start = parser->token;
    if (!parser_expr(parser, ret_field)) return false;
    if (expr_field(*ret_field) >= 0) return true;
    parser->token = start; /* where the error is */
    (void)parser_fail(parser, "expected a field");
    return error_remedy(parser->err, "%s", forest_remedy);
}

static bool read_links(struct expr_parser *parser, struct forest_spec *spec)
{
    struct token const second = parser->token;
    if (!read_field(parser, &spec->parent)) return false;
    enum value_kind const id = expr_type(spec->id).kind, parent = expr_type(spec->parent).kind;
    if (id == parent) return true;
    parser->token = second;
    (void)parser_fail(parser, "the id is %s and its parent %s", type_name(id), type_name(parent));
    return error_remedy(parser->err, "give both fields the same type");
}

static bool read_separator(struct expr_parser *parser, struct forest_spec *spec)
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

static bool read_call(struct expr_parser *parser, struct forest_spec *spec)
{
    spec->kind = parser_is_word(parser, "tree") ? FOREST_LINKS : FOREST_PATHS;
    if (!parser_next(parser) || !parser_expect(parser, "(") || !read_field(parser, &spec->id))
        return false;
    if (!parser_is_sign(parser, ",")) {
        (void)parser_fail(parser, "expected ',' and %s",
                          spec->kind == FOREST_LINKS ? "the field of the parent"
                                                     : "what stands between segments");
        return error_remedy(parser->err, "%s", forest_remedy);
    }
    if (!parser_next(parser) ||
        !(spec->kind == FOREST_LINKS ? read_links(parser, spec) : read_separator(parser, spec)) ||
        !parser_expect(parser, ")"))
        return false;
    if (parser->token.kind == TOKEN_END) return true;
    return parser_fail(parser, "unexpected '%.*s'", (int)parser->token.source.length,
                       (const char *)parser->token.source.at);
}

bool schema_read_forest(struct schema *schema, const cJSON *json, struct view *view,
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
    struct forest_spec *const spec = ARENA_NEW(&schema->arena, struct forest_spec);
    struct dimension *const dimension = ARENA_NEW(&schema->arena, struct dimension);
    if (!parser_init(&parser, text, view->stream, schema->zone, &schema->arena, err) ||
        !read_call(&parser, spec))
        return error_wrap_index(err, 0);
    *dimension =
        (struct dimension){.name = slice_text("id"), .expr = spec->id, .type = expr_type(spec->id)};
    spec->levels = 1;
    view->forest = spec;
    view->dimensions = dimension;
    view->dimension_count = 1;
    if (spec->kind == FOREST_LINKS)
        view->retracts = true; /* a node that moves takes its events along */
    return true;
}

bool schema_read_levels(const cJSON *json, struct view *view, struct error *err)
{
    if (!json) return true;
    if (!view->forest)
        return error_set(err, ERROR_SCHEMA, "only a view by tree() or path() has a depth");
    double const number = cJSON_IsNumber(json) ? json->valuedouble : 0;
    if (!(number >= 1 && number <= SCHEMA_LEVELS_MAX && floor(number) == number))
        return error_set(err, ERROR_SCHEMA, "expected a number of levels, 1 to %d",
                         SCHEMA_LEVELS_MAX);
    struct forest_spec *const spec = (struct forest_spec *)(uintptr_t)view->forest;
    spec->levels = (unsigned)number;
    return true;
}

static bool has_prom(const cJSON *formats)
{
    const cJSON *format;
    cJSON_ArrayForEach(format, formats)
    {
        if (cJSON_IsString(format) && strcmp(format->valuestring, "prom") == 0) return true;
    }
    return false;
}

bool schema_check_forest(const struct view *view, const cJSON *json, struct error *err)
{
    const struct view *bottom = view;
    if (view->source && view->forest->kind == FOREST_LINKS) {
        (void)error_set(err, ERROR_SCHEMA, "a tree is over a stream, not over the rows of a view");
        return error_wrap_dot(err, "from");
    }
    while (bottom->source)
        bottom = bottom->source;
    if (bottom->stream->keep_seconds) {
        (void)error_set(err, ERROR_SCHEMA,
                        "a tree cannot be over events that \"keep\" lets go: '%.*s' has one",
                        (int)bottom->stream->name.length, (const char *)bottom->stream->name.at);
        return error_wrap_dot(err, "by");
    }
    if (json_get(json, "retain")) {
        (void)error_set(err, ERROR_SCHEMA, "a tree lets no group go");
        return error_wrap_dot(err, "retain");
    }
    if (has_prom(json_get(json, "formats"))) {
        (void)error_set(err, ERROR_SCHEMA, "a tree has no samples for Prometheus");
        return error_wrap_dot(err, "formats");
    }
    return true;
}

void schema_collect_paths(struct schema *schema, struct stream *stream)
{
    const struct forest_spec **const paths =
        ARENA_ARRAY(&schema->arena, const struct forest_spec *, schema->view_count);
    for (size_t i = 0; i < schema->view_count; i++) {
        const struct view *const view = &schema->views[i];
        if (!view->source && view->stream == stream && view->forest &&
            view->forest->kind == FOREST_PATHS)
            paths[stream->path_count++] = view->forest;
    }
    stream->paths = paths;
}
