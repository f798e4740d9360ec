// SPDX-License-Identifier: Apache-2.0
#include "write/fold_queue.h"

#include "write/stream_union.h"

void fold_queue_init(struct fold_queue *queue, struct delta *delta, size_t slice_bytes,
                     size_t thread_count)
{
    *queue = (struct fold_queue){
        .delta = delta,
        .thread_count = thread_count,
        .slice_bytes = slice_bytes,
        .event_bytes = delta_event_bytes(delta->schema),
        .filling = memory_alloc(sizeof *queue->filling),
        .folding = memory_alloc(sizeof *queue->folding),
    };
    workers_init(&queue->workers);
}

void fold_queue_done(struct fold_queue *queue)
{
    if (!queue->filling) return;
    fold_queue_wait(queue);
    workers_stop(&queue->workers);
    arena_done(&queue->filling->arena);
    arena_done(&queue->folding->arena);
    free(queue->filling);
    free(queue->folding);
    *queue = (struct fold_queue){.delta = NULL};
}

struct fold_item *fold_queue_add(struct fold_queue *queue, const struct stream *stream,
                                 size_t bytes)
{
    struct fold_slice *const slice = queue->filling;
    struct fold_item *const item = &slice->items[slice->count++];
    size_t const value_count = stream_value_count(stream);
    size_t const view_count = queue->delta->schema->all_view_count;
    *item = (struct fold_item){.stream = stream,
                               .values = ARENA_ARRAY(&slice->arena, struct value, value_count)};
    slice->cost +=
        value_count * sizeof(struct value) + (1 + view_count) * bytes + queue->event_bytes;
    return item;
}

struct slice fold_queue_copy(struct fold_queue *queue, struct slice slice)
{
    return arena_copy(&queue->filling->arena, slice);
}

void fold_queue_copy_values(struct fold_queue *queue, struct fold_item *item, size_t first)
{
    for (size_t i = first; i < stream_value_count(item->stream); i++) {
        struct value *const value = &item->values[i];
        if (value->kind == VALUE_STRING) value->string = fold_queue_copy(queue, value->string);
    }
}

bool fold_queue_is_full(const struct fold_queue *queue)
{
    const struct fold_slice *const slice = queue->filling;
    return slice->count == FOLD_SLICE_EVENTS || slice->cost >= queue->slice_bytes;
}

static void fold_view(void *context, size_t part)
{
    const struct fold_queue *const queue = context;
    const struct fold_slice *const slice = queue->folding;
    const struct view *const view = &queue->delta->schema->views[part];
    const struct stream *known = NULL;
    bool counts = false;
    if (queue->only && !queue->only[part]) return;
    for (size_t i = 0; i < slice->count; i++) {
        const struct fold_item *const item = &slice->items[i];
        if (item->stream != known) counts = stream_union_counts(view, item->stream);
        known = item->stream;
        if (!counts || (item->views == VIEWS_FOLLOWING && !view->follows)) continue;
        stream_union_fold(queue->delta, view, item->stream, item->values, item->key, item->weight);
    }
}

void fold_queue_begin(struct fold_queue *queue)
{
    struct fold_slice *const slice = queue->filling;
    if (slice->count == 0) return;
    /* a commit of a few events is done before a thread is there */
    if (!queue->has_threads && fold_queue_is_full(queue)) {
        workers_start(&queue->workers, queue->thread_count);
        queue->has_threads = true;
    }
    queue->filling = queue->folding;
    queue->folding = slice;
    arena_reset(&queue->filling->arena);
    queue->filling->count = queue->filling->cost = 0;
    workers_begin(&queue->workers, queue->delta->schema->all_view_count, fold_view, queue);
}

void fold_queue_wait(struct fold_queue *queue)
{
    workers_wait(&queue->workers);
}
