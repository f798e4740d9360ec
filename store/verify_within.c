// SPDX-License-Identifier: Apache-2.0
#include "groups.h"
#include "verify_check.h"

const struct tallied_group *verify_within_rows(const struct tallied_view *view,
                                               const struct value *node, size_t *ret_count)
{
    AUTO_BUFFER struct buffer key = {0};
    const struct tallied_level *const level = &view->levels[view->view->dimension_count];
    size_t low = 0, high = level->count;
    (void)group_key_add(view->view, node, &key);
    while (low < high) {
        size_t const middle = low + (high - low) / 2;
        if (slice_compare(level->groups[middle].key, buffer_slice(&key)) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    *ret_count = 0;
    while (low + *ret_count < level->count &&
           slice_starts(level->groups[low + *ret_count].key, buffer_slice(&key)))
        (*ret_count)++;
    return &level->groups[low];
}

static void add_division_row(const struct check *check, const struct view *view, enum kind kind,
                             const struct tallied_group *row, struct buffer *text)
{
    AUTO_BUFFER struct buffer json = {0};
    AUTO_ARENA struct arena arena = {0};
    const struct zone *const zone = check->snapshot->schema->zone;
    struct result results[SCHEMA_AGGREGATES_MAX];
    for (size_t i = 0; i < view->aggregate_count; i++)
        results[i] = measure_result(&view->aggregates[i], &row->tallies[i].state, &arena);
    if (kind != KIND_CSV) buffer_add_byte(text, '{');
    for (size_t i = 1; i < view->dimension_count; i++) {
        buffer_clear(&json);
        value_json(&row->dimensions[i], view->dimensions[i].type, zone, &json);
        verify_member(kind, view->dimensions[i].name, &json, &row->dimensions[i], i == 1, text);
    }
    for (size_t i = 0; i < view->measure_count; i++) {
        const struct measure *const measure = &view->measures[i];
        struct result const result = formula_eval(measure->formula, results);
        buffer_clear(&json);
        result_json(&result, formula_type(measure->formula), zone, &json);
        verify_member(kind, measure->name, &json,
                      result.kind == RESULT_VALUE ? &result.value : NULL, false, text);
    }
    if (kind != KIND_CSV) buffer_add_byte(text, '}');
}

void verify_within_expect(struct check *check, const struct view *view, enum kind kind,
                          const struct tallied_group *rows, size_t count)
{
    struct buffer *const text = &check->expected;
    buffer_clear(text);
    for (size_t i = 1; kind == KIND_CSV && i < view->dimension_count; i++) {
        if (i > 1) buffer_add_byte(text, ',');
        verify_cell(view->dimensions[i].name, text);
    }
    for (size_t i = 0; kind == KIND_CSV && i < view->measure_count; i++) {
        buffer_add_byte(text, ',');
        verify_cell(view->measures[i].name, text);
    }
    if (kind == KIND_CSV) buffer_add_byte(text, '\n');
    if (kind == KIND_JSON) buffer_add_byte(text, '[');
    for (size_t i = 0; i < count; i++) {
        if (kind == KIND_JSON && i > 0) buffer_add_text(text, ",\n");
        add_division_row(check, view, kind, &rows[i], text);
        if (kind != KIND_JSON) buffer_add_byte(text, '\n');
    }
    if (kind == KIND_JSON) buffer_add_text(text, "]\n");
}
