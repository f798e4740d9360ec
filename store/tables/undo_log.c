// SPDX-License-Identifier: Apache-2.0
#include "tables/undo_log.h"

#include "lsm/lsm_cursor.h"
#include "tables/event_index.h"
#include "tables/events.h"
#include "types/pack.h"

enum { PREFIX_BYTES = EVENT_STREAM_BYTES, BATCH_BYTES = 8, PORTION_ENTRIES = 65536 };

struct undo_log_scan {
    struct lsm_cursor *cursor;
    struct buffer place; /* where it begins; empty: it has begun */
    struct buffer key;   /* of the entry at hand */
};

/* Returns whether the entry has all of the key. */
static bool pack_key(uint64_t batch_id, struct slice key, struct buffer *entry)
{
    buffer_add(entry, key.at, PREFIX_BYTES);
    pack_u64(entry, batch_id);
    return event_index_add_key(key, entry);
}

void undo_log_note(struct lsm_changes *changes, uint64_t batch_id, struct slice key,
                   const struct undo_image *image)
{
    STACK_BUFFER(entry, DB_KEY_BYTES_MAX);
    AUTO_BUFFER struct buffer value = {0};
    if (pack_key(batch_id, key, &entry)) key.length = 0;
    buffer_add_byte(&value, (uint8_t)image->cause);
    pack_bytes(&value, key);
    buffer_add_slice(&value, image->packed);
    lsm_changes_set(changes, buffer_slice(&entry), buffer_slice(&value));
}

bool undo_log_save(struct txn *txn, struct lsm_changes *changes, struct error *err)
{
    return event_index_save(txn, TABLE_UNDO, changes, err);
}

bool undo_log_open(const struct txn *txn, uint16_t stream, struct lsm_reader **ret_reader,
                   struct error *err)
{
    STACK_BUFFER(prefix, PREFIX_BYTES);
    pack_u16(&prefix, stream);
    return lsm_reader_open(txn, TABLE_UNDO, buffer_slice(&prefix), ret_reader, err);
}

static bool corrupt(struct error *err)
{
    (void)error_set(err, ERROR_CORRUPT, "an entry cannot be read");
    return db_blame(TABLE_UNDO, err);
}

/* *RET_KEY: the event's, where the entry has not all of it; else empty. */
static bool unpack_image(struct slice value, struct slice *ret_key, struct undo_image *ret_image)
{
    uint8_t cause;
    if (!unpack_byte(&value, &cause) || cause > UNDO_RECORD || !unpack_bytes(&value, ret_key))
        return false;
    *ret_image = (struct undo_image){.cause = (enum undo_cause)cause, .packed = value};
    return true;
}

enum db_finding undo_log_find(struct lsm_reader *reader, uint64_t batch_id, struct slice key,
                              struct undo_image *ret_image, struct error *err)
{
    STACK_BUFFER(entry, DB_KEY_BYTES_MAX);
    struct slice value, ignored;
    (void)pack_key(batch_id, key, &entry);
    enum db_finding const found = lsm_reader_find(reader, buffer_slice(&entry), &value, err);
    if (found != DB_FOUND || unpack_image(value, &ignored, ret_image)) return found;
    (void)corrupt(err);
    return DB_FAILED;
}

bool undo_log_scan_open(const struct txn *txn, uint16_t stream, uint64_t first_batch_id,
                        struct undo_log_scan **ret_scan, struct error *err)
{
    struct undo_log_scan *const scan = memory_alloc(sizeof *scan);
    pack_u16(&scan->place, stream);
    struct slice const prefix = buffer_slice(&scan->place);
    bool const good = lsm_cursor_open(txn, TABLE_UNDO, prefix, &scan->cursor, err);
    pack_u64(&scan->place, first_batch_id);
    if (good)
        *ret_scan = scan;
    else
        undo_log_scan_close(scan);
    return good;
}

void undo_log_scan_close(struct undo_log_scan *scan)
{
    if (!scan) return;
    lsm_cursor_close(scan->cursor);
    buffer_done(&scan->place);
    buffer_done(&scan->key);
    free(scan);
}

static bool unpack_entry(struct undo_log_scan *scan, const struct db_entry *entry,
                         struct undo_log_entry *ret_entry)
{
    struct slice rest = entry->key, key;
    if (entry->key.length < PREFIX_BYTES + BATCH_BYTES) return false;
    rest = slice_of(rest.at + PREFIX_BYTES, rest.length - PREFIX_BYTES);
    if (!unpack_u64(&rest, &ret_entry->batch_id) ||
        !unpack_image(entry->value, &key, &ret_entry->image))
        return false;
    buffer_clear(&scan->key);
    if (key.length == 0) buffer_add(&scan->key, entry->key.at, PREFIX_BYTES);
    buffer_add_slice(&scan->key, key.length ? key : rest);
    ret_entry->key = buffer_slice(&scan->key);
    return true;
}

enum db_finding undo_log_scan_next(struct undo_log_scan *scan, struct undo_log_entry *ret_entry,
                                   struct error *err)
{
    struct db_entry entry;
    enum db_finding const found =
        scan->place.length
            ? lsm_cursor_seek(scan->cursor, buffer_slice(&scan->place), PREFIX_BYTES, &entry, err)
            : lsm_cursor_next(scan->cursor, &entry, err);
    buffer_clear(&scan->place);
    if (found != DB_FOUND || unpack_entry(scan, &entry, ret_entry)) return found;
    (void)corrupt(err);
    return DB_FAILED;
}

/* Notes that a portion of the oldest images goes. */
static bool note_oldest(const struct txn *txn, uint16_t stream, uint64_t last_batch_id,
                        struct lsm_changes *gone, struct error *err)
{
    AUTO_LSM_CURSOR struct lsm_cursor *cursor = NULL;
    STACK_BUFFER(prefix, PREFIX_BYTES);
    STACK_BUFFER(end, PREFIX_BYTES + BATCH_BYTES);
    struct db_entry entry;
    pack_u16(&prefix, stream);
    pack_u16(&end, stream);
    pack_u64(&end, last_batch_id + 1);
    if (!lsm_cursor_open(txn, TABLE_UNDO, buffer_slice(&prefix), &cursor, err)) return false;
    enum db_finding found =
        lsm_cursor_seek(cursor, buffer_slice(&prefix), PREFIX_BYTES, &entry, err);
    for (; found == DB_FOUND && gone->count < PORTION_ENTRIES &&
           slice_compare(entry.key, buffer_slice(&end)) < 0;
         found = lsm_cursor_next(cursor, &entry, err))
        lsm_changes_set(gone, entry.key, (struct slice){0});
    return found != DB_FAILED;
}

bool undo_log_forget(struct txn *txn, uint16_t stream, uint64_t last_batch_id, struct error *err)
{
    AUTO(lsm_changes_done) struct lsm_changes gone = {0};
    bool any;
    do {
        if (!note_oldest(txn, stream, last_batch_id, &gone, err)) return false;
        any = gone.count > 0;
        if (!undo_log_save(txn, &gone, err)) return false;
    } while (any);
    return true;
}

bool undo_log_clear(struct txn *txn, uint16_t stream, struct error *err)
{
    return event_index_clear(txn, TABLE_UNDO, stream, err);
}
