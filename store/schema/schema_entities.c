/* The entities that measures are over, as hidden views: by an entity and then by the dimensions of
 * the view whose measures these are. So a group (entity, dimensions of a prefix) has the entity's
 * events in the owner's group of that prefix, at every depth, and the machinery of groups keeps it.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "schema/schema_entities.h"

#include <stdio.h>

#include "schema/formula_p.h"
#include "schema/schema_p.h"

static struct expr_parser node_maker(const struct entities *entities)
{
    return (struct expr_parser){.arena = &entities->schema->arena};
}

/* The owner's events that are of some entity. */
static const struct expr *where_of(const struct entities *entities, const struct expr *entity)
{
    struct expr_parser maker = node_maker(entities);
    const struct expr *const null = expr_new_unary(&maker, EXPR_IS_NULL, VALUE_BOOL, entity);
    const struct expr *const any = expr_new_unary(&maker, EXPR_NOT, VALUE_BOOL, null);
    const struct expr *const where = entities->owner->where;
    return where ? expr_new_binary(&maker, EXPR_AND, VALUE_BOOL, where, any) : any;
}

static void set_dimensions(const struct entities *entities, const struct expr *entity,
                           struct view *view)
{
    const struct view *const owner = entities->owner;
    size_t const count = owner->dimension_count + 1;
    struct dimension *const dimensions =
        ARENA_ARRAY(&entities->schema->arena, struct dimension, count);
    dimensions[0] = (struct dimension){.expr = entity, .type = expr_type(entity)};
    for (size_t i = 1; i < count; i++)
        dimensions[i] = owner->dimensions[i - 1];
    view->dimensions = dimensions;
    view->dimension_count = count;
}

struct view *schema_hide_view(struct schema *schema, const struct view *owner, const char *name)
{
    AUTO_BUFFER struct buffer hidden = {0};
    /* the schema's own, in the making; schema_read_views has left room */
    struct view *const view = (struct view *)(uintptr_t)&schema->views[schema->all_view_count];
    buffer_add_slice(&hidden, owner->name);
    buffer_format(&hidden, "\x1f%s",
                  name); /* users may give no view a name with a control character */
    *view = (struct view){
        .name = arena_copy(&schema->arena, buffer_slice(&hidden)),
        .definition = owner->definition,
        .id = (uint16_t)schema->all_view_count++,
        .owner = owner,
        .stream = owner->stream,
        .inputs = owner->inputs,
        .input_count = owner->input_count,
        .source = owner->source,
        .retracts = owner->retracts,
        .max_rows = SCHEMA_MAX_ROWS,
        .time_dimension = -1,
    };
    return view;
}

static struct view *schema_entities_new_view(struct entities *entities, const struct expr *entity)
{
    struct arena *const arena = &entities->schema->arena;
    const struct view *const owner = entities->owner;
    char number[24];
    (void)snprintf(number, sizeof number, "%zu", entities->count);
    struct view *const view = schema_hide_view(entities->schema, owner, number);
    view->retain_seconds = owner->retain_seconds;
    if (owner->time_dimension >= 0) view->time_dimension = owner->time_dimension + 1;
    view->where = where_of(entities, entity);
    view->aggregates = ARENA_ARRAY(arena, struct aggregate, SCHEMA_AGGREGATES_MAX);
    view->measures = ARENA_ARRAY(arena, struct measure, SCHEMA_AGGREGATES_MAX);
    set_dimensions(entities, entity, view);
    entities->views[entities->count++] = view;
    return view;
}

bool entities_view(struct entities *entities, const struct expr *entity, struct view **ret_view,
                   struct error *err)
{
    for (size_t i = 0; i < entities->count; i++) {
        if (!expr_equal(entities->views[i]->dimensions[0].expr, entity)) continue;
        *ret_view = entities->views[i];
        return true;
    }
    if (entities->owner->dimension_count == SCHEMA_DIMENSIONS_MAX)
        return error_set(err, ERROR_SCHEMA, "a view over entities has at most %d dimensions",
                         SCHEMA_DIMENSIONS_MAX - 1);
    if (entities->count == SCHEMA_FEEDERS_MAX)
        return error_set(err, ERROR_SCHEMA, "the view is over more than %d kinds of entities",
                         SCHEMA_FEEDERS_MAX);
    *ret_view = schema_entities_new_view(entities, entity);
    return true;
}

bool entities_place(const struct entities *entities, struct view *view,
                    const struct aggregate *aggregate, struct value_type type, size_t *ret_field,
                    struct error *err)
{
    /* only constant to those who borrow the schema */
    struct aggregate *const aggregates = (struct aggregate *)(uintptr_t)view->aggregates;
    struct measure *const measures = (struct measure *)(uintptr_t)view->measures;
    size_t place = 0;
    while (place < view->aggregate_count && !aggregate_equal(&aggregates[place], aggregate))
        place++;
    *ret_field = view->dimension_count + place;
    if (place < view->aggregate_count) return true;
    if (place == SCHEMA_AGGREGATES_MAX)
        return error_set(err, ERROR_SCHEMA, "more than %d aggregates of one entity",
                         SCHEMA_AGGREGATES_MAX);
    struct formula *const formula = ARENA_NEW(&entities->schema->arena, struct formula);
    *formula =
        (struct formula){.op = FORMULA_AGGREGATE, .type = type, .size = 1, .aggregate = place};
    aggregates[place] = *aggregate;
    measures[place] = (struct measure){.formula = formula};
    view->aggregate_count = view->measure_count = place + 1;
    return true;
}

bool entities_finish(struct entities *entities, struct error *err)
{
    for (size_t i = 0; i < entities->count; i++) {
        struct view *const view = entities->views[i];
        if (!schema_place_aggregates(entities->schema, view, err)) return false;
        schema_describe_rows(entities->schema, view);
    }
    return true;
}
