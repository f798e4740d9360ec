/* The file for Prometheus, put together straight from values rather than from the text of rows.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdio.h>

#include "render/prometheus_text.h"
#include "types/file_name.h"
#include "verify/verify_p.h"

static void add_quoted(struct slice value, struct buffer *text)
{
    for (size_t i = 0; i < value.length; i++) {
        if (value.at[i] == '"' || value.at[i] == '\\') buffer_add_byte(text, '\\');
        buffer_add_byte(text, value.at[i]);
    }
}

/* As prometheus_text.h tells it. */
static void verify_prometheus_add_label_value(const struct value *value, struct value_type type,
                                              const struct time_zone *zone, struct buffer *text)
{
    AUTO_BUFFER struct buffer plain = {0}, escaped = {0};
    if (value->kind == VALUE_NULL) {
        buffer_add_text(text, "%null");
        return;
    }
    value_text(value, type, zone, &plain);
    if (plain.length == 0) buffer_add_text(text, "%empty");
    if (slice_is(buffer_slice(&plain), "%unresolved")) /* in a row it looks like the text */
        buffer_add_slice(&escaped, buffer_slice(&plain));
    else
        file_name_escape(buffer_slice(&plain), &escaped);
    add_quoted(buffer_slice(&escaped), text);
}

static void verify_prometheus_add_time(int128 time_ns, struct buffer *text)
{
    char digits[64];
    enum { NS_PER_SECOND = 1000000000 };
    int128 const size = time_ns < 0 ? -time_ns : time_ns;
    int length =
        snprintf(digits, sizeof digits, "%s%llu.%09u", time_ns < 0 ? "-" : "",
                 (unsigned long long)(size / NS_PER_SECOND), (unsigned)(size % NS_PER_SECOND));
    while (digits[length - 1] == '0')
        length--;
    if (digits[length - 1] == '.') length--;
    buffer_add(text, digits, (size_t)length);
}

static void add_figure(const struct result *result, struct value_type type,
                       const struct time_zone *zone, struct buffer *text)
{
    bool const plain = result->kind == RESULT_VALUE;
    if (plain && result->value.kind == VALUE_BOOL)
        buffer_add_text(text, result->value.boolean ? "1" : "0");
    else if (plain && result->value.kind == VALUE_TIME)
        verify_prometheus_add_time(result->value.time_ns, text);
    else
        result_json(result, type, zone, text);
}

static void add_sample(const struct view *view, const struct time_zone *zone,
                       const struct tallied_group *group, size_t measure, struct buffer *head,
                       struct buffer *text)
{
    AUTO_ARENA struct arena arena = {0};
    struct result results[SCHEMA_AGGREGATES_MAX];
    for (size_t i = 0; i < view->aggregate_count; i++)
        results[i] = aggregate_result(&view->aggregates[i], &group->tallies[i].state, &arena);
    const struct formula *const formula = view->measures[measure].formula;
    struct result const result = formula_eval(formula, results);
    AUTO_BUFFER struct buffer figure = {0};
    result_json(&result, formula_type(formula), zone, &figure);
    if (slice_is(buffer_slice(&figure), "null")) return;
    buffer_add_slice(text, buffer_slice(head)); /* the family's name */
    for (size_t i = 0; i < view->dimension_count; i++) {
        AUTO_BUFFER struct buffer label = {0};
        prometheus_label(view, i, &label);
        buffer_add_text(text, i ? "," : "{");
        buffer_add_slice(text, buffer_slice(&label));
        buffer_add_text(text, "=\"");
        verify_prometheus_add_label_value(&group->dimensions[i], view->dimensions[i].type, zone,
                                          text);
        buffer_add_text(text, "\"");
    }
    buffer_add_text(text, view->dimension_count ? "} " : " ");
    add_figure(&result, formula_type(formula), zone, text);
    buffer_add_text(text, "\n");
}

void verify_prom(const struct view *view, const struct time_zone *zone,
                 const struct tallied_group *leaves, size_t count, struct buffer *text)
{
    for (size_t i = 0; i < view->measure_count; i++) {
        AUTO_BUFFER struct buffer family = {0};
        if (!prometheus_has_family(view, i)) continue;
        prometheus_family(view, i, &family);
        prometheus_head(view, i, text);
        for (size_t j = 0; j < count; j++)
            add_sample(view, zone, &leaves[j], i, &family, text);
    }
}
