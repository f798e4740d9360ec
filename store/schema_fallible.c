/* Which expressions a record of a stream could make outgrow a decimal: bind tries them all, so that folding cannot fail.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "schema_p.h"

struct fallible {
    const struct stream *stream;
    const struct expr **list;
    size_t count;
    struct arena *arena;
};

/* What other events tell is not known yet when a record is read: there what overflows is null. */
static void add(struct fallible *fallible, const struct expr *expr)
{
    if (!expr || !expr_can_overflow(expr) || expr_follows(expr, fallible->stream)) return;
    for (size_t i = 0; i < fallible->count; i++) {
        if (expr_equal(fallible->list[i], expr)) return;
    }
    fallible->list[fallible->count++] = expr;
}

/* The expression over a record of the stream; VALUES: what the fields of the view are of it, or NULL where they are the
 * record's own. Only what can overflow is of interest. */
static const struct expr *over_record(const struct fallible *fallible, const struct expr *expr,
                                      const struct expr *const *values)
{
    if (!expr || !values || !expr_can_overflow(expr)) return expr;
    return expr_substitute(expr, values, fallible->arena);
}

static void add_exprs(struct fallible *fallible, const struct view *view,
                      const struct expr *const *values)
{
    const struct expr *exprs[AGGREGATE_EXPRS_MAX];
    add(fallible, over_record(fallible, view->where, values));
    for (size_t i = 0; i < view->aggregate_count; i++) {
        if (view->aggregates[i].entities) continue; /* over rows, as a view over a view */
        size_t const count = aggregate_exprs(&view->aggregates[i], exprs);
        for (size_t j = 0; j < count; j++)
            add(fallible, over_record(fallible, exprs[j], values));
    }
}

static void add_view(struct fallible *fallible, const struct view *view)
{
    for (size_t i = 0; i < view->input_count; i++) {
        const struct view_input *const input = &view->inputs[i];
        if (input->stream != fallible->stream) continue;
        add(fallible, input->where);
        for (size_t j = 0; input->values && j < view->stream->field_count; j++)
            add(fallible, input->values[j]);
        add_exprs(fallible, view, input->values);
    }
}

void schema_collect_fallible(struct schema *schema)
{
    size_t most = 1;
    for (size_t i = 0; i < schema->all_view_count; i++) {
        const struct view *const view = &schema->views[i];
        most += 1 + AGGREGATE_EXPRS_MAX * view->aggregate_count +
                view->input_count * (1 + view->stream->field_count);
    }
    for (size_t i = 0; i < schema->stream_count; i++) {
        /* the schema's own, in the making */
        struct stream *const stream = (struct stream *)(uintptr_t)&schema->streams[i];
        struct fallible fallible = {.stream = stream, .arena = &schema->arena};
        fallible.list = ARENA_ARRAY(&schema->arena, const struct expr *, most);
        for (size_t j = 0; j < schema->all_view_count; j++)
            add_view(&fallible, &schema->views[j]);
        add(&fallible, stream->delete_when);
        stream->fallible = fallible.list;
        stream->fallible_count = fallible.count;
    }
}
