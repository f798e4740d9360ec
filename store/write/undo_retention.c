// SPDX-License-Identifier: Apache-2.0
#include "write/undo_retention.h"

#include "tables/undo_log.h"
#include "types/instant.h"

/* Whether the batch ended before that time, or has no images. */
static bool is_over(const struct write_txn *write, uint64_t batch_id, int128 cutoff_ns,
                    bool *ret_over, struct error *err)
{
    AUTO_ARENA struct arena arena = {0};
    struct batch batch;
    struct meta_commit commit;
    if (batch_log_get(write->txn, batch_id, &arena, &batch, err) == BATCH_LOG_FAILED ||
        !meta_commit_load(write->txn, batch.last_commit, &commit, err))
        return false;
    *ret_over = commit.ns < cutoff_ns || batch.kind == BATCH_FOLLOW; /* which has none */
    return true;
}

static bool drop_of_stream(struct write_txn *write, const struct stream *stream, struct error *err)
{
    int128 const cutoff_ns = write->meta.commit_ns - (int128)stream->undo_seconds * NS_PER_SECOND;
    struct meta_stream meta;
    bool over = true;
    if (!meta_stream_load(write->txn, stream->id, &meta, err)) return false;
    uint64_t from = meta.undo_from ? meta.undo_from : 1;
    for (; from <= write->meta.last_batch_id; from++) {
        if (!is_over(write, from, cutoff_ns, &over, err)) return false;
        if (!over) break;
    }
    if (from == meta.undo_from || from == 1) return true;
    meta.undo_from = from;
    return undo_log_forget(write->txn, stream->id, from - 1, err) &&
           meta_stream_save(write->txn, stream->id, &meta, err);
}

bool undo_retention_drop(struct write_txn *write, struct error *err)
{
    for (size_t i = 0; i < write->schema->stream_count; i++) {
        const struct stream *const stream = &write->schema->streams[i];
        if (stream->undo_seconds && !drop_of_stream(write, stream, err)) return false;
    }
    return true;
}

bool undo_retention_change(struct write_txn *write, const struct stream *next, struct error *err)
{
    struct meta_stream meta;
    if (next->undo_seconds) return true;
    if (!meta_stream_load(write->txn, next->id, &meta, err)) return false;
    meta.undo_from = write->meta.last_batch_id + 1;
    return undo_log_clear(write->txn, next->id, err) &&
           meta_stream_save(write->txn, next->id, &meta, err);
}
