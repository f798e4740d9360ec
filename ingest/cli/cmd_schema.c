// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <stdio.h>
#include <time.h>

#include "cli/commands.h"
#include "cli/load_options.h"
#include "cli/options.h"
#include "cli/tree_print.h"
#include "common/printable.h"
#include "common/text_file.h"
#include "common/writer_lock.h"
#include "tables/meta.h"
#include "types/calendar.h"
#include "write/apply.h"

enum {
    OPTION_APPLY = OPTION_FIRST,
    OPTION_CHECK,
    OPTION_ALLOW_LOSS,
    OPTION_HISTORY,
    OPTION_AT,
};

enum { DECIMAL_BASE = 10 };

static const struct option options[] = {
    {.name = "apply", .has_arg = required_argument, .val = OPTION_APPLY},
    {.name = "check", .has_arg = required_argument, .val = OPTION_CHECK},
    {.name = "allow-loss", .val = OPTION_ALLOW_LOSS},
    {.name = "history", .val = OPTION_HISTORY},
    {.name = "at", .has_arg = required_argument, .val = OPTION_AT},
    {.name = NULL},
};

static const struct usage usage = {
    .command = "schema",
    .line = "tally schema STORE [OPTION]... | tally schema --check FILE",
    .help = "Prints the schema in force.\n"
            "\n"
            "  --apply FILE   put another schema in force, in one commit; - is standard\n"
            "                 input. Views that are new or changed are made from all stored\n"
            "                 events, a new field is null in them. Mounts show the old tree\n"
            "                 until the new one is there.\n"
            "  --check FILE   say what --apply would do, and do nothing; without STORE, only\n"
            "                 whether FILE is a schema\n"
            "  --allow-loss   also if it drops events, or fields of them, or counts that\n"
            "                 cannot be made again\n"
            "  --history      list the commits in which a schema came into force\n"
            "  --at COMMIT    print the schema that was in force at that commit\n"
            "\n"
            "Example: tally schema shop >next.json   (then change it)\n"
            "         tally schema shop --apply next.json\n",
    .options = options,
    .least_positionals = 0,
    .most_positionals = 1,
};

struct arguments {
    const char *file;
    bool checks; /* what is in the file, and no more */
    bool allow_loss;
    bool history;
    uint64_t at; /* 0: the newest */
};

static bool set_file(struct arguments *arguments, const char *file, bool checks)
{
    if (arguments->file) options_complain("--apply and --check exclude each other (give one FILE)");
    bool const good = !arguments->file;
    arguments->file = file;
    arguments->checks = checks;
    return good;
}

static bool read_commit(const char *value, uint64_t *ret_commit)
{
    char *end;
    errno = 0;
    *ret_commit = strtoull(value, &end, DECIMAL_BASE);
    if (value[0] >= '0' && value[0] <= '9' && !*end && errno == 0 && *ret_commit > 0) return true;
    options_complain("--at: '%s' is not the number of a commit (see --history)", value);
    return false;
}

static bool cmd_schema_set_option(void *context, int code, const char *value)
{
    struct arguments *const arguments = context;
    switch (code) {
    case OPTION_APPLY: return set_file(arguments, value, false);
    case OPTION_CHECK: return set_file(arguments, value, true);
    case OPTION_ALLOW_LOSS: arguments->allow_loss = true; return true;
    case OPTION_HISTORY: arguments->history = true; return true;
    default: return read_commit(value, &arguments->at);
    }
}

static void print_schema(struct slice text)
{
    (void)fwrite(text.at, 1, text.length, stdout); /* console_end looks, here and below */
    if (text.length == 0 || text.at[text.length - 1] != '\n') (void)putchar('\n');
}

/* What `--apply` shows while it works. */
struct showing {
    struct progress progress;
    uint64_t events; /* that have to be read */
    size_t counts[APPLY_DROPPED + 1];
};

static void emit_view(void *context, struct slice view, enum apply_fate fate)
{
    static const char *const words[] = {[APPLY_KEPT] = "unchanged",
                                        [APPLY_ADDED] = "added",
                                        [APPLY_CHANGED] = "changed",
                                        [APPLY_DROPPED] = "dropped"};
    struct showing *const showing = context;
    AUTO_BUFFER struct buffer shown = {0};
    printable_write(view, SIZE_MAX, &shown);
    showing->counts[fate]++;
    (void)printf("view %.*s: %s\n", (int)shown.length, (const char *)shown.at,
                 words[fate]); /* console_end looks */
}

static void emit_loss(void *context, const struct apply_loss *loss)
{
    AUTO_BUFFER struct buffer shown = {0};
    (void)context;
    printable_write(loss->name, SIZE_MAX, &shown);
    (void)printf("%s %.*s: %llu %s dropped\n", loss->of_stream ? "stream" : "view", /* likewise */
                 (int)shown.length, (const char *)shown.at, (unsigned long long)loss->count,
                 loss->of_stream ? "events" : "rows");
}

static void cmd_schema_show_progress(void *context, uint64_t done, uint64_t total)
{
    struct showing *const showing = context;
    showing->events = total;
    progress_show(
        &showing->progress,
        (struct progress_point){.done_bytes = done, .total_bytes = total, .records = done});
}

static bool cmd_schema_apply(const char *path, const struct arguments *arguments, struct error *err)
{
    AUTO_BUFFER struct buffer text = {0};
    AUTO_STORE struct store *store = NULL;
    struct showing showing = {.counts = {0}};
    progress_init(&showing.progress);
    struct notices const notices = console_notices(&showing.progress);
    struct apply_options const wanted = {
        .allow_loss = arguments->allow_loss,
        .dry_run = arguments->checks,
        .resources = load_resources_default(),
        .tell = emit_view,
        .progress = cmd_schema_show_progress,
        .tell_loss = emit_loss,
        .context = &showing,
    };
    struct timespec begun, ended;
    uint64_t commit_id;
    if (!text_file_read(arguments->file, &text, err) ||
        !writer_lock_open(path, &notices, &store, err))
        return false;
    (void)clock_gettime(CLOCK_MONOTONIC, &begun); /* cannot fail for this clock */
    progress_begin(&showing.progress, slice_text(arguments->file));
    bool const good = apply_schema(store, buffer_slice(&text), &wanted, &commit_id, err);
    progress_erase(&showing.progress);
    if (!good) return err->kind == ERROR_SCHEMA ? error_wrap(err, "%s", arguments->file) : false;
    if (!arguments->checks)
        (void)writer_lock_announce(store, commit_id, WRITER_ANNOUNCE_MS,
                                   &notices); /* it told the user */
    (void)clock_gettime(CLOCK_MONOTONIC, &ended);
    (void)printf("%s: %zu added, %zu changed, %zu dropped, %zu unchanged", /* console_end looks */
                 arguments->checks ? "checked" : "applied", showing.counts[APPLY_ADDED],
                 showing.counts[APPLY_CHANGED], showing.counts[APPLY_DROPPED],
                 showing.counts[APPLY_KEPT]);
    if (showing.events) (void)printf(", read %llu events", (unsigned long long)showing.events);
    if (arguments->checks)
        (void)printf(", nothing committed");
    else
        (void)printf(", commit %llu", (unsigned long long)commit_id);
    (void)printf(", %.1f s\n", (double)(ended.tv_sec - begun.tv_sec) +
                                   (double)(ended.tv_nsec - begun.tv_nsec) / 1e9);
    return true;
}

/* Without a store. */
static bool check_file(const char *path, struct error *err)
{
    AUTO_BUFFER struct buffer text = {0};
    struct schema *schema;
    if (!text_file_read(path, &text, err)) return false;
    if (!schema_read(buffer_slice(&text), NULL, &schema, err))
        return err->kind == ERROR_SCHEMA ? error_wrap(err, "%s", path) : false;
    (void)printf("checked: %zu streams, %zu views\n", schema->stream_count,
                 schema->view_count); /* console_end looks */
    schema_free(schema);
    return true;
}

/* The schemas of a store, one of which is asked for. */
struct listing {
    const struct tree_view *view;
    uint64_t at; /* 0: they are listed */
    struct buffer text;
    struct error *err;
    bool good;
};

static bool list_schema(void *context, uint64_t commit_id, struct slice schema)
{
    struct listing *const listing = context;
    const struct snapshot *const snapshot = listing->view->snapshot;
    struct meta_commit commit;
    char time[CALENDAR_TEXT_BYTES];
    if (listing->at) {
        if (commit_id <= listing->at) buffer_set(&listing->text, schema);
        return commit_id <= listing->at;
    }
    listing->good = meta_commit_load(snapshot->txn, commit_id, &commit, listing->err);
    if (!listing->good) return false;
    size_t const length = calendar_write(commit.ns, snapshot->schema->zone, time);
    (void)printf("commit %llu, %.*s, %zu bytes\n", (unsigned long long)commit_id, (int)length, time,
                 schema.length); /* console_end looks */
    return true;
}

static bool show_history(const struct tree_view *view, const struct arguments *arguments,
                         struct error *err)
{
    struct listing listing = {.view = view, .at = arguments->at, .err = err, .good = true};
    bool good = meta_schema_history(view->snapshot->txn, list_schema, &listing, err);
    if (good && arguments->at > view->snapshot->commit_id) {
        good = error_set(err, ERROR_MISSING, "there is no commit %llu",
                         (unsigned long long)arguments->at);
        (void)error_remedy(err, "the newest one is %llu",
                           (unsigned long long)view->snapshot->commit_id);
    } else if (good && arguments->at) {
        print_schema(buffer_slice(&listing.text));
    }
    buffer_done(&listing.text);
    return good && listing.good;
}

static bool show(const char *path, const struct arguments *arguments, struct error *err)
{
    AUTO_TREE_VIEW struct tree_view view = {.store = NULL};
    if (!tree_view_open(&view, path, err)) return false;
    if (arguments->history || arguments->at) return show_history(&view, arguments, err);
    print_schema(view.snapshot->schema->text);
    return true;
}

enum exit_status cmd_schema(int argc, char **argv)
{
    struct arguments arguments = {.file = NULL};
    struct error err;
    int first;
    switch (options_read(&usage, argc, argv, cmd_schema_set_option, &arguments, &first)) {
    case OPTIONS_GOOD: break;
    case OPTIONS_ENDED: return EXIT_GOOD;
    case OPTIONS_WRONG: return EXIT_FAILED;
    }
    const char *const store = first < argc ? argv[first] : NULL;
    if (!store && !arguments.checks) {
        options_complain("STORE is missing (usage: %s)", usage.line);
        return EXIT_FAILED;
    }
    bool const good = !store           ? check_file(arguments.file, &err)
                      : arguments.file ? cmd_schema_apply(store, &arguments, &err)
                                       : show(store, &arguments, &err);
    return good ? EXIT_GOOD : console_error(&err);
}
