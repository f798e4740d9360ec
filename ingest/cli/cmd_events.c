// SPDX-License-Identifier: Apache-2.0
#include <stdio.h>

#include "cli/batch_choice.h"
#include "cli/commands.h"
#include "cli/options.h"
#include "cli/tree_print.h"
#include "cli/where_option.h"
#include "common/stream_choice.h"
#include "input/delete_keys.h"
#include "output/event_writer.h"
#include "tables/event_lookup.h"
#include "tables/event_scan.h"

enum { OPTION_STREAM = OPTION_FIRST, OPTION_KEY, OPTION_WHERE, OPTION_BATCH, OPTION_FORMAT };
enum { OUTPUT_BYTES = 1 << 16 };

static const struct option options[] = {
    {.name = "stream", .has_arg = required_argument, .val = OPTION_STREAM},
    {.name = "key", .has_arg = required_argument, .val = OPTION_KEY},
    {.name = "where", .has_arg = required_argument, .val = OPTION_WHERE},
    {.name = "batch", .has_arg = required_argument, .val = OPTION_BATCH},
    {.name = "format", .has_arg = required_argument, .val = OPTION_FORMAT},
    {.name = NULL},
};

static const struct usage usage = {
    .command = "events",
    .line = "tally events STORE [OPTION]...",
    .help = "Prints the stored events of a stream as records, in the order of their keys, as\n"
            "they would be ingested again: a dump, loaded into a store with the same schema,\n"
            "gives the same tree.\n"
            "\n"
            "  --stream S    the stream of the events; not needed where there is only one\n"
            "  --key KEY     the event with this key; of several fields: '[\"a\", 5]'\n"
            "  --where EXPR  the events for which this is true\n"
            "  --batch B     the events that came with this batch, by its name or number\n"
            "  --format F    ndjson (default) or csv\n"
            "\n"
            "Example: tally events shop --where \"status = 'returned'\" > returned.ndjson\n",
    .options = options,
    .least_positionals = 1,
    .most_positionals = 1,
};

struct arguments {
    const char *stream;
    const char *where;
    struct buffer keys; /* of const char * */
    const char *batch;
    enum event_format format;
};

static bool read_format(const char *value, enum event_format *ret_format)
{
    static const char *const names[] = {[EVENTS_NDJSON] = "ndjson", [EVENTS_CSV] = "csv"};
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        *ret_format = (enum event_format)i;
        if (strcmp(value, names[i]) == 0) return true;
    }
    options_complain("--format '%s' is not known (give ndjson or csv)", value);
    return false;
}

static bool cmd_events_set_option(void *context, int code, const char *value)
{
    struct arguments *const arguments = context;
    switch (code) {
    case OPTION_STREAM: arguments->stream = value; return true;
    case OPTION_KEY: buffer_add(&arguments->keys, &value, sizeof value); return true;
    case OPTION_WHERE: arguments->where = value; return true;
    case OPTION_BATCH: arguments->batch = value; return true;
    default: return read_format(value, &arguments->format);
    }
}

/* Which events are asked for, and where they go. */
struct dump {
    const struct txn *txn;
    const struct stream *stream;
    const struct time_zone *zone;
    const struct expr *where; /* NULL: all */
    uint64_t batch_id;        /* 0: of any */
    struct batch_keys batch_keys;
    struct event_writer *writer;
    struct buffer output;
    struct value *values;
};

static void dump_done(struct dump *dump)
{
    event_writer_free(dump->writer);
    buffer_done(&dump->output);
    free(dump->values);
}

/* A write that fails is left to console_end; nothing more is written then. */
static bool flush(struct dump *dump)
{
    (void)fwrite(dump->output.at, 1, dump->output.length, stdout);
    buffer_clear(&dump->output);
    return !ferror(stdout);
}

static bool dump_event(struct dump *dump, const struct event *event, struct error *err)
{
    if (dump->batch_id && event_batch(event->packed) != dump->batch_id) return true;
    if (!expr_holds(dump->where, dump->values, dump->zone)) return true;
    return event_writer_add(dump->writer, dump->values, &dump->output, err);
}

static bool dump_all(struct dump *dump, struct error *err)
{
    struct event_scan *scan;
    struct event event;
    enum event_step step = EVENT_END;
    bool goes_on = true;
    if (!event_scan_open(dump->txn, dump->stream, &scan, err)) return false;
    if (dump->batch_id) event_scan_begin(scan, batch_keys_first(&dump->batch_keys), false);
    while (goes_on && (step = event_scan_unpack(scan, &event, dump->values, err)) == EVENT_ONE) {
        if (dump->batch_id && !batch_keys_have(&dump->batch_keys, event.key)) break;
        if (!dump_event(dump, &event, err)) step = EVENT_FAILED;
        goes_on = step == EVENT_ONE && (dump->output.length < OUTPUT_BYTES || flush(dump));
    }
    event_scan_close(scan);
    return step != EVENT_FAILED;
}

/* In the order in which they are asked for; where there is none, nothing. */
static bool dump_keys(struct dump *dump, const struct events_chunk *keys, struct error *err)
{
    AUTO_ARENA struct arena texts = {0};
    AUTO(event_lookup_done) struct event_lookup lookup = {.txn = dump->txn};
    for (size_t i = 0; i < keys->count; i++) {
        struct event event = {.key = keys->events[i].key};
        enum db_finding const found = event_lookup_find(&lookup, event.key, &event.packed, err);
        if (found == DB_FAILED) return false;
        if (found == DB_MISSING || !event_is_live(event.packed)) continue;
        arena_reset(&texts);
        if (!event_unpack(dump->stream, &event, &texts, dump->values)) return event_corrupt(err);
        if (!dump_event(dump, &event, err)) return false;
    }
    return true;
}

static bool read_keys(const struct buffer *texts, struct binder *binder, struct events_chunk *chunk,
                      struct error *err)
{
    if (binder->stream->key_count == 0) {
        (void)error_set(err, ERROR_INPUT, "events of this stream have no key");
        return error_remedy(err, "use --where");
    }
    for (size_t at = 0; at < texts->length; at += sizeof(char *)) {
        const char *key;
        memcpy(&key, texts->at + at, sizeof key);
        if (!delete_keys_add_text(binder, slice_text(key), chunk, err))
            return error_place(err, "--key");
    }
    return true;
}

static bool dump_by_keys(struct dump *dump, const struct buffer *texts, struct error *err)
{
    struct binder binder;
    struct events_chunk keys;
    binder_init(&binder, dump->stream, dump->zone);
    events_chunk_init(&keys, dump->stream);
    bool const good = read_keys(texts, &binder, &keys, err) && dump_keys(dump, &keys, err);
    events_chunk_done(&keys);
    binder_done(&binder);
    return good;
}

/* The stream of --stream, or of the batch. */
static bool choose(const struct arguments *arguments, const struct snapshot *snapshot,
                   struct dump *dump, struct error *err)
{
    AUTO_ARENA struct arena arena = {0};
    struct batch batch;
    if (!arguments->batch)
        return stream_choose(snapshot->schema, arguments->stream, &dump->stream, err);
    if (!batch_choose(snapshot, arguments->batch, arguments->stream, &arena, &batch, err) ||
        !batch_stream(snapshot->schema, &batch, &dump->stream, err))
        return false;
    dump->batch_id = batch.id;
    dump->batch_keys = batch.keys;
    return true;
}

static bool cmd_events_run(const struct arguments *arguments, const struct snapshot *snapshot,
                           struct error *err)
{
    AUTO_ARENA struct arena arena = {0};
    AUTO(dump_done)
    struct dump dump = {.txn = snapshot->txn, .zone = snapshot->schema->zone};
    if (!choose(arguments, snapshot, &dump, err)) return false;
    if (arguments->where && !where_option_read(arguments->where, dump.stream, snapshot->schema,
                                               &arena, &dump.where, err))
        return false;
    dump.values = memory_alloc(stream_value_count(dump.stream) * sizeof *dump.values);
    dump.writer = event_writer_new(dump.stream, dump.zone, arguments->format);
    event_writer_begin(dump.writer, &dump.output);
    bool const good =
        arguments->keys.length ? dump_by_keys(&dump, &arguments->keys, err) : dump_all(&dump, err);
    (void)flush(&dump); /* what is good of it */
    return good;
}

enum exit_status cmd_events(int argc, char **argv)
{
    struct arguments arguments = {.stream = NULL};
    struct error err;
    int first;
    enum exit_status status = EXIT_FAILED;
    enum options_answer const answer =
        options_read(&usage, argc, argv, cmd_events_set_option, &arguments, &first);
    if (answer == OPTIONS_ENDED) status = EXIT_GOOD;
    if (answer == OPTIONS_GOOD) {
        AUTO_TREE_VIEW struct tree_view view = {.store = NULL};
        bool const good = tree_view_open(&view, argv[first], &err) &&
                          cmd_events_run(&arguments, view.snapshot, &err);
        status = good ? EXIT_GOOD : console_error(&err);
    }
    buffer_done(&arguments.keys);
    return status;
}
