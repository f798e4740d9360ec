// SPDX-License-Identifier: Apache-2.0
#include "schema/view_input.h"

#include "types/pack.h"

void view_input_map(const struct view_input *input, const struct stream *fields,
                    const struct time_zone *zone, const struct value *values,
                    struct value *ret_fields)
{
    for (size_t i = 0; i < fields->field_count; i++) {
        ret_fields[i] = (struct value){.kind = VALUE_NULL};
        if (input->values[i]) ret_fields[i] = expr_dimension(input->values[i], values, zone);
    }
}

void view_input_key(const struct view *view, const struct view_input *input, struct slice key,
                    struct buffer *into)
{
    if (view->input_count > 1) pack_u16(into, input->stream->id);
    buffer_add_slice(into, key);
}
