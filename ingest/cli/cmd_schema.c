// SPDX-License-Identifier: Apache-2.0
#include <stdio.h>
#include <time.h>

#include "cli/commands.h"
#include "cli/load_options.h"
#include "cli/options.h"
#include "cli/tree_print.h"
#include "common/printable.h"
#include "common/text_file.h"
#include "common/writer_lock.h"
#include "write/apply.h"

enum { OPTION_APPLY = OPTION_FIRST, OPTION_ALLOW_LOSS };

static const struct option options[] = {
    {.name = "apply", .has_arg = required_argument, .val = OPTION_APPLY},
    {.name = "allow-loss", .val = OPTION_ALLOW_LOSS},
    {.name = NULL},
};

static const struct usage usage = {
    .command = "schema",
    .line = "tally schema STORE [--apply FILE [--allow-loss]]",
    .help = "Prints the schema in force.\n"
            "\n"
            "  --apply FILE   put another schema in force, in one commit; - is standard\n"
            "                 input. Views that are new or changed are made from all stored\n"
            "                 events, a new field is null in them. Mounts show the old tree\n"
            "                 until the new one is there.\n"
            "  --allow-loss   also if it drops events, or fields of them, or counts that\n"
            "                 cannot be made again\n"
            "\n"
            "Example: tally schema shop >next.json   (then change it)\n"
            "         tally schema shop --apply next.json\n",
    .options = options,
    .least_positionals = 1,
    .most_positionals = 1,
};

struct arguments {
    const char *file;
    bool allow_loss;
};

static bool cmd_schema_set_option(void *context, int code, const char *value)
{
    struct arguments *const arguments = context;
    if (code == OPTION_APPLY) arguments->file = value;
    if (code == OPTION_ALLOW_LOSS) arguments->allow_loss = true;
    return true;
}

static void print_schema(struct slice text)
{
    (void)fwrite(text.at, 1, text.length, stdout); /* console_end looks, here and below */
    if (text.length == 0 || text.at[text.length - 1] != '\n') (void)putchar('\n');
}

/* What `--apply` shows while it works. */
struct showing {
    struct progress progress;
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

static void cmd_schema_show_progress(void *context, uint64_t done, uint64_t total)
{
    struct showing *const showing = context;
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
        .resources = load_resources_default(),
        .tell = emit_view,
        .progress = cmd_schema_show_progress,
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
    (void)writer_lock_announce(store, commit_id, WRITER_ANNOUNCE_MS,
                               &notices); /* it told the user */
    (void)clock_gettime(CLOCK_MONOTONIC, &ended);
    (void)printf(
        "applied: %zu added, %zu changed, %zu dropped, %zu unchanged, commit %llu, %.1f s\n",
        showing.counts[APPLY_ADDED], showing.counts[APPLY_CHANGED], showing.counts[APPLY_DROPPED],
        showing.counts[APPLY_KEPT], (unsigned long long)commit_id, /* console_end looks */
        (double)(ended.tv_sec - begun.tv_sec) + (double)(ended.tv_nsec - begun.tv_nsec) / 1e9);
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
    if (arguments.file)
        return cmd_schema_apply(argv[first], &arguments, &err) ? EXIT_GOOD : console_error(&err);
    AUTO_TREE_VIEW struct tree_view view = {.store = NULL};
    if (!tree_view_open(&view, argv[first], &err)) return console_error(&err);
    print_schema(view.snapshot->schema->text);
    return EXIT_GOOD;
}
