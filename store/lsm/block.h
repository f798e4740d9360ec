/* block.h - entries whose keys are neighbours, as one entry of an LMDB table.
 *
 * Keys that follow each other share most of their bytes, so that a key inside costs what tells it
 * from the one before. A block fills one page of LMDB (an overflow page, whose header takes 16 of
 * 4096 bytes), so that it costs one page to change an entry, as it would if each were one of LMDB's
 * own, in a third of the space. format.h draws it.
 *
 * Place    block_writer.c and run_merge.c make them, block_cursor.c and run_probe.c read them.
 * Memory   a block owns its bytes until block_done. What a reader returns borrows from what it
 *          reads, its key from the reader.
 * Threads  one owner at a time.
 * Errors   BLOCK_DAMAGED where bytes are no block; those of db.h; block_corrupt names the table.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once
#include "kv/db.h"

#ifdef TINY_RUNS
enum { BLOCK_BYTES = 120 };
#else
enum { BLOCK_BYTES = DB_PAGE_VALUE_BYTES };
#endif

/* One in the making. */
struct block {
    struct buffer bytes; /* of LMDB's value */
    struct buffer fence; /* LMDB's key: that of the first entry */
    struct buffer last_key;
};

void block_done(struct block *block); /* takes a zeroed one */
void block_clear(struct block *block);
bool block_is_empty(const struct block *block);
/* Appends an entry, whose key is behind those inside. false: it does not fit, and the
 * block has others. */
bool block_add(struct block *block, struct slice key, struct slice value);
/* To be stored; borrowed from the block. */
struct slice block_bytes(const struct block *block);

struct block_reader {
    struct slice rest;
    struct buffer key;  /* of the entry that was read last */
    struct slice value; /* likewise */
    struct slice raw;   /* likewise, as it stands in the block */
    bool started;
};

void block_reader_done(struct block_reader *reader); /* takes a zeroed one */
void block_read(struct block_reader *reader, struct slice fence, struct slice bytes);
enum block_step { BLOCK_ONE, BLOCK_END, BLOCK_DAMAGED };
enum block_step block_next(struct block_reader *reader);
/* Goes on to the first entry that is not in front of KEY, from one that is. RET_ORDER: the order of
 * its key and KEY. */
enum block_step block_seek(struct block_reader *reader, struct slice key, int *ret_order);
/* block_add of what was read last, where the entry in front of it was the last to be added. */
bool block_add_raw(struct block *block, const struct block_reader *reader);

/* The block that KEY is in or would go into, among those of keys that begin with PREFIX: the
 * last whose fence is not behind it, else the first of all. DB_MISSING: there is none. The
 * cursor stands at it. */
enum db_finding block_find(struct cursor *cursor, struct slice prefix, struct slice key,
                           struct db_entry *ret_block, struct error *err);

/* Sets ERROR_CORRUPT. Returns false. */
bool block_corrupt(enum db_table table, struct error *err);
