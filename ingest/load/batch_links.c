/* Records that would close a cycle in a view by tree() are found when their chunk is about to be
 * committed, as only then all that was in front of them is. So their text is kept until then.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "load/batch_p.h"

struct kept_record {
    struct slice raw; /* in the arena */
    uint64_t line;
};

void load_keep_record(struct load *load, const struct record *record)
{
    if (!load->has_links) return;
    struct kept_record const kept = {.raw = arena_copy(&load->kept_texts, record->raw),
                                     .line = record->line};
    buffer_add(&load->kept, &kept, sizeof kept);
}

static bool open_check(struct load *load, struct error *err)
{
    const struct batch_options *const options = load->options;
    if (load->links) return true;
    load->store_failed = true;
    if (!link_check_open(load->store, options->schema, options->stream, &load->links, err))
        return false;
    load->store_failed = false;
    return true;
}

static void close_check(struct load *load)
{
    link_check_close(load->links);
    load->links = NULL;
}

static enum link_verdict batch_links_judge(struct load *load, const struct event *event,
                                           struct error *err)
{
    struct link_fault fault;
    enum link_verdict const verdict = link_check_record(load->links, event, &fault, err);
    load->store_failed = verdict == LINK_UNKNOWN;
    if (verdict != LINK_REFUSED) return verdict;
    refusal_set_field(&load->refusal, fault.field, fault.what);
    if (fault.nodes.length) refusal_add(&load->refusal, ": ", fault.nodes);
    return verdict;
}

static struct kept_record kept_at(const struct load *load, size_t i)
{
    struct kept_record kept;
    memcpy(&kept, load->kept.at + i * sizeof kept, sizeof kept);
    return kept;
}

static bool refuse_kept(struct load *load, size_t i, struct error *err)
{
    struct kept_record const kept = kept_at(load, i);
    struct record record = {.line = kept.line, .raw = kept.raw};
    return load_refuse(load, &record, &load->refusal, err);
}

bool load_check_links(struct load *load, struct error *err)
{
    struct events_chunk *const chunk = load->chunk;
    size_t taken = 0;
    bool good = true;
    if (!load->has_links) return true;
    if (!load_await(load, err) || !open_check(load, err)) return false;
    load->store_failed = !link_check_load(load->links, chunk, err);
    if (load->store_failed) return false;
    for (size_t i = 0; i < chunk->count && good; i++) {
        switch (batch_links_judge(load, &chunk->events[i], err)) {
        case LINK_TAKEN: chunk->events[taken++] = chunk->events[i]; break;
        case LINK_REFUSED: good = refuse_kept(load, i, err); break;
        case LINK_UNKNOWN: good = false; break;
        }
    }
    if (good) chunk->count = taken;
    if (!load->options->dry_run) close_check(load); /* else the next chunk builds on this one */
    buffer_clear(&load->kept);
    arena_reset(&load->kept_texts);
    return good;
}

bool load_validate_links(struct load *load, struct read_event *event, struct error *err)
{
    if (!load->has_links) return true;
    if (!open_check(load, err)) return false;
    enum link_verdict const verdict = batch_links_judge(load, &event->event, err);
    if (verdict == LINK_REFUSED) event->reason = &load->refusal;
    return verdict != LINK_UNKNOWN;
}

void load_links_done(struct load *load)
{
    close_check(load);
    buffer_done(&load->kept);
    arena_done(&load->kept_texts);
}
