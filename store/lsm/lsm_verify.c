// SPDX-License-Identifier: Apache-2.0
#include "lsm/lsm_verify.h"

#include "lsm/block_cursor.h"
#include "lsm/filter.h"
#include "lsm/lsm_cursor.h"
#include "lsm/run_probe.h"

struct verifying {
    const struct txn *txn;
    enum db_table table;
    uint64_t blocks; /* of all runs */
    void (*visit)(void *context, const struct db_entry *entry);
    void *context;
};

static bool lsm_verify_fail(const struct verifying *verifying, const char *fact, struct error *err)
{
    (void)error_set(err, ERROR_CORRUPT, "%s", fact);
    return db_blame(verifying->table, err);
}

/* Every entry that is stored, be it stale or a mark. */
static bool verify_run(struct verifying *verifying, const struct run_list *list,
                       const struct run *run, struct error *err)
{
    AUTO(auto_block_cursor) struct block_cursor *cursor = NULL;
    AUTO(run_probe_done) struct run_probe probe = {.run = 0};
    STACK_BUFFER(prefix, RUN_ID_BYTES);
    struct db_entry entry;
    uint64_t count = 0;
    bool may_have;
    run_key(run->id, (struct slice){0}, &prefix);
    if (!run_probe_open(verifying->txn, list, run, true, &probe, err) ||
        !block_cursor_open(verifying->txn, list->table, buffer_slice(&prefix), &cursor, err))
        return false;
    enum db_finding found = block_cursor_first(cursor, &entry, err);
    for (; found == DB_FOUND; found = block_cursor_next(cursor, &entry, err)) {
        struct slice const key = run_key_rest(entry.key);
        if (!run_probe_may_have(&probe, key, filter_hash(list->seed, key), &may_have, err))
            return false;
        if (!may_have) return lsm_verify_fail(verifying, "a filter has forgotten a key", err);
        count++;
    }
    verifying->blocks += run->blocks;
    if (found == DB_FAILED || count == run->entries) return found != DB_FAILED;
    return lsm_verify_fail(verifying, "entries of a run are missing", err);
}

static bool verify_tree(void *context, struct slice prefix, struct error *err)
{
    struct verifying *const verifying = context;
    AUTO(run_list_done) struct run_list list = {0};
    AUTO_LSM_CURSOR struct lsm_cursor *cursor = NULL;
    struct db_entry entry;
    if (!run_list_load(verifying->txn, verifying->table, prefix, &list, err)) return false;
    for (size_t i = 0; i < list.count; i++) {
        if (!verify_run(verifying, &list, &list.runs[i], err)) return false;
    }
    if (!lsm_cursor_open(verifying->txn, verifying->table, prefix, &cursor, err)) return false;
    enum db_finding found = lsm_cursor_seek(cursor, prefix, prefix.length, &entry, err);
    for (; found == DB_FOUND; found = lsm_cursor_next(cursor, &entry, err))
        verifying->visit(verifying->context, &entry);
    return found == DB_MISSING;
}

bool lsm_verify(const struct txn *txn, enum db_table table,
                void (*visit)(void *context, const struct db_entry *entry), void *context,
                struct error *err)
{
    struct verifying verifying = {.txn = txn, .table = table, .visit = visit, .context = context};
    uint64_t blocks;
    if (!run_list_each(txn, table, verify_tree, &verifying, err) ||
        !db_table_entries(txn, table, &blocks, err))
        return false;
    return blocks == verifying.blocks ||
           lsm_verify_fail(&verifying, "there are other blocks than the runs have", err);
}
