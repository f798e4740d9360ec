// SPDX-License-Identifier: Apache-2.0
#include "lsm/lsm_verify.h"

#include "base/arena.h"
#include "lsm/block_cursor.h"
#include "lsm/filter.h"
#include "lsm/lsm_cursor.h"
#include "lsm/run_probe.h"

/* A run, and what was found of it. */
struct expected_run {
    uint32_t id;
    uint64_t entries;
    uint64_t seed;
    struct run_probe probe;
};

struct verifying {
    const struct txn *txn;
    enum db_table table;
    struct expected_run *runs; /* of all trees */
    size_t count;
    void (*visit)(void *context, const struct db_entry *entry);
    void *context;
};

static void verifying_done(struct verifying *verifying)
{
    for (size_t i = 0; i < verifying->count; i++)
        run_probe_done(&verifying->runs[i].probe);
    free(verifying->runs);
}

static bool expect_runs(void *context, struct slice prefix, struct error *err)
{
    struct verifying *const verifying = context;
    AUTO(run_list_done) struct run_list list = {0};
    if (!run_list_load(verifying->txn, verifying->table, prefix, &list, err)) return false;
    if (list.count == 0) return true;
    verifying->runs =
        memory_resize(verifying->runs, (verifying->count + list.count) * sizeof *verifying->runs);
    for (size_t i = 0; i < list.count; i++) {
        const struct run *const run = &list.runs[i];
        struct expected_run *const expected = &verifying->runs[verifying->count++];
        *expected =
            (struct expected_run){.id = run->id, .entries = run->entries, .seed = list.seed};
        if (!run_probe_open(verifying->txn, &list, run, true, &expected->probe, err)) return false;
    }
    return true;
}

static bool lsm_verify_fail(const struct verifying *verifying, const char *fact, struct error *err)
{
    (void)error_set(err, ERROR_CORRUPT, "%s", fact);
    return db_blame(verifying->table, err);
}

/* The run that an entry is of, which is often that of the one before. */
static struct expected_run *run_of(const struct verifying *verifying, struct expected_run *before,
                                   uint32_t id)
{
    if (before && before->id == id) return before;
    for (size_t i = 0; i < verifying->count; i++) {
        if (verifying->runs[i].id == id) return &verifying->runs[i];
    }
    return NULL;
}

/* Every entry that is stored, be it stale or a mark. */
static bool read_all(const struct verifying *verifying, struct error *err)
{
    AUTO(auto_block_cursor) struct block_cursor *cursor = NULL;
    struct expected_run *run = NULL;
    struct db_entry entry;
    bool may_have;
    if (!block_cursor_open(verifying->txn, verifying->table, (struct slice){0}, &cursor, err))
        return false;
    enum db_finding found = block_cursor_first(cursor, &entry, err);
    for (; found == DB_FOUND; found = block_cursor_next(cursor, &entry, err)) {
        struct slice const key = run_key_rest(entry.key);
        run = run_of(verifying, run, run_key_id(entry.key));
        if (!run || run->entries-- == 0)
            return lsm_verify_fail(verifying, "entries are there that no run has", err);
        if (!run_probe_may_have(&run->probe, key, filter_hash(run->seed, key), &may_have, err))
            return false;
        if (!may_have) return lsm_verify_fail(verifying, "a filter has forgotten a key", err);
    }
    for (size_t i = 0; i < verifying->count && found == DB_MISSING; i++) {
        if (verifying->runs[i].entries)
            return lsm_verify_fail(verifying, "entries of a run are missing", err);
    }
    return found == DB_MISSING;
}

static bool visit_tree(void *context, struct slice prefix, struct error *err)
{
    const struct verifying *const verifying = context;
    AUTO_LSM_CURSOR struct lsm_cursor *cursor = NULL;
    struct db_entry entry;
    if (!lsm_cursor_open(verifying->txn, verifying->table, prefix, &cursor, err)) return false;
    enum db_finding found = lsm_cursor_seek(cursor, prefix, &entry, err);
    for (; found == DB_FOUND; found = lsm_cursor_next(cursor, &entry, err))
        verifying->visit(verifying->context, &entry);
    return found == DB_MISSING;
}

bool lsm_verify(const struct txn *txn, enum db_table table,
                void (*visit)(void *context, const struct db_entry *entry), void *context,
                struct error *err)
{
    AUTO(verifying_done)
    struct verifying verifying = {.txn = txn, .table = table, .visit = visit, .context = context};
    return run_list_each(txn, table, expect_runs, &verifying, err) && read_all(&verifying, err) &&
           run_list_each(txn, table, visit_tree, &verifying, err);
}
