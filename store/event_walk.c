// SPDX-License-Identifier: Apache-2.0
#include "event_walk.h"

#include "arena.h"
#include "event_block.h"
#include "pack.h"

struct event_walk {
    struct cursor *cursor;
    struct buffer prefix;
    struct buffer block; /* a copy: a put to any table may move the original */
    struct event_block_reader reader;
    bool started;
};

bool event_walk_open(const struct txn *txn, const struct stream *stream,
                     struct event_walk **ret_walk, struct error *err)
{
    struct event_walk *const walk = memory_alloc(sizeof *walk);
    pack_u16(&walk->prefix, stream->id);
    if (!cursor_open(txn, TABLE_EVENTS, &walk->cursor, err)) {
        event_walk_close(walk);
        return false;
    }
    *ret_walk = walk;
    return true;
}

void event_walk_close(struct event_walk *walk)
{
    if (!walk) return;
    cursor_close(walk->cursor);
    buffer_done(&walk->prefix);
    buffer_done(&walk->block);
    event_block_reader_done(&walk->reader);
    free(walk);
}

static enum event_step next_block(struct event_walk *walk, struct error *err)
{
    struct db_entry entry;
    struct slice const prefix = buffer_slice(&walk->prefix);
    enum db_finding const found = walk->started ? cursor_next(walk->cursor, &entry, err)
                                                : cursor_seek(walk->cursor, prefix, &entry, err);
    if (found == DB_FAILED) return EVENT_FAILED;
    if (found == DB_MISSING || !slice_starts(entry.key, prefix)) return EVENT_END;
    bool const behind =
        !walk->started || slice_compare(buffer_slice(&walk->reader.key), entry.key) < 0;
    buffer_clear(&walk->block);
    buffer_add_slice(&walk->block, entry.value);
    if (!behind || !event_block_read(&walk->reader, entry.key, buffer_slice(&walk->block))) {
        (void)event_corrupt(err);
        return EVENT_FAILED;
    }
    walk->started = true;
    return EVENT_ONE;
}

enum event_step event_walk_next(struct event_walk *walk, struct event *ret_event, struct error *err)
{
    for (;;) {
        switch (event_block_next(&walk->reader)) {
        case EVENT_BLOCK_ONE:
            if (!event_is_live(walk->reader.packed)) break;
            *ret_event = (struct event){.key = buffer_slice(&walk->reader.key),
                                        .packed = walk->reader.packed};
            return EVENT_ONE;
        case EVENT_BLOCK_DAMAGED: (void)event_corrupt(err); return EVENT_FAILED;
        case EVENT_BLOCK_END: {
            enum event_step const step = next_block(walk, err);
            if (step != EVENT_ONE) return step;
        }
        }
    }
}
