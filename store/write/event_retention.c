// SPDX-License-Identifier: Apache-2.0
#include "write/event_retention.h"

#include <time.h>

#include "base/arena.h"
#include "lsm/lsm_writer.h"
#include "tables/events.h"
#include "tables/expiry.h"
#include "tables/reference_index.h"
#include "write/propagation.h"

enum { PORTION_KEYS = 65536 };

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
                        struct lsm_changes *references, struct error *err)
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
    AUTO(lsm_changes_done) struct lsm_changes references = {0};
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

/* Removes the events in front of END. FROM: there are none in front of it. */
static bool drop_before(struct write_txn *write, const struct stream *stream,
                        const struct value *from, const struct value *end, uint64_t *ret_count,
                        struct error *err)
{
    AUTO_BUFFER struct buffer place = {0};
    struct portion *const portion = memory_alloc(sizeof *portion);
    bool good;
    *ret_count = 0;
    expiry_begin(stream, from, &place);
    while ((good = expiry_take(write->txn, &place, end, PORTION_KEYS, &portion->arena,
                               portion->keys, &portion->count, err)) &&
           portion->count > 0) {
        *ret_count += portion->count;
        good = drop_portion(write, stream, portion, err);
        if (!good) break;
    }
    arena_done(&portion->arena);
    free(portion);
    return good;
}

bool event_retention_drop_of(struct write_txn *write, const struct stream *stream,
                             struct error *err)
{
    struct meta_stream state;
    uint64_t count;
    if (!meta_stream_load(write->txn, stream->id, &state, err)) return false;
    struct value const cutoff =
        event_retention_cutoff(&state, stream->keep_seconds, write->schema->zone);
    if (cutoff.kind == VALUE_NULL) return true;
    if (!drop_before(write, stream, &state.expired_before, &cutoff, &count, err)) return false;
    if (count == 0) return true;
    write->meta.event_count -= count;
    state.event_count -= count;
    state.dropped_count += count;
    state.dropped_before = state.expired_before = cutoff;
    return meta_stream_save(write->txn, stream->id, &state, err) && write_txn_merge(write, err);
}

bool event_retention_drop(struct write_txn *write, struct error *err)
{
    const struct schema *const schema = write->schema;
    for (size_t i = 0; i < schema->stream_count; i++) {
        const struct stream *const stream = &schema->streams[i];
        if (stream->keep_seconds && !event_retention_drop_of(write, stream, err)) return false;
    }
    return true;
}
