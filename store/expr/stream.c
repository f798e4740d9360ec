// SPDX-License-Identifier: Apache-2.0
#include "expr/stream.h"

#include <string.h>

size_t stream_value_count(const struct stream *stream)
{
    return stream->field_count + (stream->joins ? stream->joins->count : 0);
}

const struct field *stream_field(const struct stream *stream, size_t value)
{
    while (value >= stream->field_count) {
        const struct joined *const joined = &stream->joins->list[value - stream->field_count];
        stream = stream->references[joined->reference].target;
        value = joined->field;
    }
    return &stream->fields[value];
}

size_t stream_join(const struct stream *stream, size_t reference, size_t field, struct arena *arena)
{
    struct joins *const joins = stream->joins;
    const struct stream *const target = stream->references[reference].target;
    for (size_t i = 0; i < joins->count; i++) {
        if (joins->list[i].reference == reference && joins->list[i].field == field)
            return stream->field_count + i;
    }
    if (joins->count == joins->capacity) {
        size_t const capacity = joins->capacity ? joins->capacity * 2 : 8;
        struct joined *const larger = ARENA_ARRAY(arena, struct joined, capacity);
        if (joins->count) memcpy(larger, joins->list, joins->count * sizeof *larger);
        joins->list = larger;
        joins->capacity = capacity;
    }
    unsigned const below =
        field < target->field_count ? 0 : target->joins->list[field - target->field_count].length;
    ((struct stream *)(uintptr_t)target)->is_target = true; /* the schema's own, in the making */
    joins->list[joins->count] =
        (struct joined){.reference = reference, .field = field, .length = below + 1};
    return stream->field_count + joins->count++;
}
