/* How it is found what a key has once other batches are in force.
 *
 *     batch        1        2         3          4
 *     key          new a    a to b    b to c     undoes 3
 *     undo log              a         b          c
 *     the table    a        b         c          b
 *
 * The table of events says what the key has, and the log what it had before each batch that changed
 * it. From the table's event on the log is followed back: past what is not in force, and past what
 * only takes others back, to the event of a batch that is in force, or to nothing. Here, once 2 is
 * undone: the table has b, of a batch that is not in force; before that it was a. If then 4 is
 * undone, 3 is in force again: before 4 it was c.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "write/undo.h"

#include "base/radix_sort.h"
#include "tables/event_lookup.h"
#include "tables/event_scan.h"
#include "write/batch_history.h"
#include "write/event_edit.h"

enum { KEYS_SHARES = 64 };       /* of the memory: what a portion of keys takes */
enum { TOGGLED_MOST = 1 << 10 }; /* batches that one undo puts in force or out of it */

struct undoing {
    struct write_txn *write;
    const struct stream *stream;
    uint64_t batch_id;     /* that is taken back */
    struct txn *committed; /* as it was before */
    struct batch *toggled; /* those that are in force from now on, or are not */
    size_t toggled_count;
    struct arena arena; /* of their texts */
    struct event_edit *edit;
    struct batch_history history;
    struct event_lookup events;
    struct lsm_reader *images;
    struct arena found; /* what is found of a key */
    bool is_growing;    /* the batch of what was found last is of an input that grows */
    struct undo_kept kept;
    uint64_t kept_count;
};

static void undoing_done(struct undoing *undoing)
{
    event_lookup_done(&undoing->events);
    lsm_reader_close(undoing->images);
    batch_history_done(&undoing->history);
    arena_done(&undoing->arena);
    arena_done(&undoing->found);
    free(undoing->toggled);
    txn_abort(undoing->committed);
}

static bool is_toggled(const struct undoing *undoing, uint64_t batch_id)
{
    for (size_t i = 0; i < undoing->toggled_count; i++) {
        if (undoing->toggled[i].id == batch_id) return true;
    }
    return false;
}

/* A name stands for one batch. */
static bool check_name(struct undoing *undoing, const struct batch *batch, struct error *err)
{
    struct batch other;
    if (batch->name.length == 0) return true;
    switch (batch_log_find_name(undoing->write->txn, batch->stream, batch->name, &undoing->arena,
                                &other, err)) {
    case BATCH_LOG_MISSING: return true;
    case BATCH_LOG_FAILED: return false;
    case BATCH_LOG_FOUND: break;
    }
    (void)error_set(err, ERROR_INPUT, "'%.*s' is the name of batch %llu by now, of %llu before",
                    (int)batch->name.length, (const char *)batch->name.at,
                    (unsigned long long)other.id, (unsigned long long)batch->id);
    return error_remedy(err, "tally undo STORE %llu first", (unsigned long long)other.id);
}

static bool add_toggled(struct undoing *undoing, uint64_t batch_id, struct error *err)
{
    struct batch batch;
    if (undoing->toggled_count == TOGGLED_MOST)
        return error_set(err, ERROR_INPUT, "more than %d batches take back one another",
                         TOGGLED_MOST);
    if (batch_log_get(undoing->write->txn, batch_id, &undoing->arena, &batch, err) !=
        BATCH_LOG_FOUND)
        return false;
    undoing->toggled =
        memory_resize(undoing->toggled, (undoing->toggled_count + 1) * sizeof *undoing->toggled);
    undoing->toggled[undoing->toggled_count++] = batch;
    return true;
}

/* The batch, which goes; what it has taken back, which comes back; what that has taken back, which
 * goes again; and so on. Where one takes the place of another, what was there before that one stays
 * away. */
static bool find_toggled(struct undoing *undoing, uint64_t batch_id, bool is_replaced,
                         struct error *err)
{
    if (!add_toggled(undoing, batch_id, err)) return false;
    for (;;) {
        const struct batch *const last = &undoing->toggled[undoing->toggled_count - 1];
        bool const goes = undoing->toggled_count % 2 == 1;
        if (last->undoes == 0 || (goes && is_replaced)) return true;
        is_replaced = !goes && last->kind != BATCH_UNDO;
        if (!add_toggled(undoing, last->undoes, err)) return false;
        if (goes || undoing->toggled[undoing->toggled_count - 1].undone_by == 0) continue;
        undoing->toggled_count--; /* it is away already */
        return true;
    }
}

/* The batch is out of force from now on, by BY, and so on. First those that give up a name. */
static bool toggle(struct undoing *undoing, uint64_t batch_id, uint64_t by, bool is_replaced,
                   struct error *err)
{
    struct txn *const txn = undoing->write->txn;
    if (!find_toggled(undoing, batch_id, is_replaced, err)) return false;
    struct batch *const chain = undoing->toggled;
    for (size_t i = 0; i < undoing->toggled_count; i += 2) {
        if (!batch_log_set_undone(txn, &chain[i], i == 0 ? by : chain[i - 1].id, err)) return false;
    }
    for (size_t i = 1; i < undoing->toggled_count; i += 2) {
        if (!check_name(undoing, &chain[i], err) || !batch_log_set_undone(txn, &chain[i], 0, err))
            return false;
    }
    return true;
}

/* The last of the batches IDS, between ABOVE and BELOW, that have changed KEY: of those that take
 * back others and are in force, by doing so; of others by a record. 0: none. */
static bool last_change(struct undoing *undoing, const uint64_t *ids, size_t count,
                        struct slice key, uint64_t above, uint64_t below, uint64_t *ret_id,
                        struct undo_image *ret_image, struct error *err)
{
    bool const is_deleting = ids == undoing->history.deleting;
    *ret_id = 0;
    for (size_t i = count; i > 0 && ids[i - 1] > above; i--) {
        struct batch_standing standing;
        if (ids[i - 1] >= below) continue;
        switch (undo_log_find(undoing->images, ids[i - 1], key, ret_image, err)) {
        case DB_FAILED: return false;
        case DB_MISSING: continue;
        case DB_FOUND: break;
        }
        if (!batch_history_find(&undoing->history, ids[i - 1], &standing, err)) return false;
        bool const counts = is_deleting ? ret_image->cause == UNDO_RECORD
                                        : !standing.in_force || ret_image->cause == UNDO_REVERSAL;
        if (!counts) continue;
        *ret_id = ids[i - 1];
        ret_image->packed = arena_copy(&undoing->found, ret_image->packed);
        return true;
    }
    return true;
}

/* What KEY had before the batch, if that has changed it; else nothing. */
static bool find_image(struct undoing *undoing, uint64_t batch_id, struct slice key,
                       struct slice *ret_packed, struct error *err)
{
    struct undo_image image;
    *ret_packed = (struct slice){0};
    switch (undo_log_find(undoing->images, batch_id, key, &image, err)) {
    case DB_FAILED: return false;
    case DB_MISSING: return true;
    case DB_FOUND: break;
    }
    *ret_packed = arena_copy(&undoing->found, image.packed);
    return true;
}

/* What the last batch in force left of KEY, for which the table of events has *NOW.
 * *RET_DELETED_BY: where that is nothing, who deleted it, if that is known; else 0. */
static bool settle(struct undoing *undoing, struct slice key, struct slice *now,
                   uint64_t *ret_deleted_by, struct error *err)
{
    const struct batch_history *const history = &undoing->history;
    uint64_t below = UINT64_MAX;
    *ret_deleted_by = 0;
    for (;;) {
        uint64_t const batch = event_batch(*now);
        uint64_t change;
        struct undo_image image;
        struct batch_standing standing;
        if (!batch_history_find(history, batch, &standing, err)) return false;
        undoing->is_growing = standing.grows;
        if (standing.grows) return true;
        if (!last_change(undoing, history->unsettled, history->unsettled_count, key, batch, below,
                         &change, &image, err))
            return false;
        if (now->length && !standing.in_force && change == 0) {
            below = batch;
            if (!find_image(undoing, batch, key, now, err)) return false;
            continue;
        }
        if (change == 0) return true;
        if (now->length == 0) {
            struct undo_image ignored;
            if (!last_change(undoing, history->deleting, history->deleting_count, key, change,
                             below, ret_deleted_by, &ignored, err))
                return false;
            if (*ret_deleted_by) return true;
        }
        below = change;
        *now = image.packed;
    }
}

/* Keys that are settled together, in their order. */
struct portion {
    struct arena arena;
    struct portion_key {
        struct slice key;
        uint64_t told; /* 0: it is not told of where it stays; else a batch that has changed it */
    } * keys;
    size_t count;
    size_t capacity;
};
static uint64_t const told_by_any = UINT64_MAX;

static void portion_done(struct portion *portion)
{
    arena_done(&portion->arena);
    free(portion->keys);
}

static void portion_add(struct portion *portion, struct slice key, uint64_t told)
{
    if (portion->count == portion->capacity) {
        portion->capacity = portion->capacity ? portion->capacity * 2 : 256;
        portion->keys = memory_resize(portion->keys, portion->capacity * sizeof *portion->keys);
    }
    portion->keys[portion->count++] =
        (struct portion_key){.key = arena_copy(&portion->arena, key), .told = told};
}

static struct slice portion_key(const void *items, size_t i)
{
    return ((const struct portion_key *)items)[i].key;
}

static void tell_kept(struct undoing *undoing, const struct event *event, uint64_t by)
{
    bool const is_later = by > undoing->batch_id || undoing->is_growing;
    if (!is_later || is_toggled(undoing, by)) return;
    undoing->kept_count++;
    if (undoing->kept.tell) undoing->kept.tell(undoing->kept.context, event, by);
}

/* TOLD: as of a portion. */
static bool settle_key(struct undoing *undoing, struct slice key, uint64_t told, struct error *err)
{
    struct event known = {.key = key}, event = {.key = key};
    uint64_t deleted_by;
    arena_reset(&undoing->found);
    if (event_lookup_find(&undoing->events, key, &known.packed, err) == DB_FAILED ||
        !event_edit_find(undoing->edit, key, &event.packed, err))
        return false;
    struct slice now = known.packed;
    if (!settle(undoing, key, &now, &deleted_by, err)) return false;
    if (told && slice_equal(known.packed, now)) {
        if (deleted_by == 0 && told != told_by_any) deleted_by = told;
        tell_kept(undoing, &known, now.length ? event_batch(now) : deleted_by);
    }
    return event_edit_set(undoing->edit, &event, now, UNDO_REVERSAL, err);
}

static bool settle_portion(struct undoing *undoing, struct portion *portion, struct error *err)
{
    if (portion->count == 0) return true;
    AUTO_FREE uint32_t *const order =
        radix_sort(portion->keys, portion_key, portion->count, EVENT_STREAM_BYTES);
    if (!event_edit_open(undoing->edit, err)) return false;
    for (size_t i = 0; i < portion->count;) {
        struct slice const key = portion->keys[order[i]].key;
        uint64_t told = 0;
        for (; i < portion->count && slice_equal(portion->keys[order[i]].key, key); i++) {
            uint64_t const next = portion->keys[order[i]].told;
            if (next && (told == 0 || told == told_by_any)) told = next;
        }
        if (!settle_key(undoing, key, told, err)) return false;
    }
    arena_reset(&portion->arena);
    portion->count = 0;
    return event_edit_close(undoing->edit, err);
}

/* Settles what has been collected, once it is a portion. */
static bool settle_full(struct undoing *undoing, struct portion *portion, struct error *err)
{
    size_t const most = undoing->write->resources.memory_bytes / KEYS_SHARES;
    size_t const bytes = portion->arena.used_bytes + portion->count * sizeof *portion->keys;
    return bytes < most || settle_portion(undoing, portion, err);
}

/* The events that came with the batch and are there, and what it has left of deleted ones. */
static bool settle_events(struct undoing *undoing, const struct batch *batch,
                          struct portion *portion, struct error *err)
{
    struct event_scan *scan;
    struct event event;
    enum event_step step = EVENT_END;
    bool good = true;
    if (batch->keys.last_length == 0) return true;
    if (!event_scan_open(undoing->committed, undoing->stream, &scan, err)) return false;
    event_scan_begin(scan, batch_keys_first(&batch->keys), true);
    while (good && (step = event_scan_next(scan, &event, err)) == EVENT_ONE &&
           batch_keys_have(&batch->keys, event.key)) {
        if (event_batch(event.packed) != batch->id) continue;
        portion_add(portion, event.key, 0);
        good = settle_full(undoing, portion, err);
    }
    event_scan_close(scan);
    return good && step != EVENT_FAILED;
}

/* Whether a key that is in the log is to be told of where it stays: what was changed by the batch
 * that is taken back, or had its event. */
static bool is_told(struct undoing *undoing, const struct undo_log_entry *entry, uint64_t *ret_told,
                    struct error *err)
{
    struct undo_image image;
    *ret_told = entry->batch_id == undoing->batch_id ? told_by_any : 0;
    if (*ret_told || event_batch(entry->image.packed) != undoing->batch_id) return true;
    switch (undo_log_find(undoing->images, undoing->batch_id, entry->key, &image, err)) {
    case DB_MISSING:
        *ret_told = entry->image.cause == UNDO_RECORD ? entry->batch_id : told_by_any;
        return true;
    case DB_FOUND: return true; /* it is told once */
    case DB_FAILED: return false;
    }
    return false;
}

/* What the batches have changed, and their events that others have changed. */
static bool settle_changes(struct undoing *undoing, struct portion *portion, struct error *err)
{
    struct undo_log_scan *scan;
    struct undo_log_entry entry;
    uint64_t first = undoing->batch_id, told;
    enum db_finding found = DB_MISSING;
    bool good = true;
    for (size_t i = 0; i < undoing->toggled_count; i++)
        first = undoing->toggled[i].id < first ? undoing->toggled[i].id : first;
    if (!undo_log_scan_open(undoing->committed, undoing->stream->id, first, &scan, err))
        return false;
    while (good && (found = undo_log_scan_next(scan, &entry, err)) == DB_FOUND) {
        if (!is_toggled(undoing, entry.batch_id) &&
            !is_toggled(undoing, event_batch(entry.image.packed)))
            continue;
        good = is_told(undoing, &entry, &told, err);
        if (good) portion_add(portion, entry.key, told);
        good = good && settle_full(undoing, portion, err);
    }
    undo_log_scan_close(scan);
    return good && found != DB_FAILED;
}

static bool settle_all(struct undoing *undoing, struct error *err)
{
    AUTO(portion_done) struct portion portion = {.count = 0};
    undoing->events.txn = undoing->committed;
    for (size_t i = 0; i < undoing->toggled_count; i++) {
        if (!settle_events(undoing, &undoing->toggled[i], &portion, err)) return false;
    }
    return settle_changes(undoing, &portion, err) && settle_portion(undoing, &portion, err);
}

/* Whether what the batches found is still known. */
static bool check_images(const struct undoing *undoing, struct error *err)
{
    for (size_t i = 0; i < undoing->toggled_count; i++) {
        const struct batch *const batch = &undoing->toggled[i];
        if (batch->id >= undoing->edit->meta.undo_from || batch->image_count == 0) continue;
        (void)error_set(err, ERROR_INPUT,
                        "what batch %llu replaced or deleted is not kept any longer",
                        (unsigned long long)batch->id);
        return error_remedy(err, "\"undo\" of a stream in the schema says how long it is");
    }
    return true;
}

/* Takes back a batch of the STREAM for the one with the number BY, which may take its place. */
static bool take_back(struct undoing *undoing, const struct stream *stream, uint64_t by,
                      bool is_replaced, struct error *err)
{
    struct write_txn *const write = undoing->write;
    undoing->stream = stream;
    return txn_begin_beside(write->txn, &undoing->committed, err) &&
           event_edit_begin(undoing->edit, write, stream, by, err) &&
           toggle(undoing, undoing->batch_id, by, is_replaced, err) &&
           (is_replaced || check_images(undoing, err)) &&
           batch_history_load(&undoing->history, write->txn, stream->id,
                              undoing->edit->meta.undo_from, write->meta.last_batch_id, err) &&
           undo_log_open(undoing->committed, stream->id, &undoing->images, err) &&
           settle_all(undoing, err) && event_edit_count(undoing->edit, err);
}

static void report(const struct undoing *undoing, struct undo_report *ret_report)
{
    *ret_report = (struct undo_report){.removed_count = undoing->edit->removed_count,
                                       .restored_count = undoing->edit->restored_count,
                                       .kept_count = undoing->kept_count};
}

bool undo_replaced(struct write_txn *write, const struct stream *stream, uint64_t replaced,
                   uint64_t batch_id, struct event_edit *ret_edit, struct error *err)
{
    AUTO(undoing_done)
    struct undoing undoing = {.write = write, .batch_id = replaced, .edit = ret_edit};
    return take_back(&undoing, stream, batch_id, true, err);
}

struct undo_work {
    const struct undo_options *options;
    struct batch *undoing;
    struct undo_report *report;
};

/* Whether the batch can be taken back at all. */
static bool check_batch(const struct write_txn *write, const struct batch *batch,
                        const struct stream **ret_stream, struct error *err)
{
    unsigned long long const id = batch->id, by = batch->undone_by;
    *ret_stream = schema_stream_of(write->schema, batch->stream);
    if (!*ret_stream)
        return error_set(err, ERROR_INPUT, "the schema has no longer the stream of batch %llu", id);
    if (batch->kind == BATCH_FOLLOW) {
        (void)error_set(err, ERROR_INPUT, "batch %llu is of an input that grows", id);
        return error_remedy(err, "delete what has come so far: tally delete STORE --batch %llu",
                            id);
    }
    if (by == 0) return true;
    (void)error_set(err, ERROR_INPUT, "batch %llu is undone already, by batch %llu", id, by);
    return error_remedy(err, "tally undo STORE %llu brings it back", by);
}

static bool load_batch(const struct write_txn *write, uint64_t id, struct arena *arena,
                       struct batch *ret_batch, struct error *err)
{
    switch (batch_log_get(write->txn, id, arena, ret_batch, err)) {
    case BATCH_LOG_FOUND: return true;
    case BATCH_LOG_FAILED: return false;
    case BATCH_LOG_MISSING: break;
    }
    (void)error_set(err, ERROR_MISSING, "there is no batch %llu", (unsigned long long)id);
    return error_remedy(err, "the last one is %llu", (unsigned long long)write->meta.last_batch_id);
}

static bool fill_undo(struct write_txn *write, void *context, struct error *err)
{
    struct undo_work *const work = context;
    const struct undo_options *const options = work->options;
    AUTO_ARENA struct arena arena = {0};
    AUTO(event_edit_done) struct event_edit edit = {.write = write};
    AUTO(undoing_done)
    struct undoing undoing = {
        .write = write, .batch_id = options->batch_id, .edit = &edit, .kept = options->kept};
    struct batch written = *work->undoing, batch;
    const struct stream *stream;
    if (options->kept.begin) options->kept.begin(options->kept.context);
    if (!load_batch(write, options->batch_id, &arena, &batch, err) ||
        !check_batch(write, &batch, &stream, err) ||
        !take_back(&undoing, stream, write_txn_batch_id(write, &written), false, err) ||
        !event_edit_finish(&edit, false, err) || !write_txn_merge(write, err))
        return false;
    report(&undoing, work->report);
    written.stream = stream->id;
    written.undoes = options->batch_id;
    written.removed_count = work->report->removed_count;
    written.restored_count = work->report->restored_count;
    written.image_count = edit.image_count;
    if (!write_txn_put_batch(write, &written, err)) return false;
    *work->undoing = written;
    return true;
}

bool commit_undo(struct store *store, const struct undo_options *options, struct batch *undoing,
                 struct undo_report *ret_report, uint64_t *ret_commit_id, struct error *err)
{
    struct batch batch = *undoing;
    struct undo_work undo = {.options = options, .undoing = &batch, .report = ret_report};
    struct write_txn_work work = {.resources = options->resources,
                                  .fill = fill_undo,
                                  .context = &undo,
                                  .dry_run = options->dry_run};
    if (!store_schema(store, &work.schema, err) || !write_txn_run(store, &work, ret_commit_id, err))
        return false;
    *undoing = batch;
    return true;
}
