// SPDX-License-Identifier: Apache-2.0
#include "metrics_batches.h"

#include "metrics_text.h"
#include "render/prometheus_text.h"
#include "tables/batch_log.h"
#include "types/file_name.h"

/* A family of samples for followed inputs each. */
struct follow_samples {
    struct buffer offsets;
    struct buffer times;
};

static void follow_samples_done(struct follow_samples *samples)
{
    buffer_done(&samples->offsets);
    buffer_done(&samples->times);
}

void batch_totals_done(struct batch_totals *totals)
{
    buffer_done(&totals->open);
    *totals = (struct batch_totals){0};
}

static void add_labels(const struct snapshot *snapshot, const struct batch *batch,
                       struct buffer *text)
{
    AUTO_BUFFER struct buffer source = {0};
    const struct stream *const stream = schema_stream_of(snapshot->schema, batch->stream);
    file_name_escape(batch->source, &source);
    buffer_format(text, "{batch=\"%llu\",stream=\"", (unsigned long long)batch->id);
    if (stream) prometheus_escape(stream->name, text);
    buffer_add_text(text, "\",source=\"");
    prometheus_escape(buffer_slice(&source), text);
    buffer_add_text(text, "\"} ");
}

static bool add_follow(const struct snapshot *snapshot, const struct batch *batch,
                       struct follow_samples *samples, struct error *err)
{
    int64_t ns;
    if (!snapshot_commit_time(snapshot, batch->last_commit, &ns, err)) return false;
    buffer_add_text(&samples->offsets, "tallyfs_follow_offset_bytes");
    add_labels(snapshot, batch, &samples->offsets);
    buffer_format(&samples->offsets, "%llu\n", (unsigned long long)batch->resume_offset);
    buffer_add_text(&samples->times, "tallyfs_follow_checkpoint_timestamp_seconds");
    add_labels(snapshot, batch, &samples->times);
    metrics_text_seconds(&samples->times, ns);
    return true;
}

/* The batch as it is at SNAPSHOT; false with an error where it is not to be read. */
static bool load_batch(const struct snapshot *snapshot, uint64_t id, struct arena *arena,
                       struct batch *ret_batch, struct error *err)
{
    switch (batch_log_get(snapshot->txn, id, arena, ret_batch, err)) {
    case BATCH_LOG_FOUND: return true;
    case BATCH_LOG_MISSING:
        return error_set(err, ERROR_CORRUPT, "batch %llu is not in the batch log",
                         (unsigned long long)id);
    case BATCH_LOG_FAILED: break;
    }
    return false;
}

/* Adds a batch to what is counted for good, or to the list of those that may change. */
static bool count_batch(const struct snapshot *snapshot, uint64_t id, struct batch_totals *totals,
                        uint64_t *rejected, struct follow_samples *samples, struct error *err)
{
    AUTO_ARENA struct arena arena = {0};
    struct batch batch;
    if (!load_batch(snapshot, id, &arena, &batch, err)) return false;
    if (batch.state == BATCH_LOADED) {
        totals->rejected += batch.rejected_count;
        return true;
    }
    *rejected += batch.rejected_count;
    buffer_add(&totals->open, &id, sizeof id);
    return batch.kind != BATCH_FOLLOW || add_follow(snapshot, &batch, samples, err);
}

/* Brings the totals up to SNAPSHOT. */
static bool count_batches(const struct snapshot *snapshot, struct batch_totals *totals,
                          uint64_t *ret_rejected, struct follow_samples *samples, struct error *err)
{
    struct batch_totals next = {.seen = totals->seen, .rejected = totals->rejected};
    uint64_t rejected = 0;
    bool good = true;
    for (size_t at = 0; good && at < totals->open.length; at += sizeof(uint64_t)) {
        uint64_t id;
        memcpy(&id, totals->open.at + at, sizeof id);
        good = count_batch(snapshot, id, &next, &rejected, samples, err);
    }
    while (good && next.seen < snapshot->last_batch_id)
        good = count_batch(snapshot, ++next.seen, &next, &rejected, samples, err);
    if (!good) {
        batch_totals_done(&next);
        return false;
    }
    batch_totals_done(totals);
    *totals = next;
    *ret_rejected = rejected + next.rejected;
    return true;
}

static bool add_last_batch(const struct snapshot *snapshot, struct buffer *text, struct error *err)
{
    AUTO_ARENA struct arena arena = {0};
    struct batch batch;
    int64_t ns;
    if (snapshot->last_batch_id == 0) return true;
    if (!load_batch(snapshot, snapshot->last_batch_id, &arena, &batch, err) ||
        !snapshot_commit_time(snapshot, batch.last_commit, &ns, err))
        return false;
    metrics_text_number(text, "last_batch_number", "gauge", "Number of the last batch.", batch.id);
    metrics_text_time(text, "last_batch_timestamp_seconds", "When it was last committed.", ns);
    metrics_text_number(text, "last_batch_records", "gauge", "Records that it has read.",
                        batch.read_count);
    metrics_text_number(text, "last_batch_rejected_records", "gauge", "Of these, refused.",
                        batch.rejected_count);
    return true;
}

bool metrics_batches_add(const struct snapshot *snapshot, struct batch_totals *totals,
                         struct buffer *text, struct error *err)
{
    AUTO(follow_samples_done) struct follow_samples samples = {.offsets = {0}};
    uint64_t rejected;
    if (!count_batches(snapshot, totals, &rejected, &samples, err)) return false;
    metrics_text_number(text, "rejected_records_total", "counter",
                        "Refused records of all batches.", rejected);
    if (!add_last_batch(snapshot, text, err)) return false;
    metrics_text_head(text, "follow_offset_bytes", "gauge",
                      "How far a followed input is read and committed.");
    buffer_add_slice(text, buffer_slice(&samples.offsets));
    metrics_text_head(text, "follow_checkpoint_timestamp_seconds", "gauge",
                      "When that was last committed.");
    buffer_add_slice(text, buffer_slice(&samples.times));
    return true;
}
