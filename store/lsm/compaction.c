// SPDX-License-Identifier: Apache-2.0
#include "lsm/compaction.h"

#include "lsm/run_merge.h"

/* Of what was written, each merge under way writes five quarters. */
enum { SHARE = 5, SHARES = 4 };

enum { STALE_SHARE = 2 };

static size_t count_inputs(const struct run_list *list, size_t output)
{
    size_t count = 0;
    while (output + 1 + count < list->count && list->runs[output + 1 + count].state == RUN_INPUT)
        count++;
    return count;
}

/* The inputs have nothing left but filters. */
static bool end_merge(struct txn *txn, struct run_list *list, size_t output, size_t inputs,
                      struct error *err)
{
    for (size_t i = 0; i < inputs; i++) {
        list->runs[output].stale += list->runs[output + 1].stale;
        if (!run_drop(txn, list->table, list->runs[output + 1].id, err)) return false;
        run_list_remove(list, output + 1);
    }
    list->runs[output].state = RUN_SORTED;
    return true;
}

static bool advance_merges(struct txn *txn, struct run_list *list, uint64_t most_blocks,
                           struct error *err)
{
    for (size_t i = 0; i < list->count; i++) {
        bool end;
        if (list->runs[i].state != RUN_OUTPUT) continue;
        size_t const inputs = count_inputs(list, i);
        if (!run_merge_advance(txn, list, i, inputs, most_blocks, &end, err) ||
            (end && !end_merge(txn, list, i, inputs, err)))
            return false;
    }
    return true;
}

/* How often the head would have to grow by the fanout to be as large. */
static unsigned level_of(const struct run *run)
{
    unsigned level = 0;
    for (uint64_t blocks = COMPACTION_HEAD_BLOCKS * COMPACTION_FANOUT; blocks <= run->blocks;
         blocks *= COMPACTION_FANOUT)
        level++;
    return level;
}

static bool begin_merge(struct txn *txn, struct run_list *list, size_t first, size_t count,
                        struct error *err)
{
    for (size_t i = 0; i < count; i++)
        list->runs[first + i].state = RUN_INPUT;
    return run_list_insert(txn, list, first, RUN_OUTPUT, err);
}

/* How many runs from FIRST on are sorted and of no higher a level. */
static size_t count_alike(const struct run_list *list, size_t first, unsigned level)
{
    size_t count = 0;
    while (first + count < list->count && list->runs[first + count].state == RUN_SORTED &&
           level_of(&list->runs[first + count]) <= level)
        count++;
    return count;
}

/* Runs that follow each other and are of one level are merged; one that is smaller than a newer one
 * counts as that, or it would stay between them for ever. */
static bool begin_merges(struct txn *txn, struct run_list *list, struct error *err)
{
    unsigned level = 0;
    for (size_t first = 0; first < list->count;) {
        unsigned const own = level_of(&list->runs[first]);
        if (own > level) level = own;
        size_t const count = count_alike(list, first, level);
        bool const is_due = count >= COMPACTION_FANOUT;
        if (is_due && !begin_merge(txn, list, first, count, err)) return false;
        first += (count ? count : 1) + is_due; /* the output stands in front of them */
    }
    return true;
}

bool compaction_is_stale(const struct run *run)
{
    return run->stale * STALE_SHARE > run->entries;
}

/* Where half of what a run has is stale, it is merged with all that are newer. */
static bool begin_cleaning(struct txn *txn, struct run_list *list, struct error *err)
{
    size_t count = 0, wanted = 0;
    for (; count < list->count && list->runs[count].state == RUN_SORTED; count++) {
        if (compaction_is_stale(&list->runs[count])) wanted = count + 1;
    }
    return wanted == 0 || begin_merge(txn, list, 0, wanted, err);
}

bool compaction_advance(struct txn *txn, struct run_list *list, uint64_t written, struct error *err)
{
    return begin_merges(txn, list, err) && begin_cleaning(txn, list, err) &&
           advance_merges(txn, list, written * SHARE / SHARES + 1, err);
}
