/* Rows as events: those of the view below, and of a view over entities those of its hidden views.
 * All are counted again themselves.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "tables/groups.h"
#include "verify/verify_p.h"

/* What a row is to the views over it: the first DEPTH dimensions, and the measures behind
 * the place of all. */
static void make_fields(const struct view *view, const struct tallied_group *row, unsigned depth,
                        struct value *ret_fields)
{
    AUTO_ARENA struct arena arena = {0};
    struct result *const results = ARENA_ARRAY(&arena, struct result, view->aggregate_count);
    size_t count = view->dimension_count;
    for (size_t i = 0; i < count; i++)
        ret_fields[i] = i < depth ? row->dimensions[i] : (struct value){.kind = VALUE_NULL};
    for (size_t i = 0; i < view->aggregate_count; i++)
        results[i] = aggregate_result(&view->aggregates[i], &row->tallies[i].state, &arena);
    for (size_t i = 0; i < view->measure_count; i++) {
        const struct formula *const formula = view->measures[i].formula;
        if (formula_is_list(formula)) continue;
        struct result const result = formula_eval(formula, results);
        ret_fields[count++] = result_value(&result, formula_type(formula));
    }
}

static struct value *new_fields(const struct view *view)
{
    return memory_alloc((view->dimension_count + view->measure_count) * sizeof(struct value));
}

bool verify_rows(struct counting *counting, const struct snapshot *snapshot, struct error *err)
{
    struct tallied_view below;
    const struct view *const source = counting->view->view->source;
    unsigned const depth = (unsigned)source->dimension_count;
    if (!tallied_view_count(snapshot, source, &below, err)) return false;
    const struct tallied_level *const rows = &below.levels[depth];
    AUTO_FREE struct value *const fields = new_fields(source);
    for (size_t i = 0; i < rows->count; i++) {
        make_fields(source, &rows->groups[i], depth, fields);
        counting_event(counting, fields, rows->groups[i].key);
    }
    counting->view->dropped_before = below.dropped_before;
    tallied_view_done(&below);
    return true;
}

/* The entities of the groups of DEPTH are the groups of the hidden view one deeper. */
static void count_level(struct counting *counting, const struct tallied_view *hidden,
                        unsigned depth)
{
    const struct view *const view = counting->view->view;
    const struct tallied_level *const level = &hidden->levels[depth + 1];
    AUTO_FREE struct value *const fields = new_fields(hidden->view);
    for (size_t i = 0; i < level->count; i++) {
        const struct tallied_group *const entity = &level->groups[i];
        make_fields(hidden->view, entity, depth + 1, fields);
        buffer_clear(&counting->key);
        (void)group_key_pack(view, entity->dimensions + 1, depth, &counting->key);
        counting->own_key = entity->key;
        counting_add(counting,
                     counting_group(counting, depth, counting->key.length, entity->dimensions + 1),
                     hidden->view, fields);
    }
}

bool verify_entities(struct counting *counting, const struct snapshot *snapshot, struct error *err)
{
    const struct schema *const schema = snapshot->schema;
    const struct view *const view = counting->view->view;
    for (size_t i = schema->view_count; i < schema->all_view_count; i++) {
        struct tallied_view hidden;
        if (schema->views[i].owner != view || view->hierarchy) continue;
        if (!tallied_view_count(snapshot, &schema->views[i], &hidden, err)) return false;
        for (unsigned depth = 0; depth <= view->dimension_count; depth++)
            count_level(counting, &hidden, depth);
        tallied_view_done(&hidden);
    }
    return true;
}
