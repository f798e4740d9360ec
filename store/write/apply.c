// SPDX-License-Identifier: Apache-2.0
#include "write/apply.h"

#include "lsm/lsm_writer.h"
#include "schema/catalog_ids.h"
#include "schema/renames.h"
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
    return good && schema_read(applying->text, &zone, &applying->next, err) &&
           renames_settle(applying->old, applying->next, err);
}

static void emit_views(const struct applying *applying)
{
    const struct apply_options *const options = applying->options;
    const struct apply_plan *const plan = &applying->plan;
    for (size_t i = 0; i < plan->next->view_count; i++) {
        struct slice const name = plan->next->views[i].name;
        struct slice const was = plan->next->views[i].was;
        bool const known = schema_view(plan->old, was.length ? was : name) != NULL;
        options->tell(options->context, name,
                      !plan->refolded[i] ? APPLY_KEPT
                      : known            ? APPLY_CHANGED
                                         : APPLY_ADDED);
    }
    for (size_t i = 0; i < plan->old->view_count; i++) {
        struct slice const name = plan->old->views[i].name;
        if (!renamed_view(plan->next, name)) options->tell(options->context, name, APPLY_DROPPED);
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
    bool const same_time = !old->keep_seconds == !next->keep_seconds &&
                           (next->keep_seconds == 0 || apply_plan_same_time(old, next));
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
        const struct stream *const next = renamed_stream(plan->next, old->name);
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

/* Tells of it, or refuses it. */
static bool check_loss(const struct applying *applying, const struct apply_loss *loss,
                       struct error *err)
{
    const struct apply_options *const options = applying->options;
    if (loss->count == 0) return true;
    if (options->allow_loss) {
        options->tell_loss(options->context, loss);
        return true;
    }
    (void)error_set(err, ERROR_SCHEMA, "%llu %s are older: they would go at once",
                    (unsigned long long)loss->count, loss->of_stream ? "events" : "rows");
    (void)error_remedy(err, "if they shall, say so with --allow-loss");
    return error_place(err, "%s.%.*s.%s", loss->of_stream ? "streams" : "views",
                       (int)loss->name.length, (const char *)loss->name.at,
                       loss->of_stream ? "keep" : "retain");
}

static bool drop_old_events(const struct applying *applying, struct write_txn *write,
                            struct error *err)
{
    const struct schema *const next = applying->next;
    for (size_t i = 0; i < next->stream_count; i++) {
        const struct stream *const stream = &next->streams[i];
        const struct stream *const old =
            schema_stream(applying->old, stream->was.length ? stream->was : stream->name);
        uint64_t const before = write->meta.event_count;
        if (stream->keep_seconds == 0) continue;
        if (!event_retention_drop_of(write, stream, err)) return false;
        bool const is_other = !old || old->keep_seconds != stream->keep_seconds;
        struct apply_loss const loss = {
            .of_stream = true, .name = stream->name, .count = before - write->meta.event_count};
        if (is_other && !check_loss(applying, &loss, err)) return false;
    }
    return true;
}

static bool drop_old_rows(const struct applying *applying, struct write_txn *write,
                          struct error *err)
{
    const struct schema *const next = applying->next;
    for (size_t i = 0; i < next->all_view_count; i++) {
        const struct view *const view = next->order[i];
        const struct view *const old =
            schema_view(applying->old, view->was.length ? view->was : view->name);
        uint64_t const before = write->meta.row_count;
        if (view->retain_seconds == 0) continue;
        if (!view_retention_drop_of(write, view, err)) return false;
        bool const is_other = old && old->retain_seconds != view->retain_seconds;
        struct apply_loss const loss = {.name = view->name,
                                        .count = before - write->meta.row_count};
        if (is_other && !check_loss(applying, &loss, err)) return false;
    }
    return true;
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
        !rebuild_views(write, applying->plan.refolded, err) ||
        !drop_old_events(applying, write, err) || !drop_old_rows(applying, write, err))
        return false;
    write->meta.schema_commit_id = write->meta.root_listing_commit_id = write->meta.commit_id;
    return meta_schema_save(write->txn, write->meta.commit_id, applying->text,
                            buffer_slice(&applying->zone), err) &&
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
                                        .context = applying,
                                        .dry_run = applying->options->dry_run};
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
