// SPDX-License-Identifier: Apache-2.0
#include <stdio.h>

#include "cli/batch_choice.h"
#include "cli/commands.h"
#include "cli/load_options.h"
#include "cli/options.h"
#include "common/writer_lock.h"
#include "output/event_writer.h"
#include "tables/events.h"
#include "types/pack.h"
#include "write/undo.h"

enum { OPTION_STREAM = OPTION_FIRST, OPTION_DRY_RUN };

static const struct option options[] = {
    {.name = "stream", .has_arg = required_argument, .val = OPTION_STREAM},
    {.name = "dry-run", .val = OPTION_DRY_RUN},
    {.name = NULL},
};

static const struct usage usage = {
    .command = "undo",
    .line = "tally undo STORE BATCH [--stream S] [--dry-run]",
    .help = "Takes a batch back, in one commit, as if it had not come: its new events go,\n"
            "what it replaced or deleted is back. BATCH is its name or its number, as in\n"
            ".tallyfs/batches/; it may be a deletion, or itself an undo.\n"
            "\n"
            "  --stream S  where batches of several streams have the name\n"
            "  --dry-run   say what would change, and change nothing\n"
            "\n"
            "Keys that a later batch has changed stay as they are; each is printed, with\n"
            "that batch. \"undo\" of a stream says how long batches can be undone.\n"
            "\n"
            "Exit status: 0 all of it is undone, 1 could not run, 2 some keys stay.\n"
            "\n"
            "Example: tally undo shop 17 --dry-run\n",
    .options = options,
    .least_positionals = 2,
    .most_positionals = 2,
};

struct arguments {
    const char *stream;
    bool dry_run;
};

static bool cmd_undo_set_option(void *context, int code, const char *value)
{
    struct arguments *const arguments = context;
    if (code == OPTION_STREAM) arguments->stream = value;
    if (code == OPTION_DRY_RUN) arguments->dry_run = true;
    return true;
}

/* The keys that stay, as lines. */
struct kept_keys {
    const struct stream *stream;
    struct event_writer *writer;
    struct value *values;
    struct arena texts;
    struct buffer lines;
};

static void kept_keys_done(struct kept_keys *kept)
{
    event_writer_free(kept->writer);
    free(kept->values);
    arena_done(&kept->texts);
    buffer_done(&kept->lines);
}

static void kept_begin(void *context)
{
    struct kept_keys *const kept = context;
    buffer_clear(&kept->lines);
}

/* The fields of its key alone. Of one that was cut as it is very long, what there is. */
static void unpack_key(struct kept_keys *kept, const struct event *event)
{
    const struct stream *const stream = kept->stream;
    struct slice own = event_own_key(event);
    bool const is_there =
        event->packed.length && event_unpack(stream, event, &kept->texts, kept->values);
    for (size_t i = 0; i < stream->key_count && !is_there; i++)
        (void)unpack_value(&own, &kept->texts, &kept->values[stream->key_fields[i]]);
    for (size_t i = 0; i < stream->field_count; i++) {
        if (!event_is_key_field(stream, i)) kept->values[i] = (struct value){.kind = VALUE_NULL};
    }
}

static void kept_tell(void *context, const struct event *event, uint64_t by)
{
    struct kept_keys *const kept = context;
    struct error ignored; /* a time in a format that is no longer the field's: the line is empty */
    arena_reset(&kept->texts);
    memset(kept->values, 0, stream_value_count(kept->stream) * sizeof *kept->values);
    unpack_key(kept, event);
    buffer_format(&kept->lines, "kept as of batch %llu: ", (unsigned long long)by);
    if (!event_writer_add(kept->writer, kept->values, &kept->lines, &ignored))
        buffer_add_byte(&kept->lines, '\n');
}

static void print_summary(const struct undo_options *undo, const struct kept_keys *kept,
                          const struct undo_report *report, uint64_t commit_id)
{
    (void)fwrite(kept->lines.at, 1, kept->lines.length, stdout); /* console_end looks */
    (void)printf("undo of batch %llu: removed %llu, restored %llu, kept %llu",
                 (unsigned long long)undo->batch_id, (unsigned long long)report->removed_count,
                 (unsigned long long)report->restored_count,
                 (unsigned long long)report->kept_count);
    if (undo->dry_run)
        (void)puts(", nothing committed (dry run)");
    else
        (void)printf(", commit %llu\n", (unsigned long long)commit_id);
}

static bool find_batch(struct store *store, const char *text, const char *stream,
                       struct arena *arena, struct batch *ret_batch, struct error *err)
{
    struct snapshot *snapshot;
    if (!snapshot_open(store, &snapshot, err)) return false;
    bool const good = batch_choose(snapshot, text, stream, arena, ret_batch, err);
    snapshot_close(snapshot);
    return good;
}

static void init_kept(struct kept_keys *kept, const struct schema *schema,
                      const struct stream *stream)
{
    kept->stream = stream;
    kept->writer = event_writer_new(stream, schema->zone, EVENTS_NDJSON);
    kept->values = memory_alloc(stream_value_count(stream) * sizeof *kept->values);
}

static bool undo(struct store *store, const char *text, const struct arguments *arguments,
                 const struct notices *notices, enum exit_status *ret_status, struct error *err)
{
    AUTO_ARENA struct arena arena = {0};
    AUTO(kept_keys_done) struct kept_keys kept = {.stream = NULL};
    AUTO_BUFFER struct buffer source = {0};
    const struct schema *schema;
    struct undo_options undo = {.dry_run = arguments->dry_run,
                                .resources = load_resources_default()};
    struct undo_report report;
    struct batch batch;
    uint64_t commit_id;
    if (!find_batch(store, text, arguments->stream, &arena, &batch, err) ||
        !store_schema(store, &schema, err))
        return false;
    const struct stream *const stream = schema_stream_of(schema, batch.stream);
    undo.batch_id = batch.id;
    if (stream) {
        init_kept(&kept, schema, stream);
        undo.kept = (struct undo_kept){.begin = kept_begin, .tell = kept_tell, .context = &kept};
    }
    buffer_format(&source, "batch %llu", (unsigned long long)batch.id);
    struct batch undoing = {.kind = BATCH_UNDO,
                            .state = BATCH_LOADED,
                            .source = buffer_slice(&source),
                            .resume_line = 1};
    if (!commit_undo(store, &undo, &undoing, &report, &commit_id, err)) return false;
    if (!undo.dry_run)
        (void)writer_lock_announce(store, commit_id, WRITER_ANNOUNCE_MS,
                                   notices); /* it told the user */
    print_summary(&undo, &kept, &report, commit_id);
    *ret_status = report.kept_count ? EXIT_REJECTS : EXIT_GOOD;
    return true;
}

enum exit_status cmd_undo(int argc, char **argv)
{
    struct notices const notices = console_notices(NULL);
    struct arguments arguments = {.stream = NULL};
    enum exit_status status = EXIT_FAILED;
    struct error err;
    int first;
    switch (options_read(&usage, argc, argv, cmd_undo_set_option, &arguments, &first)) {
    case OPTIONS_GOOD: break;
    case OPTIONS_ENDED: return EXIT_GOOD;
    case OPTIONS_WRONG: return EXIT_FAILED;
    }
    AUTO_STORE struct store *store = NULL;
    if (!writer_lock_open(argv[first], &notices, &store, &err) ||
        !undo(store, argv[first + 1], &arguments, &notices, &status, &err))
        return console_error(&err);
    return status;
}
