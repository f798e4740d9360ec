/* Keys of events can be of any length up to LMDB's, so digests stand for both of them: a target's
 * references are neighbours, and share all but the second digest within a block.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "tables/reference_index.h"

#include "base/digest.h"
#include "base/radix_sort.h"
#include "kv/block.h"
#include "kv/block_writer.h"
#include "tables/event_scan.h"
#include "tables/join.h"
#include "types/pack.h"

enum { HEAD_BYTES = 2 + 1, KEY_BYTES = HEAD_BYTES + 2 * DIGEST_BYTES };
enum { PORTION_BYTES = 64 << 20 }; /* noted before they are written, where a whole stream is */

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

static bool write_changes(struct reference_index_log *log, struct block_writer *writer,
                          struct error *err)
{
    struct slice known;
    for (size_t i = 0; i < log->count; i++) {
        const struct references_change *const change = &log->changes[i];
        if (i + 1 < log->count && slice_equal(change->key, change[1].key)) continue;
        if (!block_writer_seek(writer, change->key, &known, err) ||
            !block_writer_set(writer, change->event, err))
            return false;
    }
    return block_writer_finish(writer, err);
}

bool reference_index_save(struct txn *txn, struct reference_index_log *log, struct error *err)
{
    struct block_writer *writer;
    if (log->count == 0) return true;
    if (!block_writer_open(txn, TABLE_REFERENCES, (struct slice){0}, &writer, err)) return false;
    qsort(log->changes, log->count, sizeof *log->changes, compare_changes);
    bool const good = write_changes(log, writer, err);
    block_writer_close(writer);
    arena_reset(&log->arena);
    log->count = 0;
    return good;
}

struct reference_index_cursor {
    struct cursor *cursor;
    struct block_reader block;
};

bool reference_index_cursor_open(const struct txn *txn, struct reference_index_cursor **ret_reader,
                                 struct error *err)
{
    struct reference_index_cursor *const reader = memory_alloc(sizeof *reader);
    if (!cursor_open(txn, TABLE_REFERENCES, &reader->cursor, err)) {
        reference_index_cursor_close(reader);
        return false;
    }
    *ret_reader = reader;
    return true;
}

void reference_index_cursor_close(struct reference_index_cursor *reader)
{
    if (!reader) return;
    cursor_close(reader->cursor);
    block_reader_done(&reader->block);
    free(reader);
}

/* Sees what begins with PREFIX in the block that is read; *ret_behind: it ends in there. */
static bool visit_block(struct reference_index_cursor *reader, struct slice prefix,
                        void (*visit)(void *context, struct slice key), void *context,
                        bool *ret_behind, struct error *err)
{
    enum block_step step;
    *ret_behind = false;
    while ((step = block_next(&reader->block)) == BLOCK_ONE) {
        struct slice const key = buffer_slice(&reader->block.key);
        if (slice_starts(key, prefix)) {
            visit(context, reader->block.value);
        } else if (slice_compare(key, prefix) > 0) {
            *ret_behind = true;
            return true;
        }
    }
    return step == BLOCK_END || block_corrupt(TABLE_REFERENCES, err);
}

bool reference_index_scan(struct reference_index_cursor *reader, const struct stream *stream,
                          size_t reference, struct slice target,
                          void (*visit)(void *context, struct slice key), void *context,
                          struct error *err)
{
    STACK_BUFFER(prefix, KEY_BYTES);
    struct db_entry block;
    bool behind = false;
    reference_index_start_key(stream, reference, target, &prefix);
    enum db_finding found =
        block_find(reader->cursor, (struct slice){0}, buffer_slice(&prefix), &block, err);
    while (found == DB_FOUND && !behind) {
        block_read(&reader->block, block.key, block.value);
        if (!visit_block(reader, buffer_slice(&prefix), visit, context, &behind, err)) return false;
        if (!behind) found = cursor_next(reader->cursor, &block, err);
    }
    return found != DB_FAILED;
}

bool reference_index_clear(struct txn *txn, uint16_t stream, struct error *err)
{
    struct block_writer *writer;
    STACK_BUFFER(prefix, HEAD_BYTES);
    pack_u16(&prefix, stream);
    if (!block_writer_open(txn, TABLE_REFERENCES, (struct slice){0}, &writer, err)) return false;
    bool const good =
        block_writer_clear(writer, buffer_slice(&prefix), err) && block_writer_finish(writer, err);
    block_writer_close(writer);
    return good;
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
    while (good && (step = event_scan_next(scan, &event, err)) != EVENT_END) {
        good = step == EVENT_ONE;
        if (good && !event_unpack(stream, &event, values)) good = event_corrupt(err);
        if (good) reference_index_note(&log, stream, event.key, values, true);
        if (good && log.arena.used_bytes > PORTION_BYTES)
            good = reference_index_save(txn, &log, err);
    }
    event_scan_close(scan);
    return good && reference_index_save(txn, &log, err);
}
