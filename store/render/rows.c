// SPDX-License-Identifier: Apache-2.0
#include "render/rows.h"

static void rows_add_name(struct slice name, bool first, struct buffer *row)
{
    if (!first) buffer_add_byte(row, ',');
    json_string(name, row);
    buffer_add_byte(row, ':');
}

void rows_text(const struct view *view, const struct time_zone *zone,
               const struct value *dimensions, unsigned depth, const struct state *states,
               struct buffer *row)
{
    AUTO_ARENA struct arena arena = {0};
    struct result results[SCHEMA_AGGREGATES_MAX];
    for (size_t i = 0; i < view->aggregate_count; i++)
        results[i] = aggregate_result(&view->aggregates[i], &states[i], &arena);
    buffer_add_byte(row, '{');
    for (unsigned i = 0; i < depth; i++) {
        rows_add_name(view->dimensions[i].name, i == 0, row);
        value_json(&dimensions[i], view->dimensions[i].type, zone, row);
    }
    for (size_t i = 0; i < view->measure_count; i++) {
        const struct measure *const measure = &view->measures[i];
        struct result const result = formula_eval(measure->formula, results);
        rows_add_name(measure->name, depth == 0 && i == 0, row);
        result_json(&result, formula_type(measure->formula), zone, row);
    }
    buffer_add_byte(row, '}');
}

static unsigned rows_hex_value(uint8_t digit)
{
    if (digit <= '9') return digit - (unsigned)'0';
    return (digit | 0x20u) - (unsigned)'a' + 10;
}

/* Rows come from the store, and are read as far as they go, whatever they hold. */
static uint8_t byte_at(struct slice text, size_t i)
{
    return i < text.length ? text.at[i] : 0;
}

/* Undoes one escape of json_string: it writes \u00XX for a character and, for a byte that is not
 * UTF-8, \udcXX. TEXT begins behind the backslash; returns how much is used. */
static size_t rows_unescape(struct slice text, struct buffer *bytes)
{
    static const char letters[] = "bfnrt", meant[] = "\b\f\n\r\t";
    uint8_t const first = byte_at(text, 0);
    const char *const letter = memchr(letters, first, sizeof letters - 1);
    if (first != 'u') {
        buffer_add_byte(bytes, letter ? (uint8_t)meant[letter - letters] : first);
        return 1;
    }
    uint8_t const byte =
        (uint8_t)(rows_hex_value(byte_at(text, 3)) << 4 | rows_hex_value(byte_at(text, 4)));
    /* a character of two bytes */
    if (byte_at(text, 1) == '0' && byte >= 0x80) buffer_add_byte(bytes, 0xc2);
    buffer_add_byte(bytes, byte);
    return 5;
}

/* The JSON string at START of ROW, with its quotes. */
static struct slice quoted_string(struct slice row, size_t start)
{
    size_t i = start + 1;
    while (i < row.length && row.at[i] != '"')
        i += row.at[i] == '\\' ? 2 : 1;
    size_t const end = i < row.length ? i + 1 : row.length;
    return slice_of(row.at + start, end - start);
}

struct slice rows_string(struct slice quoted, struct buffer *bytes)
{
    if (quoted.length < 2) return (struct slice){0};
    struct slice const inside = slice_of(quoted.at + 1, quoted.length - 2);
    if (!memchr(inside.at, '\\', inside.length)) return inside;
    buffer_clear(bytes);
    for (size_t i = 0; i < inside.length;) {
        if (inside.at[i] == '\\')
            i += 1 + rows_unescape(slice_of(inside.at + i + 1, inside.length - i - 1), bytes);
        else
            buffer_add_byte(bytes, inside.at[i++]);
    }
    return buffer_slice(bytes);
}

/* The number, word or list at START of ROW. */
static struct slice plain_value(struct slice row, size_t start)
{
    size_t i = start, depth = 0;
    while (i < row.length && (depth > 0 || (row.at[i] != ',' && row.at[i] != '}'))) {
        if (row.at[i] == '"') {
            i += quoted_string(row, i).length;
            continue;
        }
        depth += row.at[i] == '[' || row.at[i] == '{';
        depth -= row.at[i] == ']' || row.at[i] == '}';
        i++;
    }
    return slice_of(row.at + start, i - start);
}

bool rows_next(struct slice row, size_t *at, struct slice *ret_json)
{
    size_t i = *at + 1; /* behind the brace, or the comma */
    if (byte_at(row, i) != '"') return false;
    i += quoted_string(row, i).length + 1; /* the name and the colon */
    if (i >= row.length) return false;
    *ret_json = row.at[i] == '"' ? quoted_string(row, i) : plain_value(row, i);
    *at = i + ret_json->length;
    return true;
}

void rows_csv(struct slice row, struct buffer *line)
{
    AUTO_BUFFER struct buffer bytes = {0};
    struct slice json;
    bool first = true;
    for (size_t at = 0; rows_next(row, &at, &json); first = false) {
        uint8_t const begins = byte_at(json, 0);
        if (!first) buffer_add_byte(line, ',');
        if (begins == '"')
            csv_cell(rows_string(json, &bytes), line);
        else if (begins == '[')
            csv_cell(json, line);
        else if (begins == '{')
            rows_csv(json, line); /* the measures of a node */
        else if (!slice_is(json, "null"))
            buffer_add_slice(line, json);
    }
}

/* direct.cnt and so on. */
static void hierarchy_csv_header(const struct view *view, struct buffer *line)
{
    static const char *const parts[] = {"direct.", "subtree."};
    buffer_add_text(line, "id,parent");
    for (size_t i = 0; i < COUNT_OF(parts) * view->measure_count; i++) {
        AUTO_BUFFER struct buffer name = {0};
        buffer_add_text(&name, parts[i / view->measure_count]);
        buffer_add_slice(&name, view->measures[i % view->measure_count].name);
        buffer_add_byte(line, ',');
        csv_cell(buffer_slice(&name), line);
    }
}

void rows_csv_header(const struct view *view, struct buffer *line)
{
    if (view->hierarchy) {
        hierarchy_csv_header(view, line);
        return;
    }
    for (size_t i = 0; i < view->dimension_count; i++) {
        csv_cell(view->dimensions[i].name, line);
        buffer_add_byte(line, ',');
    }
    for (size_t i = 0; i < view->measure_count; i++) {
        if (i > 0) buffer_add_byte(line, ',');
        csv_cell(view->measures[i].name, line);
    }
}
