// SPDX-License-Identifier: Apache-2.0
#include "render/prometheus_text.h"

#include <stdlib.h>

#include "base/arena.h"
#include "render/rows.h"
#include "types/calendar.h"
#include "types/file_name.h"

enum { NS_PER_SECOND = 1000000000 };

static bool is_letter(uint8_t byte)
{
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z');
}

/* [a-zA-Z_][a-zA-Z0-9_]*: legal for metrics and labels. Colons are left to recording rules. */
static void add_legal(struct slice name, struct buffer *text)
{
    for (size_t i = 0; i < name.length; i++) {
        uint8_t const byte = name.at[i];
        bool const digit = byte >= '0' && byte <= '9';
        buffer_add_byte(text, is_letter(byte) || digit ? byte : '_');
    }
}

void prometheus_family(const struct view *view, size_t measure, struct buffer *text)
{
    if (!is_letter(view->name.at[0])) buffer_add_byte(text, '_');
    add_legal(view->name, text);
    buffer_add_byte(text, '_');
    add_legal(view->measures[measure].name, text);
}

void prometheus_label(const struct view *view, size_t dimension, struct buffer *text)
{
    struct slice const name = view->dimensions[dimension].name;
    if (!is_letter(name.at[0])) buffer_add_byte(text, 'd'); /* "__" is reserved */
    add_legal(name, text);
}

/* As the format wants help texts and label values. */
static void add_escaped(struct slice value, bool quotes, struct buffer *text)
{
    for (size_t i = 0; i < value.length; i++) {
        uint8_t const byte = value.at[i];
        if (byte == '\\' || (quotes && byte == '"')) buffer_add_byte(text, '\\');
        if (byte == '\n')
            buffer_add_text(text, "\\n");
        else
            buffer_add_byte(text, byte);
    }
}

void prometheus_escape(struct slice value, struct buffer *text)
{
    add_escaped(value, true, text);
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

void prometheus_head(const struct view *view, size_t measure, struct buffer *text)
{
    buffer_add_text(text, "# HELP ");
    prometheus_family(view, measure, text);
    buffer_add_byte(text, ' ');
    add_escaped(view->measures[measure].text, false, text);
    buffer_add_text(text, "\n# TYPE ");
    prometheus_family(view, measure, text);
    buffer_add_text(text, " gauge\n");
}

/* JSON is a dimension's value in a row. */
static void prometheus_text_add_label_value(struct slice json, struct buffer *scratch,
                                            struct buffer *text)
{
    AUTO_BUFFER struct buffer plain = {0};
    struct slice value = json;
    if (slice_is(json, "null")) value = slice_text("%null");
    bool const string = json.length > 1 && json.at[0] == '"';
    if (string) value = rows_string(json, scratch);
    if (string && value.length == 0)
        value = slice_text("%empty");
    else if (string && !slice_is(value, "%unresolved")) {
        file_name_escape(value, &plain);
        value = buffer_slice(&plain);
    }
    add_escaped(value, true, text);
}

/* Seconds with as many digits as the time has. */
static void prometheus_text_add_time(struct slice text_of_time, const struct time_zone *zone,
                                     struct buffer *text)
{
    int128 ns;
    if (!calendar_read(text_of_time, zone, &ns)) return; /* written by calendar_write */
    bool const negative = ns < 0;
    uint64_t const seconds = (uint64_t)((negative ? -ns : ns) / NS_PER_SECOND);
    unsigned fraction = (unsigned)((negative ? -ns : ns) % NS_PER_SECOND);
    buffer_format(text, "%s%llu", negative ? "-" : "", (unsigned long long)seconds);
    if (fraction == 0) return;
    int digits = 9;
    for (; fraction % 10 == 0; fraction /= 10)
        digits--;
    buffer_format(text, ".%0*u", digits, fraction);
}

static void prometheus_text_add_number(struct slice json, const struct time_zone *zone,
                                       struct buffer *scratch, struct buffer *text)
{
    if (slice_is(json, "true") || slice_is(json, "false"))
        buffer_add_byte(text, json.at[0] == 't' ? '1' : '0');
    else if (json.length > 1 && json.at[0] == '"')
        prometheus_text_add_time(rows_string(json, scratch), zone, text);
    else
        buffer_add_slice(text, json);
}

void prometheus_sample(const struct view *view, const struct time_zone *zone, struct slice row,
                       size_t measure, struct buffer *text)
{
    AUTO_BUFFER struct buffer scratch = {0};
    struct slice json;
    size_t at = 0;
    size_t const start = text->length;
    prometheus_family(view, measure, text);
    for (size_t i = 0; i < view->dimension_count && rows_next(row, &at, &json); i++) {
        buffer_add_byte(text, i == 0 ? '{' : ',');
        prometheus_label(view, i, text);
        buffer_add_text(text, "=\"");
        prometheus_text_add_label_value(json, &scratch, text);
        buffer_add_byte(text, '"');
    }
    buffer_add_text(text, view->dimension_count ? "} " : " ");
    bool found = false;
    for (size_t i = 0; i <= measure; i++)
        found = rows_next(row, &at, &json);
    if (!found || slice_is(json, "null")) {
        text->length = start;
        return;
    }
    prometheus_text_add_number(json, zone, &scratch, text);
    buffer_add_byte(text, '\n');
}

uint64_t prometheus_heads_bytes(const struct view *view)
{
    AUTO_BUFFER struct buffer text = {0};
    for (size_t i = 0; i < view->measure_count; i++) {
        if (prometheus_has_family(view, i)) prometheus_head(view, i, &text);
    }
    return text.length;
}

uint64_t prometheus_row_bytes(const struct view *view, const struct time_zone *zone,
                              struct slice row)
{
    AUTO_BUFFER struct buffer text = {0};
    for (size_t i = 0; i < view->measure_count; i++) {
        if (prometheus_has_family(view, i)) prometheus_sample(view, zone, row, i, &text);
    }
    return text.length;
}
