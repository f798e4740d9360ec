/* Each run has a cursor that stands at its next entry in the direction of reading. The nearest of
 * these is given, of equal keys that of the newest run; then all that stand at its key go on.
 *
 * While one run's entries stay nearer than the runner-up's, no other is looked at: so a run that
 * has a stretch of keys alone is read as if there were no others.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "lsm/lsm_cursor.h"

#include "base/arena.h"
#include "lsm/block_cursor.h"
#include "lsm/run_list.h"

struct source {
    struct block_cursor *blocks;
    uint32_t run;
    bool has_entry;
    struct slice key; /* without the run's id */
    struct slice value;
};

struct lsm_cursor {
    struct run_list list;
    struct source *sources; /* newest first */
    size_t count;
    bool is_forward;
    struct source *at;    /* gave the last entry; NULL: there is none */
    struct source *rival; /* the nearest of the others; NULL: there is none */
    struct buffer key;    /* of entries of the table */
    struct buffer here;   /* where a change of direction begins */
    struct buffer within; /* what each key that is given begins with */
};

void lsm_cursor_close(struct lsm_cursor *cursor)
{
    if (!cursor) return;
    for (size_t i = 0; i < cursor->count; i++)
        block_cursor_close(cursor->sources[i].blocks);
    free(cursor->sources);
    run_list_done(&cursor->list);
    buffer_done(&cursor->key);
    buffer_done(&cursor->here);
    buffer_done(&cursor->within);
    free(cursor);
}

static bool open_sources(struct lsm_cursor *cursor, const struct txn *txn, struct error *err)
{
    STACK_BUFFER(prefix, RUN_ID_BYTES);
    cursor->sources = memory_alloc((cursor->list.count + 1) * sizeof *cursor->sources);
    for (; cursor->count < cursor->list.count; cursor->count++) {
        struct source *const source = &cursor->sources[cursor->count];
        source->run = cursor->list.runs[cursor->count].id;
        run_key(source->run, (struct slice){0}, &prefix);
        if (!block_cursor_open(txn, cursor->list.table, buffer_slice(&prefix), &source->blocks,
                               err))
            return false;
    }
    return true;
}

bool lsm_cursor_open(const struct txn *txn, enum db_table table, struct slice prefix,
                     struct lsm_cursor **ret_cursor, struct error *err)
{
    struct lsm_cursor *const cursor = memory_alloc(sizeof *cursor);
    if (!run_list_load(txn, table, prefix, &cursor->list, err) || !open_sources(cursor, txn, err)) {
        lsm_cursor_close(cursor);
        return false;
    }
    *ret_cursor = cursor;
    return true;
}

static bool source_take(struct source *source, enum db_finding found, const struct db_entry *entry)
{
    source->has_entry = found == DB_FOUND;
    if (!source->has_entry) return found == DB_MISSING;
    source->key = run_key_rest(entry->key);
    source->value = entry->value;
    return true;
}

static bool source_seek(struct lsm_cursor *cursor, struct source *source, struct slice key,
                        struct error *err)
{
    struct db_entry entry;
    run_key(source->run, key, &cursor->key);
    struct slice const full = buffer_slice(&cursor->key);
    enum db_finding const found = cursor->is_forward
                                      ? block_cursor_seek(source->blocks, full, &entry, err)
                                      : block_cursor_seek_before(source->blocks, full, &entry, err);
    return source_take(source, found, &entry);
}

static bool source_step(const struct lsm_cursor *cursor, struct source *source, struct error *err)
{
    struct db_entry entry;
    enum db_finding const found = cursor->is_forward
                                      ? block_cursor_next(source->blocks, &entry, err)
                                      : block_cursor_previous(source->blocks, &entry, err);
    return source_take(source, found, &entry);
}

/* Below 0: A comes first; equal keys: 0. */
static int compare_sources(const struct lsm_cursor *cursor, const struct source *a,
                           const struct source *b)
{
    int const order = slice_compare(a->key, b->key);
    return cursor->is_forward ? order : -order;
}

static void choose(struct lsm_cursor *cursor)
{
    cursor->at = cursor->rival = NULL;
    for (size_t i = 0; i < cursor->count; i++) {
        struct source *const source = &cursor->sources[i];
        if (!source->has_entry) continue;
        if (!cursor->at || compare_sources(cursor, source, cursor->at) < 0) {
            cursor->rival = cursor->at;
            cursor->at = source;
        } else if (!cursor->rival || compare_sources(cursor, source, cursor->rival) < 0) {
            cursor->rival = source;
        }
    }
}

/* Goes on from the key that was given, or left out. */
static bool pass(struct lsm_cursor *cursor, struct error *err)
{
    struct source *const at = cursor->at;
    bool const is_alone = !cursor->rival || compare_sources(cursor, at, cursor->rival) != 0;
    for (size_t i = 0; i < cursor->count && !is_alone; i++) {
        struct source *const source = &cursor->sources[i];
        if (source == at || !source->has_entry || compare_sources(cursor, source, at) != 0)
            continue;
        if (!source_step(cursor, source, err)) return false;
    }
    if (!source_step(cursor, at, err)) return false;
    bool const stays_nearest = is_alone && at->has_entry &&
                               (!cursor->rival || compare_sources(cursor, at, cursor->rival) < 0);
    if (!stays_nearest) choose(cursor);
    return true;
}

/* What the nearest has, but for what went away. Once its key is not within, none behind it is. */
static enum db_finding lsm_cursor_give(struct lsm_cursor *cursor, struct db_entry *ret_entry,
                                       struct error *err)
{
    struct slice const within = buffer_slice(&cursor->within);
    while (cursor->at && slice_starts(cursor->at->key, within)) {
        if (cursor->at->value.length) {
            *ret_entry = (struct db_entry){.key = cursor->at->key, .value = cursor->at->value};
            return DB_FOUND;
        }
        if (!pass(cursor, err)) return DB_FAILED;
    }
    return DB_MISSING;
}

static bool seek_all(struct lsm_cursor *cursor, bool is_forward, struct slice key,
                     struct error *err)
{
    cursor->is_forward = is_forward;
    for (size_t i = 0; i < cursor->count; i++) {
        if (!source_seek(cursor, &cursor->sources[i], key, err)) return false;
    }
    choose(cursor);
    return true;
}

static enum db_finding seek_within(struct lsm_cursor *cursor, bool is_forward, struct slice key,
                                   size_t within, struct db_entry *ret_entry, struct error *err)
{
    buffer_set(&cursor->within, slice_of(key.at, within));
    if (!seek_all(cursor, is_forward, key, err)) return DB_FAILED;
    return lsm_cursor_give(cursor, ret_entry, err);
}

enum db_finding lsm_cursor_seek(struct lsm_cursor *cursor, struct slice key, size_t within,
                                struct db_entry *ret_entry, struct error *err)
{
    return seek_within(cursor, true, key, within, ret_entry, err);
}

enum db_finding lsm_cursor_seek_before(struct lsm_cursor *cursor, struct slice key, size_t within,
                                       struct db_entry *ret_entry, struct error *err)
{
    return seek_within(cursor, false, key, within, ret_entry, err);
}

/* From the entry at hand the other way: back to it, that is to the key itself, and past it. */
static bool turn(struct lsm_cursor *cursor, bool is_forward, struct error *err)
{
    buffer_set(&cursor->here, cursor->at->key);
    struct slice const here = buffer_slice(&cursor->here);
    if (!seek_all(cursor, is_forward, here, err)) return false;
    if (!is_forward) return true; /* it is in front of the key already */
    return pass(cursor, err);
}

static enum db_finding lsm_cursor_go(struct lsm_cursor *cursor, bool is_forward,
                                     struct db_entry *ret_entry, struct error *err)
{
    if (!cursor->at) return DB_MISSING;
    bool const good =
        cursor->is_forward == is_forward ? pass(cursor, err) : turn(cursor, is_forward, err);
    return good ? lsm_cursor_give(cursor, ret_entry, err) : DB_FAILED;
}

enum db_finding lsm_cursor_next(struct lsm_cursor *cursor, struct db_entry *ret_entry,
                                struct error *err)
{
    return lsm_cursor_go(cursor, true, ret_entry, err);
}

enum db_finding lsm_cursor_previous(struct lsm_cursor *cursor, struct db_entry *ret_entry,
                                    struct error *err)
{
    return lsm_cursor_go(cursor, false, ret_entry, err);
}
