// SPDX-License-Identifier: Apache-2.0
#include "write/event_edit.h"

#include "schema/aggregate_table.h"
#include "tables/expiry.h"
#include "tables/reference_index.h"
#include "tables/view_history.h"
#include "write/rebuild.h"
#include "write/stream_union.h"
#include "write/view_retention.h"

enum { NOTES_MOST = 1 << 16 }; /* that are held before they are written */

/* Whether VIEW can follow an event of its stream that goes. */
static bool view_can_retract(const struct view *view)
{
    for (size_t i = 0; i < view->aggregate_count; i++) {
        const struct aggregate *const aggregate = &view->aggregates[i];
        if (traits_of(aggregate)->insert_only && aggregate->multiset < 0) return false;
    }
    return true;
}

bool event_edit_begin(struct event_edit *edit, struct write_txn *write, const struct stream *stream,
                      uint64_t batch_id, struct error *err)
{
    const struct schema *const schema = write->schema;
    *edit = (struct event_edit){.write = write, .stream = stream, .batch_id = batch_id};
    edit->fields = memory_alloc(stream_value_count(stream) * sizeof *edit->fields);
    edit->refold = memory_alloc(schema->all_view_count * sizeof *edit->refold);
    edit->follow = memory_alloc(schema->all_view_count * sizeof *edit->follow);
    for (size_t i = 0; i < schema->all_view_count; i++) {
        const struct view *const view = &schema->views[i];
        edit->refold[i] = stream_union_counts(view, stream) && !view_can_retract(view);
        edit->follow[i] = !edit->refold[i];
    }
    write_txn_fold_only(write, edit->follow);
    return meta_stream_load(write->txn, stream->id, &edit->meta, err);
}

void event_edit_done(struct event_edit *edit)
{
    if (edit->follow) write_txn_fold_only(edit->write, NULL); /* `follow` is borrowed */
    lsm_writer_close(edit->writer);
    lsm_changes_done(&edit->references);
    lsm_changes_done(&edit->expiry);
    lsm_changes_done(&edit->undo);
    propagation_done(&edit->propagation);
    arena_done(&edit->texts);
    free(edit->fields);
    free(edit->refold);
    free(edit->follow);
    *edit = (struct event_edit){0};
}

/* What was noted in tables beside that of the events. */
static bool save_notes(struct event_edit *edit, struct error *err)
{
    struct txn *const txn = edit->write->txn;
    return reference_index_save(txn, &edit->references, err) &&
           expiry_save(txn, &edit->expiry, err) && undo_log_save(txn, &edit->undo, err);
}

bool event_edit_open(struct event_edit *edit, struct error *err)
{
    return events_writer_open(edit->write->txn, edit->stream, &edit->writer, err);
}

bool event_edit_find(struct event_edit *edit, struct slice key, struct slice *ret_packed,
                     struct error *err)
{
    return lsm_writer_seek(edit->writer, key, ret_packed, err);
}

/* Folds an event that comes or goes, and notes it. */
static bool fold(struct event_edit *edit, const struct event *event, int64_t weight,
                 struct error *err)
{
    const struct stream *const stream = edit->stream;
    reference_index_note(&edit->references, stream, event->key, edit->fields, weight > 0);
    expiry_note(&edit->expiry, stream, event->key, edit->fields, weight > 0);
    if (!propagation_concerns(stream))
        return write_txn_fold(edit->write, stream, event, weight, err);
    propagation_add(&edit->propagation, stream, event->key, weight < 0);
    return true;
}

static bool unpack(struct event_edit *edit, const struct event *event, struct error *err)
{
    arena_reset(&edit->texts);
    return event_unpack(edit->stream, event, &edit->texts, edit->fields) || event_corrupt(err);
}

/* Whether "keep" has let go what is as old as the event that is unpacked. */
static bool is_too_old(const struct event_edit *edit)
{
    const struct stream *const stream = edit->stream;
    const struct value *const before = &edit->meta.dropped_before;
    if (stream->keep_seconds == 0 || before->kind == VALUE_NULL) return false;
    const struct value *const time = &edit->fields[stream->time_field];
    return time->kind != VALUE_NULL && value_compare(time, before) < 0;
}

static void count(struct event_edit *edit, bool was_live, bool is_live)
{
    if (is_live) edit->restored_count++;
    if (is_live && !was_live) edit->appeared_count++;
    if (was_live && !is_live) edit->removed_count++;
}

/* Nothing is noted too where what comes is another batch's, which does not say who put it there. */
static void note_image(struct event_edit *edit, const struct event *event, enum undo_cause cause)
{
    struct undo_image const image = {.cause = cause, .packed = event->packed};
    if (event->packed.length == 0 && cause == UNDO_RECORD) return;
    edit->image_count++;
    if (edit->stream->undo_seconds == 0) return;
    undo_log_note(&edit->undo, edit->batch_id, event->key, &image);
}

bool event_edit_set(struct event_edit *edit, const struct event *event, struct slice next,
                    enum undo_cause cause, struct error *err)
{
    struct event after = {.key = event->key, .packed = next};
    bool const was_live = event_is_live(event->packed);
    if (event_is_live(next)) {
        if (!unpack(edit, &after, err)) return false;
        if (is_too_old(edit)) after.packed = (struct slice){0};
    }
    if (slice_equal(event->packed, after.packed)) return true;
    note_image(edit, event, cause);
    if (was_live && (!unpack(edit, event, err) || !fold(edit, event, -1, err))) return false;
    bool const is_live = event_is_live(after.packed);
    if (is_live && (!unpack(edit, &after, err) || !fold(edit, &after, +1, err))) return false;
    count(edit, was_live, is_live);
    if (!lsm_writer_set(edit->writer, after.packed, err)) return false;
    size_t const notes = edit->references.count + edit->expiry.count + edit->undo.count;
    return notes < NOTES_MOST || save_notes(edit, err);
}

bool event_edit_close(struct event_edit *edit, struct error *err)
{
    if (!lsm_writer_finish(edit->writer, err)) return false;
    lsm_writer_close(TAKE(edit->writer));
    return save_notes(edit, err);
}

/* The views that could not follow. */
static bool refold_views(struct event_edit *edit, struct error *err)
{
    struct write_txn *const write = edit->write;
    bool any = false;
    for (size_t i = 0; i < write->schema->all_view_count; i++) {
        if (!edit->refold[i]) continue;
        any = true;
        if (!view_check_history(write->txn, &write->schema->views[i], err))
            return error_remedy(err, "give the stream \"delete_when\", so that views can follow");
    }
    if (!any) return true;
    return write_txn_merge(write, err) && rebuild_views(write, edit->refold, err) &&
           view_retention_drop(write, err);
}

bool event_edit_finish(struct event_edit *edit, bool puts, struct error *err)
{
    struct write_txn *const write = edit->write;
    bool const any = puts || edit->removed_count + edit->restored_count > 0;
    if (!propagation_fold(write, &edit->propagation, err) || (any && !refold_views(edit, err)))
        return false;
    write_txn_fold_only(write, NULL);
    return true;
}

bool event_edit_count(struct event_edit *edit, struct error *err)
{
    struct write_txn *const write = edit->write;
    struct meta_stream *const meta = &edit->meta;
    if (edit->removed_count + edit->restored_count) meta->last_batch_id = edit->batch_id;
    if (edit->stream->undo_seconds == 0) meta->undo_from = edit->batch_id + 1;
    meta->event_count += edit->appeared_count - edit->removed_count;
    write->meta.event_count += edit->appeared_count - edit->removed_count;
    return meta_stream_save(write->txn, edit->stream->id, meta, err);
}
