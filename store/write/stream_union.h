/* stream_union.h - the streams whose events a view counts, and folding their events into it.
 *
 * Place    fold_queue.c folds by it; what an event is to a view: schema/view_input.h.
 * Memory   values and keys are borrowed for the call.
 * Threads  as the delta (delta.h).
 * Errors   none: what overflows is null.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once
#include "merge/delta.h"

/* Whether the view counts events of the stream itself, not by way of another view. */
bool stream_union_counts(const struct view *view, const struct stream *stream);
/* Folds an event of STREAM into the view, if that counts it. */
void stream_union_fold(struct delta *delta, const struct view *view, const struct stream *stream,
                       const struct value *values, struct slice key, int64_t weight);
