/* fold_queue.h - events on their way into the delta, which other threads unpack and fold while the
 * owner goes on.
 *
 *     the owner fills     | slice 2 |            each slice is unpacked part by part, then folded
 *     workers fold        | slice 1 |            view by view, several at a time
 *
 * Place    write_txn.c puts events in, and merges the delta between two slices.
 * Promise  each view gets the events in the order in which they came, and where a slice ends
 *          depends on the events alone: so the delta does not depend on how many threads there are.
 * Memory   two slices, each of a part of the memory as counted for the worst: each event a group
 *          of its own in each view. Events are copied, but for large ones.
 * Threads  one owner. Between fold_queue_begin and fold_queue_wait the delta is the workers'.
 * Errors   ERROR_CORRUPT: an event cannot be unpacked.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once
#include <stdatomic.h>

#include "base/workers.h"
#include "merge/delta.h"
#include "tables/events.h"

/* Into which views: VIEWS_FOLLOWING are those that follow references. */
enum fold_views { VIEWS_ALL, VIEWS_FOLLOWING };

struct fold_item {
    const struct stream *stream;
    struct event event;   /* to be unpacked; no bytes: `values` are there */
    struct value *values; /* one a field, or with those that references lead to */
    struct slice key;     /* as event_own_key has it */
    int64_t weight;
    enum fold_views views;
};

enum {
    FOLD_SLICE_EVENTS = 8192,
    FOLD_PART_EVENTS = 512, /* which one thread unpacks */
    FOLD_PARTS = FOLD_SLICE_EVENTS / FOLD_PART_EVENTS,
    FOLD_COPY_BYTES = 1 << 20, /* the largest that is copied */
};

struct fold_slice {
    struct arena arena;
    struct fold_item *items; /* room for FOLD_SLICE_EVENTS */
    size_t count;
    const struct stream *stream;    /* of all of them; NULL: of several, or of none */
    struct value *values;           /* of the events to be unpacked, in their order */
    struct arena texts[FOLD_PARTS]; /* of these values, one a part */
    size_t value_count;
    size_t value_capacity;
    size_t cost; /* bytes, see fold_queue_begin */
};

/* The views that count a stream's events. */
struct fold_stream {
    const struct view **views;
    size_t view_count;
    size_t event_bytes; /* of their deltas, see delta_event_bytes */
};

struct fold_queue {
    struct delta *delta;
    struct fold_stream *streams; /* one a stream of the schema, and one with all views */
    const bool *only;            /* per view: whether to fold into it; NULL: into all */
    struct workers workers;
    size_t thread_count;
    bool has_threads;
    atomic_bool is_corrupt;
    size_t slice_bytes; /* what a slice may add to the delta, and hold */
    struct fold_slice *filling;
    struct fold_slice *folding;
};

/* SLICE_BYTES: what a slice may take, as the delta grows by it. */
void fold_queue_init(struct fold_queue *queue, struct delta *delta, size_t slice_bytes,
                     size_t thread_count);
void fold_queue_done(struct fold_queue *queue); /* takes a zeroed one */

/* Adds an event to the slice, which is not full: packed, or as all its values with its key as
 * event_own_key has it. Returns whether it was too large to be copied: then it is to be folded
 * before the caller lets go of it. */
bool fold_queue_add_event(struct fold_queue *queue, const struct stream *stream,
                          const struct event *event, int64_t weight);
bool fold_queue_add_values(struct fold_queue *queue, enum fold_views views,
                           const struct stream *stream, const struct value *values,
                           struct slice key, int64_t weight);
bool fold_queue_is_full(const struct fold_queue *queue);

/* From here on only into some views, see write_txn_fold_only. */
void fold_queue_only(struct fold_queue *queue, const bool *only);

/* Has the slice folded; none is being folded. */
void fold_queue_begin(struct fold_queue *queue);
bool fold_queue_wait(struct fold_queue *queue, struct error *err) MUST_CHECK;
