// SPDX-License-Identifier: Apache-2.0
#include "event_walk.h"

#include "arena.h"
#include "block_cursor.h"
#include "pack.h"

struct event_walk {
    struct block_cursor *cursor;
    struct buffer prefix;
    bool started;
};

bool event_walk_open(const struct txn *txn, const struct stream *stream,
                     struct event_walk **ret_walk, struct error *err)
{
    struct event_walk *const walk = memory_alloc(sizeof *walk);
    pack_u16(&walk->prefix, stream->id);
    if (!block_cursor_open(txn, TABLE_EVENTS, &walk->cursor, err)) {
        event_walk_close(walk);
        return false;
    }
    *ret_walk = walk;
    return true;
}

void event_walk_close(struct event_walk *walk)
{
    if (!walk) return;
    block_cursor_close(walk->cursor);
    buffer_done(&walk->prefix);
    free(walk);
}

enum event_step event_walk_next(struct event_walk *walk, struct event *ret_event, struct error *err)
{
    struct slice const prefix = buffer_slice(&walk->prefix);
    struct db_entry entry;
    enum db_finding found = walk->started ? block_cursor_next(walk->cursor, &entry, err)
                                          : block_cursor_seek(walk->cursor, prefix, &entry, err);
    walk->started = true;
    while (found == DB_FOUND && slice_starts(entry.key, prefix) && !event_is_live(entry.value))
        found = block_cursor_next(walk->cursor, &entry, err);
    if (found == DB_FAILED) return EVENT_FAILED;
    if (found == DB_MISSING || !slice_starts(entry.key, prefix)) return EVENT_END;
    *ret_event = (struct event){.key = entry.key, .packed = entry.value};
    return EVENT_ONE;
}
