// SPDX-License-Identifier: Apache-2.0
#include "write/write_txn.h"

#include "merge/merge.h"
#include "tables/join.h"

/* What LMDB's changed pages leave of the memory goes to the delta for a part only, as merging takes
 * more and the next pages come. It is never less than the least part, or merges were without end.
 * Of the delta's room, what is loaded at a time when it is merged takes a part again, and each
 * slice of events on their way into it a part of the least. */
enum { DELTA_SHARES = 12, LEAST_SHARES = 24, PORTION_SHARES = 3, SLICE_SHARES = 4 };

static void write_txn_done(struct write_txn *write)
{
    txn_abort(write->txn);
    write->txn = NULL;
    fold_queue_done(&write->folds);
    delta_done(&write->delta);
    change_log_done(&write->log);
    free(write->cutoffs);
    write->cutoffs = NULL;
}

void write_txn_change_schema(struct write_txn *write, const struct schema *schema)
{
    write->schema = schema;
    fold_queue_done(&write->folds);
    delta_done(&write->delta);
    delta_init(&write->delta, schema);
    free(write->cutoffs);
    write->cutoffs = memory_alloc(schema->all_view_count * sizeof *write->cutoffs);
    write->delta.cutoffs = write->cutoffs;
    write->delta.secret = write->meta.secret;
    fold_queue_init(&write->folds, &write->delta,
                    write->resources.memory_bytes / LEAST_SHARES / SLICE_SHARES,
                    write->resources.threads);
}

bool write_txn_load_cutoffs(struct write_txn *write, struct error *err)
{
    for (size_t i = 0; i < write->schema->all_view_count; i++) {
        const struct view *const view = &write->schema->views[i];
        struct meta_view meta;
        if (view->retain_seconds == 0) continue;
        if (!meta_view_load(write->txn, view->id, &meta, err)) return false;
        write->cutoffs[i] = meta.retained_from;
    }
    return true;
}

static bool write_txn_begin(struct write_txn *write, struct store *store,
                            const struct write_txn_work *work, struct error *err)
{
    *write = (struct write_txn){.resources = work->resources};
    if (!txn_begin(store_db(store), true, &write->txn, err) ||
        !meta_load(write->txn, &write->meta, err))
        return false;
    write_txn_change_schema(write, work->schema);
    if (!write_txn_load_cutoffs(write, err)) return false;
    meta_next_commit(&write->meta);
    return true;
}

size_t write_txn_delta_room(const struct write_txn *write)
{
    size_t const all = write->resources.memory_bytes, least = all / LEAST_SHARES;
    size_t const changed = txn_dirty_bytes(write->txn);
    size_t const pages = changed < DB_CHANGED_BYTES_MAX ? changed : DB_CHANGED_BYTES_MAX;
    size_t const left = pages < all ? all - pages : 0;
    size_t const room = left / DELTA_SHARES;
    return write->kept_bytes + (room > least ? room : least);
}

/* What is folded; none is being folded. */
static bool merge_folded(struct write_txn *write, struct error *err)
{
    bool const good = merge_delta(write->txn, &write->delta, &write->meta, &write->log,
                                  write_txn_delta_room(write) / PORTION_SHARES, err);
    write->has_cycle = delta_clear_merged(&write->delta);
    write->kept_bytes = write->has_cycle ? delta_bytes(&write->delta) : 0;
    return good;
}

bool write_txn_merge(struct write_txn *write, struct error *err)
{
    if (!fold_queue_wait(&write->folds, err)) return false;
    fold_queue_begin(&write->folds);
    return fold_queue_wait(&write->folds, err) && merge_folded(write, err);
}

void write_txn_fold_only(struct write_txn *write, const bool *only)
{
    fold_queue_only(&write->folds, only);
}

/* An event more is in the queue; one that is BORROWED is folded before this returns. */
static bool folds_go_on(struct write_txn *write, bool borrowed, struct error *err)
{
    if (!borrowed && !fold_queue_is_full(&write->folds)) return true;
    if (!fold_queue_wait(&write->folds, err)) return false;
    if (delta_bytes(&write->delta) > write_txn_delta_room(write) && !merge_folded(write, err))
        return false;
    fold_queue_begin(&write->folds);
    return !borrowed || fold_queue_wait(&write->folds, err);
}

/* The event with what it refers to. */
static bool fold_joined(struct write_txn *write, const struct stream *stream,
                        const struct event *event, int64_t weight, struct error *err)
{
    AUTO_ARENA struct arena arena = {0};
    struct value *const values = ARENA_ARRAY(&arena, struct value, stream_value_count(stream));
    if (!event_unpack(stream, event, &arena, values)) return event_corrupt(err);
    return join_fill(write->join, stream, values, err) &&
           write_txn_fold_values(write, VIEWS_ALL, stream, values, event_own_key(event), weight,
                                 err);
}

bool write_txn_fold(struct write_txn *write, const struct stream *stream, const struct event *event,
                    int64_t weight, struct error *err)
{
    if (write->join && stream->reference_count)
        return fold_joined(write, stream, event, weight, err);
    bool const borrowed = fold_queue_add_event(&write->folds, stream, event, weight);
    return folds_go_on(write, borrowed, err);
}

bool write_txn_fold_values(struct write_txn *write, enum fold_views views,
                           const struct stream *stream, const struct value *values,
                           struct slice key, int64_t weight, struct error *err)
{
    bool const borrowed = fold_queue_add_values(&write->folds, views, stream, values, key, weight);
    return folds_go_on(write, borrowed, err);
}

uint64_t write_txn_batch_id(const struct write_txn *write, const struct batch *batch)
{
    return batch->id ? batch->id : write->meta.last_batch_id + 1;
}

bool write_txn_put_batch(struct write_txn *write, struct batch *batch, struct error *err)
{
    if (batch->id == 0) {
        batch->id = write_txn_batch_id(write, batch); /* who holds the lock may foresee it */
        write->meta.last_batch_id = batch->id;
        batch->first_commit = write->meta.commit_id;
    }
    batch->last_commit = write->meta.commit_id;
    write->meta.commit_batch_id = batch->id;
    return batch_log_put(write->txn, batch, err);
}

static bool write_txn_end(struct write_txn *write, bool dry_run, struct error *err)
{
    if (write->has_cycle) {
        *err = write->delta.cycle;
        return false;
    }
    if (dry_run) return true;
    return change_log_save(write->txn, write->meta.commit_id, &write->log, err) &&
           meta_save(write->txn, &write->meta, err) && txn_commit(TAKE(write->txn), err);
}

/* After a failed try: whether the map was full and is larger now, so that another makes sense. */
static bool write_txn_try_again(struct write_txn *write, struct store *store, struct error *err)
{
    bool const full = write->txn && txn_map_full(write->txn);
    write_txn_done(write);
    return full && db_grow(store_db(store), err);
}

bool write_txn_run(struct store *store, const struct write_txn_work *work, uint64_t *ret_commit_id,
                   struct error *err)
{
    struct write_txn write = {0};
    bool good;
    do {
        good = write_txn_begin(&write, store, work, err) &&
               work->fill(&write, work->context, err) && write_txn_end(&write, work->dry_run, err);
    } while (!good && write_txn_try_again(&write, store, err));
    if (good) *ret_commit_id = write.meta.commit_id;
    write_txn_done(&write);
    return good;
}
