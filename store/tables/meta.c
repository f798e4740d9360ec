// SPDX-License-Identifier: Apache-2.0
#include "tables/meta.h"

#include <time.h>

#include "tables/commits.h"
#include "tables/format.h"
#include "types/pack.h"

static bool meta_corrupt(struct error *err, const char *what)
{
    (void)error_set(err, ERROR_CORRUPT, "the store's record of %s cannot be read", what);
    (void)error_remedy(err, "restore the store from a backup, or ingest again into a new one");
    return error_place(err, "meta");
}

static bool get(const struct txn *txn, struct slice key, struct slice *ret_value, const char *what,
                struct error *err)
{
    switch (db_get(txn, TABLE_META, key, ret_value, err)) {
    case DB_FOUND: return true;
    case DB_MISSING: return meta_corrupt(err, what);
    case DB_FAILED: break;
    }
    return false;
}

bool meta_load(const struct txn *txn, struct meta *ret_meta, struct error *err)
{
    struct slice rest;
    uint16_t format;
    uint64_t commit_ns;
    struct meta meta = {0};
    if (!get(txn, slice_text("store"), &rest, "its state", err)) return false;
    if (!unpack_u16(&rest, &format)) return meta_corrupt(err, "its format");
    if (format != FORMAT_VERSION) {
        (void)error_set(err, ERROR_VERSION, "the store has format %u, this program reads format %u",
                        format, FORMAT_VERSION);
        return error_remedy(
            err, "use the version of tallyfs that wrote it, or ingest again into a new store");
    }
    if (!unpack_u64(&rest, &meta.secret.words[0]) || !unpack_u64(&rest, &meta.secret.words[1]) ||
        !unpack_varint(&rest, &meta.commit_id) || !unpack_u64(&rest, &commit_ns) ||
        !unpack_varint(&rest, &meta.schema_commit_id) ||
        !unpack_varint(&rest, &meta.root_listing_commit_id) ||
        !unpack_varint(&rest, &meta.next_group_id) || !unpack_varint(&rest, &meta.last_batch_id) ||
        !unpack_varint(&rest, &meta.event_count) || !unpack_varint(&rest, &meta.row_count))
        return meta_corrupt(err, "its state");
    meta.commit_ns = (int64_t)commit_ns;
    *ret_meta = meta;
    return true;
}

bool meta_save(struct txn *txn, const struct meta *meta, struct error *err)
{
    AUTO_BUFFER struct buffer value = {0};
    if (!commits_add(txn, meta->commit_id, meta->commit_ns, meta->commit_batch_id, err))
        return false;
    pack_u16(&value, FORMAT_VERSION);
    pack_u64(&value, meta->secret.words[0]);
    pack_u64(&value, meta->secret.words[1]);
    pack_varint(&value, meta->commit_id);
    pack_u64(&value, (uint64_t)meta->commit_ns);
    pack_varint(&value, meta->schema_commit_id);
    pack_varint(&value, meta->root_listing_commit_id);
    pack_varint(&value, meta->next_group_id);
    pack_varint(&value, meta->last_batch_id);
    pack_varint(&value, meta->event_count);
    pack_varint(&value, meta->row_count);
    return db_put(txn, TABLE_META, slice_text("store"), buffer_slice(&value), err);
}

void meta_next_commit(struct meta *meta)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_REALTIME, &now); /* cannot fail for this clock */
    int64_t const now_ns = (int64_t)now.tv_sec * 1000000000 +
                           now.tv_nsec / COMMIT_RESOLUTION_NS * COMMIT_RESOLUTION_NS;
    meta->commit_id++;
    meta->commit_ns = now_ns > meta->commit_ns ? now_ns : meta->commit_ns + COMMIT_RESOLUTION_NS;
}

bool meta_commit_load(const struct txn *txn, uint64_t commit_id, struct meta_commit *ret_commit,
                      struct error *err)
{
    switch (commits_find(txn, commit_id, ret_commit, err)) {
    case DB_FOUND: return true;
    case DB_MISSING: return meta_corrupt(err, "a commit");
    case DB_FAILED: break;
    }
    return false;
}

static void stream_key(uint16_t stream, struct buffer *key)
{
    buffer_add_text(key, "stream");
    pack_u16(key, stream);
}

bool meta_stream_load(const struct txn *txn, uint16_t stream, struct meta_stream *ret_stream,
                      struct error *err)
{
    AUTO_BUFFER struct buffer key = {0};
    struct slice rest;
    struct meta_stream meta = {0};
    stream_key(stream, &key);
    switch (db_get(txn, TABLE_META, buffer_slice(&key), &rest, err)) {
    case DB_FOUND: break;
    case DB_MISSING: *ret_stream = meta; return true; /* nothing came yet */
    case DB_FAILED: return false;
    }
    if (!unpack_varint(&rest, &meta.next_number) || !unpack_varint(&rest, &meta.event_count) ||
        !unpack_varint(&rest, &meta.last_batch_id) ||
        unpack_value(&rest, NULL, &meta.newest) != UNPACKED || /* times need no arena */
        !unpack_varint(&rest, &meta.dropped_count) ||
        unpack_value(&rest, NULL, &meta.dropped_before) != UNPACKED ||
        unpack_value(&rest, NULL, &meta.expired_before) != UNPACKED ||
        !unpack_varint(&rest, &meta.undo_from))
        return meta_corrupt(err, "a stream");
    *ret_stream = meta;
    return true;
}

bool meta_stream_save(struct txn *txn, uint16_t stream, const struct meta_stream *meta,
                      struct error *err)
{
    AUTO_BUFFER struct buffer key = {0}, value = {0};
    stream_key(stream, &key);
    pack_varint(&value, meta->next_number);
    pack_varint(&value, meta->event_count);
    pack_varint(&value, meta->last_batch_id);
    (void)pack_value(&value, &meta->newest, PACK_NO_LIMIT);
    pack_varint(&value, meta->dropped_count);
    (void)pack_value(&value, &meta->dropped_before, PACK_NO_LIMIT);
    (void)pack_value(&value, &meta->expired_before, PACK_NO_LIMIT);
    pack_varint(&value, meta->undo_from);
    return db_put(txn, TABLE_META, buffer_slice(&key), buffer_slice(&value), err);
}

static void view_key(uint16_t view, struct buffer *key)
{
    buffer_add_text(key, "view");
    pack_u16(key, view);
}

bool meta_view_load(const struct txn *txn, uint16_t view, struct meta_view *ret_view,
                    struct error *err)
{
    AUTO_BUFFER struct buffer key = {0};
    struct slice rest;
    struct meta_view meta = {.retained_from = {.kind = VALUE_NULL}};
    view_key(view, &key);
    switch (db_get(txn, TABLE_META, buffer_slice(&key), &rest, err)) {
    case DB_FOUND: break;
    case DB_MISSING: *ret_view = meta; return true;
    case DB_FAILED: return false;
    }
    if (unpack_value(&rest, NULL, &meta.retained_from) != UNPACKED ||
        unpack_value(&rest, NULL, &meta.complete_from) != UNPACKED ||
        !unpack_varint(&rest, &meta.missed_count))
        return meta_corrupt(err, "a view");
    *ret_view = meta;
    return true;
}

bool meta_view_save(struct txn *txn, uint16_t view, const struct meta_view *meta, struct error *err)
{
    AUTO_BUFFER struct buffer key = {0}, value = {0};
    view_key(view, &key);
    (void)pack_value(&value, &meta->retained_from, PACK_NO_LIMIT);
    (void)pack_value(&value, &meta->complete_from, PACK_NO_LIMIT);
    pack_varint(&value, meta->missed_count);
    return db_put(txn, TABLE_META, buffer_slice(&key), buffer_slice(&value), err);
}

bool meta_catalog_ids_load(const struct txn *txn, struct slice *ret_layout, struct error *err)
{
    return get(txn, slice_text("layout"), ret_layout, "its names", err);
}

bool meta_catalog_ids_save(struct txn *txn, struct slice layout, struct error *err)
{
    return db_put(txn, TABLE_META, slice_text("layout"), layout, err);
}

bool meta_schema_load(const struct txn *txn, struct slice *ret_schema, struct slice *ret_zone,
                      struct error *err)
{
    return get(txn, slice_text("schema"), ret_schema, "its schema", err) &&
           get(txn, slice_text("zone"), ret_zone, "its time zone", err);
}

static void schema_key(uint64_t commit_id, struct buffer *key)
{
    buffer_add_text(key, "schema");
    pack_u64(key, commit_id);
}

bool meta_schema_save(struct txn *txn, uint64_t commit_id, struct slice schema, struct slice zone,
                      struct error *err)
{
    AUTO_BUFFER struct buffer key = {0};
    schema_key(commit_id, &key);
    return db_put(txn, TABLE_META, slice_text("schema"), schema, err) &&
           db_put(txn, TABLE_META, buffer_slice(&key), schema, err) &&
           db_put(txn, TABLE_META, slice_text("zone"), zone, err);
}

bool meta_schema_history(const struct txn *txn,
                         bool (*tell)(void *context, uint64_t commit_id, struct slice schema),
                         void *context, struct error *err)
{
    AUTO_CURSOR struct cursor *cursor = NULL;
    AUTO_BUFFER struct buffer key = {0};
    struct slice const prefix = slice_text("schema");
    struct db_entry entry;
    schema_key(0, &key);
    if (!cursor_open(txn, TABLE_META, &cursor, err)) return false;
    enum db_finding found = cursor_seek(cursor, buffer_slice(&key), &entry, err);
    for (; found == DB_FOUND && slice_starts(entry.key, prefix);
         found = cursor_next(cursor, &entry, err)) {
        struct slice rest =
            slice_of(entry.key.at + prefix.length, entry.key.length - prefix.length);
        uint64_t commit_id;
        if (!unpack_u64(&rest, &commit_id)) return meta_corrupt(err, "a schema");
        if (!tell(context, commit_id, entry.value)) return true;
    }
    return found != DB_FAILED;
}
