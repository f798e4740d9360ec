// SPDX-License-Identifier: Apache-2.0
#include "tables/hierarchy.h"

static void hierarchy_row_add_measures(const struct view *view, const struct time_zone *zone,
                                       const char *name, const struct result *results,
                                       struct buffer *row)
{
    buffer_add_text(row, ",\"");
    buffer_add_text(row, name);
    buffer_add_text(row, "\":{");
    for (size_t i = 0; i < view->measure_count; i++) {
        const struct measure *const measure = &view->measures[i];
        struct result const result = formula_eval(measure->formula, results);
        if (i > 0) buffer_add_byte(row, ',');
        json_string(measure->name, row);
        buffer_add_byte(row, ':');
        result_json(&result, formula_type(measure->formula), zone, row);
    }
    buffer_add_byte(row, '}');
}

void hierarchy_row(const struct view *view, const struct time_zone *zone, const struct value *id,
                   const struct value *parent, const struct state *states, struct buffer *row)
{
    AUTO_ARENA struct arena arena = {0};
    struct result results[SCHEMA_AGGREGATES_MAX];
    for (size_t i = 0; i < view->aggregate_count; i++)
        results[i] = aggregate_result(&view->aggregates[i], &states[i], &arena);
    buffer_add_text(row, "{\"id\":");
    value_json(id, view->dimensions[0].type, zone, row);
    buffer_add_text(row, ",\"parent\":");
    value_json(parent, view->dimensions[0].type, zone, row);
    hierarchy_row_add_measures(view, zone, "direct", results, row);
    hierarchy_row_add_measures(view, zone, "subtree", results + view->aggregate_count / 2, row);
    buffer_add_byte(row, '}');
}
