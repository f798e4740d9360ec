// SPDX-License-Identifier: Apache-2.0
#include "write/batch_history.h"

enum { IN_FORCE = 1, UNSETTLED = 2, DELETING = 4, GROWING = 8 };

static uint8_t flags_of(const struct batch *batch, uint16_t stream)
{
    bool const in_force = batch->undone_by == 0;
    unsigned const standing =
        (in_force ? IN_FORCE : 0) | (batch->kind == BATCH_FOLLOW ? GROWING : 0);
    if (batch->stream != stream || batch->image_count == 0) return (uint8_t)standing;
    bool const is_unsettled = !in_force || batch->undoes != 0;
    bool const is_deleting = in_force && batch->deleted_count > 0;
    return (uint8_t)(standing | (is_unsettled ? UNSETTLED : 0) | (is_deleting ? DELETING : 0));
}

static uint64_t *list(const struct batch_history *history, uint8_t flag, size_t *ret_count)
{
    size_t const all = (size_t)(history->last - history->first + 1);
    size_t count = 0;
    for (size_t i = 0; i < all; i++)
        count += (history->flags[i] & flag) != 0;
    uint64_t *const ids = memory_alloc((count + 1) * sizeof *ids);
    *ret_count = 0;
    for (size_t i = 0; i < all; i++) {
        if (history->flags[i] & flag) ids[(*ret_count)++] = history->first + i;
    }
    return ids;
}

bool batch_history_load(struct batch_history *history, const struct txn *txn, uint16_t stream,
                        uint64_t first, uint64_t last, struct error *err)
{
    AUTO_ARENA struct arena arena = {0};
    if (first == 0) first = 1;
    if (last + 1 < first) first = last + 1;
    *history = (struct batch_history){.txn = txn, .stream = stream, .first = first, .last = last};
    history->flags = memory_alloc((size_t)(last - first + 1) + 1);
    for (uint64_t id = first; id <= last; id++) {
        struct batch batch;
        arena_reset(&arena);
        switch (batch_log_get(txn, id, &arena, &batch, err)) {
        case BATCH_LOG_FOUND: history->flags[id - first] = flags_of(&batch, stream); break;
        case BATCH_LOG_MISSING: break;
        case BATCH_LOG_FAILED: return false;
        }
    }
    history->unsettled = list(history, UNSETTLED, &history->unsettled_count);
    history->deleting = list(history, DELETING, &history->deleting_count);
    return true;
}

void batch_history_done(struct batch_history *history)
{
    free(history->flags);
    free(history->unsettled);
    free(history->deleting);
    *history = (struct batch_history){0};
}

bool batch_history_find(const struct batch_history *history, uint64_t batch_id,
                        struct batch_standing *ret_standing, struct error *err)
{
    AUTO_ARENA struct arena arena = {0};
    struct batch batch;
    uint8_t flags = IN_FORCE;
    if (batch_id >= history->first && batch_id <= history->last) {
        flags = history->flags[batch_id - history->first];
    } else if (batch_id) {
        switch (batch_log_get(history->txn, batch_id, &arena, &batch, err)) {
        case BATCH_LOG_FOUND: flags = flags_of(&batch, history->stream); break;
        case BATCH_LOG_MISSING: break;
        case BATCH_LOG_FAILED: return false;
        }
    }
    *ret_standing = (struct batch_standing){.in_force = flags & IN_FORCE, .grows = flags & GROWING};
    return true;
}
