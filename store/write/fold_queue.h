/* fold_queue.h - events on their way into the delta, which other threads fold while the owner goes
 * on.
 *
 *     the owner fills     | slice 2 |            each slice is folded view by view,
 *     workers fold        | slice 1 |            several views at a time
 *
 * Place    write_txn.c puts events in, and merges the delta between two slices.
 * Promise  each view gets the events in the order in which they came, and where a slice ends
 *          depends on the events alone: so the delta does not depend on how many threads there are.
 * Memory   two slices, each of a part of the memory as counted for the worst: each event a group
 *          of its own in each view. Events are copied, but for large ones.
 * Threads  one owner. Between fold_queue_begin and fold_queue_wait the delta is the workers'.
 * Errors   none.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once
#include "base/workers.h"
#include "merge/delta.h"

/* Into which views: VIEWS_FOLLOWING are those that follow references. */
enum fold_views { VIEWS_ALL, VIEWS_FOLLOWING };

struct fold_item {
    const struct stream *stream;
    struct value *values; /* with those that references lead to */
    struct slice key;     /* as event_own_key has it */
    int64_t weight;
    enum fold_views views;
};

enum { FOLD_SLICE_EVENTS = 8192, FOLD_COPY_BYTES = 1 << 20 /* the largest that is copied */ };

struct fold_slice {
    struct arena arena;
    struct fold_item items[FOLD_SLICE_EVENTS];
    size_t count;
    size_t cost; /* bytes, see fold_queue_begin */
};

struct fold_queue {
    struct delta *delta;
    const bool *only; /* per view: whether to fold into it; NULL: into all */
    struct workers workers;
    size_t thread_count;
    bool has_threads;
    size_t slice_bytes; /* what a slice may add to the delta, and hold */
    size_t event_bytes; /* of that an event's, but for its own bytes */
    struct fold_slice *filling;
    struct fold_slice *folding;
};

/* SLICE_BYTES: what a slice may take, as the delta grows by it. */
void fold_queue_init(struct fold_queue *queue, struct delta *delta, size_t slice_bytes,
                     size_t thread_count);
void fold_queue_done(struct fold_queue *queue); /* takes a zeroed one */

/* Room in the slice for one event more of about BYTES, with all its values, null, until the second
 * fold_queue_begin from now. The slice is not full. */
struct fold_item *fold_queue_add(struct fold_queue *queue, const struct stream *stream,
                                 size_t bytes);
/* Copies into the slice, for as long as an event's room. */
struct slice fold_queue_copy(struct fold_queue *queue, struct slice slice);
/* The texts of ITEM's values from FIRST on, in their places. */
void fold_queue_copy_values(struct fold_queue *queue, struct fold_item *item, size_t first);
bool fold_queue_is_full(const struct fold_queue *queue);

/* Has the slice folded; none is being folded. */
void fold_queue_begin(struct fold_queue *queue);
void fold_queue_wait(struct fold_queue *queue);
