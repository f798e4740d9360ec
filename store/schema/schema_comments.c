// SPDX-License-Identifier: Apache-2.0
#include "schema/schema_p.h"

enum { NO_END = 0 };

/* Behind the string that begins at AT; a string without an end is left to the parser. */
static size_t string_end(struct slice text, size_t at)
{
    for (at++; at < text.length && text.at[at] != '"'; at++) {
        if (text.at[at] == '\\') at++;
    }
    return at < text.length ? at + 1 : text.length;
}

static bool begins_comment(struct slice text, size_t at)
{
    return text.at[at] == '/' && at + 1 < text.length &&
           (text.at[at + 1] == '/' || text.at[at + 1] == '*');
}

/* Behind the comment that begins at AT; the end of its line is not part of one with two slashes. */
static size_t comment_end(struct slice text, size_t at)
{
    struct slice const rest = slice_of(text.at + at + 2, text.length - at - 2);
    if (text.at[at + 1] == '/') {
        const uint8_t *const line_end = rest.length ? memchr(rest.at, '\n', rest.length) : NULL;
        return line_end ? (size_t)(line_end - text.at) : text.length;
    }
    const uint8_t *const end = rest.length ? memmem(rest.at, rest.length, "*/", 2) : NULL;
    return end ? (size_t)(end - text.at) + 2 : NO_END;
}

bool schema_blank_comments(struct slice text, uint8_t *ret_blanked, size_t *ret_unclosed)
{
    if (text.length) memcpy(ret_blanked, text.at, text.length);
    for (size_t at = 0; at < text.length;) {
        if (text.at[at] == '"') {
            at = string_end(text, at);
        } else if (begins_comment(text, at)) {
            size_t const end = comment_end(text, at);
            if (end == NO_END) {
                *ret_unclosed = at;
                return false;
            }
            for (; at < end; at++) {
                if (text.at[at] != '\n') ret_blanked[at] = ' ';
            }
        } else {
            at++;
        }
    }
    return true;
}

/* With the blanks in front of the comment that comes next goes its line, where it
 * holds nothing else. */
static void drop_blanks(struct buffer *json, struct slice text, size_t *at)
{
    while (json->length && strchr(" \t", json->at[json->length - 1]))
        json->length--;
    bool const at_start = json->length == 0 || json->at[json->length - 1] == '\n';
    size_t end = *at;
    while (end < text.length && text.at[end] && strchr(" \t\r", text.at[end]))
        end++;
    if (at_start && end < text.length && text.at[end] == '\n') *at = end + 1;
}

void schema_write_json(const struct schema *schema, struct buffer *json)
{
    struct slice const text = schema->text;
    for (size_t at = 0; at < text.length;) {
        size_t const start = at;
        if (begins_comment(text, at)) {
            at = comment_end(text, at); /* it has one: the schema was read */
            drop_blanks(json, text, &at);
            continue;
        }
        at = text.at[at] == '"' ? string_end(text, at) : at + 1;
        buffer_add(json, text.at + start, at - start);
    }
}
