// SPDX-License-Identifier: Apache-2.0
#include "render/prometheus_text.h"

#include <stdlib.h>

#include "base/arena.h"
#include "render/rows.h"
#include "schema/prometheus_names.h"
#include "types/calendar.h"
#include "types/file_name.h"
#include "types/instant.h"

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

void prometheus_heads(const struct view *view, struct buffer *text)
{
    for (size_t i = 0; i < view->measure_count; i++) {
        if (prometheus_has_family(view, i)) prometheus_head(view, i, text);
    }
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
