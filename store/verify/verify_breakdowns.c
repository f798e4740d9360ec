// SPDX-License-Identifier: Apache-2.0
#include "tables/groups.h"
#include "verify/verify_check.h"

const struct tallied_group *verify_breakdown_rows(const struct tallied_view *view,
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

void verify_breakdown_expect(struct check *check, const struct view *view, enum kind kind,
                             const struct tallied_group *rows, size_t count)
{
    struct buffer *const text = &check->expected;
    buffer_clear(text);
    if (kind == KIND_CSV) verify_header(view, 1, text);
    if (kind == KIND_JSON) buffer_add_byte(text, '[');
    for (size_t i = 0; i < count; i++) {
        if (kind == KIND_JSON && i > 0) buffer_add_text(text, ",\n");
        verify_row(check, view, kind, &rows[i], 1, (unsigned)view->dimension_count, text);
        if (kind != KIND_JSON) buffer_add_byte(text, '\n');
    }
    if (kind == KIND_JSON) buffer_add_text(text, "]\n");
}
