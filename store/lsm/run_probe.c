// SPDX-License-Identifier: Apache-2.0
#include "lsm/run_probe.h"

#include "lsm/filter.h"

bool run_probe_open(const struct txn *txn, const struct run_list *list, const struct run *run,
                    bool rises, struct run_probe *ret_probe, struct error *err)
{
    *ret_probe = (struct run_probe){.table = list->table,
                                    .run = run->id,
                                    .prefix_length = list->prefix.length,
                                    .has_filters = run->state != RUN_HEAD,
                                    .rises = rises};
    return cursor_open(txn, TABLE_FILTERS, &ret_probe->filters, err) &&
           cursor_open(txn, list->table, &ret_probe->blocks, err);
}

void run_probe_done(struct run_probe *probe)
{
    cursor_close(probe->filters);
    cursor_close(probe->blocks);
    buffer_done(&probe->key);
    buffer_done(&probe->asked);
    buffer_done(&probe->from);
    buffer_done(&probe->until);
    buffer_done(&probe->filter);
    buffer_done(&probe->fence);
    buffer_done(&probe->next_fence);
    buffer_done(&probe->block);
    block_reader_done(&probe->reader);
    *probe = (struct run_probe){0};
}

/* The key of a filter as that of an entry; false: it is another run's. */
static bool own_key(const struct run_probe *probe, struct slice entry, struct slice *ret_key)
{
    STACK_BUFFER(start, 1 + RUN_ID_BYTES);
    run_filter_key(probe->table, probe->run, (struct slice){0}, &start);
    if (!slice_starts(entry, buffer_slice(&start))) return false;
    *ret_key = slice_of(entry.at + start.length, entry.length - start.length);
    return true;
}

static bool is_below(const struct run_probe *probe, struct slice key)
{
    uint64_t const head = key_head(key, probe->prefix_length);
    return head != probe->until_head ? head < probe->until_head
                                     : slice_compare(key, buffer_slice(&probe->until)) < 0;
}

/* Keys that rise are behind FROM. */
static bool is_in_stretch(const struct run_probe *probe, struct slice key)
{
    return probe->has_stretch && (probe->is_last || is_below(probe, key)) &&
           (probe->is_before || probe->rises ||
            slice_compare(buffer_slice(&probe->from), key) <= 0);
}

static bool learn_until(struct run_probe *probe, enum db_finding found, struct slice entry)
{
    struct slice key;
    if (found == DB_FAILED) return false;
    probe->is_last = found == DB_MISSING || !own_key(probe, entry, &key);
    if (!probe->is_last) {
        buffer_set(&probe->until, key);
        probe->until_head = key_head(key, probe->prefix_length);
    }
    probe->has_stretch = true;
    return true;
}

/* Takes the filter that KEY would be in. */
static bool take_filter(struct run_probe *probe, struct slice key, struct error *err)
{
    struct db_entry entry;
    struct slice from;
    probe->has_stretch = false;
    run_filter_key(probe->table, probe->run, key, &probe->key);
    struct slice const at = buffer_slice(&probe->key);
    enum db_finding found = cursor_seek_back(probe->filters, at, &entry, err);
    if (found == DB_FAILED) return false;
    probe->is_before = found == DB_MISSING || !own_key(probe, entry.key, &from);
    if (probe->is_before) {
        found = cursor_seek(probe->filters, at, &entry, err);
        return learn_until(probe, found, entry.key);
    }
    if (!filter_is_whole(entry.value)) return run_list_corrupt(probe->table, err);
    buffer_set(&probe->from, from);
    buffer_set(&probe->filter, entry.value);
    found = cursor_next_key(probe->filters, &entry.key, err);
    return learn_until(probe, found, entry.key);
}

bool run_probe_may_have(struct run_probe *probe, struct slice key, uint64_t hash,
                        bool *ret_may_have, struct error *err)
{
    *ret_may_have = true;
    if (!probe->has_filters) return true;
    if (!is_in_stretch(probe, key) && !take_filter(probe, key, err)) return false;
    *ret_may_have = !probe->is_before && filter_may_have(buffer_slice(&probe->filter), hash);
    return true;
}

static enum db_finding stand_at(struct run_probe *probe, enum block_step step, struct error *err)
{
    probe->at_entry = step == BLOCK_ONE;
    if (step != BLOCK_DAMAGED) return DB_FOUND;
    (void)block_corrupt(probe->table, err);
    return DB_FAILED;
}

static enum db_finding begin_block(struct run_probe *probe, struct error *err)
{
    block_read(&probe->reader, buffer_slice(&probe->fence), buffer_slice(&probe->block));
    return stand_at(probe, block_next(&probe->reader), err);
}

/* The block that the key, in `probe->key`, is in or would go into. */
static enum db_finding take_block(struct run_probe *probe, struct error *err)
{
    STACK_BUFFER(prefix, RUN_ID_BYTES);
    struct db_entry entry;
    run_key(probe->run, (struct slice){0}, &prefix);
    probe->has_block = false;
    enum db_finding const found =
        block_find(probe->blocks, buffer_slice(&prefix), buffer_slice(&probe->key), &entry, err);
    if (found != DB_FOUND) return found;
    buffer_set(&probe->fence, entry.key);
    buffer_set(&probe->block, entry.value);
    probe->has_block = true;
    probe->knows_next = false;
    return begin_block(probe, err);
}

/* Goes on in the block to the first entry that is not in front of KEY. */
static enum db_finding go_on(struct run_probe *probe, struct slice key, int *ret_order,
                             struct error *err)
{
    *ret_order = 1;
    if (!probe->at_entry) return DB_FOUND;
    *ret_order = slice_compare(buffer_slice(&probe->reader.key), key);
    return *ret_order < 0 ? stand_at(probe, block_seek(&probe->reader, key, ret_order), err)
                          : DB_FOUND;
}

/* The reader is behind the block's last entry: where the next block begins. */
static bool learn_next(struct run_probe *probe, struct error *err)
{
    struct slice next;
    if (probe->knows_next) return true;
    buffer_clear(&probe->next_fence);
    enum db_finding const found = cursor_next_key(probe->blocks, &next, err);
    if (found == DB_FAILED) return false;
    if (found == DB_FOUND && slice_starts(next, slice_of(probe->fence.at, RUN_ID_BYTES)))
        buffer_set(&probe->next_fence, next);
    probe->knows_next = true;
    return true;
}

/* Of a key that is not in front of the one asked for last: whether the next entry is behind it. */
static bool is_in_gap(struct run_probe *probe, struct slice full, bool *ret_is_in_gap,
                      struct error *err)
{
    if (!probe->at_entry && !learn_next(probe, err)) return false;
    struct slice const next =
        buffer_slice(probe->at_entry ? &probe->reader.key : &probe->next_fence);
    *ret_is_in_gap = next.length == 0 || slice_compare(full, next) < 0;
    return true;
}

/* Goes on from the key asked for last, in the block at hand. *RET_IS_KNOWN: what comes of it. */
static enum db_finding find_ahead(struct run_probe *probe, struct slice full, bool *ret_is_known,
                                  struct error *err)
{
    enum db_finding found;
    int order = 1;
    *ret_is_known = false;
    if (!probe->has_block || slice_compare(buffer_slice(&probe->asked), full) > 0)
        return DB_MISSING;
    if ((found = go_on(probe, full, &order, err)) != DB_FOUND) return found;
    if (order == 0) {
        *ret_is_known = true;
        return DB_FOUND;
    }
    return is_in_gap(probe, full, ret_is_known, err) ? DB_MISSING : DB_FAILED;
}

/* Takes the block that it is in. */
static enum db_finding find_anywhere(struct run_probe *probe, struct slice full, struct error *err)
{
    enum db_finding found;
    int order;
    if ((found = take_block(probe, err)) != DB_FOUND ||
        (found = go_on(probe, full, &order, err)) != DB_FOUND)
        return found;
    return order == 0 ? DB_FOUND : DB_MISSING;
}

static enum db_finding find_in_blocks(struct run_probe *probe, struct slice key,
                                      struct slice *ret_value, struct error *err)
{
    run_key(probe->run, key, &probe->key);
    struct slice const full = buffer_slice(&probe->key);
    bool is_known;
    enum db_finding found = find_ahead(probe, full, &is_known, err);
    if (found == DB_FAILED) return found;
    if (!is_known) found = find_anywhere(probe, full, err);
    if (found == DB_FOUND) *ret_value = probe->reader.value;
    if (found != DB_FAILED) buffer_set(&probe->asked, full);
    return found;
}

enum db_finding run_probe_find(struct run_probe *probe, struct slice key, uint64_t hash,
                               struct slice *ret_value, struct error *err)
{
    bool may_have;
    if (!run_probe_may_have(probe, key, hash, &may_have, err)) return DB_FAILED;
    return may_have ? find_in_blocks(probe, key, ret_value, err) : DB_MISSING;
}
