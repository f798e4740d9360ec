// SPDX-License-Identifier: Apache-2.0
#include "schema/prometheus_names.h"

#include "base/ascii.h"

#include <stdlib.h>

/* [a-zA-Z_][a-zA-Z0-9_]*: legal for metrics and labels. Colons are left to recording rules. */
static void add_legal(struct slice name, struct buffer *text)
{
    for (size_t i = 0; i < name.length; i++) {
        uint8_t const byte = name.at[i];
        buffer_add_byte(text, ascii_is_letter(byte) || ascii_is_digit(byte) ? byte : '_');
    }
}

void prometheus_family(const struct view *view, size_t measure, struct buffer *text)
{
    if (!ascii_is_letter(view->name.at[0])) buffer_add_byte(text, '_');
    add_legal(view->name, text);
    buffer_add_byte(text, '_');
    add_legal(view->measures[measure].name, text);
}

void prometheus_label(const struct view *view, size_t dimension, struct buffer *text)
{
    struct slice const name = view->dimensions[dimension].name;
    if (!ascii_is_letter(name.at[0])) buffer_add_byte(text, 'd'); /* "__" is reserved */
    add_legal(name, text);
}

bool prometheus_has_family(const struct view *view, size_t measure)
{
    const struct formula *const formula = view->measures[measure].formula;
    if (formula_is_list(formula)) return false;
    switch (formula_type(formula).kind) {
    case VALUE_NUMBER:
    case VALUE_FLOAT:
    case VALUE_BOOL:
    case VALUE_TIME: return true;
    case VALUE_NULL:
    case VALUE_UNRESOLVED:
    case VALUE_STRING:
    case VALUE_BUCKET: break;
    }
    return false;
}

static bool check_labels(const struct view *view, struct error *err)
{
    for (size_t i = 0; i < view->dimension_count; i++) {
        AUTO_BUFFER struct buffer mine = {0};
        prometheus_label(view, i, &mine);
        for (size_t j = 0; j < i; j++) {
            AUTO_BUFFER struct buffer other = {0};
            prometheus_label(view, j, &other);
            if (!slice_equal(buffer_slice(&mine), buffer_slice(&other))) continue;
            buffer_add_byte(&mine, '\0');
            (void)error_set(
                err, ERROR_SCHEMA, "dimensions '%.*s' and '%.*s' are both '%s' for Prometheus",
                (int)view->dimensions[j].name.length, view->dimensions[j].name.at,
                (int)view->dimensions[i].name.length, view->dimensions[i].name.at, (char *)mine.at);
            return error_remedy(err, "give one of them another name, of letters, digits and _");
        }
    }
    return true;
}

bool prometheus_check(const struct view *view, struct error *err)
{
    for (size_t i = 0; i < view->measure_count; i++) {
        if (prometheus_has_family(view, i)) return check_labels(view, err);
    }
    return error_set(err, ERROR_SCHEMA, "\"prom\": no measure is a number");
}

struct family {
    struct slice name;
    const struct view *view;
    const struct measure *measure;
};

static int compare_families(const void *a, const void *b)
{
    return slice_compare(((const struct family *)a)->name, ((const struct family *)b)->name);
}

static bool are_one(const struct family *a, const struct family *b, struct error *err)
{
    (void)error_set(err, ERROR_SCHEMA, "%.*s.%.*s and %.*s.%.*s are both '%.*s' for Prometheus",
                    (int)a->view->name.length, a->view->name.at, (int)a->measure->name.length,
                    a->measure->name.at, (int)b->view->name.length, b->view->name.at,
                    (int)b->measure->name.length, b->measure->name.at, (int)a->name.length,
                    a->name.at);
    return error_remedy(err, "give one of them another name, of letters, digits and _");
}

bool prometheus_check_families(const struct view *views, size_t view_count, struct error *err)
{
    AUTO_ARENA struct arena arena = {0};
    size_t most = 1, count = 0;
    for (size_t i = 0; i < view_count; i++)
        most += views[i].measure_count;
    struct family *const families = ARENA_ARRAY(&arena, struct family, most);
    for (size_t i = 0; i < view_count; i++) {
        for (size_t j = 0; views[i].formats[ROWS_PROM] && j < views[i].measure_count; j++) {
            AUTO_BUFFER struct buffer name = {0};
            if (!prometheus_has_family(&views[i], j)) continue;
            prometheus_family(&views[i], j, &name);
            families[count++] = (struct family){.name = arena_copy(&arena, buffer_slice(&name)),
                                                .view = &views[i],
                                                .measure = &views[i].measures[j]};
        }
    }
    qsort(families, count, sizeof *families, compare_families);
    for (size_t i = 1; i < count; i++) {
        if (slice_equal(families[i - 1].name, families[i].name))
            return are_one(&families[i - 1], &families[i], err);
    }
    return true;
}
