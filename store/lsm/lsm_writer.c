/* Where a change goes:
 *
 *   keys behind all others of the tree   to the end of the tail, a run with filters: so keys that
 *                                        come in their order are written once, and never merged
 *   any others                           into the head, a few blocks that are changed in place.
 *                                        When there are more, it becomes a sorted run: it gets
 *                                        filters, and is merged with others of its size by and by
 *
 * A key of the second kind is looked for in the head and in each run that may have it, from the
 * newest on. Where it goes away and an older run may have it, an entry without value stays in its
 * place until it is merged with the oldest run.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "lsm/lsm_writer.h"

#include "base/arena.h"
#include "lsm/block_cursor.h"
#include "lsm/block_writer.h"
#include "lsm/compaction.h"
#include "lsm/filter.h"
#include "lsm/filter_writer.h"
#include "lsm/run_probe.h"

struct lsm_writer {
    struct txn *txn;
    struct run_list list;
    bool is_changed; /* the list is */

    /* The run that takes changes: the tail when appending, else the head. */
    bool is_appending;
    struct block_writer *target; /* NULL: not begun */
    uint32_t target_id;
    struct filter_writer filter; /* of the tail */

    /* Where keys may be besides the head, newest first; while not appending. */
    struct run_probe *probes;
    size_t probe_count;

    struct buffer key;   /* of the last seek */
    struct buffer entry; /* the same in the target */
    bool in_target;      /* the key is, be it as one that went away */
    size_t found;        /* the probe that has it; probe_count: none */
};

static void close_probes(struct lsm_writer *writer)
{
    for (size_t i = 0; i < writer->probe_count; i++)
        run_probe_done(&writer->probes[i]);
    free(writer->probes);
    writer->probes = NULL;
    writer->probe_count = 0;
}

void lsm_writer_close(struct lsm_writer *writer)
{
    if (!writer) return;
    block_writer_close(writer->target);
    filter_writer_done(&writer->filter);
    close_probes(writer);
    run_list_done(&writer->list);
    buffer_done(&writer->key);
    buffer_done(&writer->entry);
    free(writer);
}

static bool open_probes(struct lsm_writer *writer, struct error *err)
{
    writer->probes = memory_alloc((writer->list.count + 1) * sizeof *writer->probes);
    for (size_t i = 0; i < writer->list.count; i++) {
        const struct run *const run = &writer->list.runs[i];
        if (run->state == RUN_HEAD) continue;
        struct run_probe *const probe = &writer->probes[writer->probe_count++];
        if (!run_probe_open(writer->txn, &writer->list, run, true, probe, err)) return false;
    }
    return true;
}

static struct run *head_of(const struct run_list *list)
{
    return list->count && list->runs[0].state == RUN_HEAD ? &list->runs[0] : NULL;
}

static bool open_target(struct lsm_writer *writer, uint32_t id, struct error *err)
{
    STACK_BUFFER(prefix, RUN_ID_BYTES);
    run_key(id, (struct slice){0}, &prefix);
    writer->target_id = id;
    return block_writer_open(writer->txn, writer->list.table, buffer_slice(&prefix),
                             &writer->target, err);
}

bool lsm_writer_open(struct txn *txn, enum db_table table, struct slice prefix,
                     struct lsm_writer **ret_writer, struct error *err)
{
    struct lsm_writer *const writer = memory_alloc(sizeof *writer);
    writer->txn = txn;
    if (!run_list_load(txn, table, prefix, &writer->list, err) || !open_probes(writer, err) ||
        (head_of(&writer->list) && !open_target(writer, head_of(&writer->list)->id, err))) {
        lsm_writer_close(writer);
        return false;
    }
    *ret_writer = writer;
    return true;
}

static void count_growth(struct lsm_writer *writer, struct run *run,
                         const struct block_writer *blocks)
{
    struct block_growth const growth = block_writer_growth(blocks);
    run->blocks += (uint64_t)growth.blocks;
    run->entries += (uint64_t)growth.entries;
    if (run->stale > run->entries) run->stale = run->entries;
    writer->is_changed |= growth.blocks != 0 || growth.entries != 0;
}

/* Ends what goes into one run. */
static bool finish_target(struct lsm_writer *writer, struct error *err)
{
    if (!writer->target) return true;
    if (!block_writer_finish(writer->target, err)) return false;
    count_growth(writer, run_list_find(&writer->list, writer->target_id), writer->target);
    block_writer_close(TAKE(writer->target));
    return true;
}

/* From here on keys are behind all that the tree has. */
static bool begin_appending(struct lsm_writer *writer, struct error *err)
{
    writer->is_appending = true;
    close_probes(writer);
    return finish_target(writer, err);
}

static bool is_behind_all(const struct lsm_writer *writer, struct slice key)
{
    const struct run_list *const list = &writer->list;
    return list->count == 0 || slice_compare(key, buffer_slice(&list->greatest)) > 0;
}

static enum db_finding find_in_target(struct lsm_writer *writer, struct slice *ret_value,
                                      struct error *err)
{
    if (!writer->target) return DB_MISSING;
    run_key(writer->target_id, buffer_slice(&writer->key), &writer->entry);
    if (!block_writer_seek(writer->target, buffer_slice(&writer->entry), ret_value, err))
        return DB_FAILED;
    writer->in_target = block_writer_is_known(writer->target);
    return writer->in_target ? DB_FOUND : DB_MISSING;
}

bool lsm_writer_seek(struct lsm_writer *writer, struct slice key, struct slice *ret_value,
                     struct error *err)
{
    *ret_value = (struct slice){0};
    buffer_set(&writer->key, key);
    writer->in_target = false;
    writer->found = writer->probe_count;
    if (!writer->is_appending && is_behind_all(writer, key) && !begin_appending(writer, err))
        return false;
    if (writer->is_appending) return true;
    enum db_finding found = find_in_target(writer, ret_value, err);
    if (found != DB_MISSING) return found == DB_FOUND;
    uint64_t const hash = filter_hash(writer->list.seed, key);
    for (size_t i = 0; i < writer->probe_count; i++) {
        found = run_probe_find(&writer->probes[i], key, hash, ret_value, err);
        if (found == DB_FAILED) return false;
        if (found == DB_MISSING) continue;
        writer->found = i;
        return true;
    }
    return true;
}

/* The tail is the run that was appended to last, unless it is merged by now. */
static bool begin_tail(struct lsm_writer *writer, struct error *err)
{
    struct run_list *const list = &writer->list;
    const struct run *const tail = run_list_find(list, list->tail);
    if (!tail || tail->state != RUN_SORTED) {
        size_t const at = head_of(list) ? 1 : 0;
        if (!run_list_insert(writer->txn, list, at, RUN_SORTED, err)) return false;
        list->tail = list->runs[at].id;
        writer->is_changed = true;
    }
    return open_target(writer, list->tail, err) &&
           filter_writer_open(writer->txn, list, list->tail, &writer->filter, err);
}

static bool append(struct lsm_writer *writer, struct slice value, struct error *err)
{
    struct slice const key = buffer_slice(&writer->key);
    struct slice known;
    if (value.length == 0) return true;
    if (!writer->target && !begin_tail(writer, err)) return false;
    run_key(writer->target_id, key, &writer->entry);
    return block_writer_seek(writer->target, buffer_slice(&writer->entry), &known, err) &&
           block_writer_set(writer->target, value, err) &&
           filter_writer_add(&writer->filter, key, err);
}

static bool begin_head(struct lsm_writer *writer, struct error *err)
{
    struct slice ignored;
    writer->is_changed = true;
    return run_list_insert(writer->txn, &writer->list, 0, RUN_HEAD, err) &&
           open_target(writer, writer->list.runs[0].id, err) &&
           find_in_target(writer, &ignored, err) != DB_FAILED;
}

/* Whether the key has to be marked as one that went away, as a run below the head may have it. */
static bool needs_mark(struct lsm_writer *writer, bool *ret_needs, struct error *err)
{
    *ret_needs = writer->found < writer->probe_count;
    if (!writer->in_target) return true;
    struct slice const key = buffer_slice(&writer->key);
    uint64_t const hash = filter_hash(writer->list.seed, key);
    for (size_t i = 0; i < writer->probe_count && !*ret_needs; i++) {
        if (!run_probe_may_have(&writer->probes[i], key, hash, ret_needs, err)) return false;
    }
    return true;
}

bool lsm_writer_set(struct lsm_writer *writer, struct slice value, struct error *err)
{
    bool mark = false;
    if (writer->is_appending) return append(writer, value, err);
    if (value.length == 0 && !needs_mark(writer, &mark, err)) return false;
    if (value.length == 0 && !mark && !writer->in_target) return true;
    if (!writer->target && !begin_head(writer, err)) return false;
    if (writer->found < writer->probe_count)
        run_list_find(&writer->list, writer->probes[writer->found].run)->stale++;
    return mark ? block_writer_mark(writer->target, err)
                : block_writer_set(writer->target, value, err);
}

/* Removes entries of a run that no writer has in hand. */
static bool clear_in_run(struct lsm_writer *writer, struct run *run, struct slice prefix,
                         struct error *err)
{
    STACK_BUFFER(start, RUN_ID_BYTES);
    AUTO_BUFFER struct buffer key = {0};
    AUTO(auto_block_writer) struct block_writer *blocks = NULL;
    run_key(run->id, (struct slice){0}, &start);
    run_key(run->id, prefix, &key);
    if (!block_writer_open(writer->txn, writer->list.table, buffer_slice(&start), &blocks, err) ||
        !block_writer_clear(blocks, buffer_slice(&key), err) || !block_writer_finish(blocks, err))
        return false;
    count_growth(writer, run, blocks);
    return true;
}

bool lsm_writer_clear(struct lsm_writer *writer, struct slice prefix, struct error *err)
{
    if (writer->is_appending) return true; /* nothing begins with it that is behind all others */
    for (size_t i = 0; i < writer->list.count; i++) {
        struct run *const run = &writer->list.runs[i];
        if (writer->target && run->id == writer->target_id) continue;
        if (!clear_in_run(writer, run, prefix, err)) return false;
    }
    if (!writer->target) return true;
    run_key(writer->target_id, prefix, &writer->entry);
    return block_writer_clear(writer->target, buffer_slice(&writer->entry), err);
}

/* The head becomes a sorted run. */
static bool seal(struct lsm_writer *writer, struct run *head, struct error *err)
{
    AUTO(auto_block_cursor) struct block_cursor *cursor = NULL;
    AUTO(filter_writer_done) struct filter_writer filter = {0};
    STACK_BUFFER(prefix, RUN_ID_BYTES);
    struct db_entry entry;
    run_key(head->id, (struct slice){0}, &prefix);
    if (!block_cursor_open(writer->txn, writer->list.table, buffer_slice(&prefix), &cursor, err) ||
        !filter_writer_open(writer->txn, &writer->list, head->id, &filter, err))
        return false;
    enum db_finding found = block_cursor_first(cursor, &entry, err);
    for (; found == DB_FOUND; found = block_cursor_next(cursor, &entry, err)) {
        if (!filter_writer_add(&filter, run_key_rest(entry.key), err)) return false;
    }
    head->state = RUN_SORTED;
    writer->is_changed = true;
    return found == DB_MISSING && filter_writer_finish(&filter, err);
}

static bool has_stale_run(const struct run_list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        if (list->runs[i].state == RUN_SORTED && compaction_is_stale(&list->runs[i])) return true;
    }
    return false;
}

/* *RET_WRITTEN: blocks. */
static bool finish_appending(struct lsm_writer *writer, uint64_t *ret_written, struct error *err)
{
    if (!writer->target) return true;
    struct run *const tail = run_list_find(&writer->list, writer->target_id);
    uint64_t const before = tail->blocks;
    buffer_set(&writer->list.greatest, run_key_rest(buffer_slice(&writer->entry)));
    writer->is_changed = true;
    if (!finish_target(writer, err) || !filter_writer_finish(&writer->filter, err)) return false;
    *ret_written = tail->blocks - before; /* what is appended to never shrinks */
    return true;
}

/* Runs without a block, but not those of a merge. */
static bool drop_empty_runs(struct lsm_writer *writer, struct error *err)
{
    struct run_list *const list = &writer->list;
    for (size_t i = list->count; i-- > 0;) {
        const struct run run = list->runs[i];
        if (run.blocks > 0 || run.state == RUN_INPUT || run.state == RUN_OUTPUT) continue;
        run_list_remove(list, i);
        writer->is_changed = true;
        if (!run_drop(writer->txn, list->table, run.id, err)) return false;
    }
    return true;
}

bool lsm_writer_finish(struct lsm_writer *writer, struct error *err)
{
    struct run_list *const list = &writer->list;
    uint64_t written = 0;
    close_probes(writer);
    if (!(writer->is_appending ? finish_appending(writer, &written, err)
                               : finish_target(writer, err)))
        return false;
    struct run *const head = head_of(list);
    if (head && (head->blocks > COMPACTION_HEAD_BLOCKS || has_stale_run(list))) {
        written += head->blocks;
        if (!seal(writer, head, err)) return false;
    }
    if (written && !compaction_advance(writer->txn, list, written, err)) return false;
    if (writer->is_changed && !drop_empty_runs(writer, err)) return false;
    return !writer->is_changed || run_list_save(writer->txn, list, err);
}

bool lsm_clear(struct txn *txn, enum db_table table, struct slice prefix, struct error *err)
{
    AUTO(run_list_done) struct run_list list = {0};
    if (!run_list_load(txn, table, prefix, &list, err)) return false;
    if (list.count == 0) return true;
    while (list.count) {
        if (!run_drop(txn, table, list.runs[0].id, err)) return false;
        run_list_remove(&list, 0);
    }
    buffer_clear(&list.greatest);
    return run_list_save(txn, &list, err);
}
