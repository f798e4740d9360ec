// SPDX-License-Identifier: Apache-2.0
#include "merge/rollup_cascade.h"

bool view_has_dependents(const struct schema *schema, const struct view *view)
{
    for (size_t i = 0; i < schema->all_view_count; i++) {
        if (schema->views[i].source == view) return true;
    }
    return false;
}

/* What the views over this one see of a row, in the arena: its dimensions, then its
 * measures but for lists. */
static struct value *row_fields(const struct view *view, const struct value *dimensions,
                                unsigned depth, const struct state *states, struct arena *arena)
{
    struct value *const fields = ARENA_ARRAY(arena, struct value, view->rows->field_count);
    struct result results[SCHEMA_AGGREGATES_MAX];
    for (size_t i = 0; i < depth; i++)
        fields[i] = dimensions[i];
    for (size_t i = 0; i < view->aggregate_count; i++)
        results[i] = aggregate_result(&view->aggregates[i], &states[i], arena);
    size_t count = view->dimension_count;
    for (size_t i = 0; i < view->measure_count; i++) {
        const struct formula *const formula = view->measures[i].formula;
        if (formula_is_list(formula)) continue;
        struct result const result = formula_eval(formula, results);
        fields[count++] = result_value(&result, formula_type(formula));
    }
    return fields;
}

void rollup_cascade_change_entity(struct delta *delta, const struct view *view,
                                  const struct value *dimensions, unsigned depth,
                                  const struct state *old, const struct state *new,
                                  struct slice key, struct arena *scratch)
{
    struct delta_leaf *const leaf = delta_leaf_at(delta, view->owner, dimensions + 1, depth - 1);
    if (old)
        delta_fold_entity(delta, leaf, view, row_fields(view, dimensions, depth, old, scratch), key,
                          -1);
    if (new)
        delta_fold_entity(delta, leaf, view, row_fields(view, dimensions, depth, new, scratch), key,
                          +1);
}

void rollup_cascade_fold(struct delta *delta, const struct view *view, const bool *only,
                         const struct value *dimensions, const struct state *states,
                         struct slice key, int64_t weight, struct arena *scratch)
{
    const struct schema *const schema = delta->schema;
    const struct value *const fields =
        row_fields(view, dimensions, (unsigned)view->dimension_count, states, scratch);
    for (size_t i = 0; i < schema->all_view_count; i++) {
        if (schema->views[i].source == view && (!only || only[i]))
            delta_fold(delta, &schema->views[i], fields, key, weight);
    }
}
