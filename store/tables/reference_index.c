/* Keys of events can be of any length up to LMDB's, so digests stand for both of them: a target's
 * references are neighbours, and share all but the second digest within a block.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "tables/reference_index.h"

#include "base/digest.h"
#include "base/radix_sort.h"
#include "lsm/lsm_cursor.h"
#include "lsm/lsm_writer.h"
#include "tables/event_scan.h"
#include "tables/join.h"
#include "types/pack.h"

enum { STREAM_BYTES = 2, HEAD_BYTES = STREAM_BYTES + 1, KEY_BYTES = HEAD_BYTES + 2 * DIGEST_BYTES };
enum { PORTION_BYTES = 64 << 20 }; /* noted before they are written, where a whole stream is */

struct reference_lookup_stream {
    uint16_t stream;
    struct lsm_cursor *cursor;
};

struct references_change {
    struct slice key;   /* in the table */
    struct slice event; /* its key; empty: it goes */
    size_t number;      /* of two changes of one key the later one counts */
};

void reference_index_log_done(struct reference_index_log *log)
{
    arena_done(&log->arena);
    free(log->changes);
    *log = (struct reference_index_log){0};
}

static void reference_index_start_key(const struct stream *stream, size_t reference,
                                      struct slice target, struct buffer *key)
{
    buffer_clear(key);
    pack_u16(key, stream->id);
    buffer_add_byte(key, (uint8_t)reference);
    digest_add(target, key);
}

static struct references_change *reference_index_next_change(struct reference_index_log *log)
{
    if (log->count == log->capacity) {
        log->capacity = log->capacity ? log->capacity * 2 : 256;
        log->changes = memory_resize(log->changes, log->capacity * sizeof *log->changes);
    }
    return &log->changes[log->count++];
}

void reference_index_note(struct reference_index_log *log, const struct stream *stream,
                          struct slice key, const struct value *values, bool is_there)
{
    STACK_BUFFER(target, DB_KEY_BYTES_MAX);
    STACK_BUFFER(entry, KEY_BYTES);
    for (size_t i = 0; i < stream->reference_count; i++) {
        if (!join_target_key(&stream->references[i], values, &target)) continue;
        reference_index_start_key(stream, i, buffer_slice(&target), &entry);
        digest_add(key, &entry);
        struct references_change *const change = reference_index_next_change(log);
        *change = (struct references_change){.key = arena_copy(&log->arena, buffer_slice(&entry)),
                                             .number = log->count};
        if (is_there) change->event = arena_copy(&log->arena, key);
    }
}

static int compare_changes(const void *a, const void *b)
{
    const struct references_change *const left = a, *const right = b;
    int const order = slice_compare(left->key, right->key);
    return order ? order : (left->number > right->number) - (left->number < right->number);
}

/* Those from FIRST on that are of one stream; *RET_NEXT: the first behind them. */
static bool write_changes(struct txn *txn, const struct reference_index_log *log, size_t first,
                          size_t *ret_next, struct error *err)
{
    struct slice const stream = slice_of(log->changes[first].key.at, STREAM_BYTES);
    struct lsm_writer *writer;
    struct slice known;
    bool good = lsm_writer_open(txn, TABLE_REFERENCES, stream, &writer, err);
    if (!good) return false;
    size_t i = first;
    for (; good && i < log->count && slice_starts(log->changes[i].key, stream); i++) {
        const struct references_change *const change = &log->changes[i];
        if (i + 1 < log->count && slice_equal(change->key, change[1].key)) continue;
        good = lsm_writer_seek(writer, change->key, &known, err) &&
               lsm_writer_set(writer, change->event, err);
    }
    *ret_next = i;
    good = good && lsm_writer_finish(writer, err);
    lsm_writer_close(writer);
    return good;
}

bool reference_index_save(struct txn *txn, struct reference_index_log *log, struct error *err)
{
    bool good = true;
    if (log->count) qsort(log->changes, log->count, sizeof *log->changes, compare_changes);
    for (size_t i = 0; i < log->count && good;)
        good = write_changes(txn, log, i, &i, err);
    arena_reset(&log->arena);
    log->count = 0;
    return good;
}

void reference_lookup_done(struct reference_lookup *lookup)
{
    for (size_t i = 0; i < lookup->count; i++)
        lsm_cursor_close(lookup->streams[i].cursor);
    free(lookup->streams);
    *lookup = (struct reference_lookup){0};
}

static bool cursor_of(struct reference_lookup *lookup, uint16_t stream,
                      struct lsm_cursor **ret_cursor, struct error *err)
{
    STACK_BUFFER(prefix, STREAM_BYTES);
    for (size_t i = 0; i < lookup->count; i++) {
        *ret_cursor = lookup->streams[i].cursor;
        if (lookup->streams[i].stream == stream) return true;
    }
    lookup->streams = memory_resize(lookup->streams, (lookup->count + 1) * sizeof *lookup->streams);
    pack_u16(&prefix, stream);
    if (!lsm_cursor_open(lookup->txn, TABLE_REFERENCES, buffer_slice(&prefix), ret_cursor, err))
        return false;
    lookup->streams[lookup->count++] =
        (struct reference_lookup_stream){.stream = stream, .cursor = *ret_cursor};
    return true;
}

bool reference_lookup_find(struct reference_lookup *lookup, const struct stream *stream,
                           size_t reference, struct slice target,
                           void (*visit)(void *context, struct slice key), void *context,
                           struct error *err)
{
    STACK_BUFFER(prefix, KEY_BYTES);
    struct lsm_cursor *cursor;
    struct db_entry entry;
    if (!cursor_of(lookup, stream->id, &cursor, err)) return false;
    reference_index_start_key(stream, reference, target, &prefix);
    enum db_finding found =
        lsm_cursor_seek(cursor, buffer_slice(&prefix), prefix.length, &entry, err);
    for (; found == DB_FOUND; found = lsm_cursor_next(cursor, &entry, err))
        visit(context, entry.value);
    return found != DB_FAILED;
}

bool reference_index_clear(struct txn *txn, uint16_t stream, struct error *err)
{
    STACK_BUFFER(prefix, STREAM_BYTES);
    pack_u16(&prefix, stream);
    return lsm_clear(txn, TABLE_REFERENCES, buffer_slice(&prefix), err);
}

bool reference_index_make(struct txn *txn, const struct stream *stream, struct error *err)
{
    AUTO_FREE struct value *const values =
        memory_alloc(stream_value_count(stream) * sizeof *values);
    AUTO(reference_index_log_done) struct reference_index_log log = {0};
    struct event_scan *scan;
    struct event event;
    enum event_step step;
    bool good = true;
    if (!event_scan_open(txn, stream, &scan, err)) return false;
    while (good && (step = event_scan_unpack(scan, &event, values, err)) != EVENT_END) {
        good = step == EVENT_ONE;
        if (good) reference_index_note(&log, stream, event.key, values, true);
        if (good && log.arena.used_bytes > PORTION_BYTES)
            good = reference_index_save(txn, &log, err);
    }
    event_scan_close(scan);
    return good && reference_index_save(txn, &log, err);
}
