// SPDX-License-Identifier: Apache-2.0
#include "write/apply.h"

#include "lsm/lsm_writer.h"
#include "schema/catalog_ids.h"
#include "tables/expiry.h"
#include "tables/groups.h"
#include "tables/reference_index.h"
#include "tables/undo_log.h"
#include "types/pack.h"
#include "types/time_zone.h"
#include "write/apply_plan.h"
#include "write/apply_zone.h"
#include "write/event_retention.h"
#include "write/rebuild.h"
#include "write/undo_retention.h"
#include "write/view_retention.h"
#include "write/write_txn.h"

/* A schema on its way into force. */
struct applying {
    struct store *store;
    struct slice text;
    const struct apply_options *options;
    const struct schema *old;
    struct schema *next;
    struct buffer zone; /* bytes of its time zone */
    struct arena arena;
    struct apply_plan plan;
    struct buffer layout;
};

/* The time zone of a store stays as it was loaded, unless it is another one. */
static bool apply_read_next(struct applying *applying, struct error *err)
{
    AUTO_TXN struct txn *txn = NULL;
    struct slice text, zone;
    struct schema *first = NULL;
    if (!txn_begin(store_db(applying->store), false, &txn, err) ||
        !meta_schema_load(txn, &text, &zone, err) ||
        !schema_read(applying->text, NULL, &first, err))
        return false;
    bool good = true;
    if (slice_equal(first->timezone, applying->old->timezone))
        buffer_add_slice(&applying->zone, zone);
    else
        good = time_zone_load(first->timezone, &applying->zone, err);
    schema_free(first);
    zone = buffer_slice(&applying->zone);
    return good && schema_read(applying->text, &zone, &applying->next, err);
}

static void emit_views(const struct applying *applying)
{
    const struct apply_options *const options = applying->options;
    const struct apply_plan *const plan = &applying->plan;
    for (size_t i = 0; i < plan->next->view_count; i++) {
        struct slice const name = plan->next->views[i].name;
        bool const known = schema_view(plan->old, name) != NULL;
        options->tell(options->context, name,
                      !plan->refolded[i] ? APPLY_KEPT
                      : known            ? APPLY_CHANGED
                                         : APPLY_ADDED);
    }
    for (size_t i = 0; i < plan->old->view_count; i++) {
        struct slice const name = plan->old->views[i].name;
        if (!schema_view(plan->next, name)) options->tell(options->context, name, APPLY_DROPPED);
    }
}

static bool clear_views(struct write_txn *write, const struct apply_plan *plan, struct error *err)
{
    for (size_t i = 0; i < plan->old->all_view_count; i++) {
        if (plan->cleared[i] && !write_txn_clear_view(write, &plan->old->views[i], err))
            return false;
    }
    return true;
}

/* All events of a stream that is no longer declared. */
static bool drop_stream(struct write_txn *write, const struct stream *stream, struct error *err)
{
    AUTO_BUFFER struct buffer prefix = {0};
    struct meta_stream meta;
    if (!meta_stream_load(write->txn, stream->id, &meta, err)) return false;
    pack_u16(&prefix, stream->id);
    write->meta.event_count -= meta.event_count;
    meta = (struct meta_stream){.event_count = 0};
    return lsm_clear(write->txn, TABLE_EVENTS, buffer_slice(&prefix), err) &&
           expiry_clear(write->txn, stream->id, err) &&
           reference_index_clear(write->txn, stream->id, err) &&
           undo_log_clear(write->txn, stream->id, err) &&
           meta_stream_save(write->txn, stream->id, &meta, err);
}

/* The events that are stored already, by time. */
static bool change_expiry(struct write_txn *write, const struct stream *old,
                          const struct stream *next, struct error *err)
{
    struct meta_stream meta;
    bool const same_time =
        !old->keep_seconds == !next->keep_seconds &&
        (next->keep_seconds == 0 ||
         slice_equal(old->fields[old->time_field].name, next->fields[next->time_field].name));
    if (same_time) return true;
    if (!meta_stream_load(write->txn, old->id, &meta, err)) return false;
    meta.expired_before.kind = VALUE_NULL;
    return meta_stream_save(write->txn, old->id, &meta, err) && expiry_make(write->txn, next, err);
}

/* The events that are stored already, by what they refer to. */
static bool change_references(struct write_txn *write, const struct stream *old,
                              const struct stream *next, struct error *err)
{
    return apply_plan_same_references(old, next) || reference_index_make(write->txn, next, err);
}

static bool change_streams(struct write_txn *write, const struct apply_plan *plan,
                           struct error *err)
{
    for (size_t i = 0; i < plan->old->stream_count; i++) {
        const struct stream *const old = &plan->old->streams[i];
        const struct stream *const next = schema_stream(plan->next, old->name);
        if (!next && !drop_stream(write, old, err)) return false;
        if (next &&
            (!change_references(write, old, next, err) || !change_expiry(write, old, next, err) ||
             !undo_retention_change(write, next, err)))
            return false;
    }
    return true;
}

static bool plan_next(struct applying *applying, const struct txn *txn, struct error *err)
{
    struct slice layout;
    buffer_clear(&applying->layout);
    if (!apply_plan_make(txn, applying->old, applying->next, applying->options->allow_loss,
                         &applying->arena, &applying->plan, err) ||
        !meta_catalog_ids_load(txn, &layout, err) ||
        !catalog_ids_change(layout, applying->next, applying->plan.refolded, &applying->layout,
                            err))
        return false;
    return catalog_ids_apply(buffer_slice(&applying->layout), applying->next, err);
}

static bool fill_apply(struct write_txn *write, void *context, struct error *err)
{
    struct applying *const applying = context;
    const struct apply_options *const options = applying->options;
    if (!clear_views(write, &applying->plan, err)) return false;
    write_txn_change_schema(write, applying->next);
    write->progress = options->progress;
    write->progress_context = options->context;
    if (!apply_check_zone(write->txn, applying->old, applying->next, err)) return false;
    if (!change_streams(write, &applying->plan, err) || !write_txn_load_cutoffs(write, err) ||
        !rebuild_views(write, applying->plan.refolded, err) || !event_retention_drop(write, err) ||
        !view_retention_drop(write, err))
        return false;
    write->meta.schema_commit_id = write->meta.root_listing_commit_id = write->meta.commit_id;
    return meta_schema_save(write->txn, applying->text, buffer_slice(&applying->zone), err) &&
           meta_catalog_ids_save(write->txn, buffer_slice(&applying->layout), err);
}

static bool apply_run(struct applying *applying, uint64_t *ret_commit_id, struct error *err)
{
    AUTO_TXN struct txn *reading = NULL;
    if (!apply_read_next(applying, err) ||
        !txn_begin(store_db(applying->store), false, &reading, err) ||
        !plan_next(applying, reading, err))
        return false;
    txn_abort(TAKE(reading));
    emit_views(applying);
    struct write_txn_work const work = {.schema = applying->old,
                                        .resources = applying->options->resources,
                                        .fill = fill_apply,
                                        .context = applying};
    return write_txn_run(applying->store, &work, ret_commit_id, err);
}

bool apply_schema(struct store *store, struct slice text, const struct apply_options *options,
                  uint64_t *ret_commit_id, struct error *err)
{
    struct applying applying = {.store = store, .text = text, .options = options};
    bool const good =
        store_schema(store, &applying.old, err) && apply_run(&applying, ret_commit_id, err);
    schema_free(applying.next);
    buffer_done(&applying.zone);
    buffer_done(&applying.layout);
    arena_done(&applying.arena);
    return good;
}
