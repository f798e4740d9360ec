// SPDX-License-Identifier: Apache-2.0
#include "lsm/run_list.h"

#include "base/arena.h"
#include "base/random.h"
#include "base/varint.h"
#include "types/pack.h"

const enum db_table lsm_tables[LSM_TABLES] = {TABLE_EVENTS, TABLE_EXPIRY, TABLE_UNDO,
                                              TABLE_VALUES, TABLE_RANKS,  TABLE_REFERENCES};

/* In the table of runs, behind the table's number: */
enum entry { ENTRY_TABLE, ENTRY_TREE };

void run_list_done(struct run_list *list)
{
    buffer_done(&list->prefix);
    buffer_done(&list->greatest);
    free(list->runs);
    *list = (struct run_list){0};
}

bool run_list_corrupt(enum db_table table, struct error *err)
{
    (void)error_set(err, ERROR_CORRUPT, "the list of its runs cannot be read");
    return db_blame(table, err);
}

static void entry_key(enum db_table table, enum entry entry, struct slice prefix,
                      struct buffer *key)
{
    buffer_clear(key);
    buffer_add_byte(key, (uint8_t)table);
    buffer_add_byte(key, (uint8_t)entry);
    buffer_add_slice(key, prefix);
}

/* What all trees of a table have in common. */
struct shared {
    uint64_t seed;
    uint64_t last_id;
};

static bool shared_load(const struct txn *txn, enum db_table table, struct shared *ret_shared,
                        struct error *err)
{
    STACK_BUFFER(key, 2);
    struct slice value;
    entry_key(table, ENTRY_TABLE, (struct slice){0}, &key);
    enum db_finding const found = db_get(txn, TABLE_RUNS, buffer_slice(&key), &value, err);
    if (found == DB_FAILED) return false;
    return (found == DB_FOUND && unpack_u64(&value, &ret_shared->seed) &&
            unpack_varint(&value, &ret_shared->last_id) && ret_shared->last_id < UINT32_MAX) ||
           run_list_corrupt(table, err);
}

static bool shared_save(struct txn *txn, enum db_table table, const struct shared *shared,
                        struct error *err)
{
    STACK_BUFFER(key, 2);
    STACK_BUFFER(value, 8 + VARINT_BYTES_MAX);
    entry_key(table, ENTRY_TABLE, (struct slice){0}, &key);
    pack_u64(&value, shared->seed);
    pack_varint(&value, shared->last_id);
    return db_put(txn, TABLE_RUNS, buffer_slice(&key), buffer_slice(&value), err);
}

bool run_list_create(struct txn *txn, enum db_table table, struct error *err)
{
    struct shared shared = {.last_id = 0};
    return (random_draw(&shared.seed, sizeof shared.seed) ||
            error_set(err, ERROR_SYSTEM, "the system gives no random bytes")) &&
           shared_save(txn, table, &shared, err);
}

static struct run *add_run(struct run_list *list, size_t at)
{
    if (list->count == list->capacity) {
        list->capacity = list->capacity ? list->capacity * 2 : 16;
        list->runs = memory_resize(list->runs, list->capacity * sizeof *list->runs);
    }
    struct run *const run = &list->runs[at];
    memmove(run + 1, run, (list->count - at) * sizeof *run);
    list->count++;
    return run;
}

static bool unpack_list(struct slice value, struct run_list *list)
{
    struct slice greatest;
    uint64_t tail, id, state;
    if (!unpack_varint(&value, &tail) || !unpack_bytes(&value, &greatest)) return false;
    list->tail = (uint32_t)tail;
    buffer_set(&list->greatest, greatest);
    while (value.length) {
        struct run run;
        if (!unpack_varint(&value, &id) || !unpack_varint(&value, &state) ||
            !unpack_varint(&value, &run.blocks) || !unpack_varint(&value, &run.entries) ||
            !unpack_varint(&value, &run.stale) || id == 0 || id > UINT32_MAX || state > RUN_INPUT)
            return false;
        run.id = (uint32_t)id;
        run.state = (enum run_state)state;
        *add_run(list, list->count) = run;
    }
    return true;
}

bool run_list_load(const struct txn *txn, enum db_table table, struct slice prefix,
                   struct run_list *ret_list, struct error *err)
{
    STACK_BUFFER(key, 16);
    struct shared shared;
    struct slice value;
    *ret_list = (struct run_list){.table = table};
    buffer_set(&ret_list->prefix, prefix);
    entry_key(table, ENTRY_TREE, prefix, &key);
    if (!shared_load(txn, table, &shared, err)) return false;
    ret_list->seed = shared.seed;
    switch (db_get(txn, TABLE_RUNS, buffer_slice(&key), &value, err)) {
    case DB_MISSING: return true;
    case DB_FAILED: return false;
    case DB_FOUND: break;
    }
    return unpack_list(value, ret_list) || run_list_corrupt(table, err);
}

bool run_list_save(struct txn *txn, const struct run_list *list, struct error *err)
{
    STACK_BUFFER(key, 16);
    AUTO_BUFFER struct buffer value = {0};
    entry_key(list->table, ENTRY_TREE, buffer_slice(&list->prefix), &key);
    pack_varint(&value, list->tail);
    pack_bytes(&value, buffer_slice(&list->greatest));
    for (size_t i = 0; i < list->count; i++) {
        const struct run *const run = &list->runs[i];
        pack_varint(&value, run->id);
        pack_varint(&value, (uint64_t)run->state);
        pack_varint(&value, run->blocks);
        pack_varint(&value, run->entries);
        pack_varint(&value, run->stale);
    }
    return db_put(txn, TABLE_RUNS, buffer_slice(&key), buffer_slice(&value), err);
}

bool run_list_each(const struct txn *txn, enum db_table table,
                   bool (*visit)(void *context, struct slice prefix, struct error *err),
                   void *context, struct error *err)
{
    STACK_BUFFER(start, 2);
    AUTO_CURSOR struct cursor *cursor = NULL;
    struct db_entry entry;
    entry_key(table, ENTRY_TREE, (struct slice){0}, &start);
    if (!cursor_open(txn, TABLE_RUNS, &cursor, err)) return false;
    enum db_finding found = cursor_seek(cursor, buffer_slice(&start), &entry, err);
    for (; found == DB_FOUND && slice_starts(entry.key, buffer_slice(&start));
         found = cursor_next(cursor, &entry, err)) {
        struct slice const prefix =
            slice_of(entry.key.at + start.length, entry.key.length - start.length);
        if (!visit(context, prefix, err)) return false;
    }
    return found != DB_FAILED;
}

bool run_list_insert(struct txn *txn, struct run_list *list, size_t at, enum run_state state,
                     struct error *err)
{
    struct shared shared;
    if (!shared_load(txn, list->table, &shared, err)) return false;
    shared.last_id++;
    *add_run(list, at) = (struct run){.id = (uint32_t)shared.last_id, .state = state};
    return shared_save(txn, list->table, &shared, err);
}

void run_list_remove(struct run_list *list, size_t at)
{
    struct run *const run = &list->runs[at];
    if (list->tail == run->id) list->tail = 0;
    list->count--;
    memmove(run, run + 1, (list->count - at) * sizeof *run);
}

struct run *run_list_find(const struct run_list *list, uint32_t id)
{
    for (size_t i = 0; i < list->count; i++) {
        if (list->runs[i].id == id) return &list->runs[i];
    }
    return NULL;
}

static void add_id(uint32_t id, struct buffer *into)
{
    uint8_t const bytes[RUN_ID_BYTES] = {(uint8_t)(id >> 24), (uint8_t)(id >> 16),
                                         (uint8_t)(id >> 8), (uint8_t)id};
    buffer_add(into, bytes, sizeof bytes);
}

void run_key(uint32_t id, struct slice key, struct buffer *into)
{
    buffer_clear(into);
    add_id(id, into);
    buffer_add_slice(into, key);
}

void run_filter_key(enum db_table table, uint32_t id, struct slice key, struct buffer *into)
{
    buffer_clear(into);
    buffer_add_byte(into, (uint8_t)table);
    add_id(id, into);
    buffer_add_slice(into, key);
}

bool run_drop(struct txn *txn, enum db_table table, uint32_t id, struct error *err)
{
    STACK_BUFFER(key, 1 + RUN_ID_BYTES);
    run_key(id, (struct slice){0}, &key);
    if (!db_clear_prefix(txn, table, buffer_slice(&key), err)) return false;
    run_filter_key(table, id, (struct slice){0}, &key);
    return db_clear_prefix(txn, TABLE_FILTERS, buffer_slice(&key), err);
}
