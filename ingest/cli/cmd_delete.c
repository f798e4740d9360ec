// SPDX-License-Identifier: Apache-2.0
#include <stdio.h>

#include "cli/batch_choice.h"
#include "cli/commands.h"
#include "cli/load_options.h"
#include "cli/options.h"
#include "cli/where_option.h"
#include "common/stream_choice.h"
#include "common/writer_lock.h"
#include "input/delete_keys.h"
#include "write/commit.h"

enum { OPTION_STREAM = OPTION_FIRST, OPTION_KEY, OPTION_WHERE, OPTION_BATCH, OPTION_DRY_RUN };

static const struct option options[] = {
    {.name = "stream", .has_arg = required_argument, .val = OPTION_STREAM},
    {.name = "key", .has_arg = required_argument, .val = OPTION_KEY},
    {.name = "where", .has_arg = required_argument, .val = OPTION_WHERE},
    {.name = "batch", .has_arg = required_argument, .val = OPTION_BATCH},
    {.name = "dry-run", .val = OPTION_DRY_RUN},
    {.name = NULL},
};

static const struct usage usage = {
    .command = "delete",
    .line = "tally delete STORE [OPTION]... [FILE|-]",
    .help = "Deletes events, and takes them out of every view, in one commit. Which, is said\n"
            "by --key, by --where and --batch, or by FILE: records with the fields of the key\n"
            "(NDJSON, CSV), or a key a line.\n"
            "\n"
            "  --stream S    the stream of the events; not needed where there is only one\n"
            "  --key KEY     the event with this key; of several fields: '[\"a\", 5]'\n"
            "  --where EXPR  the events for which this is true\n"
            "  --batch B     the events that came with this batch, by its name or number\n"
            "  --dry-run     count what would be deleted, and delete nothing\n"
            "\n"
            "A key that has no event is counted as duplicate. Where a stream's events never\n"
            "go by themselves, a view that only knows its least and greatest is made anew.\n"
            "\n"
            "Example: tally delete shop --where \"status = 'test' and price < 1\"\n",
    .options = options,
    .least_positionals = 1,
    .most_positionals = 2,
};

struct arguments {
    struct progress progress;
    const char *stream;
    const char *where;
    const char *batch;
    bool dry_run;
    struct buffer keys; /* of const char * */
};

static bool cmd_delete_set_option(void *context, int code, const char *value)
{
    struct arguments *const arguments = context;
    if (code == OPTION_STREAM) arguments->stream = value;
    if (code == OPTION_WHERE) arguments->where = value;
    if (code == OPTION_BATCH) arguments->batch = value;
    if (code == OPTION_DRY_RUN) arguments->dry_run = true;
    if (code == OPTION_KEY) buffer_add(&arguments->keys, &value, sizeof value);
    return true;
}

/* One way to say which events, and not none. */
static bool check_arguments(const struct arguments *arguments, const char *file)
{
    bool const by_condition = arguments->where || arguments->batch;
    int const ways = by_condition + (arguments->keys.length > 0) + (file != NULL);
    if (ways == 1) return true;
    options_complain(ways == 0
                         ? "which events? (give --key, --where, --batch or a FILE of keys)"
                         : "--key, FILE, and --where or --batch exclude each other (give one)");
    return false;
}

/* The keys on the command line, or those of a file. */
struct key_input {
    struct binder binder;
    const struct buffer *texts;
    bool is_read;             /* those of the command line are */
    struct delete_keys *file; /* NULL: the command line */
};

static void key_input_done(struct key_input *input)
{
    delete_keys_close(input->file);
    binder_done(&input->binder);
}

static bool key_input_rewind(void *context, struct error *err)
{
    struct key_input *const input = context;
    input->is_read = false;
    return !input->file || delete_keys_rewind(input->file, err);
}

static bool key_input_read(void *context, size_t most_bytes, struct events_chunk *chunk,
                           struct error *err)
{
    struct key_input *const input = context;
    if (input->file) return delete_keys_read(input->file, most_bytes, chunk, err);
    for (size_t at = 0; !input->is_read && at < input->texts->length; at += sizeof(char *)) {
        const char *key;
        memcpy(&key, input->texts->at + at, sizeof key);
        if (!delete_keys_add_text(&input->binder, slice_text(key), chunk, err))
            return error_place(err, "--key");
    }
    input->is_read = true;
    return true;
}

static bool cmd_delete_delete_events(struct store *store, const struct deletion *deletion,
                                     const char *source, const struct notices *notices,
                                     struct error *err)
{
    struct batch batch = {
        .kind = BATCH_DELETE,
        .stream = deletion->stream->id,
        .state = BATCH_LOADED,
        .source = slice_text(source),
        .resume_line = 1,
    };
    struct resources const resources = load_resources_default();
    uint64_t commit_id;
    if (!commit_delete(store, deletion, &batch, &resources, &commit_id, err)) return false;
    if (!deletion->dry_run)
        (void)writer_lock_announce(store, commit_id, WRITER_ANNOUNCE_MS,
                                   notices);             /* it told the user */
    (void)printf("delete: deleted %llu, duplicate %llu", /* console_end looks */
                 (unsigned long long)batch.deleted_count,
                 (unsigned long long)batch.duplicate_count);
    if (deletion->dry_run)
        (void)puts(", nothing committed (dry run)");
    else
        (void)printf(", commit %llu\n", (unsigned long long)commit_id);
    return true;
}

static bool delete_by_keys(struct store *store, struct deletion *deletion,
                           struct arguments *arguments, const char *file,
                           const struct schema *schema, const struct notices *notices,
                           struct error *err)
{
    AUTO(key_input_done) struct key_input input = {.texts = &arguments->keys};
    binder_init(&input.binder, deletion->stream, schema->zone);
    if (deletion->stream->key_count == 0) {
        (void)error_set(err, ERROR_INPUT, "events of this stream have no key");
        return error_remedy(err, "use --where");
    }
    if (file && !delete_keys_open(&input.binder, file, store_directory(store), &arguments->progress,
                                  &input.file, err))
        return false;
    deletion->keys = (struct key_source){key_input_rewind, key_input_read, &input};
    return cmd_delete_delete_events(store, deletion, file ? file : "--key", notices, err);
}

/* That of --stream, or of the batch. */
static bool choose_stream(struct store *store, const struct arguments *arguments,
                          const struct schema *schema, struct deletion *deletion, struct error *err)
{
    AUTO_ARENA struct arena arena = {0};
    struct snapshot *snapshot;
    struct batch batch;
    if (!arguments->batch) return stream_choose(schema, arguments->stream, &deletion->stream, err);
    if (!snapshot_open(store, &snapshot, err)) return false;
    bool const good =
        batch_choose(snapshot, arguments->batch, arguments->stream, &arena, &batch, err) &&
        batch_stream(schema, &batch, &deletion->stream, err);
    snapshot_close(snapshot);
    deletion->batch_id = batch.id;
    return good;
}

static bool delete_by_condition(struct store *store, struct deletion *deletion,
                                const struct arguments *arguments, const struct schema *schema,
                                const struct notices *notices, struct error *err)
{
    AUTO_ARENA struct arena arena = {0};
    AUTO_BUFFER struct buffer source = {0};
    if (arguments->batch) buffer_format(&source, "--batch %s", arguments->batch);
    if (arguments->batch && arguments->where) buffer_add_byte(&source, ' ');
    if (arguments->where) buffer_add_text(&source, arguments->where);
    buffer_add_byte(&source, '\0');
    return (!arguments->where || where_option_read(arguments->where, deletion->stream, schema,
                                                   &arena, &deletion->where, err)) &&
           cmd_delete_delete_events(store, deletion, (const char *)source.at, notices, err);
}

static bool cmd_delete_run(struct store *store, struct arguments *arguments, const char *file,
                           const struct notices *notices, struct error *err)
{
    const struct schema *schema;
    struct deletion deletion = {.dry_run = arguments->dry_run};
    if (!store_schema(store, &schema, err) ||
        !choose_stream(store, arguments, schema, &deletion, err))
        return false;
    if (arguments->where || arguments->batch)
        return delete_by_condition(store, &deletion, arguments, schema, notices, err);
    return delete_by_keys(store, &deletion, arguments, file, schema, notices, err);
}

enum exit_status cmd_delete(int argc, char **argv)
{
    struct arguments arguments = {.stream = NULL};
    progress_init(&arguments.progress);
    struct notices const notices = console_notices(&arguments.progress);
    struct error err;
    int first;
    enum exit_status status = EXIT_FAILED;
    switch (options_read(&usage, argc, argv, cmd_delete_set_option, &arguments, &first)) {
    case OPTIONS_GOOD: break;
    case OPTIONS_ENDED: return EXIT_GOOD;
    case OPTIONS_WRONG: return EXIT_FAILED;
    }
    const char *const file = argc - first > 1 ? argv[first + 1] : NULL;
    if (check_arguments(&arguments, file)) {
        AUTO_STORE struct store *store = NULL;
        bool const good = writer_lock_open(argv[first], &notices, &store, &err) &&
                          cmd_delete_run(store, &arguments, file, &notices, &err);
        progress_erase(&arguments.progress);
        status = good ? EXIT_GOOD : console_error(&err);
    }
    buffer_done(&arguments.keys);
    return status;
}
