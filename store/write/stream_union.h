/* stream_union.h - the streams whose events a view counts, and what their events are to it.
 *
 * Place    schema_inputs.c makes them; commit.c folds by them, verify_count.c counts by them.
 * Memory   values borrow from the event; keys are the caller's buffer.
 * Threads  pure functions, but for the delta.
 * Errors   none: what overflows is null.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once
#include "merge/delta.h"

/* Whether the view counts events of the stream itself, not by way of another view. */
bool stream_union_counts(const struct view *view, const struct stream *stream);
/* An event as the view sees it: VALUES are all of the event's, RET_FIELDS one a field of
 * the view's stream. */
void stream_union_map(const struct view_input *input, const struct stream *fields,
                      const struct time_zone *zone, const struct value *values,
                      struct value *ret_fields);
/* What tells the event from the others of the view: KEY from those of its stream.
 * Appends to INTO. */
void stream_union_key(const struct view *view, const struct view_input *input, struct slice key,
                      struct buffer *into);
/* Folds an event of STREAM into the view, if that counts it. */
void stream_union_fold(struct delta *delta, const struct view *view, const struct stream *stream,
                       const struct value *values, struct slice key, int64_t weight);
