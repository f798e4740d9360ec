// SPDX-License-Identifier: Apache-2.0
#include "write/event_retention.h"

#include <time.h>

#include "base/arena.h"
#include "base/digest.h"
#include "lsm/lsm_writer.h"
#include "tables/events.h"
#include "tables/reference_index.h"
#include "types/pack.h"
#include "write/propagation.h"

enum { STREAM_BYTES = 2, PORTION_KEYS = 65536 };

static void stream_prefix(uint16_t stream, struct buffer *key)
{
    buffer_clear(key);
    pack_u16(key, stream);
}

/* [stream][time][digest of the event's key]; false: the event is kept for ever. */
static bool entry_key(const struct stream *stream, struct slice event_key,
                      const struct value *fields, struct buffer *key)
{
    if (stream->keep_seconds == 0 || fields[stream->time_field].kind == VALUE_NULL) return false;
    stream_prefix(stream->id, key);
    (void)pack_value(key, &fields[stream->time_field], PACK_NO_LIMIT);
    digest_add(event_key, key);
    return true;
}

bool event_retention_add(struct txn *txn, const struct stream *stream, struct slice key,
                         const struct value *fields, struct error *err)
{
    AUTO_BUFFER struct buffer entry = {0};
    return !entry_key(stream, key, fields, &entry) ||
           db_put(txn, TABLE_EXPIRY, buffer_slice(&entry), key, err);
}

bool event_retention_remove(struct txn *txn, const struct stream *stream, struct slice key,
                            const struct value *fields, struct error *err)
{
    AUTO_BUFFER struct buffer entry = {0};
    return !entry_key(stream, key, fields, &entry) ||
           db_drop(txn, TABLE_EXPIRY, buffer_slice(&entry), err);
}

struct value event_retention_cutoff(const struct meta_stream *meta, int64_t seconds,
                                    const struct time_zone *zone)
{
    struct timespec now;
    struct value cutoff = meta->newest;
    if (cutoff.kind == VALUE_NULL) return cutoff;
    (void)clock_gettime(CLOCK_REALTIME, &now); /* cannot fail for this clock */
    int128 const now_ns = (int128)now.tv_sec * 1000000000 + now.tv_nsec;
    if (cutoff.time_ns > now_ns) cutoff.time_ns = now_ns;
    cutoff.time_ns -= (int128)seconds * 1000000000;
    if (!calendar_in_range(cutoff.time_ns, zone)) cutoff.kind = VALUE_NULL;
    return cutoff;
}

/* Keys of events on their way out: noted by time, dropped in the order of keys, a
 * portion at a time. */
struct portion {
    struct arena arena;
    struct slice keys[PORTION_KEYS];
    size_t count;
};

static int compare_keys(const void *a, const void *b)
{
    return slice_compare(*(const struct slice *)a, *(const struct slice *)b);
}

/* Takes the events out of their table, and notes which references go with them. */
static bool drop_events(struct txn *txn, const struct stream *stream, const struct portion *portion,
                        struct reference_index_log *references, struct error *err)
{
    AUTO_FREE struct value *const fields = memory_alloc(stream->field_count * sizeof *fields);
    AUTO_ARENA struct arena texts = {0};
    struct lsm_writer *writer;
    bool good = events_writer_open(txn, stream, &writer, err);
    if (!good) return false;
    for (size_t i = 0; i < portion->count && good; i++) {
        struct event event = {.key = portion->keys[i]};
        good = lsm_writer_seek(writer, event.key, &event.packed, err);
        if (good && stream->reference_count) {
            arena_reset(&texts);
            good = event_unpack(stream, &event, &texts, fields) || event_corrupt(err);
            if (good) reference_index_note(references, stream, event.key, fields, false);
        }
        good = good && lsm_writer_set(writer, (struct slice){0}, err);
    }
    good = good && lsm_writer_finish(writer, err);
    lsm_writer_close(writer);
    return good;
}

static bool drop_portion(struct write_txn *write, const struct stream *stream,
                         struct portion *portion, struct error *err)
{
    AUTO(reference_index_log_done) struct reference_index_log references = {0};
    AUTO(propagation_done) struct propagation propagation = {0};
    qsort(portion->keys, portion->count, sizeof portion->keys[0], compare_keys);
    for (size_t i = 0; i < portion->count && stream->is_target; i++)
        propagation_add(&propagation, stream, portion->keys[i], true);
    if (!propagation_retract(write, &propagation, err) ||
        !drop_events(write->txn, stream, portion, &references, err) ||
        !reference_index_save(write->txn, &references, err) ||
        !propagation_put_back(write, &propagation, err))
        return false;
    arena_reset(&portion->arena);
    portion->count = 0;
    return true;
}

/* Removes the events noted in front of END, and their notes. */
static bool drop_before(struct write_txn *write, const struct stream *stream, struct slice end,
                        uint64_t *ret_count, struct error *err)
{
    AUTO_CURSOR struct cursor *cursor = NULL;
    struct portion *const portion = memory_alloc(sizeof *portion);
    struct db_entry entry;
    bool good = cursor_open(write->txn, TABLE_EXPIRY, &cursor, err);
    enum db_finding found = DB_FAILED;
    if (good) found = cursor_seek(cursor, slice_of(end.at, STREAM_BYTES), &entry, err);
    while (good && found == DB_FOUND && slice_compare(entry.key, end) < 0) {
        portion->keys[portion->count++] = arena_copy(&portion->arena, entry.value);
        (*ret_count)++;
        good = cursor_drop(cursor, err) &&
               (portion->count < PORTION_KEYS || drop_portion(write, stream, portion, err));
        found = cursor_next(cursor, &entry, err);
    }
    good = good && found != DB_FAILED && drop_portion(write, stream, portion, err);
    arena_done(&portion->arena);
    free(portion);
    return good;
}

static bool drop_of_stream(struct write_txn *write, const struct stream *stream, struct error *err)
{
    AUTO_BUFFER struct buffer end = {0};
    struct meta_stream state;
    uint64_t count = 0;
    if (!meta_stream_load(write->txn, stream->id, &state, err)) return false;
    struct value const cutoff =
        event_retention_cutoff(&state, stream->keep_seconds, write->schema->zone);
    if (cutoff.kind == VALUE_NULL) return true;
    stream_prefix(stream->id, &end);
    (void)pack_value(&end, &cutoff, PACK_NO_LIMIT);
    if (!drop_before(write, stream, buffer_slice(&end), &count, err)) return false;
    if (count == 0) return true;
    write->meta.event_count -= count;
    state.event_count -= count;
    state.dropped_count += count;
    state.dropped_before = cutoff;
    return meta_stream_save(write->txn, stream->id, &state, err) && write_txn_merge(write, err);
}

bool event_retention_drop(struct write_txn *write, struct error *err)
{
    const struct schema *const schema = write->schema;
    for (size_t i = 0; i < schema->stream_count; i++) {
        const struct stream *const stream = &schema->streams[i];
        if (stream->keep_seconds && !drop_of_stream(write, stream, err)) return false;
    }
    return true;
}

bool event_retention_clear(struct txn *txn, uint16_t stream, struct error *err)
{
    AUTO_BUFFER struct buffer prefix = {0};
    stream_prefix(stream, &prefix);
    return db_clear_prefix(txn, TABLE_EXPIRY, buffer_slice(&prefix), err);
}
