/* The write path, from top to bottom. One transaction
 *
 *   sorts the chunk by key, so that the tree of events is touched in order,
 *   decides for each key which event it has now, by its records (upsert.h); the one that it had is
 *   folded out of a delta, the one that it has into it; where streams refer to each other when all
 *   events are written (propagation.h),
 *   merges the delta into the views, in between too when it grows beyond its bound,
 *   writes the batch's checkpoint, the list of changes, the commit's number,
 *   and commits: LMDB makes the pages durable before the meta page that refers to them.
 *
 * Where the map was too small, all of this is done again from the chunk, which is still in memory.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "write/commit.h"

#include "lsm/lsm_writer.h"
#include "merge/merge.h"
#include "tables/expiry.h"
#include "tables/reference_index.h"
#include "tables/undo_log.h"
#include "types/pack.h"
#include "write/event_retention.h"
#include "write/propagation.h"
#include "write/undo.h"
#include "write/undo_retention.h"
#include "write/upsert.h"
#include "write/view_retention.h"
#include "write/write_txn.h"

/* The events of one chunk on their way into the store. */
struct putting {
    struct write_txn *write;
    const struct events_chunk *chunk;
    uint64_t batch_id;
    struct batch_keys keys; /* of what is put */
    struct meta_stream meta;
    struct lsm_writer *writer;
    struct upsert upsert;
    struct upsert_counts counts;
    struct lsm_changes references;
    struct lsm_changes expiry;
    bool keeps_images; /* not of an input that grows: that cannot be undone, nor forgotten */
    struct lsm_changes undo;
    uint64_t image_count;      /* of these, kept or not */
    struct lsm_reader *images; /* where the batch has changed keys already; else NULL */
    struct propagation *propagation;
};

static void putting_done(struct putting *putting)
{
    lsm_writer_close(putting->writer);
    upsert_done(&putting->upsert);
    lsm_changes_done(&putting->references);
    lsm_changes_done(&putting->expiry);
    lsm_changes_done(&putting->undo);
    lsm_reader_close(putting->images);
}

static void commit_visit_time(struct meta_stream *meta, const struct value *time)
{
    /* null is before all times */
    if (time->kind != VALUE_NULL && value_compare(&meta->newest, time) < 0) meta->newest = *time;
}

/* The fields that the commit itself looks at, into upsert.record: as a rule the time alone. */
static bool unpack_own(struct putting *putting, const struct event *event)
{
    const struct stream *const stream = putting->chunk->stream;
    struct value *const fields = putting->upsert.record;
    arena_reset(&putting->upsert.texts);
    if (stream->reference_count || stream->keep_seconds)
        return event_unpack(stream, event, &putting->upsert.texts, fields);
    return event_unpack_time(stream, event, fields);
}

/* Folds an event, or has it folded when all of the chunk's events are written, as
 * others look at it. */
static bool fold(struct putting *putting, const struct event *event, int64_t weight,
                 struct error *err)
{
    const struct stream *const stream = putting->chunk->stream;
    if (!unpack_own(putting, event)) return event_corrupt(err);
    if (propagation_concerns(stream))
        propagation_add(putting->propagation, stream, event->key, weight < 0);
    else if (!write_txn_fold(putting->write, stream, event, weight, err))
        return false;
    reference_index_note(&putting->references, stream, event->key, putting->upsert.record,
                         weight > 0);
    expiry_note(&putting->expiry, stream, event->key, putting->upsert.record, weight > 0);
    return true;
}

static bool insert(struct putting *putting, const struct event *event, struct error *err)
{
    const struct stream *const stream = putting->chunk->stream;
    const struct value *const fields = putting->upsert.record;
    if (!fold(putting, event, +1, err)) return false;
    if (stream->time_field >= 0) commit_visit_time(&putting->meta, &fields[stream->time_field]);
    return true;
}

/* The key of an event without one: its number in the stream. */
static struct slice number_key(const struct event *event, uint64_t number, struct buffer *key)
{
    buffer_clear(key);
    buffer_add_slice(key, event->key);
    pack_u64(key, number);
    return buffer_slice(key);
}

/* Where nothing is ever replaced or deleted, the first record of a key is all there is to know. */
static bool put_first(struct putting *putting, struct error *err)
{
    const struct events_chunk *const chunk = putting->chunk;
    AUTO_BUFFER struct buffer key = {0};
    size_t touched = 0;
    for (size_t i = 0; i < chunk->count; i++) {
        struct event event = chunk->events[i];
        struct slice known = {0};
        if (i >= touched) touched = events_chunk_touch(chunk, i);
        if (chunk->stream->key_count == 0)
            event.key = number_key(&event, putting->meta.next_number++, &key);
        bool const repeats = chunk->stream->key_count > 0 && i > 0 &&
                             slice_equal(event.key, chunk->events[i - 1].key);
        if (!repeats && !lsm_writer_seek(putting->writer, event.key, &known, err)) return false;
        if (repeats || known.length) {
            putting->counts.duplicate_count++;
            continue;
        }
        putting->counts.new_count++;
        batch_keys_add(&putting->keys, event.key);
        if (!insert(putting, &event, err) || !lsm_writer_set(putting->writer, event.packed, err))
            return false;
    }
    return true;
}

/* Applies the records of one key, from FIRST on, to what is known of it. Returns how many. */
static size_t apply_records(struct putting *putting, size_t first, struct slice *now,
                            struct error *err)
{
    const struct events_chunk *const chunk = putting->chunk;
    struct slice const key = chunk->events[first].key;
    size_t i = first;
    for (; i < chunk->count && slice_equal(chunk->events[i].key, key); i++) {
        if (upsert_apply(&putting->upsert, &chunk->events[i], now, &putting->counts)) continue;
        (void)event_corrupt(err);
        return 0;
    }
    return i - first;
}

/* What the batch found: of what it has changed before, as it takes the place of another one, that
 * is what it found then. */
static bool note_image(struct putting *putting, struct slice key, struct slice known,
                       struct error *err)
{
    struct undo_image image = {.cause = UNDO_RECORD, .packed = known}, first;
    if (known.length == 0 || event_batch(known) == putting->batch_id) return true;
    putting->image_count++;
    if (!putting->keeps_images) return true;
    if (putting->images) {
        switch (undo_log_find(putting->images, putting->batch_id, key, &first, err)) {
        case DB_FAILED: return false;
        case DB_FOUND: image.packed = first.packed; break;
        case DB_MISSING: break;
        }
    }
    undo_log_note(&putting->undo, putting->batch_id, key, &image);
    return true;
}

static bool change_event(struct putting *putting, struct slice key, struct slice known,
                         struct slice now, struct error *err)
{
    struct event const old = {.key = key, .packed = known}, new = {.key = key, .packed = now};
    if (!note_image(putting, key, known, err)) return false;
    if (now.length) batch_keys_add(&putting->keys, key);
    if (event_is_live(known) && !fold(putting, &old, -1, err)) return false;
    if (event_is_live(now) && !insert(putting, &new, err)) return false;
    return lsm_writer_set(putting->writer, now, err);
}

static bool put_settled(struct putting *putting, struct error *err)
{
    const struct events_chunk *const chunk = putting->chunk;
    size_t touched = 0;
    for (size_t i = 0; i < chunk->count;) {
        struct slice const key = chunk->events[i].key;
        struct slice known, now;
        if (i >= touched) touched = events_chunk_touch(chunk, i);
        if (!lsm_writer_seek(putting->writer, key, &known, err)) return false;
        now = known;
        size_t const count = apply_records(putting, i, &now, err);
        if (count == 0) return false;
        i += count;
        if (!slice_equal(known, now) && !change_event(putting, key, known, now, err)) return false;
    }
    return true;
}

/* What the stream is known to have then. */
static bool save_stream(struct putting *putting, struct error *err)
{
    struct write_txn *const write = putting->write;
    const struct stream *const stream = putting->chunk->stream;
    const struct upsert_counts *const counts = &putting->counts;
    struct meta_stream *const meta = &putting->meta;
    uint64_t const gone = counts->deleted_count;
    commit_visit_time(meta, &putting->upsert.newest);
    if (counts->new_count + counts->replaced_count + gone > 0)
        meta->last_batch_id = putting->batch_id;
    if (stream->undo_seconds == 0) meta->undo_from = putting->batch_id + 1;
    meta->event_count += counts->new_count - gone;
    write->meta.event_count += counts->new_count - gone;
    return meta_stream_save(write->txn, stream->id, meta, err);
}

static void add_counts(struct batch *batch, const struct upsert_counts *counts)
{
    batch->new_count += counts->new_count;
    batch->duplicate_count += counts->duplicate_count;
    batch->replaced_count += counts->replaced_count;
    batch->stale_count += counts->stale_count;
    batch->deleted_count += counts->deleted_count;
}

/* HAS_IMAGES: the batch has changed keys in this commit already. What is to be folded when all is
 * written is added to PROPAGATION. */
static bool put_events(struct write_txn *write, const struct events_chunk *chunk, bool has_images,
                       struct batch *batch, struct propagation *propagation, struct error *err)
{
    const struct stream *const stream = chunk->stream;
    AUTO(putting_done)
    struct putting putting = {.write = write,
                              .chunk = chunk,
                              .batch_id = write_txn_batch_id(write, batch),
                              .keys = batch->keys,
                              .keeps_images = stream->undo_seconds && batch->kind != BATCH_FOLLOW,
                              .propagation = propagation};
    if (!meta_stream_load(write->txn, stream->id, &putting.meta, err)) return false;
    if (has_images && !undo_log_open(write->txn, stream->id, &putting.images, err)) return false;
    if (!events_writer_open(write->txn, stream, &putting.writer, err)) return false;
    upsert_init(&putting.upsert, stream, write->schema->zone);
    if (!(stream->retracts ? put_settled(&putting, err) : put_first(&putting, err)) ||
        !lsm_writer_finish(putting.writer, err) ||
        !reference_index_save(write->txn, &putting.references, err) ||
        !expiry_save(write->txn, &putting.expiry, err) ||
        !undo_log_save(write->txn, &putting.undo, err))
        return false;
    batch->keys = putting.keys;
    batch->image_count += putting.image_count;
    add_counts(batch, &putting.counts);
    return save_stream(&putting, err);
}

static bool fill_expire(struct write_txn *write, void *context, struct error *err)
{
    (void)context;
    return event_retention_drop(write, err) && view_retention_drop(write, err) &&
           undo_retention_drop(write, err);
}

/* A chunk, and its batch's entry in the log before and after. */
struct chunk_work {
    const struct chunk_commit *commit;
    const struct batch *batch;
    struct batch written;
};

/* Of a schema with other dictionaries. */
static bool save_layout(struct write_txn *write, struct slice layout, struct error *err)
{
    if (layout.length == 0) return true;
    write->meta.schema_commit_id = write->meta.commit_id;
    return meta_catalog_ids_save(write->txn, layout, err);
}

static bool put_new(struct write_txn *write, const struct chunk_commit *commit, struct batch *batch,
                    struct error *err)
{
    AUTO(propagation_done) struct propagation propagation = {0};
    return put_events(write, commit->chunk, false, batch, &propagation, err) &&
           propagation_fold(write, &propagation, err);
}

/* The batch takes the place of another one. */
static bool put_instead(struct write_txn *write, const struct chunk_commit *commit,
                        struct batch *batch, struct error *err)
{
    AUTO(event_edit_done) struct event_edit edit = {.write = write};
    if (!undo_replaced(write, commit->chunk->stream, commit->replaces,
                       write_txn_batch_id(write, batch), &edit, err) ||
        !put_events(write, commit->chunk, true, batch, &edit.propagation, err) ||
        !event_edit_finish(&edit, true, err))
        return false;
    batch->undoes = commit->replaces;
    batch->removed_count = edit.removed_count;
    batch->restored_count = edit.restored_count;
    batch->image_count += edit.image_count;
    return true;
}

static bool fill_chunk(struct write_txn *write, void *context, struct error *err)
{
    struct chunk_work *const work = context;
    const struct chunk_commit *const commit = work->commit;
    struct batch *const written = &work->written;
    *written = *work->batch;
    return save_layout(write, commit->layout, err) &&
           (commit->replaces ? put_instead : put_new)(write, commit, written, err) &&
           write_txn_merge(write, err) && (!commit->expires || fill_expire(write, NULL, err)) &&
           write_txn_put_batch(write, written, err);
}

bool commit_chunk(struct store *store, const struct chunk_commit *commit, struct batch *batch,
                  uint64_t *ret_commit_id, struct error *err)
{
    struct chunk_work put = {.commit = commit, .batch = batch};
    struct write_txn_work work = {.schema = commit->schema,
                                  .resources = commit->resources,
                                  .fill = fill_chunk,
                                  .context = &put,
                                  .dry_run = commit->dry_run};
    events_chunk_sort(commit->chunk);
    if (!write_txn_run(store, &work, ret_commit_id, err)) return false;
    *batch = put.written;
    return true;
}

bool commit_expire(struct store *store, const struct resources *resources, uint64_t *ret_commit_id,
                   struct error *err)
{
    struct write_txn_work work = {.resources = *resources, .fill = fill_expire};
    return store_schema(store, &work.schema, err) &&
           write_txn_run(store, &work, ret_commit_id, err);
}

static bool preview(struct putting *putting, struct error *err)
{
    const struct events_chunk *const chunk = putting->chunk;
    for (size_t i = 0; i < chunk->count;) {
        struct slice now;
        if (!lsm_writer_seek(putting->writer, chunk->events[i].key, &now, err)) return false;
        size_t const count = apply_records(putting, i, &now, err);
        if (count == 0) return false;
        i += count;
    }
    return true;
}

bool commit_preview(struct store *store, struct events_chunk *chunk, struct batch *batch,
                    struct error *err)
{
    AUTO_TXN struct txn *txn = NULL;
    const struct schema *schema;
    struct putting putting = {.chunk = chunk};
    if (!store_schema(store, &schema, err)) return false;
    if (!txn_begin(store_db(store), false, &txn, err)) return false;
    if (chunk->stream->key_count == 0) {
        batch->new_count += chunk->count;
        return true;
    }
    if (!events_writer_open(txn, chunk->stream, &putting.writer, err)) return false;
    events_chunk_sort(chunk);
    upsert_init(&putting.upsert, chunk->stream, schema->zone);
    bool const good = preview(&putting, err);
    putting_done(&putting);
    if (good) add_counts(batch, &putting.counts);
    return good;
}
