/* Every entry is read, whether a view looks at it or not: its sum is looked at by that.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "kv/block_cursor.h"
#include "tables/events.h"
#include "verify/verify_p.h"

static bool read_table(const struct snapshot *snapshot, enum db_table table, struct error *err)
{
    AUTO_CURSOR struct cursor *cursor = NULL;
    struct db_entry entry;
    if (!cursor_open(snapshot->txn, table, &cursor, err)) return false;
    enum db_finding found = cursor_first(cursor, &entry, err);
    while (found == DB_FOUND)
        found = cursor_next(cursor, &entry, err);
    return found == DB_MISSING;
}

/* Counts the live entries. */
static bool read_blocks(const struct snapshot *snapshot, enum db_table table, uint64_t *ret_count,
                        struct error *err)
{
    AUTO(auto_block_cursor) struct block_cursor *cursor = NULL;
    struct db_entry entry;
    *ret_count = 0;
    if (!block_cursor_open(snapshot->txn, table, &cursor, err)) return false;
    enum db_finding found = block_cursor_first(cursor, &entry, err);
    for (; found == DB_FOUND; found = block_cursor_next(cursor, &entry, err))
        *ret_count += event_is_live(entry.value);
    return found == DB_MISSING;
}

bool verify_tables(const struct snapshot *snapshot, uint64_t *ret_events, struct error *err)
{
    uint64_t values, references;
    for (unsigned i = 0; i < DB_TABLES; i++) {
        bool const blocks = i == TABLE_EVENTS || i == TABLE_VALUES || i == TABLE_REFERENCES;
        if (!blocks && !read_table(snapshot, (enum db_table)i, err)) return false;
    }
    if (!read_blocks(snapshot, TABLE_EVENTS, ret_events, err) ||
        !read_blocks(snapshot, TABLE_VALUES, &values, err) ||
        !read_blocks(snapshot, TABLE_REFERENCES, &references, err))
        return false;
    if (*ret_events == snapshot->event_count) return true;
    (void)error_set(err, ERROR_CORRUPT, "%llu events are stored, %llu were counted",
                    (unsigned long long)*ret_events, (unsigned long long)snapshot->event_count);
    return db_blame(TABLE_EVENTS, err);
}
