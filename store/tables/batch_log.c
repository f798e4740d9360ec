/* An entry of the batch log is packed as
 *   [version u8][kind u8][state u8][stream u16][digest 16]
 *   [input bytes][resume offset][resume line][read][new][duplicate][replaced][stale][deleted]
 *   [rejected][rejects bytes]
 *   [first commit][last commit][repeats][undoes][undone by][removed][restored]
 *   [images]
 *   [length][source] [length][rejects] [length][first error] [length][name]
 *   [length][first key] [length][last key]
 *   [reasons] ( [count][length][text] )*
 *   ( [inode u64][tail digest 16] )?                 of BATCH_FOLLOW
 * with varints but for what is marked.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "tables/batch_log.h"

#include <string.h>

#include "kv/db.h"
#include "tables/events.h"
#include "types/pack.h"

enum { ENTRY_VERSION = 3 };

static void pack_digest(const struct digest *digest, struct buffer *into)
{
    pack_u64(into, digest->words[0]);
    pack_u64(into, digest->words[1]);
}

static bool unpack_digest(struct slice *from, struct digest *ret_digest)
{
    return unpack_u64(from, &ret_digest->words[0]) && unpack_u64(from, &ret_digest->words[1]);
}

static void pack_batch(const struct batch *batch, struct buffer *into)
{
    buffer_add_byte(into, ENTRY_VERSION);
    buffer_add_byte(into, (uint8_t)batch->kind);
    buffer_add_byte(into, (uint8_t)batch->state);
    pack_u16(into, batch->stream);
    pack_digest(&batch->digest, into);
    uint64_t const numbers[] = {
        batch->input_bytes,   batch->resume_offset,   batch->resume_line,    batch->read_count,
        batch->new_count,     batch->duplicate_count, batch->replaced_count, batch->stale_count,
        batch->deleted_count, batch->rejected_count,  batch->rejects_bytes,  batch->first_commit,
        batch->last_commit,   batch->repeats,         batch->undoes,         batch->undone_by,
        batch->removed_count, batch->restored_count,  batch->image_count,
    };
    for (size_t i = 0; i < COUNT_OF(numbers); i++)
        pack_varint(into, numbers[i]);
    pack_bytes(into, batch->source);
    pack_bytes(into, batch->rejects);
    pack_bytes(into, batch->first_error);
    pack_bytes(into, batch->name);
    pack_bytes(into, slice_of(batch->keys.first, batch->keys.first_length));
    pack_bytes(into, slice_of(batch->keys.last, batch->keys.last_length));
    pack_varint(into, batch->reason_count);
    for (size_t i = 0; i < batch->reason_count; i++) {
        pack_varint(into, batch->reasons[i].count);
        pack_bytes(into, batch->reasons[i].text);
    }
    if (batch->kind != BATCH_FOLLOW) return;
    pack_u64(into, batch->inode);
    pack_digest(&batch->tail, into);
}

static bool unpack_reasons(struct slice *from, struct arena *arena, struct batch *batch)
{
    uint64_t count;
    if (!unpack_varint(from, &count) || count > BATCH_REASONS_MAX) return false;
    for (size_t i = 0; i < count; i++) {
        struct slice text;
        if (!unpack_varint(from, &batch->reasons[i].count) || !unpack_bytes(from, &text))
            return false;
        batch->reasons[i].text = arena_copy(arena, text);
    }
    batch->reason_count = count;
    return true;
}

static bool unpack_key(struct slice *from, uint8_t *ret_bytes, uint8_t *ret_length)
{
    struct slice key;
    if (!unpack_bytes(from, &key) || key.length > BATCH_KEY_BYTES) return false;
    if (key.length) memcpy(ret_bytes, key.at, key.length);
    *ret_length = (uint8_t)key.length;
    return true;
}

static bool unpack_batch(struct slice from, struct arena *arena, struct batch *batch)
{
    uint8_t version, kind, state;
    if (!unpack_byte(&from, &version) || version != ENTRY_VERSION || !unpack_byte(&from, &kind) ||
        kind > BATCH_UNDO || !unpack_byte(&from, &state) || state > BATCH_LOADED ||
        !unpack_u16(&from, &batch->stream) || !unpack_digest(&from, &batch->digest))
        return false;
    batch->kind = (enum batch_kind)kind;
    batch->state = (enum batch_state)state;
    uint64_t *const numbers[] = {
        &batch->input_bytes,    &batch->resume_offset, &batch->resume_line,
        &batch->read_count,     &batch->new_count,     &batch->duplicate_count,
        &batch->replaced_count, &batch->stale_count,   &batch->deleted_count,
        &batch->rejected_count, &batch->rejects_bytes, &batch->first_commit,
        &batch->last_commit,    &batch->repeats,       &batch->undoes,
        &batch->undone_by,      &batch->removed_count, &batch->restored_count,
        &batch->image_count,
    };
    for (size_t i = 0; i < COUNT_OF(numbers); i++) {
        if (!unpack_varint(&from, numbers[i])) return false;
    }
    struct slice *const texts[] = {&batch->source, &batch->rejects, &batch->first_error,
                                   &batch->name};
    for (size_t i = 0; i < COUNT_OF(texts); i++) {
        struct slice text;
        if (!unpack_bytes(&from, &text)) return false;
        *texts[i] = arena_copy(arena, text);
    }
    if (!unpack_key(&from, batch->keys.first, &batch->keys.first_length) ||
        !unpack_key(&from, batch->keys.last, &batch->keys.last_length) ||
        !unpack_reasons(&from, arena, batch))
        return false;
    if (batch->kind == BATCH_FOLLOW &&
        (!unpack_u64(&from, &batch->inode) || !unpack_digest(&from, &batch->tail)))
        return false;
    return from.length == 0;
}

enum batch_log_finding batch_log_get(const struct txn *txn, uint64_t id, struct arena *arena,
                                     struct batch *ret_batch, struct error *err)
{
    AUTO_BUFFER struct buffer key = {0};
    struct slice value;
    struct batch batch = {.id = id};
    pack_u64(&key, id);
    switch (db_get(txn, TABLE_BATCHES, buffer_slice(&key), &value, err)) {
    case DB_FOUND: break;
    case DB_MISSING: return BATCH_LOG_MISSING;
    case DB_FAILED: return BATCH_LOG_FAILED;
    }
    if (!unpack_batch(value, arena, &batch)) {
        (void)error_set(err, ERROR_CORRUPT, "the entry of batch %llu cannot be read",
                        (unsigned long long)id);
        (void)error_place(err, "batches");
        return BATCH_LOG_FAILED;
    }
    *ret_batch = batch;
    return BATCH_LOG_FOUND;
}

static void digest_key(uint16_t stream, const struct digest *digest, struct buffer *key)
{
    pack_u16(key, stream);
    pack_digest(digest, key);
}

/* No stream has this number: catalog_ids.c gives out none that is so high. */
enum { NO_STREAM = UINT16_MAX, KEY_OF_REJECTS = 'r', KEY_OF_NAME = 'n' };

static void rejects_key(struct slice name, struct buffer *key)
{
    pack_u16(key, NO_STREAM);
    buffer_add_byte(key, KEY_OF_REJECTS);
    buffer_add_slice(key, name);
}

static void name_key(uint16_t stream, struct slice name, struct buffer *key)
{
    pack_u16(key, NO_STREAM);
    buffer_add_byte(key, KEY_OF_NAME);
    pack_u16(key, stream);
    buffer_add_slice(key, name);
}

/* The batch whose number stands under KEY. */
static enum batch_log_finding find(const struct txn *txn, const struct buffer *key,
                                   struct arena *arena, struct batch *ret_batch, struct error *err)
{
    struct slice value;
    uint64_t id;
    switch (db_get(txn, TABLE_DIGESTS, buffer_slice(key), &value, err)) {
    case DB_FOUND: break;
    case DB_MISSING: return BATCH_LOG_MISSING;
    case DB_FAILED: return BATCH_LOG_FAILED;
    }
    if (!unpack_u64(&value, &id)) {
        (void)error_set(err, ERROR_CORRUPT, "the number of a batch cannot be read");
        (void)error_place(err, "digests");
        return BATCH_LOG_FAILED;
    }
    return batch_log_get(txn, id, arena, ret_batch, err);
}

enum batch_log_finding batch_log_find(const struct txn *txn, uint16_t stream,
                                      const struct digest *digest, struct arena *arena,
                                      struct batch *ret_batch, struct error *err)
{
    AUTO_BUFFER struct buffer key = {0};
    digest_key(stream, digest, &key);
    return find(txn, &key, arena, ret_batch, err);
}

enum batch_log_finding batch_log_find_rejects(const struct txn *txn, struct slice name,
                                              struct arena *arena, struct batch *ret_batch,
                                              struct error *err)
{
    AUTO_BUFFER struct buffer key = {0};
    rejects_key(name, &key);
    return find(txn, &key, arena, ret_batch, err);
}

enum batch_log_finding batch_log_find_name(const struct txn *txn, uint16_t stream,
                                           struct slice name, struct arena *arena,
                                           struct batch *ret_batch, struct error *err)
{
    AUTO_BUFFER struct buffer key = {0};
    if (name.length > BATCH_NAME_BYTES_MAX) return BATCH_LOG_MISSING;
    name_key(stream, name, &key);
    return find(txn, &key, arena, ret_batch, err);
}

static bool put_entry(struct txn *txn, const struct batch *batch, struct error *err)
{
    AUTO_BUFFER struct buffer id = {0}, entry = {0};
    pack_u64(&id, batch->id);
    pack_batch(batch, &entry);
    return db_put(txn, TABLE_BATCHES, buffer_slice(&id), buffer_slice(&entry), err);
}

/* Has KEY lead to the batch. */
static bool put_way(struct txn *txn, const struct buffer *key, const struct batch *batch,
                    struct error *err)
{
    AUTO_BUFFER struct buffer id = {0};
    pack_u64(&id, batch->id);
    return db_put(txn, TABLE_DIGESTS, buffer_slice(key), buffer_slice(&id), err);
}

bool batch_log_put(struct txn *txn, const struct batch *batch, struct error *err)
{
    AUTO_BUFFER struct buffer digest = {0}, name = {0}, rejects = {0};
    bool const has_digest = batch->kind == BATCH_INGEST || batch->kind == BATCH_FOLLOW;
    digest_key(batch->stream, &batch->digest, &digest);
    name_key(batch->stream, batch->name, &name);
    rejects_key(batch->rejects, &rejects);
    return put_entry(txn, batch, err) && (!has_digest || put_way(txn, &digest, batch, err)) &&
           (batch->name.length == 0 || put_way(txn, &name, batch, err)) &&
           (batch->rejects.length == 0 || put_way(txn, &rejects, batch, err));
}

bool batch_log_set_undone(struct txn *txn, struct batch *batch, uint64_t undone_by,
                          struct error *err)
{
    AUTO_BUFFER struct buffer name = {0};
    batch->undone_by = undone_by;
    if (!put_entry(txn, batch, err)) return false;
    if (batch->name.length == 0) return true;
    name_key(batch->stream, batch->name, &name);
    return undone_by ? db_drop(txn, TABLE_DIGESTS, buffer_slice(&name), err)
                     : put_way(txn, &name, batch, err);
}

static uint8_t cut(struct slice key, uint8_t *ret_bytes)
{
    size_t const length = key.length < BATCH_KEY_BYTES ? key.length : BATCH_KEY_BYTES;
    memcpy(ret_bytes, key.at, length);
    return (uint8_t)length;
}

/* Of a key of the table of events, as much as is kept. */
static struct slice own_part(struct slice key)
{
    size_t const own = key.length - EVENT_STREAM_BYTES;
    return slice_of(key.at + EVENT_STREAM_BYTES, own < BATCH_KEY_BYTES ? own : BATCH_KEY_BYTES);
}

void batch_keys_add(struct batch_keys *keys, struct slice key)
{
    struct slice const part = own_part(key);
    bool const is_empty = keys->last_length == 0;
    if (is_empty || slice_compare(part, slice_of(keys->first, keys->first_length)) < 0)
        keys->first_length = cut(part, keys->first);
    if (is_empty || slice_compare(part, slice_of(keys->last, keys->last_length)) > 0)
        keys->last_length = cut(part, keys->last);
}

bool batch_keys_have(const struct batch_keys *keys, struct slice key)
{
    struct slice const part = own_part(key);
    return slice_compare(part, slice_of(keys->first, keys->first_length)) >= 0 &&
           slice_compare(part, slice_of(keys->last, keys->last_length)) <= 0;
}

struct slice batch_keys_first(const struct batch_keys *keys)
{
    return slice_of(keys->first, keys->first_length);
}
