// SPDX-License-Identifier: Apache-2.0
#include "write/fold_queue.h"

#include "write/stream_union.h"

/* STREAM's views; NULL: all. */
static void find_views(const struct schema *schema, const struct stream *stream,
                       struct fold_stream *ret_views)
{
    *ret_views = (struct fold_stream){
        .views = memory_alloc(schema->all_view_count * sizeof *ret_views->views)};
    for (size_t i = 0; i < schema->all_view_count; i++) {
        const struct view *const view = &schema->views[i];
        if (stream && !stream_union_counts(view, stream)) continue;
        ret_views->views[ret_views->view_count++] = view;
        ret_views->event_bytes += delta_event_bytes(view);
    }
}

/* Of one stream, or of all. */
static const struct fold_stream *views_of(const struct fold_queue *queue,
                                          const struct stream *stream)
{
    const struct schema *const schema = queue->delta->schema;
    return &queue->streams[stream ? (size_t)(stream - schema->streams) : schema->stream_count];
}

static struct fold_slice *new_slice(void)
{
    struct fold_slice *const slice = memory_alloc(sizeof *slice);
    slice->items = memory_room(FOLD_SLICE_EVENTS * sizeof *slice->items);
    return slice;
}

void fold_queue_init(struct fold_queue *queue, struct delta *delta, size_t slice_bytes,
                     size_t thread_count)
{
    const struct schema *const schema = delta->schema;
    *queue = (struct fold_queue){
        .delta = delta,
        .streams = memory_alloc((schema->stream_count + 1) * sizeof *queue->streams),
        .thread_count = thread_count,
        .slice_bytes = slice_bytes,
        .filling = new_slice(),
        .folding = new_slice(),
    };
    for (size_t i = 0; i < schema->stream_count; i++)
        find_views(schema, &schema->streams[i], &queue->streams[i]);
    find_views(schema, NULL, &queue->streams[schema->stream_count]);
    workers_init(&queue->workers);
}

static void free_slice(struct fold_slice *slice)
{
    for (size_t i = 0; i < FOLD_PARTS; i++)
        arena_done(&slice->texts[i]);
    arena_done(&slice->arena);
    free(slice->items);
    free(slice->values);
    free(slice);
}

void fold_queue_done(struct fold_queue *queue)
{
    if (!queue->filling) return;
    workers_wait(&queue->workers);
    workers_stop(&queue->workers);
    free_slice(queue->filling);
    free_slice(queue->folding);
    for (size_t i = 0; i <= queue->delta->schema->stream_count; i++)
        free(queue->streams[i].views);
    free(queue->streams);
    *queue = (struct fold_queue){.delta = NULL};
}

/* An event of about BYTES with so many values, texts as they are outside events. */
static struct fold_item *add_item(struct fold_queue *queue, const struct stream *stream,
                                  size_t value_count, size_t bytes)
{
    struct fold_slice *const slice = queue->filling;
    struct fold_item *const item = &slice->items[slice->count++];
    const struct fold_stream *const of = views_of(queue, stream);
    *item = (struct fold_item){.stream = stream};
    if (slice->count == 1) slice->stream = stream;
    if (slice->stream != stream) slice->stream = NULL;
    slice->cost +=
        value_count * sizeof(struct value) + (1 + of->view_count) * bytes + of->event_bytes;
    return item;
}

bool fold_queue_add_event(struct fold_queue *queue, const struct stream *stream,
                          const struct event *event, int64_t weight)
{
    struct fold_slice *const slice = queue->filling;
    size_t const bytes = event->key.length + event->packed.length;
    bool const borrowed = bytes > FOLD_COPY_BYTES;
    /* a text may stand there in half its bytes */
    struct fold_item *const item = add_item(queue, stream, stream->field_count, bytes * 2);
    item->event = *event;
    if (!borrowed) {
        item->event.key = arena_copy(&slice->arena, event->key);
        item->event.packed = arena_copy(&slice->arena, event->packed);
    }
    item->key = event_own_key(&item->event);
    item->weight = weight;
    slice->value_count += stream->field_count;
    return borrowed;
}

bool fold_queue_add_values(struct fold_queue *queue, enum fold_views views,
                           const struct stream *stream, const struct value *values,
                           struct slice key, int64_t weight)
{
    struct arena *const arena = &queue->filling->arena;
    size_t const count = stream_value_count(stream);
    size_t const bytes = key.length + values_string_bytes(values, count);
    bool const borrowed = bytes > FOLD_COPY_BYTES;
    struct fold_item *const item = add_item(queue, stream, count, bytes);
    item->values = ARENA_ARRAY(arena, struct value, count);
    memcpy(item->values, values, count * sizeof *values);
    for (size_t i = 0; i < count && !borrowed; i++) {
        struct value *const value = &item->values[i];
        if (value->kind == VALUE_STRING) value->string = arena_copy(arena, value->string);
    }
    item->key = borrowed ? key : arena_copy(arena, key);
    item->weight = weight;
    item->views = views;
    return borrowed;
}

bool fold_queue_is_full(const struct fold_queue *queue)
{
    const struct fold_slice *const slice = queue->filling;
    return slice->count == FOLD_SLICE_EVENTS || slice->cost >= queue->slice_bytes;
}

static size_t unpack_parts(const struct fold_slice *slice)
{
    return (slice->count + FOLD_PART_EVENTS - 1) / FOLD_PART_EVENTS;
}

static void unpack_part(struct fold_queue *queue, size_t part)
{
    struct fold_slice *const slice = queue->folding;
    size_t const from = part * FOLD_PART_EVENTS, end = from + FOLD_PART_EVENTS;
    struct arena *const texts = &slice->texts[part];
    arena_reset(texts);
    for (size_t i = from; i < end && i < slice->count; i++) {
        struct fold_item *const item = &slice->items[i];
        if (item->event.packed.length &&
            !event_unpack(item->stream, &item->event, texts, item->values))
            atomic_store(&queue->is_corrupt, true);
    }
}

static void fold_view(struct fold_queue *queue, const struct view *view)
{
    const struct fold_slice *const slice = queue->folding;
    const struct stream *known = NULL;
    bool counts = false;
    if (queue->only && !queue->only[view - queue->delta->schema->views]) return;
    for (size_t i = 0; i < slice->count; i++) {
        const struct fold_item *const item = &slice->items[i];
        if (item->stream != known) counts = stream_union_counts(view, item->stream);
        known = item->stream;
        if (!counts || (item->views == VIEWS_FOLLOWING && !view->follows)) continue;
        stream_union_fold(queue->delta, view, item->stream, item->values, item->key, item->weight);
    }
}

static void do_part(void *context, size_t part)
{
    struct fold_queue *const queue = context;
    size_t const unpacked = unpack_parts(queue->folding);
    if (part < unpacked)
        unpack_part(queue, part);
    else if (!atomic_load(&queue->is_corrupt))
        fold_view(queue, views_of(queue, queue->folding->stream)->views[part - unpacked]);
}

/* Gives each event that is to be unpacked its place. */
static void place_values(struct fold_slice *slice)
{
    if (slice->value_count > slice->value_capacity) {
        free(slice->values);
        slice->value_capacity = slice->value_count;
        slice->values = memory_room(slice->value_capacity * sizeof *slice->values);
    }
    struct value *next = slice->values;
    for (size_t i = 0; i < slice->count; i++) {
        struct fold_item *const item = &slice->items[i];
        if (item->values) continue;
        item->values = next;
        next += item->stream->field_count;
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
    queue->filling->count = queue->filling->value_count = queue->filling->cost = 0;
    place_values(slice);
    size_t const unpacked = unpack_parts(slice);
    workers_begin(&queue->workers, unpacked, unpacked + views_of(queue, slice->stream)->view_count,
                  do_part, queue);
}

void fold_queue_only(struct fold_queue *queue, const bool *only)
{
    workers_wait(&queue->workers);
    queue->only = only;
}

bool fold_queue_wait(struct fold_queue *queue, struct error *err)
{
    workers_wait(&queue->workers);
    return !atomic_load(&queue->is_corrupt) || event_corrupt(err);
}
