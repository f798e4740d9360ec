/* event_block.h - events that are neighbours in the order of keys, as one entry of the store's table.
 *
 * Keys that follow each other share most of their bytes, so that a key inside costs what tells it from the one before. A
 * block fills one page of LMDB (an overflow page, whose header takes 16 of 4096 bytes), so that it costs one page to
 * change an event, as it would if each were an entry of its own, and a third of the space. format.h draws it.
 *
 * Memory   a block owns its bytes until event_block_done. What a reader returns borrows from what it reads, its
 *          key from the reader.
 * Threads  one owner at a time.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once
#include "bytes.h"

enum { EVENT_BLOCK_BYTES = 4096 - 16 };

/* One in the making. */
struct event_block {
    struct buffer bytes; /* of the entry's value */
    struct buffer fence; /* the entry's key: that of the first event */
    struct buffer last_key;
};

void event_block_done(struct event_block *block); /* takes a zeroed one */
void event_block_clear(struct event_block *block);
bool event_block_is_empty(const struct event_block *block);
/* Appends an event, whose key is behind those inside. false: it does not fit, and the block has others. */
bool event_block_add(struct event_block *block, struct slice key, struct slice packed);
/* The value to be stored. */
struct slice event_block_seal(struct event_block *block);

struct event_block_reader {
    struct slice rest;
    struct buffer key;   /* of the event that was read last */
    struct slice packed; /* likewise */
    struct slice raw;    /* likewise, as it stands in the block */
    bool started;
};

void event_block_reader_done(struct event_block_reader *reader); /* takes a zeroed one */
/* false: the block is damaged. */
bool event_block_read(struct event_block_reader *reader, struct slice fence,
                      struct slice value) MUST_CHECK;
enum event_block_step { EVENT_BLOCK_ONE, EVENT_BLOCK_END, EVENT_BLOCK_DAMAGED };
enum event_block_step event_block_next(struct event_block_reader *reader);
/* event_block_add of what was read last, where the event in front of it was the last to be added. */
bool event_block_add_raw(struct event_block *block, const struct event_block_reader *reader);
