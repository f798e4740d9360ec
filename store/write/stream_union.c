// SPDX-License-Identifier: Apache-2.0
#include "write/stream_union.h"

#include "schema/view_input.h"

enum { KEY_ROOM_BYTES = 600 };

bool stream_union_counts(const struct view *view, const struct stream *stream)
{
    for (size_t i = 0; i < view->input_count; i++) {
        if (view->inputs[i].stream == stream) return true;
    }
    return false;
}

static void fold_mapped(struct delta *delta, const struct view *view,
                        const struct view_input *input, const struct value *values,
                        struct slice key, int64_t weight)
{
    AUTO_FREE struct value *const fields = memory_alloc(view->stream->field_count * sizeof *fields);
    STACK_BUFFER(own_key, KEY_ROOM_BYTES);
    view_input_map(input, view->stream, delta->schema->zone, values, fields);
    view_input_key(view, input, key, &own_key);
    delta_fold(delta, view, fields, buffer_slice(&own_key), weight);
}

void stream_union_fold(struct delta *delta, const struct view *view, const struct stream *stream,
                       const struct value *values, struct slice key, int64_t weight)
{
    for (size_t i = 0; i < view->input_count; i++) {
        const struct view_input *const input = &view->inputs[i];
        if (input->stream != stream || !expr_holds(input->where, values, delta->schema->zone))
            continue;
        if (input->values)
            fold_mapped(delta, view, input, values, key, weight);
        else
            delta_fold(delta, view, values, key, weight);
    }
}
