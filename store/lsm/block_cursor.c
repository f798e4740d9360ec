/* The block that the cursor is in is held unpacked: its keys one behind the other, so that
 * neighbours are found in both directions. It is a copy, as a put to any table may move what a
 * write transaction has read.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "lsm/block_cursor.h"

#include "base/arena.h"
#include "lsm/block.h"

struct place {
    size_t key_end; /* in `keys`; it begins where the one before ends */
    struct slice value;
};

struct block_cursor {
    struct cursor *cursor; /* stands at the block that is held, if one is */
    enum db_table table;
    struct buffer prefix;
    struct block_reader reader;
    struct buffer bytes; /* of the block */
    struct buffer keys;
    struct place *places;
    size_t count; /* of entries; 0: no block is held */
    size_t capacity;
    size_t at;
};

bool block_cursor_open(const struct txn *txn, enum db_table table, struct slice prefix,
                       struct block_cursor **ret_cursor, struct error *err)
{
    struct block_cursor *const cursor = memory_alloc(sizeof *cursor);
    cursor->table = table;
    buffer_set(&cursor->prefix, prefix);
    if (!cursor_open(txn, table, &cursor->cursor, err)) {
        block_cursor_close(cursor);
        return false;
    }
    *ret_cursor = cursor;
    return true;
}

void block_cursor_close(struct block_cursor *cursor)
{
    if (!cursor) return;
    cursor_close(cursor->cursor);
    block_reader_done(&cursor->reader);
    buffer_done(&cursor->prefix);
    buffer_done(&cursor->bytes);
    buffer_done(&cursor->keys);
    free(cursor->places);
    free(cursor);
}

static struct slice key_at(const struct block_cursor *cursor, size_t i)
{
    size_t const start = i ? cursor->places[i - 1].key_end : 0;
    return slice_of(cursor->keys.at + start, cursor->places[i].key_end - start);
}

static void add_place(struct block_cursor *cursor)
{
    if (cursor->count == cursor->capacity) {
        cursor->capacity = cursor->capacity ? cursor->capacity * 2 : 64;
        cursor->places = memory_resize(cursor->places, cursor->capacity * sizeof *cursor->places);
    }
    buffer_add_slice(&cursor->keys, buffer_slice(&cursor->reader.key));
    cursor->places[cursor->count++] =
        (struct place){.key_end = cursor->keys.length, .value = cursor->reader.value};
}

static bool hold(struct block_cursor *cursor, const struct db_entry *block, struct error *err)
{
    enum block_step step;
    cursor->count = 0;
    buffer_clear(&cursor->keys);
    buffer_set(&cursor->bytes, block->value);
    block_read(&cursor->reader, block->key, buffer_slice(&cursor->bytes));
    while ((step = block_next(&cursor->reader)) == BLOCK_ONE)
        add_place(cursor);
    return (step == BLOCK_END && cursor->count) || block_corrupt(cursor->table, err);
}

static enum db_finding give(struct block_cursor *cursor, size_t at, struct db_entry *ret_entry)
{
    cursor->at = at;
    *ret_entry = (struct db_entry){.key = key_at(cursor, at), .value = cursor->places[at].value};
    return DB_FOUND;
}

/* Whether KEY is within what the held block has. */
static bool is_inside(const struct block_cursor *cursor, struct slice key)
{
    return cursor->count && slice_compare(key_at(cursor, 0), key) <= 0 &&
           slice_compare(key, key_at(cursor, cursor->count - 1)) <= 0;
}

static enum db_finding hold_block(struct block_cursor *cursor, struct slice key, struct error *err)
{
    struct db_entry block;
    if (is_inside(cursor, key)) return DB_FOUND;
    cursor->count = 0;
    enum db_finding const found =
        block_find(cursor->cursor, buffer_slice(&cursor->prefix), key, &block, err);
    if (found == DB_FOUND && !hold(cursor, &block, err)) return DB_FAILED;
    return found;
}

/* The place of the first entry that is not before KEY; `count` if all are. */
static size_t first_from(const struct block_cursor *cursor, struct slice key)
{
    size_t low = 0, high = cursor->count;
    while (low < high) {
        size_t const middle = low + (high - low) / 2;
        if (slice_compare(key_at(cursor, middle), key) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* A neighbour that is another run's is none. */
static enum db_finding own_block(struct block_cursor *cursor, enum db_finding found,
                                 const struct db_entry *block)
{
    if (found == DB_FOUND && slice_starts(block->key, buffer_slice(&cursor->prefix)))
        return DB_FOUND;
    cursor->count = 0;
    return found == DB_FOUND ? DB_MISSING : found;
}

static enum db_finding next_block(struct block_cursor *cursor, struct db_entry *ret_entry,
                                  struct error *err)
{
    struct db_entry block;
    enum db_finding const found =
        own_block(cursor, cursor_next(cursor->cursor, &block, err), &block);
    if (found != DB_FOUND) return found;
    if (slice_compare(key_at(cursor, cursor->count - 1), block.key) >= 0) {
        (void)block_corrupt(cursor->table, err);
        return DB_FAILED;
    }
    return hold(cursor, &block, err) ? give(cursor, 0, ret_entry) : DB_FAILED;
}

static enum db_finding previous_block(struct block_cursor *cursor, struct db_entry *ret_entry,
                                      struct error *err)
{
    struct db_entry block;
    enum db_finding const found =
        own_block(cursor, cursor_previous(cursor->cursor, &block, err), &block);
    if (found != DB_FOUND) return found;
    return hold(cursor, &block, err) ? give(cursor, cursor->count - 1, ret_entry) : DB_FAILED;
}

enum db_finding block_cursor_first(struct block_cursor *cursor, struct db_entry *ret_entry,
                                   struct error *err)
{
    struct db_entry block;
    cursor->count = 0;
    struct slice const prefix = buffer_slice(&cursor->prefix);
    enum db_finding const found =
        own_block(cursor,
                  prefix.length ? cursor_seek(cursor->cursor, prefix, &block, err)
                                : cursor_first(cursor->cursor, &block, err),
                  &block);
    if (found != DB_FOUND) return found;
    return hold(cursor, &block, err) ? give(cursor, 0, ret_entry) : DB_FAILED;
}

enum db_finding block_cursor_seek(struct block_cursor *cursor, struct slice key,
                                  struct db_entry *ret_entry, struct error *err)
{
    enum db_finding const found = hold_block(cursor, key, err);
    if (found != DB_FOUND) return found;
    size_t const first = first_from(cursor, key);
    return first < cursor->count ? give(cursor, first, ret_entry)
                                 : next_block(cursor, ret_entry, err);
}

enum db_finding block_cursor_seek_before(struct block_cursor *cursor, struct slice key,
                                         struct db_entry *ret_entry, struct error *err)
{
    enum db_finding const found = hold_block(cursor, key, err);
    if (found != DB_FOUND) return found;
    size_t const first = first_from(cursor, key);
    return first > 0 ? give(cursor, first - 1, ret_entry) : previous_block(cursor, ret_entry, err);
}

enum db_finding block_cursor_next(struct block_cursor *cursor, struct db_entry *ret_entry,
                                  struct error *err)
{
    if (cursor->at + 1 < cursor->count) return give(cursor, cursor->at + 1, ret_entry);
    return cursor->count ? next_block(cursor, ret_entry, err) : DB_MISSING;
}

enum db_finding block_cursor_previous(struct block_cursor *cursor, struct db_entry *ret_entry,
                                      struct error *err)
{
    if (cursor->count && cursor->at > 0) return give(cursor, cursor->at - 1, ret_entry);
    return cursor->count ? previous_block(cursor, ret_entry, err) : DB_MISSING;
}
