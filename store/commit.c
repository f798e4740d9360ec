/* The write path, from top to bottom. One transaction
 *
 *   sorts the chunk by key, so that the tree of events is touched in order,
 *   puts each event that is new (the first one of a key wins) and folds it into a delta,
 *   merges the delta into the views, in between too when it grows beyond its bound,
 *   writes the batch's checkpoint, the list of changes, the commit's number,
 *   and commits: LMDB makes the pages durable before the meta page that refers to them.
 *
 * Where the map was too small, nothing has happened yet that could be seen: it is made larger and all of
 * this is done again from the chunk, which is still in memory.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "commit.h"

#include "changes.h"
#include "db.h"
#include "delta.h"
#include "groups.h"
#include "merge.h"
#include "meta.h"
#include "pack.h"

/* One transaction in the making. */
struct work {
    const struct schema *schema;
    struct txn *txn;
    struct meta meta;
    struct delta delta;
    struct changes_log log;
    size_t memory_bytes;
};

static void work_done(struct work *work)
{
    txn_abort(work->txn);
    work->txn = NULL;
    delta_done(&work->delta);
    changes_log_done(&work->log);
}

static bool work_begin(struct work *work, struct store *store, const struct schema *schema,
                       size_t memory_bytes, struct error *err)
{
    *work = (struct work){.schema = schema, .memory_bytes = memory_bytes};
    delta_init(&work->delta, schema);
    if (!txn_begin(store_db(store), true, &work->txn, err)) return false;
    if (!meta_load(work->txn, &work->meta, err)) return false;
    meta_next_commit(&work->meta);
    return true;
}

static bool work_commit(struct work *work, struct error *err)
{
    return changes_save(work->txn, work->meta.commit_id, &work->log, err) &&
           meta_save(work->txn, &work->meta, err) && txn_commit(TAKE(work->txn), err);
}

static bool merge_now(struct work *work, struct error *err)
{
    bool const good = merge_delta(work->txn, &work->delta, &work->meta, &work->log, err);
    delta_clear(&work->delta);
    return good;
}

static bool corrupt_event(struct error *err)
{
    (void)error_set(err, ERROR_CORRUPT, "an event cannot be read");
    (void)error_remedy(err, "restore the store from a backup, or ingest again into a new one");
    return error_place(err, "events");
}

/* Folds one event into the views over its stream; into the one VIEW if it is not NULL. */
static bool fold_event(struct work *work, const struct stream *stream, const struct view *view,
                       const struct event *event, struct value *fields, struct error *err)
{
    if (!event_unpack(stream, event, fields)) return corrupt_event(err);
    for (size_t i = 0; i < work->schema->view_count; i++) {
        const struct view *const each = &work->schema->views[i];
        if (each->stream->id == stream->id && (!view || view == each))
            delta_fold(&work->delta, each, fields, +1);
    }
    if (delta_bytes(&work->delta) <= work->memory_bytes) return true;
    return merge_now(work, err);
}

static void see_time(const struct stream *stream, const struct value *fields,
                     struct meta_stream *meta)
{
    if (stream->time_field < 0) return;
    const struct value *const time = &fields[stream->time_field];
    if (time->kind == VALUE_NULL) return;
    if (meta->newest.kind == VALUE_NULL || value_compare(&meta->newest, time) < 0)
        meta->newest = *time;
}

/* The key of an event without one: its number in the stream. */
static struct slice number_key(const struct event *event, uint64_t number, struct buffer *key)
{
    buffer_clear(key);
    buffer_add_slice(key, event->key);
    pack_u64(key, number);
    return buffer_slice(key);
}

static bool put_events(struct work *work, const struct events_chunk *chunk,
                       struct commit_result *result, struct error *err)
{
    const struct stream *const stream = chunk->stream;
    AUTO_CURSOR struct cursor *cursor = NULL;
    AUTO_BUFFER struct buffer key = {0};
    AUTO_FREE struct value *const fields = memory_alloc(stream->field_count * sizeof *fields);
    struct meta_stream meta;
    if (!meta_stream_load(work->txn, stream->id, &meta, err)) return false;
    if (!cursor_open(work->txn, TABLE_EVENTS, &cursor, err)) return false;
    for (size_t i = 0; i < chunk->count; i++) {
        struct event event = chunk->events[i];
        if (stream->key_count == 0) event.key = number_key(&event, meta.next_number++, &key);
        enum db_finding const found = cursor_add(cursor, event.key, event.packed, err);
        if (found == DB_FAILED) return false;
        if (found == DB_FOUND) {
            result->duplicate_count++;
            continue;
        }
        result->new_count++;
        if (!fold_event(work, stream, NULL, &event, fields, err)) return false;
        see_time(stream, fields, &meta);
    }
    meta.event_count += result->new_count;
    work->meta.event_count += result->new_count;
    return meta_stream_save(work->txn, stream->id, &meta, err);
}

static bool put_batch(struct work *work, const struct commit_result *result, struct batch *batch,
                      struct error *err)
{
    if (batch->id == 0) {
        batch->id = ++work->meta.last_batch_id;
        batch->first_commit = work->meta.commit_id;
    }
    batch->new_count += result->new_count;
    batch->duplicate_count += result->duplicate_count;
    batch->last_commit = work->meta.commit_id;
    work->meta.commit_batch_id = batch->id;
    return ledger_put(work->txn, batch, err);
}

static bool try_chunk(struct work *work, struct store *store, const struct schema *schema,
                      const struct events_chunk *chunk, struct batch *batch, size_t memory_bytes,
                      struct commit_result *ret_result, struct error *err)
{
    struct commit_result result = {0};
    struct batch written = *batch;
    if (!work_begin(work, store, schema, memory_bytes, err)) return false;
    if (!put_events(work, chunk, &result, err) || !merge_now(work, err)) return false;
    if (!put_batch(work, &result, &written, err)) return false;
    result.commit_id = work->meta.commit_id;
    if (!work_commit(work, err)) return false;
    *batch = written;
    *ret_result = result;
    return true;
}

/* After a failed try: whether another one makes sense, as the map is larger now. */
static bool grow_after(struct work *work, struct store *store, struct error *err)
{
    bool const full = work->txn && txn_map_full(work->txn);
    work_done(work);
    return full && db_grow(store_db(store), err);
}

bool commit_chunk(struct store *store, struct events_chunk *chunk, struct batch *batch,
                  size_t memory_bytes, struct commit_result *ret_result, struct error *err)
{
    const struct schema *schema;
    struct work work = {0};
    bool good;
    if (!store_schema(store, &schema, err)) return false;
    events_chunk_sort(chunk);
    do {
        good = try_chunk(&work, store, schema, chunk, batch, memory_bytes, ret_result, err);
    } while (!good && grow_after(&work, store, err));
    work_done(&work);
    return good;
}

bool commit_preview(struct store *store, struct events_chunk *chunk,
                    struct commit_result *ret_result, struct error *err)
{
    AUTO_TXN struct txn *txn = NULL;
    struct commit_result result = {0};
    struct slice value;
    bool const keyed = chunk->stream->key_count > 0;
    if (!txn_begin(store_db(store), false, &txn, err)) return false;
    events_chunk_sort(chunk);
    for (size_t i = 0; i < chunk->count; i++) {
        struct slice const key = chunk->events[i].key;
        enum db_finding found = DB_MISSING;
        if (keyed && i > 0 && slice_equal(key, chunk->events[i - 1].key)) found = DB_FOUND;
        if (keyed && found == DB_MISSING) found = db_get(txn, TABLE_EVENTS, key, &value, err);
        if (found == DB_FAILED) return false;
        if (found == DB_FOUND)
            result.duplicate_count++;
        else
            result.new_count++;
    }
    *ret_result = result;
    return true;
}

static bool clear_view(struct work *work, const struct view *view, struct error *err)
{
    struct group whole;
    switch (groups_get(work->txn, view, 0, (struct slice){0}, &whole, err)) {
    case DB_FOUND: break;
    case DB_MISSING: return true;
    case DB_FAILED: return false;
    }
    work->meta.row_count -= whole.row_count;
    work->meta.root_listing_commit_id = work->meta.commit_id;
    return groups_clear(work->txn, view, err);
}

/* Folds every stored event into VIEW. The cursor stays good while the view's tables are written, as the table of
 * events is not. */
static bool refold_view(struct work *work, const struct view *view, struct error *err)
{
    const struct stream *const stream = view->stream;
    struct snapshot const reading = {.txn = work->txn};
    AUTO_FREE struct value *const fields = memory_alloc(stream->field_count * sizeof *fields);
    struct events_walk *walk;
    struct event event;
    if (!events_walk_open(&reading, stream, &walk, err)) return false;
    enum events_step step;
    while ((step = events_walk_next(walk, &event, err)) == EVENTS_ONE) {
        if (!fold_event(work, stream, view, &event, fields, err)) break;
    }
    events_walk_close(walk);
    return step == EVENTS_END && merge_now(work, err);
}

static bool try_rebuild(struct work *work, struct store *store, const struct schema *schema,
                        const struct view *const *views, size_t view_count, size_t memory_bytes,
                        struct error *err)
{
    if (!work_begin(work, store, schema, memory_bytes, err)) return false;
    for (size_t i = 0; i < view_count; i++) {
        if (!clear_view(work, views[i], err) || !refold_view(work, views[i], err)) return false;
    }
    work->log.count = CHANGES_MAX + 1; /* any of it may have changed */
    return work_commit(work, err);
}

bool commit_rebuild(struct store *store, const struct view *const *views, size_t view_count,
                    size_t memory_bytes, uint64_t *ret_commit_id, struct error *err)
{
    const struct schema *schema;
    struct work work = {0};
    bool good;
    if (!store_schema(store, &schema, err)) return false;
    AUTO_FREE const struct view **all = memory_alloc(schema->view_count * sizeof *all);
    for (size_t i = 0; i < schema->view_count; i++)
        all[i] = &schema->views[i];
    const struct view *const *const chosen = view_count ? views : all;
    size_t const count = view_count ? view_count : schema->view_count;
    do {
        good = try_rebuild(&work, store, schema, chosen, count, memory_bytes, err);
    } while (!good && grow_after(&work, store, err));
    if (good) *ret_commit_id = work.meta.commit_id;
    work_done(&work);
    return good;
}
