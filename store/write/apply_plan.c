// SPDX-License-Identifier: Apache-2.0
#include "write/apply_plan.h"

#include "schema/field_widening.h"
#include "schema/renames.h"
#include "tables/view_history.h"
#include "write/write_txn.h"

/* Puts the error at the stream, or at something in it: ".key". */
static bool apply_plan_refuse(struct error *err, const struct stream *stream, const char *inside)
{
    return error_place(err, "streams.%.*s%s", (int)stream->name.length,
                       (const char *)stream->name.at, inside);
}

static bool refuse_field(struct error *err, const struct stream *stream, struct slice field)
{
    return error_place(err, "streams.%.*s.fields.%.*s", (int)stream->name.length,
                       (const char *)stream->name.at, (int)field.length, (const char *)field.at);
}

/* Whether field A of the stream as it was is field B of what it is now. */
static bool same_field(const struct stream *old, size_t a, const struct stream *next, size_t b)
{
    return renamed_field(next, old->fields[a].name) == (int)b;
}

static bool same_key(const struct stream *old, const struct stream *next)
{
    if (old->key_count != next->key_count) return false;
    for (size_t i = 0; i < old->key_count; i++) {
        if (!same_field(old, old->key_fields[i], next, next->key_fields[i])) return false;
    }
    return true;
}

bool apply_plan_same_time(const struct stream *old, const struct stream *next)
{
    if (old->time_field < 0 || next->time_field < 0) return old->time_field == next->time_field;
    return same_field(old, (size_t)old->time_field, next, (size_t)next->time_field);
}

static bool refuse_type(const struct stream *old, const struct field *field, bool is_key,
                        struct error *err)
{
    (void)error_set(err, ERROR_SCHEMA,
                    is_key ? "the type of a field of the key cannot change"
                           : "the type of a field can only become a wider one");
    (void)error_remedy(err, is_key ? "ingest the events into a new store: tally events STORE | "
                                     "tally ingest NEW"
                                   : "int may become decimal, both float, and all string; or add a "
                                     "field of another name, with \"column\" for this one");
    return refuse_field(err, old, field->name);
}

/* A version's order is not that of its text. */
static bool may_widen(const struct stream *old, size_t field, enum field_type type)
{
    return field_widens(old->fields[field].type, type) && !event_is_key_field(old, field) &&
           !(type == FIELD_STRING && old->version_field == (int)field);
}

/* The fields that were there have to stay, if with a wider type; with leave they may go. */
static bool check_fields(const struct stream *old, const struct stream *next, bool may_go,
                         struct error *err)
{
    for (size_t i = 0; i < old->field_count; i++) {
        const struct field *const field = &old->fields[i];
        int const now = renamed_field(next, field->name);
        if (now < 0 && !may_go) {
            (void)error_set(err, ERROR_SCHEMA,
                            "the field is gone, and with it what events have in it");
            (void)error_remedy(err, "if it has another name, say so with \"was\"; if it shall go, "
                                    "with --allow-loss");
            return refuse_field(err, old, field->name);
        }
        if (now >= 0 && next->fields[now].type != field->type &&
            !may_widen(old, i, next->fields[now].type))
            return refuse_type(old, field, event_is_key_field(old, i), err);
    }
    return true;
}

static bool check_stream(const struct txn *txn, const struct stream *old,
                         const struct schema *schema, bool allow_loss, struct error *err)
{
    const struct stream *const next = renamed_stream(schema, old->name);
    struct meta_stream meta;
    if (!meta_stream_load(txn, old->id, &meta, err)) return false;
    bool const may_go = allow_loss || meta.event_count == 0;
    if (!next && !may_go) {
        (void)error_set(err, ERROR_SCHEMA, "the stream is gone, and with it its %llu events",
                        (unsigned long long)meta.event_count);
        (void)error_remedy(err, "if it has another name, say so with \"was\"; if it shall go, with "
                                "--allow-loss");
        return apply_plan_refuse(err, old, "");
    }
    if (!next) return true;
    if (!same_key(old, next)) {
        (void)error_set(err, ERROR_SCHEMA, "the key of a stream cannot change");
        (void)error_remedy(err, "ingest the events into a new store: tally events STORE | "
                                "tally ingest NEW");
        return apply_plan_refuse(err, old, ".key");
    }
    return check_fields(old, next, may_go, err);
}

static bool types_differ(const struct stream *old, const struct stream *next)
{
    for (size_t i = 0; i < old->field_count; i++) {
        int const now = renamed_field(next, old->fields[i].name);
        if (now >= 0 && next->fields[now].type != old->fields[i].type) return true;
    }
    return false;
}

/* Whether events of the stream count in another way: then the views over it are made anew. */
static bool stream_differs(const struct stream *old, const struct stream *next)
{
    return types_differ(old, next) || old->retracts != next->retracts ||
           !apply_plan_same_time(old, next);
}

static bool same_reference(const struct stream *old_stream, const struct reference *old,
                           const struct stream *next_stream, const struct reference *next)
{
    if (!slice_equal(old->name, next->name) ||
        !(slice_equal(old->target->name, next->target->name) ||
          slice_equal(old->target->name, next->target->was)) ||
        old->target->key_count != next->target->key_count)
        return false;
    for (size_t i = 0; i < old->target->key_count; i++) {
        if (!same_field(old_stream, old->fields[i], next_stream, next->fields[i])) return false;
    }
    return true;
}

bool apply_plan_same_references(const struct stream *old, const struct stream *next)
{
    if (old->reference_count != next->reference_count) return false;
    for (size_t i = 0; i < old->reference_count; i++) {
        if (!same_reference(old, &old->references[i], next, &next->references[i])) return false;
    }
    return true;
}

/* Whether a reference of this name leads elsewhere than it did. */
static bool redirects(const struct stream *old_stream, const struct stream *next_stream)
{
    for (size_t i = 0; i < next_stream->reference_count; i++) {
        const struct reference *const next = &next_stream->references[i];
        for (size_t j = 0; j < old_stream->reference_count; j++) {
            const struct reference *const old = &old_stream->references[j];
            if (slice_equal(old->name, next->name) &&
                !same_reference(old_stream, old, next_stream, next))
                return true;
        }
    }
    return false;
}

/* Whether some reference is another than it was: then so may be what a view shows
 * that follows it. */
static bool references_differ(const struct schema *old, const struct schema *next)
{
    for (size_t i = 0; i < old->stream_count; i++) {
        const struct stream *const now = renamed_stream(next, old->streams[i].name);
        if (now && redirects(&old->streams[i], now)) return true;
    }
    return false;
}

/* Whether references make a difference to the view, or to one that feeds it. */
static bool apply_plan_follows(const struct schema *schema, const struct view *view)
{
    bool any = view->follows;
    for (size_t i = schema->view_count; i < schema->all_view_count; i++)
        any |= schema->views[i].owner == view && schema->views[i].follows;
    return any;
}

static int find_common(const struct view *view, struct slice name)
{
    for (size_t i = 0; i < view->stream->field_count; i++) {
        if (slice_equal(view->stream->fields[i].name, name)) return (int)i;
    }
    return -1;
}

/* Whether events of an input have lost a field that the view goes on to have, from
 * its other streams. */
static bool lost_field(const struct view *old, const struct view *next, size_t input)
{
    const struct expr *const *const before = old->inputs[input].values;
    const struct expr *const *const now = next->inputs[input].values;
    for (size_t i = 0; before && i < next->stream->field_count; i++) {
        int const held = now[i] ? -1 : find_common(old, next->stream->fields[i].name);
        if (held >= 0 && before[held]) return true;
    }
    return false;
}

/* Whether the streams under a view count in another way. */
static bool inputs_differ(const struct apply_plan *plan, const struct view *old,
                          const struct view *next)
{
    if (old->input_count != next->input_count) return true;
    for (size_t i = 0; i < next->input_count; i++) {
        const struct stream *const before = old->inputs[i].stream, *const now =
                                                                       next->inputs[i].stream;
        if (!slice_equal(before->name, now->name) || stream_differs(before, now) ||
            lost_field(old, next, i))
            return true;
    }
    return (apply_plan_follows(plan->old, old) || apply_plan_follows(plan->next, next)) &&
           references_differ(plan->old, plan->next);
}

static size_t apply_plan_place_of(const struct schema *schema, const struct view *view)
{
    return (size_t)(view - schema->views);
}

/* Whether the groups know the bytes of other formats. */
static bool formats_differ(const struct view *old, const struct view *next)
{
    bool differ = false;
    for (unsigned i = 0; i < ROWS_FORMATS; i++)
        differ |= rows_on_demand[i] && old->formats[i] != next->formats[i];
    return differ;
}

/* What a view was. With another name it goes on as it is unless hidden views feed it, which are
 * called by its name. */
static const struct view *view_before(const struct schema *old, const struct view *next)
{
    if (next->was.length == 0) return schema_view(old, next->name);
    const struct view *const before = schema_view(old, next->was);
    for (size_t i = old->view_count; i < old->all_view_count; i++) {
        if (old->views[i].owner == before) return NULL;
    }
    return before;
}

static bool view_stays(const struct apply_plan *plan, const struct view *next)
{
    const struct view *const old = view_before(plan->old, next);
    if (!old || !slice_equal(plan->old->timezone, plan->next->timezone) ||
        !slice_equal(old->definition, next->definition) || formats_differ(old, next) ||
        !old->source != !next->source)
        return false;
    if (next->source)
        return slice_equal(old->source->name, next->source->name) &&
               !plan->refolded[apply_plan_place_of(plan->next, next->source)];
    return !inputs_differ(plan, old, next);
}

bool apply_plan_make(const struct txn *txn, const struct schema *old, const struct schema *next,
                     bool allow_loss, struct arena *arena, struct apply_plan *ret_plan,
                     struct error *err)
{
    struct apply_plan const plan = {
        .old = old,
        .next = next,
        .cleared = ARENA_ARRAY(arena, bool, old->all_view_count),
        .refolded = ARENA_ARRAY(arena, bool, next->all_view_count),
    };
    for (size_t i = 0; i < old->stream_count; i++) {
        if (!check_stream(txn, &old->streams[i], next, allow_loss, err)) return false;
    }
    for (size_t i = 0; i < next->all_view_count; i++) { /* each behind the one that it is over */
        const struct view *const view = next->order[i];
        if (!view->owner) plan.refolded[apply_plan_place_of(next, view)] = !view_stays(&plan, view);
    }
    for (size_t i = next->view_count; i < next->all_view_count; i++)
        plan.refolded[i] = plan.refolded[apply_plan_place_of(next, next->views[i].owner)];
    for (size_t i = 0; i < old->view_count; i++) {
        const struct view *const view = renamed_view(next, old->views[i].name);
        plan.cleared[i] = !view || plan.refolded[apply_plan_place_of(next, view)];
        if (plan.cleared[i] && !allow_loss && !view_check_history(txn, &old->views[i], err))
            return false;
    }
    for (size_t i = old->view_count; i < old->all_view_count; i++)
        plan.cleared[i] = plan.cleared[apply_plan_place_of(old, old->views[i].owner)];
    *ret_plan = plan;
    return true;
}
