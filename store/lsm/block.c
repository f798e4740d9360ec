// SPDX-License-Identifier: Apache-2.0
#include "lsm/block.h"

#include "base/varint.h"
#include "lsm/key_rest.h"

void block_done(struct block *block)
{
    buffer_done(&block->bytes);
    buffer_done(&block->fence);
    buffer_done(&block->last_key);
}

void block_clear(struct block *block)
{
    buffer_clear(&block->bytes);
    buffer_clear(&block->fence);
    buffer_clear(&block->last_key);
}

bool block_is_empty(const struct block *block)
{
    return block->bytes.length == 0;
}

static size_t shared_length(struct slice a, struct slice b)
{
    size_t const most = a.length < b.length ? a.length : b.length;
    size_t shared = 0;
    while (shared + 8 <= most && memcmp(a.at + shared, b.at + shared, 8) == 0)
        shared += 8;
    while (shared < most && a.at[shared] == b.at[shared])
        shared++;
    return shared;
}

static void block_begin(struct block *block, struct slice key)
{
    buffer_set(&block->fence, key);
    buffer_set(&block->last_key, key);
}

bool block_add(struct block *block, struct slice key, struct slice value)
{
    if (block_is_empty(block)) block_begin(block, key);
    size_t const start = block->bytes.length;
    struct slice const last = buffer_slice(&block->last_key);
    size_t const shared = shared_length(last, key);
    pack_varint(&block->bytes, shared);
    if (start > 0) key_rest_write(last, key, shared, &block->bytes);
    pack_bytes(&block->bytes, value);
    if (block->bytes.length > BLOCK_BYTES && start > 0) {
        block->bytes.length = start;
        return false;
    }
    block->last_key.length = shared;
    buffer_add(&block->last_key, key.at + shared, key.length - shared);
    return true;
}

bool block_add_raw(struct block *block, const struct block_reader *reader)
{
    struct slice const key = buffer_slice(&reader->key);
    if (block_is_empty(block)) return block_add(block, key, reader->value);
    if (block->bytes.length + reader->raw.length > BLOCK_BYTES) return false;
    buffer_add_slice(&block->bytes, reader->raw);
    buffer_set(&block->last_key, key);
    return true;
}

struct slice block_bytes(const struct block *block)
{
    return buffer_slice(&block->bytes);
}

void block_reader_done(struct block_reader *reader)
{
    buffer_done(&reader->key);
}

void block_read(struct block_reader *reader, struct slice fence, struct slice bytes)
{
    reader->rest = bytes;
    reader->started = false;
    buffer_set(&reader->key, fence);
}

enum block_step block_next(struct block_reader *reader)
{
    struct slice const start = reader->rest;
    uint64_t shared;
    if (start.length == 0) return BLOCK_END;
    if (!unpack_varint(&reader->rest, &shared) || shared > reader->key.length) return BLOCK_DAMAGED;
    /* the first entry's key is the fence itself */
    if (reader->started ? !key_rest_read(&reader->rest, (size_t)shared, &reader->key)
                        : shared != reader->key.length)
        return BLOCK_DAMAGED;
    if (!unpack_bytes(&reader->rest, &reader->value)) return BLOCK_DAMAGED;
    reader->started = true;
    reader->raw = slice_of(start.at, start.length - reader->rest.length);
    return BLOCK_ONE;
}

/* Let the entry before share its first MATCHED bytes with KEY, and be in front of it. An entry that
 * has more in common with the one before is in front of KEY, too: it is passed over without a look
 * at the key. One that has less differs where the one before is as KEY: it is behind KEY, as keys
 * rise. Only one that has as much in common is compared, and from there on. */
enum block_step block_seek(struct block_reader *reader, struct slice key, int *ret_order)
{
    size_t matched = shared_length(buffer_slice(&reader->key), key);
    *ret_order = -1;
    while (*ret_order < 0) {
        struct slice const start = reader->rest;
        uint64_t shared;
        if (start.length == 0) return BLOCK_END;
        if (!unpack_varint(&reader->rest, &shared) || shared > reader->key.length)
            return BLOCK_DAMAGED;
        bool const is_passed = shared > matched;
        if (!(is_passed ? key_rest_pass(&reader->rest, (size_t)shared, &reader->key)
                        : key_rest_read(&reader->rest, (size_t)shared, &reader->key)) ||
            !unpack_bytes(&reader->rest, &reader->value))
            return BLOCK_DAMAGED;
        if (is_passed) continue;
        reader->raw = slice_of(start.at, start.length - reader->rest.length);
        struct slice const found = buffer_slice(&reader->key);
        *ret_order = shared < matched ? 1 : slice_compare(found, key);
        if (*ret_order < 0) matched = shared_length(found, key);
    }
    return BLOCK_ONE;
}

enum db_finding block_find(struct cursor *cursor, struct slice prefix, struct slice key,
                           struct db_entry *ret_block, struct error *err)
{
    enum db_finding found = cursor_seek_back(cursor, key, ret_block, err);
    if (found == DB_FAILED || (found == DB_FOUND && slice_starts(ret_block->key, prefix)))
        return found;
    found = cursor_seek(cursor, key, ret_block, err); /* the first of all */
    return found == DB_FOUND && !slice_starts(ret_block->key, prefix) ? DB_MISSING : found;
}

bool block_corrupt(enum db_table table, struct error *err)
{
    (void)error_set(err, ERROR_CORRUPT, "a block of entries is damaged");
    return db_blame(table, err);
}
