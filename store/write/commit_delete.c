/* Deletes asked for by hand. Where a view cannot follow events that go, as its stream never promised any would, it is
 * folded again from those that are left.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "kv/block_writer.h"
#include "tables/event_scan.h"
#include "tables/reference_index.h"
#include "write/commit_p.h"
#include "write/event_retention.h"
#include "write/propagation.h"
#include "write/stream_union.h"
#include "write/upsert.h"
#include "write/view_retention.h"

struct deleting {
    struct work *work;
    const struct deletion *deletion;
    struct block_writer *writer;
    struct upsert upsert;
    struct value *fields;
    struct reference_index_log references;
    struct propagation propagation;
    uint64_t deleted_count;
    uint64_t absent_count;
};

static void deleting_done(struct deleting *deleting)
{
    upsert_done(&deleting->upsert);
    reference_index_log_done(&deleting->references);
    propagation_done(&deleting->propagation);
    free(deleting->fields);
}

bool view_can_retract(const struct view *view)
{
    for (size_t i = 0; i < view->aggregate_count; i++) {
        const struct aggregate *const aggregate = &view->aggregates[i];
        bool const compares =
            aggregate->kind == AGGREGATE_MIN || aggregate->kind == AGGREGATE_MAX ||
            aggregate->kind == AGGREGATE_ARG_MIN || aggregate->kind == AGGREGATE_ARG_MAX;
        if (aggregate->kind == AGGREGATE_APPROX_UNIQ || (compares && aggregate->multiset < 0))
            return false;
    }
    return true;
}

static bool delete_event(struct deleting *deleting, const struct event *event, struct error *err)
{
    const struct stream *const stream = deleting->deletion->stream;
    struct slice tombstone;
    if (!upsert_tombstone(&deleting->upsert, event, &tombstone) ||
        !event_unpack(stream, event, deleting->fields))
        return event_corrupt(err);
    if (!event_retention_remove(deleting->work->txn, stream, event->key, deleting->fields, err))
        return false;
    reference_index_note(&deleting->references, stream, event->key, deleting->fields, false);
    if (propagation_concerns(stream))
        propagation_add(&deleting->propagation, stream, event->key, true);
    else if (!work_fold(deleting->work, stream, event, deleting->fields, -1, err))
        return false;
    deleting->deleted_count++;
    return block_writer_set(deleting->writer, tombstone, err);
}

static bool delete_key(struct deleting *deleting, struct slice key, struct error *err)
{
    struct event event = {.key = key};
    if (!block_writer_seek(deleting->writer, key, &event.packed, err)) return false;
    if (event_is_live(event.packed)) return delete_event(deleting, &event, err);
    deleting->absent_count++;
    return true;
}

static bool delete_keys(struct deleting *deleting, struct error *err)
{
    struct events_chunk *const keys = deleting->deletion->keys;
    events_chunk_sort(keys);
    for (size_t i = 0; i < keys->count; i++) {
        struct slice const key = keys->events[i].key;
        if (i > 0 && slice_equal(key, keys->events[i - 1].key))
            deleting->absent_count++; /* named twice */
        else if (!delete_key(deleting, key, err))
            return false;
    }
    return true;
}

/* First the keys, then the deletion: a scan ends where its table is written to. */
static bool find_keys(struct deleting *deleting, struct buffer *keys, struct error *err)
{
    const struct deletion *const deletion = deleting->deletion;
    struct event_scan *scan;
    struct event event;
    if (!event_scan_open(deleting->work->txn, deletion->stream, &scan, err)) return false;
    enum event_step step;
    bool good = true;
    while (good && (step = event_scan_next(scan, &event, err)) != EVENT_END) {
        good = step == EVENT_ONE;
        if (good && !event_unpack(deletion->stream, &event, deleting->fields))
            good = event_corrupt(err);
        if (!good || !expr_holds(deletion->where, deleting->fields, deleting->work->schema->zone))
            continue;
        buffer_add(keys, &event.key.length, sizeof event.key.length);
        buffer_add_slice(keys, event.key);
    }
    event_scan_close(scan);
    return good;
}

static bool delete_where(struct deleting *deleting, struct error *err)
{
    AUTO_BUFFER struct buffer keys = {0};
    size_t length;
    if (!find_keys(deleting, &keys, err)) return false;
    for (size_t at = 0; at < keys.length; at += length) {
        memcpy(&length, keys.at + at, sizeof length);
        at += sizeof length;
        if (!delete_key(deleting, slice_of(keys.at + at, length), err)) return false;
    }
    return true;
}

static bool delete_events(struct deleting *deleting, struct error *err)
{
    const struct deletion *const deletion = deleting->deletion;
    if (!events_writer_open(deleting->work->txn, deletion->stream, &deleting->writer, err))
        return false;
    bool const good =
        (deletion->where ? delete_where(deleting, err) : delete_keys(deleting, err)) &&
        block_writer_finish(deleting->writer, err);
    block_writer_close(deleting->writer);
    return good && reference_index_save(deleting->work->txn, &deleting->references, err) &&
           propagation_fold(deleting->work, &deleting->propagation, err);
}

/* The views over the stream that have to be folded again; the others are folded into as events go. */
static void choose_views(const struct work *work, const struct stream *stream, bool *refold,
                         bool *follow)
{
    for (size_t i = 0; i < work->schema->all_view_count; i++) {
        const struct view *const view = &work->schema->views[i];
        refold[i] = stream_union_counts(view, stream) && !view_can_retract(view);
        follow[i] = !refold[i];
    }
}

static bool apply(struct deleting *deleting, struct error *err)
{
    struct work *const work = deleting->work;
    const struct stream *const stream = deleting->deletion->stream;
    size_t const views = work->schema->all_view_count;
    AUTO_FREE bool *const refold = memory_alloc(views * sizeof *refold);
    AUTO_FREE bool *const follow = memory_alloc(views * sizeof *follow);
    struct meta_stream meta;
    bool any = false;
    choose_views(work, stream, refold, follow);
    work->only = follow;
    bool const good = delete_events(deleting, err) && work_merge(work, err);
    work->only = NULL;
    if (!good || !meta_stream_load(work->txn, stream->id, &meta, err)) return false;
    for (size_t i = 0; i < views; i++)
        any |= refold[i];
    for (size_t i = 0; i < views && deleting->deleted_count; i++) {
        if (refold[i] && !view_check_history(work->txn, &work->schema->views[i], err))
            return error_remedy(err, "give the stream \"delete_when\", so that views can follow");
    }
    if (any && deleting->deleted_count &&
        (!work_refold(work, refold, err) || !view_retention_drop(work, err)))
        return false;
    meta.event_count -= deleting->deleted_count;
    work->meta.event_count -= deleting->deleted_count;
    return meta_stream_save(work->txn, stream->id, &meta, err);
}

static bool try_delete(struct work *work, struct store *store, const struct schema *schema,
                       const struct deletion *deletion, struct batch *batch, size_t memory_bytes,
                       struct error *err)
{
    const struct stream *const stream = deletion->stream;
    AUTO(deleting_done) struct deleting deleting = {.work = work, .deletion = deletion};
    struct batch written = *batch;
    if (!work_begin(work, store, schema, memory_bytes, err)) return false;
    deleting.fields = memory_alloc(stream_value_count(stream) * sizeof *deleting.fields);
    upsert_init(&deleting.upsert, stream, schema->zone);
    if (!apply(&deleting, err)) return false;
    written.deleted_count = deleting.deleted_count;
    written.duplicate_count = deleting.absent_count;
    written.read_count = deleting.deleted_count + deleting.absent_count;
    if (!work_put_batch(work, &written, err) || !work_commit(work, err)) return false;
    *batch = written;
    return true;
}

bool commit_delete(struct store *store, const struct deletion *deletion, struct batch *batch,
                   size_t memory_bytes, uint64_t *ret_commit_id, struct error *err)
{
    const struct schema *schema;
    struct work work = {0};
    bool good;
    if (!store_schema(store, &schema, err)) return false;
    do {
        good = try_delete(&work, store, schema, deletion, batch, memory_bytes, err);
    } while (!good && work_try_again(&work, store, err));
    if (good) *ret_commit_id = work.meta.commit_id;
    work_done(&work);
    return good;
}
