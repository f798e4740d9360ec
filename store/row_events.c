// SPDX-License-Identifier: Apache-2.0
#include "row_events.h"

bool view_has_dependents(const struct schema *schema, const struct view *view)
{
    for (size_t i = 0; i < schema->all_view_count; i++) {
        if (schema->views[i].source == view) return true;
    }
    return false;
}

void row_events_fold(struct delta *delta, const struct view *view, const bool *only,
                     const struct value *dimensions, const struct state *states, struct slice key,
                     int64_t weight)
{
    AUTO_ARENA struct arena arena = {0};
    const struct schema *const schema = delta->schema;
    struct value *const fields = ARENA_ARRAY(&arena, struct value, view->rows->field_count);
    struct result *const results = ARENA_ARRAY(&arena, struct result, view->aggregate_count);
    size_t count = 0;
    for (size_t i = 0; i < view->dimension_count; i++)
        fields[count++] = dimensions[i];
    for (size_t i = 0; i < view->aggregate_count; i++)
        results[i] = measure_result(&view->aggregates[i], &states[i], &arena);
    for (size_t i = 0; i < view->measure_count; i++) {
        const struct formula *const formula = view->measures[i].formula;
        if (formula_is_list(formula)) continue;
        struct result const result = formula_eval(formula, results);
        fields[count++] = result_value(&result, formula_type(formula));
    }
    for (size_t i = 0; i < schema->all_view_count; i++) {
        if (schema->views[i].source == view && (!only || only[i]))
            delta_fold(delta, &schema->views[i], fields, key, weight);
    }
}
