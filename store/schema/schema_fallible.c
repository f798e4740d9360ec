/* Which expressions a record of a stream could make outgrow a decimal: bind tries them all, so that folding cannot fail.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <xxhash.h>

#include "schema/schema_p.h"

enum { BUCKETS = 4096 };

struct found {
    const struct expr *expr;
    struct found *next; /* of its bucket */
};

struct fallible {
    const struct stream *stream;
    struct buffer list; /* of const struct expr *, each once */
    struct found *buckets[BUCKETS];
    struct buffer fingerprint;
    struct arena found;   /* until all of the stream are */
    struct arena *schema; /* for what stays */
};

static struct found **bucket_of(struct fallible *fallible, const struct expr *expr)
{
    struct buffer *const fingerprint = &fallible->fingerprint;
    buffer_clear(fingerprint);
    expr_fingerprint(expr, fingerprint);
    return &fallible->buckets[XXH3_64bits(fingerprint->at, fingerprint->length) % BUCKETS];
}

/* What other events tell is not known yet when a record is read: there what overflows is null. */
static void schema_fallible_add(struct fallible *fallible, const struct expr *expr)
{
    if (!expr || !expr_can_overflow(expr) || expr_follows(expr, fallible->stream)) return;
    struct found **const bucket = bucket_of(fallible, expr);
    for (const struct found *found = *bucket; found; found = found->next) {
        if (expr_equal(found->expr, expr)) return;
    }
    struct found *const found = ARENA_NEW(&fallible->found, struct found);
    *found = (struct found){.expr = expr, .next = *bucket};
    *bucket = found;
    buffer_add(&fallible->list, &expr, sizeof expr);
}

/* The expression over a record of the stream; VALUES: what the fields of the view are of it, or NULL where they are the
 * record's own. Only what can overflow is of interest. */
static const struct expr *over_record(struct fallible *fallible, const struct expr *expr,
                                      const struct expr *const *values)
{
    if (!expr || !values || !expr_can_overflow(expr)) return expr;
    return expr_substitute(expr, values, fallible->schema);
}

static void add_exprs(struct fallible *fallible, const struct view *view,
                      const struct expr *const *values)
{
    const struct expr *exprs[AGGREGATE_EXPRS_MAX];
    schema_fallible_add(fallible, over_record(fallible, view->where, values));
    for (size_t i = 0; i < view->aggregate_count; i++) {
        if (view->aggregates[i].entities) continue; /* over rows, as a view over a view */
        size_t const count = aggregate_exprs(&view->aggregates[i], exprs);
        for (size_t j = 0; j < count; j++)
            schema_fallible_add(fallible, over_record(fallible, exprs[j], values));
    }
}

static void schema_fallible_add_view(struct fallible *fallible, const struct view *view)
{
    for (size_t i = 0; i < view->input_count; i++) {
        const struct view_input *const input = &view->inputs[i];
        if (input->stream != fallible->stream) continue;
        schema_fallible_add(fallible, input->where);
        for (size_t j = 0; input->values && j < view->stream->field_count; j++)
            schema_fallible_add(fallible, input->values[j]);
        add_exprs(fallible, view, input->values);
    }
}

static void schema_fallible_collect(struct fallible *fallible, const struct schema *schema,
                                    struct stream *stream)
{
    for (size_t i = 0; i < schema->all_view_count; i++)
        schema_fallible_add_view(fallible, &schema->views[i]);
    schema_fallible_add(fallible, stream->delete_when);
    size_t const count = fallible->list.length / sizeof(const struct expr *);
    const struct expr **const list = ARENA_ARRAY(fallible->schema, const struct expr *, count);
    if (count) memcpy(list, fallible->list.at, fallible->list.length);
    stream->fallible = list;
    stream->fallible_count = count;
}

void schema_collect_fallible(struct schema *schema)
{
    struct fallible *const fallible = memory_alloc(sizeof *fallible);
    for (size_t i = 0; i < schema->stream_count; i++) {
        /* the schema's own, in the making */
        struct stream *const stream = (struct stream *)(uintptr_t)&schema->streams[i];
        fallible->stream = stream;
        fallible->schema = &schema->arena;
        schema_fallible_collect(fallible, schema, stream);
        memset(fallible->buckets, 0, sizeof fallible->buckets);
        buffer_clear(&fallible->list);
        arena_reset(&fallible->found);
    }
    buffer_done(&fallible->list);
    buffer_done(&fallible->fingerprint);
    arena_done(&fallible->found);
    free(fallible);
}
