// SPDX-License-Identifier: Apache-2.0
#include "tables/event_scan.h"

#include "base/arena.h"
#include "lsm/lsm_cursor.h"
#include "types/pack.h"

struct event_scan {
    const struct stream *stream;
    struct lsm_cursor *cursor;
    struct arena arena;  /* of the fields at hand */
    struct buffer place; /* where it begins */
    bool started;
    bool has_deleted;
};

bool event_scan_open(const struct txn *txn, const struct stream *stream,
                     struct event_scan **ret_scan, struct error *err)
{
    struct event_scan *const scan = memory_alloc(sizeof *scan);
    scan->stream = stream;
    pack_u16(&scan->place, stream->id);
    if (!lsm_cursor_open(txn, TABLE_EVENTS, buffer_slice(&scan->place), &scan->cursor, err)) {
        event_scan_close(scan);
        return false;
    }
    *ret_scan = scan;
    return true;
}

void event_scan_close(struct event_scan *scan)
{
    if (!scan) return;
    lsm_cursor_close(scan->cursor);
    buffer_done(&scan->place);
    arena_done(&scan->arena);
    free(scan);
}

void event_scan_begin(struct event_scan *scan, struct slice key, bool has_deleted)
{
    scan->has_deleted = has_deleted;
    buffer_add_slice(&scan->place, key);
}

enum event_step event_scan_next(struct event_scan *scan, struct event *ret_event, struct error *err)
{
    struct db_entry entry;
    enum db_finding found = scan->started
                                ? lsm_cursor_next(scan->cursor, &entry, err)
                                : lsm_cursor_seek(scan->cursor, buffer_slice(&scan->place),
                                                  EVENT_STREAM_BYTES, &entry, err);
    scan->started = true;
    while (found == DB_FOUND && !scan->has_deleted && !event_is_live(entry.value))
        found = lsm_cursor_next(scan->cursor, &entry, err);
    if (found == DB_FAILED) return EVENT_FAILED;
    if (found == DB_MISSING) return EVENT_END;
    *ret_event = (struct event){.key = entry.key, .packed = entry.value};
    return EVENT_ONE;
}

enum event_step event_scan_unpack(struct event_scan *scan, struct event *ret_event,
                                  struct value *ret_values, struct error *err)
{
    enum event_step const step = event_scan_next(scan, ret_event, err);
    arena_reset(&scan->arena);
    if (step != EVENT_ONE || event_unpack(scan->stream, ret_event, &scan->arena, ret_values))
        return step;
    (void)event_corrupt(err);
    return EVENT_FAILED;
}
