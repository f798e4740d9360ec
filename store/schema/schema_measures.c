// SPDX-License-Identifier: Apache-2.0
#include "schema/aggregate_table.h"
#include "schema/schema_entities.h"
#include "schema/schema_p.h"

static bool schema_measures_name_is_free(const struct view *view, struct slice name,
                                         struct error *err)
{
    if (name.length == 0) return error_set(err, ERROR_SCHEMA, "the name of a measure is empty");
    for (size_t i = 0; i < view->dimension_count && !view->hierarchy; i++) {
        if (slice_equal(view->dimensions[i].name, name))
            return error_set(err, ERROR_SCHEMA, "a dimension of the view has this name");
    }
    return true;
}

static bool holds_values_of(const struct multiset *set, const struct aggregate *aggregate)
{
    if (set->entities != aggregate->entities || !expr_equal(set->argument, aggregate->argument) ||
        !expr_equal(set->where, aggregate->where) || set->order_count != aggregate->order_count)
        return false;
    for (size_t i = 0; i < set->order_count; i++) {
        if (!expr_equal(set->order[i], aggregate->order[i])) return false;
    }
    return true;
}

/* Gives each aggregate that needs them its values: of aggregates over the same ones, the same. */
static void place_multisets(struct schema *schema, struct view *view)
{
    /* only constant to those who borrow the schema */
    struct aggregate *const aggregates = (struct aggregate *)(uintptr_t)view->aggregates;
    struct multiset *const sets =
        ARENA_ARRAY(&schema->arena, struct multiset, view->aggregate_count);
    size_t count = 0;
    for (size_t i = 0; i < view->aggregate_count; i++) {
        struct aggregate *const aggregate = &aggregates[i];
        bool const retracts = view->retracts || aggregate->entities; /* rows change */
        if (!aggregate_needs_multiset(aggregate, retracts)) continue;
        size_t place = 0;
        while (place < count && !holds_values_of(&sets[place], aggregate))
            place++;
        if (place == count)
            sets[count++] = (struct multiset){.entities = aggregate->entities,
                                              .argument = aggregate->argument,
                                              .order = aggregate->order,
                                              .order_count = aggregate->order_count,
                                              .where = aggregate->where,
                                              .is_keyed = aggregate->order_count > 0};
        if (traits_of(aggregate)->multiset == MULTISET_MOST_FREQUENT) sets[place].is_ranked = true;
        aggregate->multiset = (int)place;
    }
    view->multisets = sets;
    view->multiset_count = count;
}

static bool input_follows(const struct view_input *input, size_t field_count)
{
    if (expr_follows(input->where, input->stream)) return true;
    for (size_t i = 0; input->values && i < field_count; i++) {
        if (expr_follows(input->values[i], input->stream)) return true;
    }
    return false;
}

/* Whether the view shows what references lead to: events then move when their targets change. */
static bool follows_references(const struct view *view)
{
    const struct stream *const stream = view->stream;
    bool follows = expr_follows(view->where, stream);
    if (view_is_breakdown(view))
        follows |= view->owner->follows; /* its nodes and condition are the owner's */
    for (size_t i = 0; i < view->input_count; i++)
        follows |= input_follows(&view->inputs[i], stream->field_count);
    for (size_t i = 0; i < view->dimension_count; i++)
        follows |= expr_follows(view->dimensions[i].expr, stream);
    for (size_t i = 0; i < view->aggregate_count; i++) {
        const struct expr *exprs[AGGREGATE_EXPRS_MAX];
        size_t const count = aggregate_exprs(&view->aggregates[i], exprs);
        if (view->aggregates[i].entities) continue; /* over rows, which are their owner's */
        for (size_t j = 0; j < count; j++)
            follows |= expr_follows(exprs[j], stream);
    }
    return follows;
}

/* As the parser says it of streams whose events go. */
static bool check_sketches(const struct view *view, struct error *err)
{
    for (size_t i = 0; i < view->aggregate_count; i++) {
        const struct aggregate *const aggregate = &view->aggregates[i];
        const char *const instead = traits_of(aggregate)->instead;
        if (!instead) continue;
        (void)error_set(err, ERROR_SCHEMA,
                        "%s() cannot follow events that move with what they refer to",
                        aggregate_name(aggregate));
        return error_remedy(err, "use %s(), which is exact", instead);
    }
    return true;
}

bool schema_place_aggregates(struct schema *schema, struct view *view, struct error *err)
{
    view->follows = follows_references(view);
    if (view->follows) {
        view->retracts = true;
        if (!check_sketches(view, err)) return false;
    }
    place_multisets(schema, view);
    return true;
}

bool schema_read_measures(struct schema *schema, const cJSON *json, struct view *view,
                          struct error *err)
{
    if (!json) return error_set(err, ERROR_SCHEMA, "a view needs \"measures\"");
    if (!json_is_object(json, NULL, err)) return false;
    size_t const count = (size_t)cJSON_GetArraySize(json);
    if (count == 0) return error_set(err, ERROR_SCHEMA, "a view needs at least one measure");
    if (count > SCHEMA_AGGREGATES_MAX)
        return error_set(err, ERROR_SCHEMA, "more than %d measures", SCHEMA_AGGREGATES_MAX);
    struct measure *const measures = ARENA_ARRAY(&schema->arena, struct measure, count);
    struct measure_source *const sources =
        ARENA_ARRAY(&schema->arena, struct measure_source, count);
    const struct formula **const formulas =
        ARENA_ARRAY(&schema->arena, const struct formula *, count);
    size_t index = 0, bad;
    const cJSON *entry;
    cJSON_ArrayForEach(entry, json)
    {
        if (!json_is_text(entry, "a measure such as \"sum(x)\"", err) ||
            !schema_measures_name_is_free(view, slice_text(entry->string), err))
            return error_wrap_dot(err, entry->string);
        sources[index].name = arena_copy(&schema->arena, slice_text(entry->string));
        sources[index++].text = arena_copy(&schema->arena, slice_text(entry->valuestring));
    }
    struct aggregate *aggregates;
    struct entities entities = {.schema = schema, .owner = view};
    if (!formula_parse(sources, count, view->stream, view->retracts, &entities, schema->zone,
                       &schema->arena, formulas, &aggregates, &view->aggregate_count, &bad, err))
        return error_wrap_dot(err, (const char *)sources[bad].name.at);
    for (size_t i = 0; i < count; i++)
        measures[i] = (struct measure){
            .name = sources[i].name, .text = sources[i].text, .formula = formulas[i]};
    view->aggregates = aggregates;
    view->measures = measures;
    view->measure_count = count;
    return schema_place_aggregates(schema, view, err) && entities_finish(&entities, err) &&
           (!view->hierarchy || schema_finish_hierarchy(schema, view, err));
}
