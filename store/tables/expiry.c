// SPDX-License-Identifier: Apache-2.0
#include "tables/expiry.h"

#include "lsm/lsm_cursor.h"
#include "tables/events.h"
#include "types/pack.h"

enum { PREFIX_BYTES = EVENT_STREAM_BYTES };
enum { IS_WHOLE = 0 }; /* the value where the entry has the event's key; else it is the value */

static void pack_start(uint16_t stream, const struct value *time, struct buffer *ret_key)
{
    buffer_clear(ret_key);
    pack_u16(ret_key, stream);
    if (time->kind != VALUE_NULL) (void)pack_value(ret_key, time, PACK_NO_LIMIT);
}

bool expiry_entry(const struct stream *stream, struct slice key, const struct value *values,
                  struct buffer *ret_entry, struct buffer *ret_value)
{
    if (stream->keep_seconds == 0 || values[stream->time_field].kind == VALUE_NULL) return false;
    pack_start(stream->id, &values[stream->time_field], ret_entry);
    buffer_clear(ret_value);
    if (event_index_add_key(key, ret_entry))
        buffer_add_byte(ret_value, IS_WHOLE);
    else
        buffer_add_slice(ret_value, key);
    return true;
}

void expiry_note(struct lsm_changes *changes, const struct stream *stream, struct slice key,
                 const struct value *values, bool is_there)
{
    STACK_BUFFER(entry, DB_KEY_BYTES_MAX);
    STACK_BUFFER(value, DB_KEY_BYTES_MAX);
    if (!expiry_entry(stream, key, values, &entry, &value)) return;
    lsm_changes_set(changes, buffer_slice(&entry),
                    is_there ? buffer_slice(&value) : (struct slice){0});
}

bool expiry_save(struct txn *txn, struct lsm_changes *changes, struct error *err)
{
    return event_index_save(txn, TABLE_EXPIRY, changes, err);
}

void expiry_begin(const struct stream *stream, const struct value *from, struct buffer *place)
{
    pack_start(stream->id, from, place);
}

/* The key of the event of an entry; empty: it cannot be read. */
static struct slice event_key(const struct db_entry *entry, struct arena *arena)
{
    AUTO_BUFFER struct buffer key = {0};
    if (entry->value.length > 1) return arena_copy(arena, entry->value);
    struct slice const rest =
        slice_of(entry->key.at + PREFIX_BYTES, entry->key.length - PREFIX_BYTES);
    size_t const time = packed_length(rest);
    if (time == 0) return (struct slice){0};
    buffer_add(&key, entry->key.at, PREFIX_BYTES);
    buffer_add(&key, rest.at + time, rest.length - time);
    return arena_copy(arena, buffer_slice(&key));
}

static bool corrupt(struct error *err)
{
    (void)error_set(err, ERROR_CORRUPT, "an entry cannot be read");
    return db_blame(TABLE_EXPIRY, err);
}

static bool read_oldest(struct txn *txn, struct buffer *place, struct slice end, size_t most,
                        struct arena *arena, struct slice *keys, struct lsm_changes *taken,
                        struct error *err)
{
    AUTO_LSM_CURSOR struct lsm_cursor *cursor = NULL;
    struct db_entry entry;
    if (!lsm_cursor_open(txn, TABLE_EXPIRY, slice_of(place->at, PREFIX_BYTES), &cursor, err))
        return false;
    enum db_finding found = lsm_cursor_seek(cursor, buffer_slice(place), PREFIX_BYTES, &entry, err);
    for (; found == DB_FOUND && taken->count < most && slice_compare(entry.key, end) < 0;
         found = lsm_cursor_next(cursor, &entry, err)) {
        keys[taken->count] = event_key(&entry, arena);
        if (keys[taken->count].length == 0) return corrupt(err);
        lsm_changes_set(taken, entry.key, (struct slice){0});
        buffer_set(place, entry.key);
    }
    return found != DB_FAILED;
}

bool expiry_take(struct txn *txn, struct buffer *place, const struct value *end, size_t most,
                 struct arena *arena, struct slice *keys, size_t *ret_count, struct error *err)
{
    AUTO(lsm_changes_done) struct lsm_changes taken = {0};
    AUTO_BUFFER struct buffer limit = {0};
    pack_start((uint16_t)(place->at[0] << 8 | place->at[1]), end, &limit);
    if (!read_oldest(txn, place, buffer_slice(&limit), most, arena, keys, &taken, err))
        return false;
    *ret_count = taken.count;
    return expiry_save(txn, &taken, err);
}

bool expiry_clear(struct txn *txn, uint16_t stream, struct error *err)
{
    return event_index_clear(txn, TABLE_EXPIRY, stream, err);
}

bool expiry_make(struct txn *txn, const struct stream *stream, struct error *err)
{
    return expiry_clear(txn, stream->id, err) &&
           (stream->keep_seconds == 0 ||
            event_index_fill(txn, TABLE_EXPIRY, stream, expiry_note, err));
}
