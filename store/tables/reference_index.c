/* Keys of events can be of any length up to LMDB's, so digests stand for both of them: a target's
 * references are neighbours, and share all but the second digest within a block.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "tables/reference_index.h"

#include "base/digest.h"
#include "lsm/lsm_cursor.h"
#include "tables/join.h"
#include "types/pack.h"

enum { STREAM_BYTES = 2, HEAD_BYTES = STREAM_BYTES + 1, KEY_BYTES = HEAD_BYTES + 2 * DIGEST_BYTES };

struct reference_lookup_stream {
    uint16_t stream;
    struct lsm_cursor *cursor;
};

static void reference_index_start_key(const struct stream *stream, size_t reference,
                                      struct slice target, struct buffer *key)
{
    buffer_clear(key);
    pack_u16(key, stream->id);
    buffer_add_byte(key, (uint8_t)reference);
    digest_add(target, key);
}

void reference_index_note(struct lsm_changes *changes, const struct stream *stream,
                          struct slice key, const struct value *values, bool is_there)
{
    STACK_BUFFER(target, DB_KEY_BYTES_MAX);
    STACK_BUFFER(entry, KEY_BYTES);
    for (size_t i = 0; i < stream->reference_count; i++) {
        if (!join_target_key(&stream->references[i], values, &target)) continue;
        reference_index_start_key(stream, i, buffer_slice(&target), &entry);
        digest_add(key, &entry);
        lsm_changes_set(changes, buffer_slice(&entry), is_there ? key : (struct slice){0});
    }
}

bool reference_index_save(struct txn *txn, struct lsm_changes *changes, struct error *err)
{
    return event_index_save(txn, TABLE_REFERENCES, changes, err);
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
    return event_index_clear(txn, TABLE_REFERENCES, stream, err);
}

bool reference_index_make(struct txn *txn, const struct stream *stream, struct error *err)
{
    return reference_index_clear(txn, stream->id, err) &&
           (stream->reference_count == 0 ||
            event_index_fill(txn, TABLE_REFERENCES, stream, reference_index_note, err));
}
