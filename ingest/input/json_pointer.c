// SPDX-License-Identifier: Apache-2.0
#include "input/json_pointer.h"

#include "input/json_value.h"

/* Takes one step off *REST, which begins with a slash; the step's text is written to SCRATCH. */
static struct slice take_step(struct slice *rest, struct buffer *scratch)
{
    size_t i = 1;
    buffer_clear(scratch);
    for (; i < rest->length && rest->at[i] != '/'; i++) {
        bool const escape = rest->at[i] == '~' && i + 1 < rest->length;
        if (escape && rest->at[i + 1] == '1')
            buffer_add_byte(scratch, '/');
        else
            buffer_add_byte(scratch, rest->at[i]);
        if (escape && (rest->at[i + 1] == '0' || rest->at[i + 1] == '1')) i++;
    }
    *rest = slice_of(rest->at + i, rest->length - i);
    return buffer_slice(scratch);
}

struct slice json_pointer_member(struct slice column, struct buffer *scratch)
{
    if (column.length == 0 || column.at[0] != '/') return column;
    return take_step(&column, scratch);
}

/* The member NAME of the object at the cursor. */
static void find_member(struct json_cursor *cursor, struct slice name, struct buffer *scratch,
                        struct cell *cell)
{
    AUTO_BUFFER struct buffer unescaped = {0};
    struct slice found;
    struct cell unwanted;
    do {
        cursor->at++; /* the brace or the comma */
        json_skip_blanks(cursor);
        buffer_clear(&unescaped);
        if (!json_take(cursor, '"') || !json_read_string(cursor, &unescaped, &found)) return;
        bool const wanted = slice_equal(found, name);
        json_skip_blanks(cursor);
        if (!json_take(cursor, ':')) return;
        json_skip_blanks(cursor);
        if (wanted) buffer_clear(scratch);
        if (!json_read_value(cursor, wanted ? scratch : NULL, wanted ? cell : &unwanted)) return;
        json_skip_blanks(cursor);
    } while (cursor->at < cursor->end && *cursor->at == ',');
}

/* An index has no zeros in front; SIZE_MAX: it is none. */
static size_t read_index(struct slice step)
{
    size_t index = 0;
    if (step.length == 0 || step.length > 9 || (step.length > 1 && step.at[0] == '0'))
        return SIZE_MAX;
    for (size_t i = 0; i < step.length; i++) {
        if (step.at[i] < '0' || step.at[i] > '9') return SIZE_MAX;
        index = index * 10 + (size_t)(step.at[i] - '0');
    }
    return index;
}

/* The element INDEX of the array at the cursor. */
static void find_element(struct json_cursor *cursor, size_t index, struct buffer *scratch,
                         struct cell *cell)
{
    struct cell unwanted;
    for (size_t i = 0; i <= index; i++) {
        if (i > 0 && (cursor->at >= cursor->end || *cursor->at != ',')) return;
        cursor->at++; /* the bracket or the comma */
        json_skip_blanks(cursor);
        bool const wanted = i == index;
        if (!json_read_value(cursor, wanted ? scratch : NULL, wanted ? cell : &unwanted)) return;
        json_skip_blanks(cursor);
    }
}

void json_pointer_find(struct slice nested, struct slice column, struct buffer *scratch,
                       struct cell *cell)
{
    AUTO_BUFFER struct buffer step_text = {0};
    (void)take_step(&column, &step_text); /* the member itself */
    *cell = (struct cell){.kind = CELL_NESTED, .text = nested};
    while (column.length && cell->kind == CELL_NESTED) {
        struct json_cursor cursor = {.at = cell->text.at, .end = cell->text.at + cell->text.length};
        struct slice const step = take_step(&column, &step_text);
        *cell = (struct cell){.kind = CELL_ABSENT};
        if (*cursor.at == '{')
            find_member(&cursor, step, scratch, cell);
        else if (read_index(step) != SIZE_MAX)
            find_element(&cursor, read_index(step), scratch, cell);
    }
    if (column.length) *cell = (struct cell){.kind = CELL_ABSENT}; /* it goes on into a scalar */
}
