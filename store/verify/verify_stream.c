// SPDX-License-Identifier: Apache-2.0
#include "verify/verify_stream.h"

bool verify_stream_begin(struct check *check, struct verify_stream *stream, enum tree_answer answer,
                         const char *extension)
{
    check->result.files++;
    buffer_clear(&check->expected);
    stream->extension = extension;
    if (answer == TREE_FAILED) return false;
    stream->is_told = answer != TREE_FOUND;
    if (stream->is_told) verify_emit(check, extension, "is missing");
    return true;
}

/* BEYOND: how many bytes more to ask for, of which there should be none. */
static bool compare(struct check *check, struct verify_stream *stream, size_t beyond,
                    struct error *err)
{
    size_t const length = check->expected.length;
    buffer_clear(&check->found);
    if (stream->is_told) {
        buffer_clear(&check->expected);
        return true;
    }
    if (!tree_read(check->snapshot, &stream->node, &stream->reader, stream->offset, length + beyond,
                   &check->found, err))
        return false;
    stream->is_told = !slice_equal(buffer_slice(&check->found), buffer_slice(&check->expected));
    if (stream->is_told) verify_emit_difference(check, stream->extension, stream->offset);
    stream->offset += length;
    buffer_clear(&check->expected);
    return true;
}

bool verify_stream_piece(struct check *check, struct verify_stream *stream, struct error *err)
{
    return compare(check, stream, 0, err);
}

bool verify_stream_end(struct check *check, struct verify_stream *stream, struct error *err)
{
    if (!compare(check, stream, 1, err)) return false;
    if (!stream->is_told && stream->offset != stream->stat.size_bytes)
        verify_emit(check, stream->extension, "has another length than its size says");
    return true;
}

void verify_stream_done(struct verify_stream *stream)
{
    tree_reader_done(&stream->reader);
    arena_done(&stream->arena);
}
