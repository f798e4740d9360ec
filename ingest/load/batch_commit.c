/* Until a transaction ends, LMDB holds each page that it has changed. How many that are nobody
 * knows before: events with random keys may change a few pages each, events in order a few dozen
 * pages in all. So the first chunk is a small one, and each tells from what it cost how large the
 * next may be. The more events, the more of them share pages; but the larger the store has become
 * by then, the fewer do, which is made up for by as many pages as a chunk fills itself.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "common/writer_lock.h"
#include "load/batch_p.h"

enum { IMPATIENT_ANNOUNCE_MS = 100 };
/* Sixteenths of --memory: what a chunk has at most, and what a commit has for the pages that it
 * changes and for its delta. The reader has the rest. */
enum { MEMORY_SHARES = 16, CHUNK_SHARES = 2, ONLY_CHUNK_SHARES = 6, COMMIT_SHARES = 13 };
/* For each byte of a chunk so many are reserved in the commit's part beside the pages that it is
 * expected to change: for the chunk, for the one that is filled meanwhile, for the delta, and for
 * pages that come on top, as the store has grown since the last chunk. */
enum { CHUNK_FACTOR = 8 };
/* What the pages may take beside --memory, so that little of it is no loss of speed. */
enum { PAGES_BYTES = 24 << 20 };
/* The first chunk, and the smallest, as a part of the commit's share and these pages. */
enum { FIRST_PART = 1024, LEAST_PART = 16384 };

static size_t share(const struct load *load, size_t shares)
{
    return load->options->resources.memory_bytes / MEMORY_SHARES * shares;
}

static size_t room(const struct load *load)
{
    return share(load, COMMIT_SHARES) + PAGES_BYTES;
}

static void set_most(struct load *load, size_t bytes)
{
    size_t const most = share(load, CHUNK_SHARES), least = room(load) / LEAST_PART;
    load->chunk_bytes_most = bytes > most ? most : bytes < least ? least : bytes;
}

void load_begin_chunks(struct load *load)
{
    set_most(load, room(load) / FIRST_PART);
}

void load_begin_only_chunk(struct load *load)
{
    load->chunk_bytes_most = share(load, ONLY_CHUNK_SHARES);
}

/* How much the next chunk may hold, as one of BYTES has changed so many bytes of pages. */
static void learn_cost(struct load *load, size_t bytes, size_t dirty_bytes)
{
    double const factor = CHUNK_FACTOR + (double)dirty_bytes / (double)(bytes + 1);
    set_most(load, (size_t)((double)room(load) / factor));
}

/* Refused records take no memory, but a run of them should be judged against the limit now and
 * then. */
bool load_is_full(const struct load *load)
{
    if (load->replaces) return events_chunk_bytes(load->chunk) >= load->chunk_bytes_most;
    return events_chunk_bytes(load->chunk) + load->kept_texts.used_bytes >=
               load->chunk_bytes_most ||
           load->refused_bytes >= share(load, CHUNK_SHARES);
}

static bool check_limit(struct load *load, struct error *err)
{
    const struct batch *const batch = load->batch;
    const struct reject_limit *const limit = &load->options->limit;
    struct error ignored;
    if (!reject_limit_exceeded(limit, batch->rejected_count, batch->read_count)) return true;
    if (!rejects_sync(&load->rejects, &ignored))
        return error_set(err, ERROR_FULL, "%s", ignored.fact);
    AUTO_BUFFER struct buffer allowed = {0};
    reject_limit_write(limit, &allowed);
    load->report->too_many_rejects = true;
    (void)error_set(
        err, ERROR_INPUT, "%llu of %llu records are refused, more than %.*s; the first is %.*s",
        (unsigned long long)batch->rejected_count, (unsigned long long)batch->read_count,
        (int)allowed.length, (const char *)allowed.at, (int)batch->first_error.length,
        (const char *)batch->first_error.at);
    (void)error_remedy(
        err, "mend the schema or the input, or let more pass with --max-rejects N or N%%");
    return source_place(load->source, 0, err);
}

/* The chunk as it goes into the store. */
static struct chunk_commit commit_of(const struct load *load, bool is_last)
{
    return (struct chunk_commit){.chunk = load->chunk,
                                 .schema = load->options->schema,
                                 .layout = buffer_slice(&load->layout),
                                 .expires =
                                     is_last, /* what is too old goes with the end of the input */
                                 .replaces = load->replaces,
                                 .dry_run = load->options->dry_run,
                                 .resources = {.memory_bytes = share(load, COMMIT_SHARES),
                                               .threads = load->options->resources.threads}};
}

/* What comes of it depends on what goes: it is done, and not committed. */
static bool preview_replaced(struct load *load, struct error *err)
{
    struct chunk_commit const commit = commit_of(load, true);
    uint64_t ignored;
    if (!commit_chunk(load->store, &commit, load->batch, &ignored, err)) return false;
    load->store_failed = false;
    return true;
}

static bool preview_part(struct load *load, struct error *err)
{
    if (!source_check(load->source, err)) return false;
    load->store_failed = true;
    if (load->replaces) return preview_replaced(load, err);
    if (!commit_preview(load->store, load->chunk, load->batch, err)) return false;
    load->store_failed = false;
    return true;
}

bool load_await(struct load *load, struct error *err)
{
    const struct commit_job *const job = &load->job;
    struct batch *const batch = load->batch;
    if (!load->job_is_under_way) return true;
    commit_job_wait(&load->job);
    load->job_is_under_way = false;
    if (job->notice[0]) notices_show(load->options->notices, "%s", job->notice);
    if (!job->good) {
        load->store_failed = true;
        *err = job->err;
        return false;
    }
    load->report->mount_silent = !job->announced;
    learn_cost(load, events_chunk_bytes(job->commit.chunk), job->dirty_bytes);
    events_chunk_clear(job->commit.chunk);
    buffer_clear(&load->layout); /* it is saved */
    batch->id = job->batch.id;
    batch->first_commit = job->batch.first_commit;
    batch->last_commit = job->batch.last_commit;
    batch->new_count = job->batch.new_count;
    batch->duplicate_count = job->batch.duplicate_count;
    batch->replaced_count = job->batch.replaced_count;
    batch->stale_count = job->batch.stale_count;
    batch->deleted_count = job->batch.deleted_count;
    batch->undoes = job->batch.undoes;
    batch->removed_count = job->batch.removed_count;
    batch->restored_count = job->batch.restored_count;
    batch->image_count = job->batch.image_count;
    batch->keys = job->batch.keys;
    return true;
}

/* Whether what was read is what the file has; one that grows may have been truncated meanwhile,
 * and grown again. */
static bool check_input(struct load *load, struct error *err)
{
    struct digest begin;
    load->has_changed = load->checkpoint && !source_check(load->source, err);
    if (load->has_changed) return false;
    if (!load->checkpoint) return source_check(load->source, err);
    if (!tail_checkpoint_digest(load->checkpoint->fd, load->begin, load->begin_end, &begin, err))
        return source_place(load->source, 0, err);
    load->has_changed = !digest_equal(&begin, &load->begin_digest);
    return !load->has_changed || error_set(err, ERROR_INPUT, "changed while it was read");
}

/* The commit goes on while the next chunk is filled; the last one is waited for. */
static bool begin_commit(struct load *load, enum batch_state state, bool is_last, struct error *err)
{
    bool const impatient = load->report->mount_silent && state == BATCH_PARTIAL;
    events_chunk_sort(load->chunk); /* here, as the other thread has more to do */
    if (!load_await(load, err) || !check_limit(load, err) || !check_input(load, err)) return false;
    load->store_failed = !rejects_sync(&load->rejects, err);
    if (load->store_failed) return false;
    load->batch->state = state;
    load->batch->rejects_bytes = load->rejects.bytes;
    load->job = (struct commit_job){
        .store = load->store,
        .commit = commit_of(load, is_last),
        .batch = *load->batch,
        .announce_ms = impatient ? IMPATIENT_ANNOUNCE_MS : WRITER_ANNOUNCE_MS,
    };
    commit_job_start(&load->job);
    load->job_is_under_way = true;
    load->chunk = load->chunk == &load->chunks[0] ? &load->chunks[1] : &load->chunks[0];
    return true;
}

bool load_commit(struct load *load, enum batch_state state, bool is_last, struct reader_place place,
                 struct error *err)
{
    load->batch->resume_offset = place.offset;
    load->batch->resume_line = place.line;
    if (load->checkpoint &&
        !tail_checkpoint_tail_digest(load->checkpoint->fd, place.offset, &load->batch->tail, err))
        return source_place(load->source, 0, err);
    if (!load_check_links(load, err)) return false;
    bool good;
    if (load->options->dry_run) {
        good = preview_part(load, err);
        events_chunk_clear(load->chunk);
    } else {
        good = begin_commit(load, state, is_last, err);
    }
    load->refused_bytes = 0;
    load->chunk_count++;
    return good;
}
