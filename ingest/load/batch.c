/* The pipeline, and how it survives being killed at any instant.
 *
 * Records become events in a chunk. When the chunk has its share of the memory, it is committed
 * together with a checkpoint: the counts so far and the place behind the last record that the
 * commit knows of.
 *
 *     input     r1 r2 r3 r4 | r5 r6 r7 | r8
 *     commits               1          2    3: loaded
 *                           `- checkpoint: goes on at r5, rejects file has n bytes
 *
 * A killed run leaves the last checkpoint; the next run over the same bytes starts there, cuts the
 * rejects file to the length that the checkpoint names (the file is synced before the commit, so it
 * is never shorter) and gets the same events into the same store as one run would. Nothing is asked
 * of a signal handler: SIGINT, SIGTERM, SIGKILL and a loss of power are one case.
 *
 * A chunk is committed when the next record is there, not when the last one was added: so behind a
 * checkpoint there is always a record, and the last commit, which says that the batch is loaded, is
 * the one that has the rest.
 *
 * An input that grows is one batch: each run takes what has come since, and leaves a
 * checkpoint with all of it.
 *
 * A chunk is committed on a thread of its own, while the next one is read; the batch's counts are
 * those of the commits that are done.
 *
 * Of --memory a quarter at most goes to the two chunks (batch_commit.c). The commit has most of it
 * for the pages that it changes, and for the delta a part of what these leave (write_txn.h).
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "load/batch.h"

#include <time.h>

#include "common/printable.h"
#include "common/writer_lock.h"
#include "load/batch_p.h"
#include "load/learn_dictionaries.h"
#include "tables/meta.h"

enum { PROGRESS_RECORDS = 4096 };
static double now_seconds(void)
{
    struct timespec now;
    if (clock_gettime(CLOCK_MONOTONIC, &now) != 0) return 0;
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

void batch_report_done(struct batch_report *report)
{
    arena_done(&report->arena);
}

/* What is bound, and what becomes of it, for the stream as it is now. */
static void begin_stream(struct load *load)
{
    const struct batch_options *const options = load->options;
    load->has_links = link_check_wanted(options->schema, options->stream);
    binder_init(&load->binder, options->stream, options->schema->zone);
    load->binder.batch_id = load->batch_id;
    load->binder.dropped_before = load->dropped_before;
    load->binder.event_bytes_most =
        reader_bytes_most(options->resources.memory_bytes, EVENT_SHARES);
    for (size_t i = 0; i < COUNT_OF(load->chunks); i++)
        events_chunk_init(&load->chunks[i], options->stream);
}

static void end_stream(struct load *load)
{
    binder_done(&load->binder);
    for (size_t i = 0; i < COUNT_OF(load->chunks); i++)
        events_chunk_done(&load->chunks[i]);
}

static void load_done(struct load *load)
{
    if (load->job_is_under_way) commit_job_wait(&load->job);
    event_reader_close(load->reader);
    source_close(load->source);
    refusal_done(&load->refusal);
    end_stream(load);
    rejects_done(&load->rejects);
    load_links_done(load);
    schema_free(load->learned);
    buffer_done(&load->layout);
}

static void batch_show_progress(struct load *load, uint64_t records)
{
    progress_show(load->options->progress,
                  (struct progress_point){
                      .done_bytes = source_position(load->source),
                      .total_bytes = source_identity(load->source)->input_bytes,
                      .records = records,
                  });
}

/* Whether loading again what is loaded would change nothing. Without a key each record would count
 * once more; with one it does what the stream's rule says, which is nothing as long as nothing else
 * has changed the stream, or the schema. */
static bool is_settled(const struct load *load, const struct snapshot *snapshot,
                       const struct meta_stream *meta)
{
    const struct batch *const batch = load->batch;
    if (load->checkpoint) return true;
    if (load->options->again) return false;
    return load->options->stream->key_count == 0 ||
           (meta->last_batch_id <= batch->id && snapshot->schema_commit_id <= batch->last_commit);
}

/* With a name: whether that is known, and stands for these bytes. Other bytes may take their place.
 * *RET_FOUND: it is in force. */
static bool look_up_name(struct load *load, const struct snapshot *snapshot, bool *ret_found,
                         struct error *err)
{
    const struct batch_options *const options = load->options;
    const struct digest *const digest = &source_identity(load->source)->digest;
    struct batch *const batch = load->batch;
    enum batch_log_finding const found =
        batch_log_find_name(snapshot->txn, options->stream->id, slice_text(options->name),
                            &load->report->arena, batch, err);
    *ret_found = found == BATCH_LOG_FOUND && digest_equal(&batch->digest, digest);
    if (found != BATCH_LOG_FOUND || *ret_found) return found != BATCH_LOG_FAILED;
    load->replaces = batch->id;
    if (options->replace) return true;
    load->store_failed = false;
    AUTO_BUFFER struct buffer source = {0};
    printable_write(batch->source, SIZE_MAX, &source);
    (void)error_set(err, ERROR_INPUT, "'%s' is batch %llu already, with other bytes (%.*s)",
                    options->name, (unsigned long long)batch->id, (int)source.length,
                    (const char *)source.at);
    (void)error_remedy(err, "give --replace to put this in its place, or another name");
    return source_place(load->source, 0, err);
}

/* The last batch in force with these bytes. */
static bool look_up_digest(struct load *load, const struct snapshot *snapshot, bool *ret_found,
                           struct error *err)
{
    struct batch *const batch = load->batch;
    enum batch_log_finding const found =
        batch_log_find(snapshot->txn, load->options->stream->id,
                       &source_identity(load->source)->digest, &load->report->arena, batch, err);
    if (found == BATCH_LOG_FAILED) return false;
    *ret_found = found == BATCH_LOG_FOUND && batch->undone_by == 0;
    load->repeats = found == BATCH_LOG_FOUND && (batch->undone_by || batch->state == BATCH_LOADED)
                        ? batch->id
                        : 0;
    return true;
}

/* Whether there is nothing to do, or a rest: with a name that is how it is meant, but for a
 * replacement. */
static bool stays(const struct load *load, const struct snapshot *snapshot,
                  const struct meta_stream *meta)
{
    if (load->batch->state != BATCH_LOADED) return true;
    return (load->options->name && !load->options->replace) || is_settled(load, snapshot, meta);
}

/* What the store knows of the batch and of the stream. */
static bool look_up(struct load *load, const struct snapshot *snapshot, bool *ret_known,
                    struct error *err)
{
    struct meta_stream meta;
    bool is_found;
    if (!meta_stream_load(snapshot->txn, load->options->stream->id, &meta, err) ||
        !look_up_digest(load, snapshot, &is_found, err) ||
        (load->options->name && !look_up_name(load, snapshot, &is_found, err)))
        return false;
    *ret_known = is_found && stays(load, snapshot, &meta);
    if (*ret_known) load->repeats = 0;
    if (is_found && !*ret_known && load->options->name) load->replaces = load->batch->id;
    load->batch_id = *ret_known ? load->batch->id : snapshot->last_batch_id + 1;
    load->commit_id = snapshot->commit_id;
    load->dropped_before = meta.dropped_before;
    return true;
}

/* Looks the batch up, and sets up a new entry where there is none, or it is to be loaded again. */
static bool find_batch(struct load *load, struct error *err)
{
    const struct source_identity *const identity = source_identity(load->source);
    struct arena *const arena = &load->report->arena;
    const char *const name = load->options->name;
    struct snapshot *snapshot;
    bool is_known;
    load->store_failed = true;
    if (!snapshot_open(load->store, &snapshot, err)) return false;
    bool const good = look_up(load, snapshot, &is_known, err);
    snapshot_close(snapshot);
    if (!good) return false;
    load->store_failed = false;
    if (is_known) {
        load->batch->input_bytes = identity->input_bytes; /* it may have grown */
        return true;
    }
    if (load->replaces) load_begin_only_chunk(load);
    *load->batch = (struct batch){
        .repeats = load->repeats,
        .digest = identity->digest,
        .kind = load->checkpoint ? BATCH_FOLLOW : BATCH_INGEST,
        .stream = load->options->stream->id,
        .state = BATCH_PARTIAL,
        .source = arena_copy(arena, slice_text(source_path(load->source))),
        .name = name ? arena_copy(arena, slice_text(name)) : (struct slice){0},
        .input_bytes = identity->input_bytes,
        .resume_line = 1,
        .inode = load->checkpoint ? load->checkpoint->inode : 0,
    };
    return true;
}

/* --strict: one pass over all of it before anything is written. */
static bool validate(struct load *load, struct error *err)
{
    static const struct notices nobody = {.show = NULL};
    AUTO_EVENT_READER struct event_reader *reader = NULL;
    struct read_event event;
    enum reader_step step;
    uint64_t count = 0;
    if (!source_start(load->source, 0, err) ||
        !event_reader_open(load->source, &load->binder, load->options->format, NULL,
                           &load->options->resources, &nobody, &reader, err))
        return false;
    while ((step = event_reader_next(reader, &event, err)) != READER_END) {
        if (step == READER_FAILED) return false;
        if (step == READER_RECORD && !load_validate_links(load, &event, err)) return false;
        if (event.reason) {
            struct slice const text = buffer_slice(&event.reason->text);
            (void)error_set(err, ERROR_INPUT, "%.*s", (int)text.length, (const char *)text.at);
            (void)error_remedy(err, "mend the record, or leave out --strict");
            return source_place(load->source, event.record.line, err);
        }
        if (++count % PROGRESS_RECORDS == 0) batch_show_progress(load, count);
    }
    load_links_done(load); /* the records come again */
    return source_check(load->source, err);
}

/* A damaged archive must not leave half a batch in a stream whose events have no key: the whole
 * one, fetched again, would be another batch and count them twice. With a key the repeats are
 * found. */
static bool must_prove(const struct load *load)
{
    return source_identity(load->source)->compressed && load->options->stream->key_count == 0 &&
           load->batch->id == 0;
}

/* Where it is time to, chooses what the stream's texts are stored as. */
static bool learn(struct load *load, struct error *err)
{
    struct batch_options *const own = &load->own;
    if (own->dry_run || load->checkpoint) return true;
    load->store_failed = true;
    if (!learn_dictionaries(load->store, load->source, own, &load->learned, &load->layout, err))
        return false;
    load->store_failed = false;
    if (!load->learned) return true;
    end_stream(load);
    own->stream = schema_stream(load->learned, own->stream->name);
    own->schema = load->learned;
    begin_stream(load);
    return true;
}

/* Puts the reader where the batch goes on. */
static bool start_reading(struct load *load, struct error *err)
{
    const struct batch_options *const options = load->options;
    struct reader_place const checkpoint = {.offset = load->batch->resume_offset,
                                            .line = load->batch->resume_line};
    bool const resumed = load->batch->id != 0;
    if (resumed && !load->checkpoint) {
        AUTO_BUFFER struct buffer shown = {0};
        source_write_name(load->source, &shown);
        notices_show(options->notices, "%.*s: going on at line %llu, where an earlier run ended",
                     (int)shown.length, (const char *)shown.at,
                     (unsigned long long)checkpoint.line);
    }
    progress_begin(options->progress, slice_text(source_path(load->source)));
    return source_start(load->source, 0, err) &&
           event_reader_open(load->source, &load->binder, options->format,
                             resumed ? &checkpoint : NULL, &options->resources, options->notices,
                             &load->reader, err);
}

static bool take_record(struct load *load, struct read_event *event, struct error *err)
{
    load->batch->read_count++;
    if (event->reason) return load_refuse(load, &event->record, event->reason, err);
    events_chunk_append(load->chunk, &event->event);
    load_keep_record(load, &event->record);
    return true;
}

/* All of what takes the place of a batch comes in one commit. */
static bool refuse_size(const struct load *load, struct error *err)
{
    (void)error_set(err, ERROR_INPUT, "is more than one commit can take with this --memory");
    (void)error_remedy(err, "give it more, as --memory %zuM",
                       load->options->resources.memory_bytes >> 19);
    return source_place(load->source, 0, err);
}

/* Once a run, for all of them. */
static void tell_zeros(const struct load *load)
{
    AUTO_BUFFER struct buffer shown = {0};
    if (load->zero_bytes == 0) return;
    source_write_name(load->source, &shown);
    notices_show(load->options->notices,
                 "%.*s: %llu zero bytes in front of records, as a hole has them, are left out",
                 (int)shown.length, (const char *)shown.at, (unsigned long long)load->zero_bytes);
}

static bool batch_read_all(struct load *load, struct error *err)
{
    struct read_event event;
    enum reader_step step;
    uint64_t count = 0;
    bool const goes_on = load->checkpoint && !load->checkpoint->ends;
    struct reader_place place = event_reader_place(load->reader);
    while ((step = event_reader_next(load->reader, &event, err)) != READER_END) {
        if (step == READER_FAILED) return false;
        if (goes_on && event.reason && event.record.is_open) break; /* the rest is to come */
        if (load_is_full(load)) {
            if (load->replaces) return refuse_size(load, err);
            if (!load_commit(load, BATCH_PARTIAL, false, place, err)) return false;
            load->is_stopped = load->options->stopped && load->options->stopped();
            if (load->is_stopped) return load_await(load, err);
        }
        if (!take_record(load, &event, err)) return false;
        if (++count % PROGRESS_RECORDS == 0) batch_show_progress(load, count);
        place = event_reader_place(load->reader);
        load->zero_bytes = event_reader_zero_bytes(load->reader);
    }
    if (!goes_on) load->zero_bytes = event_reader_zero_bytes(load->reader);
    if (goes_on && count == 0) return true; /* nothing whole has come */
    return load_commit(load, goes_on ? BATCH_PARTIAL : BATCH_LOADED, true, place, err) &&
           load_await(load, err);
}

/* From an input that is open to its end. */
static bool batch_run(struct load *load, struct error *err)
{
    const struct batch_options *const options = load->options;
    if (options->strict && !validate(load, err)) return false;
    if (must_prove(load) && !source_prove(load->source, options->progress, err)) return false;
    if (!options->dry_run && !rejects_resume(&load->rejects, load->batch, err)) {
        load->store_failed = true;
        return false;
    }
    if (!learn(load, err) || !start_reading(load, err) || !batch_read_all(load, err)) return false;
    tell_zeros(load);
    if (options->dry_run && load->chunk_count > 1 && options->stream->key_count > 0)
        notices_show(
            options->notices,
            "a repeat within this input may be counted as new: it was looked at in %llu parts",
            (unsigned long long)load->chunk_count);
    return true;
}

static bool batch_open_input(struct load *load, const struct batch_input *input, struct error *err)
{
    struct progress *const progress = load->options->progress;
    const char *const path = input->path;
    const struct tail_checkpoint *const checkpoint = load->checkpoint;
    progress_begin(progress, slice_text(path));
    if (input->is_open) return source_open_file(path, input->fd, progress, &load->source, err);
    if (!checkpoint)
        return source_open(path, store_directory(load->store), progress, &load->source, err);
    struct source_part const part = {
        .fd = checkpoint->fd, .end_bytes = checkpoint->end_bytes, .digest = checkpoint->digest};
    return source_open_part(path, &part, &load->source, err);
}

/* Whether the file is the one that the checkpoint is of; remembers what it is now. */
static bool recognise(struct load *load, struct error *err)
{
    const struct batch *const batch = load->batch;
    const struct tail_checkpoint *const checkpoint = load->checkpoint;
    uint64_t const offset = batch->resume_offset, end = checkpoint->end_bytes;
    struct digest tail;
    if (!tail_checkpoint_tail_digest(checkpoint->fd, offset, &tail, err)) return false;
    load->has_changed = batch->id != 0 && !digest_equal(&tail, &batch->tail);
    if (load->has_changed) return error_set(err, ERROR_INPUT, "is not the file that was followed");
    load->begin = offset < GROWTH_PAGE_BYTES ? 0 : offset - GROWTH_PAGE_BYTES;
    load->begin_end = end < offset + GROWTH_PAGE_BYTES ? end : offset + GROWTH_PAGE_BYTES;
    if (load->begin_end < offset) load->begin_end = offset; /* another run was faster */
    return tail_checkpoint_digest(checkpoint->fd, load->begin, load->begin_end, &load->begin_digest,
                                  err);
}

static enum batch_ending ending_of(const struct load *load, bool good)
{
    if (good) return load->is_stopped ? BATCH_PAUSED : BATCH_INGESTED;
    if (load->store_failed) return BATCH_STOPPED;
    return load->has_changed ? BATCH_CHANGED : BATCH_REFUSED;
}

static enum batch_ending ingest(struct load *load, const struct batch_input *input,
                                struct error *err)
{
    if (!batch_open_input(load, input, err)) return BATCH_REFUSED;
    if (!find_batch(load, err)) return ending_of(load, false);
    if (load->batch->id != 0 && load->batch->state == BATCH_LOADED) {
        /* the run that loaded it may have been killed before it told the mounts */
        (void)writer_lock_announce(load->store, load->commit_id, WRITER_ANNOUNCE_MS,
                                   load->options->notices);
        return BATCH_KNOWN;
    }
    if (load->checkpoint && !recognise(load, err)) return ending_of(load, false);
    begin_stream(load);
    rejects_init(&load->rejects, store_directory(load->store), load->batch, load->batch_id);
    return ending_of(load, batch_run(load, err));
}

enum batch_ending batch_ingest(struct store *store, const struct batch_input *input,
                               const struct batch_options *options, struct batch_report *ret_report,
                               struct error *err)
{
    double const begun = now_seconds();
    *ret_report = (struct batch_report){.mount_silent = options->mount_silent};
    struct load load = {
        .store = store,
        .own = *options,
        .checkpoint = input->checkpoint,
        .report = ret_report,
        .batch = &ret_report->batch,
        .rejects = {.folder = -1, .fd = -1},
    };
    load.options = &load.own;
    load.chunk = &load.chunks[0];
    load_begin_chunks(&load);
    enum batch_ending const ending = ingest(&load, input, err);
    load_done(&load);
    ret_report->seconds = now_seconds() - begun;
    return ending;
}
