/* Deletes asked for by hand.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "tables/event_scan.h"
#include "write/commit.h"
#include "write/event_edit.h"
#include "write/upsert.h"

enum { KEYS_SHARES = 64 }; /* of the memory: what a portion of keys takes */

struct deleting {
    struct write_txn *write;
    const struct deletion *deletion;
    struct event_edit edit;
    struct upsert upsert;
    struct value *fields; /* of an event that is looked at */
    uint64_t absent_count;
};

static void deleting_done(struct deleting *deleting)
{
    event_edit_done(&deleting->edit);
    upsert_done(&deleting->upsert);
    free(deleting->fields);
}

static bool delete_key(struct deleting *deleting, struct slice key, struct error *err)
{
    struct event_edit *const edit = &deleting->edit;
    struct event event = {.key = key};
    struct slice tombstone;
    if (!event_edit_find(edit, key, &event.packed, err)) return false;
    if (!event_is_live(event.packed)) {
        deleting->absent_count++;
        return true;
    }
    if (!upsert_tombstone(&deleting->upsert, &event, edit->batch_id, &tombstone))
        return event_corrupt(err);
    return event_edit_set(edit, &event, tombstone, UNDO_RECORD, err);
}

static bool delete_portion(struct deleting *deleting, struct events_chunk *keys, struct error *err)
{
    events_chunk_sort(keys);
    if (!event_edit_open(&deleting->edit, err)) return false;
    for (size_t i = 0; i < keys->count; i++) {
        struct slice const key = keys->events[i].key;
        if (i > 0 && slice_equal(key, keys->events[i - 1].key))
            deleting->absent_count++; /* named twice */
        else if (!delete_key(deleting, key, err))
            return false;
    }
    return event_edit_close(&deleting->edit, err);
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

static bool is_chosen(const struct deleting *deleting, const struct event *event)
{
    const struct deletion *const deletion = deleting->deletion;
    return (deletion->batch_id == 0 || event_batch(event->packed) == deletion->batch_id) &&
           expr_holds(deletion->where, deleting->fields, deleting->write->schema->zone);
}

/* Looks at what is committed: a scan ends where its table is written to. */
static bool delete_where(struct deleting *deleting, struct error *err)
{
    const struct deletion *const deletion = deleting->deletion;
    AUTO_TXN struct txn *committed = NULL;
    struct event_scan *scan;
    struct event event;
    if (!event_edit_open(&deleting->edit, err) ||
        !txn_begin_beside(deleting->write->txn, &committed, err) ||
        !event_scan_open(committed, deletion->stream, &scan, err))
        return false;
    enum event_step step;
    bool good = true;
    while (good && (step = event_scan_unpack(scan, &event, deleting->fields, err)) != EVENT_END) {
        good = step == EVENT_ONE;
        if (good && is_chosen(deleting, &event)) good = delete_key(deleting, event.key, err);
    }
    event_scan_close(scan);
    return good && event_edit_close(&deleting->edit, err);
}

static bool commit_delete_apply(struct deleting *deleting, uint64_t batch_id, struct error *err)
{
    struct write_txn *const write = deleting->write;
    const struct deletion *const deletion = deleting->deletion;
    return event_edit_begin(&deleting->edit, write, deletion->stream, batch_id, err) &&
           (deletion->where || deletion->batch_id ? delete_where(deleting, err)
                                                  : delete_keys(deleting, err)) &&
           event_edit_count(&deleting->edit, err) &&
           event_edit_finish(&deleting->edit, false, err) && write_txn_merge(write, err);
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
    work->written.image_count = deleting.edit.image_count;
    work->written.deleted_count = deleting.edit.removed_count;
    work->written.duplicate_count = deleting.absent_count;
    work->written.read_count = deleting.edit.removed_count + deleting.absent_count;
    return write_txn_put_batch(write, &work->written, err);
}

bool commit_delete(struct store *store, const struct deletion *deletion, struct batch *batch,
                   const struct resources *resources, uint64_t *ret_commit_id, struct error *err)
{
    struct delete_work deleting = {.deletion = deletion, .batch = batch};
    struct write_txn_work work = {.resources = *resources,
                                  .fill = fill_delete,
                                  .context = &deleting,
                                  .dry_run = deletion->dry_run};
    if (!store_schema(store, &work.schema, err) || !write_txn_run(store, &work, ret_commit_id, err))
        return false;
    *batch = deleting.written;
    return true;
}
