/* Which expressions a record of a stream could make outgrow a decimal: bind tries them all, so that
 * folding cannot fail.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "base/hash_table.h"
#include "schema/schema_p.h"

struct fallible {
    const struct stream *stream;
    struct buffer list;      /* of const struct expr *, each once */
    struct hash_table found; /* the same, by their fingerprints */
    struct buffer fingerprint;
    struct arena *schema; /* for what stays */
};

static bool is_same(const void *entry, const void *wanted)
{
    return expr_equal(entry, wanted);
}

/* What other events tell is not known yet when a record is read: there what overflows is null. */
static void schema_fallible_add(struct fallible *fallible, const struct expr *expr)
{
    if (!expr || !expr_can_overflow(expr) || expr_follows(expr, fallible->stream)) return;
    buffer_clear(&fallible->fingerprint);
    expr_fingerprint(expr, &fallible->fingerprint);
    uint64_t const hash = hash_bytes(0, buffer_slice(&fallible->fingerprint));
    if (hash_table_find(&fallible->found, hash, is_same, expr)) return;
    hash_table_add(&fallible->found, hash, (void *)(uintptr_t)expr); /* which is only read */
    buffer_add(&fallible->list, &expr, sizeof expr);
}

/* The expression over a record of the stream; VALUES: what the fields of the view are of it, or
 * NULL where they are the record's own. Only what can overflow is of interest. */
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
    struct fallible fallible = {.schema = &schema->arena};
    for (size_t i = 0; i < schema->stream_count; i++) {
        /* the schema's own, in the making */
        struct stream *const stream = (struct stream *)(uintptr_t)&schema->streams[i];
        fallible.stream = stream;
        schema_fallible_collect(&fallible, schema, stream);
        hash_table_clear(&fallible.found);
        buffer_clear(&fallible.list);
    }
    buffer_done(&fallible.list);
    buffer_done(&fallible.fingerprint);
    hash_table_done(&fallible.found);
}
