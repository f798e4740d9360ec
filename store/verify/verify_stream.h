/* verify_stream.h - a file that is compared piece by piece, so that neither what is stored nor what
 * is expected of it is held as a whole.
 *
 *   verify_stream_begin    with what a lookup has answered
 *   verify_stream_piece    with more in check->expected, any number of times
 *   verify_stream_end      nothing is left
 *
 * Place    verify_portions.c, verify_hierarchy_rows.c.
 * Memory   the stream owns a reader until verify_stream_done, which takes a zeroed one; the node
 *          that it is about lives in its arena.
 * Threads  as the snapshot.
 * Errors   as verify.h. Of a file that differs one difference is told, the first.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once
#include "verify/verify_check.h"

/* What is expected is compared as soon as there is so much of it. */
enum { VERIFY_PIECE_BYTES = 64 << 10 };

struct verify_stream {
    struct arena arena;
    struct node node;
    struct node_stat stat;
    struct tree_reader reader;
    const char *extension;
    uint64_t offset;
    bool is_told; /* it differs */
};

/* NODE and STAT are filled already; counts the file. false: it could not be looked up. */
bool verify_stream_begin(struct check *check, struct verify_stream *stream, enum tree_answer answer,
                         const char *extension) MUST_CHECK;
/* Compares check->expected with what the file has next, and empties it. */
bool verify_stream_piece(struct check *check, struct verify_stream *stream,
                         struct error *err) MUST_CHECK;
/* The same with the last piece: behind it the file ends. */
bool verify_stream_end(struct check *check, struct verify_stream *stream,
                       struct error *err) MUST_CHECK;
void verify_stream_done(struct verify_stream *stream);
