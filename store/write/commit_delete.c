/* Deletes asked for by hand. Where a view cannot follow events that go, as its stream never
 * promised any would, it is folded again from those that are left.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "lsm/lsm_writer.h"
#include "schema/aggregate_table.h"
#include "tables/event_scan.h"
#include "tables/expiry.h"
#include "tables/reference_index.h"
#include "tables/view_history.h"
#include "write/commit.h"
#include "write/event_retention.h"
#include "write/propagation.h"
#include "write/rebuild.h"
#include "write/stream_union.h"
#include "write/upsert.h"
#include "write/view_retention.h"
#include "write/write_txn.h"

/* Of the memory, what a portion of keys takes; and how many notes are written at a time. */
enum { KEYS_SHARES = 64, NOTES_MOST = 1 << 16 };

struct deleting {
    struct write_txn *write;
    const struct deletion *deletion;
    struct lsm_writer *writer;
    struct upsert upsert;
    struct value *fields;
    struct arena texts; /* of these */
    struct lsm_changes references;
    struct lsm_changes expiry;
    struct propagation propagation;
    uint64_t deleted_count;
    uint64_t absent_count;
};

static void deleting_done(struct deleting *deleting)
{
    lsm_writer_close(deleting->writer);
    upsert_done(&deleting->upsert);
    lsm_changes_done(&deleting->references);
    lsm_changes_done(&deleting->expiry);
    propagation_done(&deleting->propagation);
    arena_done(&deleting->texts);
    free(deleting->fields);
}

/* Whether VIEW can follow an event of its stream that goes. */
static bool view_can_retract(const struct view *view)
{
    for (size_t i = 0; i < view->aggregate_count; i++) {
        const struct aggregate *const aggregate = &view->aggregates[i];
        if (traits_of(aggregate)->insert_only && aggregate->multiset < 0) return false;
    }
    return true;
}

static bool delete_event(struct deleting *deleting, const struct event *event, struct error *err)
{
    const struct stream *const stream = deleting->deletion->stream;
    struct slice tombstone;
    arena_reset(&deleting->texts);
    if (!upsert_tombstone(&deleting->upsert, event, &tombstone) ||
        !event_unpack(stream, event, &deleting->texts, deleting->fields))
        return event_corrupt(err);
    reference_index_note(&deleting->references, stream, event->key, deleting->fields, false);
    expiry_note(&deleting->expiry, stream, event->key, deleting->fields, false);
    if (propagation_concerns(stream))
        propagation_add(&deleting->propagation, stream, event->key, true);
    else if (!write_txn_fold(deleting->write, stream, event, -1, err))
        return false;
    deleting->deleted_count++;
    return lsm_writer_set(deleting->writer, tombstone, err);
}

static bool delete_key(struct deleting *deleting, struct slice key, struct error *err)
{
    struct event event = {.key = key};
    if (!lsm_writer_seek(deleting->writer, key, &event.packed, err)) return false;
    if (event_is_live(event.packed)) return delete_event(deleting, &event, err);
    deleting->absent_count++;
    return true;
}

/* What was noted of references and of expiry. */
static bool save_notes(struct deleting *deleting, struct error *err)
{
    struct txn *const txn = deleting->write->txn;
    return reference_index_save(txn, &deleting->references, err) &&
           expiry_save(txn, &deleting->expiry, err);
}

/* Events are deleted in the order of their keys, from here on. */
static bool begin_deleting(struct deleting *deleting, struct error *err)
{
    return events_writer_open(deleting->write->txn, deleting->deletion->stream, &deleting->writer,
                              err);
}

static bool end_deleting(struct deleting *deleting, struct error *err)
{
    if (!lsm_writer_finish(deleting->writer, err)) return false;
    lsm_writer_close(TAKE(deleting->writer));
    return save_notes(deleting, err);
}

static bool delete_portion(struct deleting *deleting, struct events_chunk *keys, struct error *err)
{
    events_chunk_sort(keys);
    if (!begin_deleting(deleting, err)) return false;
    for (size_t i = 0; i < keys->count; i++) {
        struct slice const key = keys->events[i].key;
        if (i > 0 && slice_equal(key, keys->events[i - 1].key))
            deleting->absent_count++; /* named twice */
        else if (!delete_key(deleting, key, err))
            return false;
    }
    return end_deleting(deleting, err);
}

static bool delete_keys(struct deleting *deleting, struct error *err)
{
    const struct key_source *const keys = &deleting->deletion->keys;
    size_t const most_bytes = deleting->write->resources.memory_bytes / KEYS_SHARES;
    struct events_chunk portion;
    if (!keys->rewind(keys->context, err)) return false;
    events_chunk_init(&portion, deleting->deletion->stream);
    bool good;
    while ((good = keys->read(keys->context, most_bytes, &portion, err)) && portion.count > 0 &&
           (good = delete_portion(deleting, &portion, err)))
        events_chunk_clear(&portion);
    events_chunk_done(&portion);
    return good;
}

/* Looks at what is committed: a scan ends where its table is written to. */
static bool delete_where(struct deleting *deleting, struct error *err)
{
    const struct deletion *const deletion = deleting->deletion;
    AUTO_TXN struct txn *committed = NULL;
    struct event_scan *scan;
    struct event event;
    if (!begin_deleting(deleting, err) ||
        !txn_begin_beside(deleting->write->txn, &committed, err) ||
        !event_scan_open(committed, deletion->stream, &scan, err))
        return false;
    enum event_step step;
    bool good = true;
    while (good && (step = event_scan_unpack(scan, &event, deleting->fields, err)) != EVENT_END) {
        good = step == EVENT_ONE;
        if (good && expr_holds(deletion->where, deleting->fields, deleting->write->schema->zone))
            good = delete_key(deleting, event.key, err);
        if (good && deleting->references.count + deleting->expiry.count >= NOTES_MOST)
            good = save_notes(deleting, err);
    }
    event_scan_close(scan);
    return good && end_deleting(deleting, err);
}

/* The views over the stream that have to be folded again; the others are folded
 * into as events go. */
static void choose_views(const struct write_txn *write, const struct stream *stream, bool *refold,
                         bool *follow)
{
    for (size_t i = 0; i < write->schema->all_view_count; i++) {
        const struct view *const view = &write->schema->views[i];
        refold[i] = stream_union_counts(view, stream) && !view_can_retract(view);
        follow[i] = !refold[i];
    }
}

static bool commit_delete_apply(struct deleting *deleting, uint64_t batch_id, struct error *err)
{
    struct write_txn *const write = deleting->write;
    const struct stream *const stream = deleting->deletion->stream;
    size_t const views = write->schema->all_view_count;
    AUTO_FREE bool *const refold = memory_alloc(views * sizeof *refold);
    AUTO_FREE bool *const follow = memory_alloc(views * sizeof *follow);
    struct meta_stream meta;
    bool any = false;
    choose_views(write, stream, refold, follow);
    write_txn_fold_only(write, follow);
    bool const good =
        (deleting->deletion->where ? delete_where(deleting, err) : delete_keys(deleting, err)) &&
        propagation_fold(write, &deleting->propagation, err) && write_txn_merge(write, err);
    write_txn_fold_only(write, NULL);
    if (!good || !meta_stream_load(write->txn, stream->id, &meta, err)) return false;
    for (size_t i = 0; i < views; i++)
        any |= refold[i];
    for (size_t i = 0; i < views && deleting->deleted_count; i++) {
        if (refold[i] && !view_check_history(write->txn, &write->schema->views[i], err))
            return error_remedy(err, "give the stream \"delete_when\", so that views can follow");
    }
    if (any && deleting->deleted_count &&
        (!rebuild_views(write, refold, err) || !view_retention_drop(write, err)))
        return false;
    if (deleting->deleted_count) meta.last_batch_id = batch_id;
    meta.event_count -= deleting->deleted_count;
    write->meta.event_count -= deleting->deleted_count;
    return meta_stream_save(write->txn, stream->id, &meta, err);
}

/* A deletion, and its entry in the log before and after. */
struct delete_work {
    const struct deletion *deletion;
    const struct batch *batch;
    struct batch written;
};

static bool fill_delete(struct write_txn *write, void *context, struct error *err)
{
    struct delete_work *const work = context;
    const struct stream *const stream = work->deletion->stream;
    AUTO(deleting_done) struct deleting deleting = {.write = write, .deletion = work->deletion};
    deleting.fields = memory_alloc(stream_value_count(stream) * sizeof *deleting.fields);
    upsert_init(&deleting.upsert, stream, write->schema->zone);
    if (!commit_delete_apply(&deleting, write_txn_batch_id(write, work->batch), err)) return false;
    work->written = *work->batch;
    work->written.deleted_count = deleting.deleted_count;
    work->written.duplicate_count = deleting.absent_count;
    work->written.read_count = deleting.deleted_count + deleting.absent_count;
    return write_txn_put_batch(write, &work->written, err);
}

bool commit_delete(struct store *store, const struct deletion *deletion, struct batch *batch,
                   const struct resources *resources, uint64_t *ret_commit_id, struct error *err)
{
    struct delete_work deleting = {.deletion = deletion, .batch = batch};
    struct write_txn_work work = {
        .resources = *resources, .fill = fill_delete, .context = &deleting};
    if (!store_schema(store, &work.schema, err) || !write_txn_run(store, &work, ret_commit_id, err))
        return false;
    *batch = deleting.written;
    return true;
}
