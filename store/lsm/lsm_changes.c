// SPDX-License-Identifier: Apache-2.0
#include "lsm/lsm_changes.h"

#include "base/radix_sort.h"
#include "lsm/lsm_writer.h"

struct lsm_change {
    struct slice key;
    struct slice value;
};

void lsm_changes_done(struct lsm_changes *changes)
{
    arena_done(&changes->arena);
    free(changes->list);
    *changes = (struct lsm_changes){0};
}

void lsm_changes_set(struct lsm_changes *changes, struct slice key, struct slice value)
{
    if (changes->count == changes->capacity) {
        changes->capacity = changes->capacity ? changes->capacity * 2 : 256;
        changes->list = memory_resize(changes->list, changes->capacity * sizeof *changes->list);
    }
    changes->list[changes->count++] = (struct lsm_change){
        .key = arena_copy(&changes->arena, key), .value = arena_copy(&changes->arena, value)};
}

static struct slice change_key(const void *items, size_t i)
{
    return ((const struct lsm_change *)items)[i].key;
}

/* Those from number FIRST of the ORDER on that are of one tree. Returns the number of the first
 * behind them; 0: it failed. */
static size_t write_tree(struct txn *txn, enum db_table table, size_t prefix_bytes,
                         const struct lsm_changes *changes, const uint32_t *order, size_t first,
                         struct error *err)
{
    struct slice const prefix = slice_of(changes->list[order[first]].key.at, prefix_bytes);
    struct lsm_writer *writer;
    struct slice known;
    bool good = lsm_writer_open(txn, table, prefix, &writer, err);
    if (!good) return 0;
    size_t i = first;
    for (; good && i < changes->count; i++) {
        const struct lsm_change *const change = &changes->list[order[i]];
        if (!slice_starts(change->key, prefix)) break;
        bool const is_last =
            i + 1 == changes->count || !slice_equal(change->key, changes->list[order[i + 1]].key);
        good = !is_last ||
               (lsm_writer_seek(writer, change->key, &known, err) &&
                (slice_equal(known, change->value) || lsm_writer_set(writer, change->value, err)));
    }
    good = good && lsm_writer_finish(writer, err);
    lsm_writer_close(writer);
    return good ? i : 0;
}

bool lsm_changes_save(struct txn *txn, enum db_table table, size_t prefix_bytes,
                      struct lsm_changes *changes, struct error *err)
{
    if (changes->count == 0) return true;
    AUTO_FREE uint32_t *const order =
        radix_sort(changes->list, change_key, changes->count, prefix_bytes);
    size_t next = 0;
    bool good = true;
    while (good && next < changes->count) {
        next = write_tree(txn, table, prefix_bytes, changes, order, next, err);
        good = next > 0;
    }
    arena_reset(&changes->arena);
    changes->count = 0;
    return good;
}
