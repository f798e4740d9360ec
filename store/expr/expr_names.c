/* What a name in an expression is: a field of the event, or one that references lead to.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "expr/expr_p.h"

enum { INT_DIGITS = 19 };

static bool no_field(struct expr_parser *parser, const struct stream *stream, struct slice name)
{
    struct slice *const names = ARENA_ARRAY(parser->arena, struct slice, stream->field_count);
    for (size_t i = 0; i < stream->field_count; i++)
        names[i] = stream->fields[i].name;
    struct slice const near = schema_nearest(name, names, stream->field_count);
    (void)error_set(parser->err, ERROR_SCHEMA, "no field '%.*s' in stream '%.*s'", (int)name.length,
                    name.at, (int)stream->name.length, stream->name.at);
    if (near.length)
        return error_remedy(parser->err, "did you mean '%.*s'?", (int)near.length, near.at);
    AUTO_BUFFER struct buffer list = {0};
    for (size_t i = 0; i < stream->field_count; i++) {
        if (i > 0) buffer_add_text(&list, ", ");
        buffer_add_slice(&list, names[i]);
    }
    return error_remedy(parser->err, "its fields are %.*s", (int)list.length, list.at);
}

const struct expr *parser_field(struct expr_parser *parser, size_t field)
{
    const struct field *const declared = stream_field(parser->stream, field);
    struct expr *const expr = expr_new(parser, EXPR_FIELD, declared->value.kind);
    bool const integer = declared->type == FIELD_INT;
    expr->type = declared->value;
    expr->field = (unsigned)field;
    expr->digits = integer ? INT_DIGITS : DECIMAL_DIGITS;
    expr->scale = integer ? 0 : DECIMAL_DIGITS;
    return expr;
}

static bool expr_names_find_field(struct expr_parser *parser, const struct stream *stream,
                                  struct slice name, size_t *ret_field)
{
    for (size_t i = 0; i < stream->field_count; i++) {
        if (!slice_equal(stream->fields[i].name, name)) continue;
        *ret_field = i;
        return true;
    }
    return no_field(parser, stream, name);
}

static bool no_reference(struct expr_parser *parser, const struct stream *stream, struct slice name)
{
    size_t field;
    if (!expr_names_find_field(parser, stream, name, &field))
        return false; /* it is nothing at all */
    (void)parser_fail(parser, "'%.*s' of stream '%.*s' refers to no other stream", (int)name.length,
                      name.at, (int)stream->name.length, stream->name.at);
    if (stream->is_of_several)
        return error_remedy(parser->err,
                            "follow it in \"from\": {\"stream\": {\"name\": \"%.*s.field\"}, …}",
                            (int)name.length, name.at);
    return error_remedy(parser->err, "give the field \"references\": \"stream\"");
}

static bool find_reference(struct expr_parser *parser, const struct stream *stream,
                           struct slice name, size_t *ret_reference)
{
    for (size_t i = 0; i < stream->reference_count; i++) {
        if (!slice_equal(stream->references[i].name, name)) continue;
        *ret_reference = i;
        return true;
    }
    return no_reference(parser, stream, name);
}

/* NAME is a reference of the stream, the current token the point behind it. Finds the value at the end of the path. */
static bool follow_path(struct expr_parser *parser, const struct stream *stream, struct slice name,
                        size_t *ret_value)
{
    size_t reference, value;
    if (!find_reference(parser, stream, name, &reference) || !parser_next(parser)) return false;
    struct token const next = parser->token;
    const struct stream *const target = stream->references[reference].target;
    if (next.kind != TOKEN_NAME && next.kind != TOKEN_QUOTED)
        return parser_fail(parser, "expected a field of stream '%.*s' behind the point",
                           (int)target->name.length, target->name.at);
    if (!parser_enter(parser) || !parser_next(parser)) return false;
    if (parser_is_sign(parser, ".") ? !follow_path(parser, target, next.text, &value)
                                    : !expr_names_find_field(parser, target, next.text, &value))
        return false;
    parser->depth--;
    *ret_value = stream_join(stream, reference, value, parser->arena);
    return true;
}

bool parser_named_field(struct expr_parser *parser, struct slice name, const struct expr **ret_expr)
{
    const struct stream *const stream = parser->stream;
    size_t value;
    if (parser_is_sign(parser, ".")) {
        if (stream->joins && !stream->joins->is_open)
            return parser_fail(parser, "references are followed by views alone");
        if (!follow_path(parser, stream, name, &value)) return false;
    } else if (!expr_names_find_field(parser, stream, name, &value)) {
        return false;
    }
    *ret_expr = parser_field(parser, value);
    return parser_inner_field(parser, ret_expr);
}
