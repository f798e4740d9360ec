/* Every entry is read, whether a view looks at it or not: its sum is looked at by that.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "lsm/lsm_verify.h"
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

static void count_event(void *context, const struct db_entry *entry)
{
    *(uint64_t *)context += event_is_live(entry->value);
}

static void count_entry(void *context, const struct db_entry *entry)
{
    (void)entry;
    (*(uint64_t *)context)++;
}

bool verify_tables(const struct snapshot *snapshot, uint64_t *ret_events, struct error *err)
{
    uint64_t values = 0, references = 0;
    *ret_events = 0;
    for (unsigned i = 0; i < DB_TABLES; i++) {
        bool const blocks = i == TABLE_EVENTS || i == TABLE_VALUES || i == TABLE_REFERENCES;
        if (!blocks && !read_table(snapshot, (enum db_table)i, err)) return false;
    }
    const struct txn *const txn = snapshot->txn;
    if (!lsm_verify(txn, TABLE_EVENTS, count_event, ret_events, err) ||
        !lsm_verify(txn, TABLE_VALUES, count_entry, &values, err) ||
        !lsm_verify(txn, TABLE_REFERENCES, count_entry, &references, err))
        return false;
    if (*ret_events == snapshot->event_count) return true;
    (void)error_set(err, ERROR_CORRUPT, "%llu events are stored, %llu were counted",
                    (unsigned long long)*ret_events, (unsigned long long)snapshot->event_count);
    return db_blame(TABLE_EVENTS, err);
}
