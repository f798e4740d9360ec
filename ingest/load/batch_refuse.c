// SPDX-License-Identifier: Apache-2.0
#include "load/batch_p.h"

/* The last place collects what is beyond. */
static void count_reason(struct batch *batch, struct slice kind, struct arena *arena)
{
    size_t i = 0;
    while (i < batch->reason_count && !slice_equal(batch->reasons[i].text, kind))
        i++;
    if (i == BATCH_REASONS_MAX) i--;
    if (i == batch->reason_count) {
        bool const last = i + 1 == BATCH_REASONS_MAX;
        struct slice const text = last ? slice_text("other reasons") : kind;
        batch->reasons[i] = (struct batch_reason){.text = arena_copy(arena, text)};
        batch->reason_count++;
    }
    batch->reasons[i].count++;
}

/* Word for word, however long it is. */
static bool keep_refused(struct load *load, struct record *record, const struct refusal *reason,
                         struct error *err)
{
    bool const kept = !load->options->dry_run;
    if (kept) rejects_begin(&load->rejects, record->line, buffer_slice(&reason->text));
    for (;;) {
        load->refused_bytes += record->raw.length;
        load->store_failed = kept && !rejects_add(&load->rejects, record->raw, err);
        if (load->store_failed) return false;
        if (!record->more) break;
        if (!event_reader_rest(load->reader, record, err)) return false;
    }
    if (kept) rejects_end(&load->rejects);
    return true;
}

bool load_refuse(struct load *load, struct record *record, const struct refusal *reason,
                 struct error *err)
{
    struct batch *const batch = load->batch;
    struct arena *const arena = &load->report->arena;
    struct slice const text = buffer_slice(&reason->text);
    batch->rejected_count++;
    count_reason(batch, buffer_slice(&reason->kind), arena);
    if (batch->first_error.length == 0) {
        AUTO_BUFFER struct buffer first = {0};
        buffer_format(&first, "line %llu: ", (unsigned long long)record->line);
        buffer_add_slice(&first, text);
        batch->first_error = arena_copy(arena, buffer_slice(&first));
    }
    if (!load->options->dry_run && batch->rejects.length == 0)
        batch->rejects = arena_copy(arena, slice_text(load->rejects.name));
    return keep_refused(load, record, reason, err);
}
