/* Every entry is read, whether a view looks at it or not: its sum is looked at by that.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "lsm/lsm_verify.h"
#include "lsm/run_list.h"
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

static bool has_trees(enum db_table table)
{
    for (size_t i = 0; i < LSM_TABLES; i++) {
        if (lsm_tables[i] == table) return true;
    }
    return false;
}

bool verify_tables(const struct snapshot *snapshot, uint64_t *ret_events, struct error *err)
{
    *ret_events = 0;
    for (unsigned i = 0; i < DB_TABLES; i++) {
        enum db_table const table = (enum db_table)i;
        uint64_t ignored = 0;
        bool const is_read = !has_trees(table) ? read_table(snapshot, table, err)
                             : table == TABLE_EVENTS
                                 ? lsm_verify(snapshot->txn, table, count_event, ret_events, err)
                                 : lsm_verify(snapshot->txn, table, count_entry, &ignored, err);
        if (!is_read) return false;
    }
    if (*ret_events == snapshot->event_count) return true;
    (void)error_set(err, ERROR_CORRUPT, "%llu events are stored, %llu were counted",
                    (unsigned long long)*ret_events, (unsigned long long)snapshot->event_count);
    return db_blame(TABLE_EVENTS, err);
}
