// SPDX-License-Identifier: Apache-2.0
#include "tables/event_index.h"

#include "base/digest.h"
#include "lsm/lsm_writer.h"
#include "tables/event_scan.h"
#include "types/pack.h"

enum { PORTION_BYTES = 64 << 20 }; /* noted before they are written */

bool event_index_add_key(struct slice key, struct buffer *entry)
{
    enum { WHOLE_BYTES = 440 }; /* so that there is room for what is in front */
    struct slice const own = slice_of(key.at + EVENT_STREAM_BYTES, key.length - EVENT_STREAM_BYTES);
    bool const is_whole = own.length <= WHOLE_BYTES;
    buffer_add(entry, own.at, is_whole ? own.length : WHOLE_BYTES);
    if (!is_whole) digest_add(own, entry);
    return is_whole;
}

bool event_index_save(struct txn *txn, enum db_table table, struct lsm_changes *changes,
                      struct error *err)
{
    return lsm_changes_save(txn, table, EVENT_STREAM_BYTES, changes, err);
}

bool event_index_clear(struct txn *txn, enum db_table table, uint16_t stream, struct error *err)
{
    STACK_BUFFER(prefix, EVENT_STREAM_BYTES);
    pack_u16(&prefix, stream);
    return lsm_clear(txn, table, buffer_slice(&prefix), err);
}

bool event_index_fill(struct txn *txn, enum db_table table, const struct stream *stream,
                      event_index_note *note, struct error *err)
{
    AUTO_FREE struct value *const values =
        memory_alloc(stream_value_count(stream) * sizeof *values);
    AUTO(lsm_changes_done) struct lsm_changes changes = {.count = 0};
    struct event_scan *scan;
    struct event event;
    enum event_step step;
    bool good = true;
    if (!event_scan_open(txn, stream, &scan, err)) return false;
    while (good && (step = event_scan_unpack(scan, &event, values, err)) != EVENT_END) {
        good = step == EVENT_ONE;
        if (good) note(&changes, stream, event.key, values, true);
        if (good && changes.arena.used_bytes > PORTION_BYTES)
            good = event_index_save(txn, table, &changes, err);
    }
    event_scan_close(scan);
    return good && event_index_save(txn, table, &changes, err);
}
