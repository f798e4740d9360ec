/* Rows and the files of them, put together from what was counted.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "verify/verify_check.h"

/* A CSV cell from the JSON of a value that is no string: null is nothing, times lose their quotes,
 * a list is a text. */
static void add_plain_cell(const struct buffer *json, struct buffer *line)
{
    struct slice text = buffer_slice(json);
    if (slice_is(text, "null")) return;
    if (text.at[0] == '[') {
        verify_cell(text, line);
        return;
    }
    if (text.at[0] == '"') text = slice_of(text.at + 1, text.length - 2);
    buffer_add_slice(line, text);
}

void verify_cell(struct slice text, struct buffer *line)
{
    static const char ends[] = {' ', '\t'}, inside[] = {',', '"', '\r', '\n'};
    bool quote = text.length == 0 || memchr(ends, text.at[0], sizeof ends) ||
                 memchr(ends, text.at[text.length - 1], sizeof ends);
    for (size_t i = 0; i < text.length; i++)
        quote |= memchr(inside, text.at[i], sizeof inside) != NULL;
    if (quote) buffer_add_byte(line, '"');
    for (size_t i = 0; i < text.length; i++) {
        if (quote && text.at[i] == '"') buffer_add_byte(line, '"');
        buffer_add_byte(line, text.at[i]);
    }
    if (quote) buffer_add_byte(line, '"');
}

void verify_member(enum kind kind, struct slice name, const struct buffer *json,
                   const struct value *value, bool first, struct buffer *row)
{
    if (!first) buffer_add_byte(row, ',');
    if (kind == KIND_CSV) {
        if (value && value->kind == VALUE_STRING)
            verify_cell(value->string, row);
        else
            add_plain_cell(json, row);
        return;
    }
    json_string(name, row);
    buffer_add_byte(row, ':');
    buffer_add_slice(row, buffer_slice(json));
}

void verify_row(const struct check *check, const struct view *view, enum kind kind,
                const struct tallied_group *group, unsigned first, unsigned end, struct buffer *row)
{
    const struct time_zone *const zone = check->snapshot->schema->zone;
    AUTO_BUFFER struct buffer json = {0};
    AUTO_ARENA struct arena arena = {0};
    struct result results[SCHEMA_AGGREGATES_MAX];
    for (size_t i = 0; i < view->aggregate_count; i++)
        results[i] = aggregate_result(&view->aggregates[i], &group->tallies[i].state, &arena);
    if (kind != KIND_CSV) buffer_add_byte(row, '{');
    for (unsigned i = first; i < end; i++) {
        buffer_clear(&json);
        value_json(&group->dimensions[i], view->dimensions[i].type, zone, &json);
        verify_member(kind, view->dimensions[i].name, &json, &group->dimensions[i], i == first,
                      row);
    }
    for (size_t i = 0; i < view->measure_count; i++) {
        const struct measure *const measure = &view->measures[i];
        struct result const result = formula_eval(measure->formula, results);
        buffer_clear(&json);
        result_json(&result, formula_type(measure->formula), zone, &json);
        verify_member(kind, measure->name, &json,
                      result.kind == RESULT_VALUE ? &result.value : NULL, first == end && i == 0,
                      row);
    }
    if (kind != KIND_CSV) buffer_add_byte(row, '}');
}

void verify_header(const struct view *view, unsigned first, struct buffer *text)
{
    for (size_t i = first; i < view->dimension_count + view->measure_count; i++) {
        if (i > first) buffer_add_byte(text, ',');
        verify_cell(i < view->dimension_count ? view->dimensions[i].name
                                              : view->measures[i - view->dimension_count].name,
                    text);
    }
    buffer_add_byte(text, '\n');
}

/* The file of the leaves [first, first + count). */
void verify_expect_rows(struct check *check, enum kind kind, size_t first, size_t count,
                        bool is_list)
{
    const struct view *const view = check->view->view;
    unsigned const depth = (unsigned)view->dimension_count;
    struct buffer *const text = &check->expected;
    bool const brackets = kind == KIND_JSON && is_list;
    buffer_clear(text);
    if (kind == KIND_PROM) {
        verify_prom(view, check->snapshot->schema->zone, &check->view->levels[depth].groups[first],
                    count, text);
        return;
    }
    if (kind == KIND_CSV) verify_header(view, 0, text);
    if (brackets) buffer_add_byte(text, '[');
    for (size_t i = 0; i < count; i++) {
        if (brackets && i > 0) buffer_add_text(text, ",\n");
        verify_row(check, view, kind, &check->view->levels[depth].groups[first + i], 0, depth,
                   text);
        if (!brackets) buffer_add_byte(text, '\n');
    }
    if (brackets) buffer_add_text(text, "]\n");
}
