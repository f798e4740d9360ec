/* Each entry of the table is a block (block.h) under the key of its first event. A writer has one
 * range of the table in hand at a time: the entries from one block's fence to the next one's.
 *
 *     table    | a c d f | h k m | ...           set(e)
 *                   ^ reader                     limit: h
 *     open       a c d e
 *
 * What the range has become is cut into blocks as they fill up, so that a bulk of keys leaves full
 * blocks behind. One entry more than fits leaves a small block behind a full one: that costs its
 * own bytes only, as LMDB puts several small entries on a page, and a small range that changes
 * takes the next block in. So the table shrinks with its entries, too.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "lsm/block_writer.h"

#include "base/arena.h"
#include "lsm/block.h"
#include "types/pack.h"

enum { SMALL_BLOCK_BYTES = BLOCK_BYTES / 4 };

struct block_writer {
    struct txn *txn;
    enum db_table table;
    struct cursor *cursor;
    struct buffer prefix;

    /* The range. */
    bool has_range;
    bool has_limit;      /* there is a block behind it */
    struct buffer limit; /* its fence */
    bool changed;
    bool has_stored;     /* there is still a block in the table that the range was read from */
    struct buffer fence; /* its fence */
    struct buffer stored;
    struct block_reader reader; /* of `stored`, which is a copy: writing may move the original */
    bool has_entry;             /* the reader stands at an entry that is not in `open` yet */
    bool in_step;               /* the entry in front of it was the last to go there */
    struct block open;
    bool was_cut; /* a block of the range is written already */

    struct buffer key; /* of the last seek */
    bool is_known;     /* the reader stands at it */
    struct block_growth growth;
};

bool block_writer_open(struct txn *txn, enum db_table table, struct slice prefix,
                       struct block_writer **ret_writer, struct error *err)
{
    struct block_writer *const writer = memory_alloc(sizeof *writer);
    writer->txn = txn;
    writer->table = table;
    buffer_set(&writer->prefix, prefix);
    if (!cursor_open(txn, table, &writer->cursor, err)) {
        block_writer_close(writer);
        return false;
    }
    *ret_writer = writer;
    return true;
}

void block_writer_close(struct block_writer *writer)
{
    if (!writer) return;
    cursor_close(writer->cursor);
    buffer_done(&writer->prefix);
    buffer_done(&writer->limit);
    buffer_done(&writer->fence);
    buffer_done(&writer->stored);
    block_reader_done(&writer->reader);
    block_done(&writer->open);
    buffer_done(&writer->key);
    free(writer);
}

static bool is_ours(const struct block_writer *writer, const struct db_entry *entry)
{
    return slice_starts(entry->key, buffer_slice(&writer->prefix));
}

static bool block_writer_read_next(struct block_writer *writer, struct error *err)
{
    enum block_step const step = block_next(&writer->reader);
    writer->has_entry = step == BLOCK_ONE;
    return step != BLOCK_DAMAGED || block_corrupt(writer->table, err);
}

/* Takes the block that the cursor stands at into the range, and learns the one behind it. */
static bool take_block(struct block_writer *writer, const struct db_entry *entry, struct error *err)
{
    struct db_entry behind;
    buffer_set(&writer->fence, entry->key);
    buffer_set(&writer->stored, entry->value);
    writer->has_stored = true;
    writer->in_step = false;
    block_read(&writer->reader, buffer_slice(&writer->fence), buffer_slice(&writer->stored));
    enum db_finding const found = cursor_next(writer->cursor, &behind, err);
    writer->has_limit = found == DB_FOUND && is_ours(writer, &behind);
    if (writer->has_limit) buffer_set(&writer->limit, behind.key);
    return found != DB_FAILED && block_writer_read_next(writer, err);
}

static bool begin_range(struct block_writer *writer, struct slice key, struct error *err)
{
    struct db_entry entry;
    writer->has_range = true;
    writer->changed = writer->was_cut = false;
    writer->has_stored = writer->has_entry = writer->has_limit = false;
    switch (block_find(writer->cursor, buffer_slice(&writer->prefix), key, &entry, err)) {
    case DB_FOUND: return take_block(writer, &entry, err);
    case DB_MISSING: return true;
    case DB_FAILED: break;
    }
    return false;
}

static bool drop_stored(struct block_writer *writer, struct error *err)
{
    if (!writer->has_stored) return true;
    writer->has_stored = false;
    writer->growth.blocks--;
    return db_drop(writer->txn, writer->table, buffer_slice(&writer->fence), err);
}

static bool write_block(struct block_writer *writer, struct error *err)
{
    struct block *const block = &writer->open;
    if (block_is_empty(block)) return true;
    struct slice const fence = buffer_slice(&block->fence);
    if (writer->has_stored && slice_equal(fence, buffer_slice(&writer->fence)))
        writer->has_stored = false; /* replaced */
    else
        writer->growth.blocks++;
    writer->was_cut = true;
    bool const good = db_put(writer->txn, writer->table, fence, block_bytes(block), err);
    block_clear(block);
    return good;
}

static bool block_writer_add(struct block_writer *writer, struct slice key, struct slice value,
                             struct error *err)
{
    if (block_add(&writer->open, key, value)) return true;
    return write_block(writer, err) && block_add(&writer->open, key, value);
}

/* Moves the entry that the reader stands at to the blocks of the range. */
static bool pass_entry(struct block_writer *writer, struct error *err)
{
    bool const in_step = writer->in_step;
    writer->in_step = true;
    if (!in_step || !block_add_raw(&writer->open, &writer->reader)) {
        if (!block_writer_add(writer, buffer_slice(&writer->reader.key), writer->reader.value, err))
            return false;
    }
    return block_writer_read_next(writer, err);
}

static bool pass_rest(struct block_writer *writer, struct error *err)
{
    while (writer->has_entry) {
        if (!pass_entry(writer, err)) return false;
    }
    return true;
}

static bool end_range(struct block_writer *writer, struct error *err)
{
    writer->has_range = false;
    if (!pass_rest(writer, err)) return false;
    if (!writer->changed) {
        block_clear(&writer->open);
        return true;
    }
    return write_block(writer, err) && drop_stored(writer, err);
}

/* Whether the range should have the next block, too. */
static bool block_writer_is_small(const struct block_writer *writer)
{
    return writer->changed && writer->has_limit && !writer->was_cut &&
           writer->open.bytes.length < SMALL_BLOCK_BYTES;
}

static bool widen_range(struct block_writer *writer, struct error *err)
{
    struct db_entry entry;
    if (!drop_stored(writer, err)) return false;
    switch (cursor_seek(writer->cursor, buffer_slice(&writer->limit), &entry, err)) {
    case DB_FOUND: return take_block(writer, &entry, err);
    case DB_MISSING: return block_corrupt(writer->table, err);
    case DB_FAILED: break;
    }
    return false;
}

/* Leaves the place of the last seek behind. */
static bool block_writer_leave(struct block_writer *writer, struct error *err)
{
    bool const known = writer->is_known;
    writer->is_known = false;
    return !known || pass_entry(writer, err);
}

/* Makes the range the one that KEY is in. */
static bool reach(struct block_writer *writer, struct slice key, struct error *err)
{
    while (writer->has_range && writer->has_limit &&
           slice_compare(key, buffer_slice(&writer->limit)) >= 0) {
        if (!pass_rest(writer, err)) return false;
        if (!(block_writer_is_small(writer) ? widen_range(writer, err) : end_range(writer, err)))
            return false;
    }
    return writer->has_range || begin_range(writer, key, err);
}

bool block_writer_seek(struct block_writer *writer, struct slice key, struct slice *ret_value,
                       struct error *err)
{
    int order = 1;
    *ret_value = (struct slice){0};
    if (!block_writer_leave(writer, err) || !reach(writer, key, err)) return false;
    buffer_set(&writer->key, key);
    while (writer->has_entry &&
           (order = slice_compare(buffer_slice(&writer->reader.key), key)) < 0) {
        if (!pass_entry(writer, err)) return false;
    }
    writer->is_known = writer->has_entry && order == 0;
    if (writer->is_known) *ret_value = writer->reader.value;
    return true;
}

bool block_writer_is_known(const struct block_writer *writer)
{
    return writer->is_known;
}

/* The entry of the key, if there is one, is not to go to the range. */
static bool leave_out(struct block_writer *writer, struct error *err)
{
    bool const known = writer->is_known;
    writer->changed = true;
    writer->in_step = writer->is_known = false;
    writer->growth.entries -= known;
    return !known || block_writer_read_next(writer, err);
}

bool block_writer_mark(struct block_writer *writer, struct error *err)
{
    writer->growth.entries++;
    return block_writer_add(writer, buffer_slice(&writer->key), (struct slice){0}, err) &&
           leave_out(writer, err);
}

bool block_writer_set(struct block_writer *writer, struct slice value, struct error *err)
{
    writer->growth.entries += value.length > 0;
    return (value.length == 0 ||
            block_writer_add(writer, buffer_slice(&writer->key), value, err)) &&
           leave_out(writer, err);
}

struct block_growth block_writer_growth(const struct block_writer *writer)
{
    return writer->growth;
}

/* Goes on to the next block where the range ends inside PREFIX. */
static bool reach_more(struct block_writer *writer, struct slice prefix, struct error *err)
{
    bool const more = !writer->has_entry && writer->has_limit &&
                      slice_starts(buffer_slice(&writer->limit), prefix);
    if (!more) return true;
    buffer_set(&writer->key, buffer_slice(&writer->limit));
    return reach(writer, buffer_slice(&writer->key), err);
}

bool block_writer_clear(struct block_writer *writer, struct slice prefix, struct error *err)
{
    struct slice ignored;
    if (!block_writer_seek(writer, prefix, &ignored, err) || !reach_more(writer, prefix, err))
        return false;
    writer->is_known = false;
    while (writer->has_entry && slice_starts(buffer_slice(&writer->reader.key), prefix)) {
        writer->changed = true;
        writer->in_step = false;
        writer->growth.entries--;
        if (!block_writer_read_next(writer, err) || !reach_more(writer, prefix, err)) return false;
    }
    return true;
}

bool block_writer_finish(struct block_writer *writer, struct error *err)
{
    if (!block_writer_leave(writer, err)) return false;
    if (!writer->has_range) return true;
    if (!pass_rest(writer, err)) return false;
    while (block_writer_is_small(writer)) {
        if (!widen_range(writer, err) || !pass_rest(writer, err)) return false;
    }
    return end_range(writer, err);
}
