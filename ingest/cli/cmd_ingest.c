/* Where nothing comes as it comes (follow.h), signals are not looked at: SIGINT and SIGTERM end the
 * process as they find it. A commit is there or not, the checkpoint with it, and a nameless spool
 * file goes with the process; so there is nothing to finish, and the next run of the same command
 * goes on where this one ended.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdio.h>

#include "cli/commands.h"
#include "cli/load_options.h"
#include "cli/options.h"
#include "common/printable.h"
#include "common/stream_choice.h"
#include "common/writer_lock.h"
#include "load/batch.h"

enum {
    OPTION_STREAM = OPTION_FIRST,
    OPTION_FORMAT,
    OPTION_BATCH,
    OPTION_REPLACE,
    OPTION_AGAIN,
    OPTION_STRICT,
    OPTION_DRY_RUN,
    OPTION_MAX_REJECTS,
    OPTION_MEMORY,
    OPTION_THREADS,
    OPTION_COMMIT_EVERY,
};

static const struct option options[] = {
    {.name = "stream", .has_arg = required_argument, .val = OPTION_STREAM},
    {.name = "format", .has_arg = required_argument, .val = OPTION_FORMAT},
    {.name = "batch", .has_arg = required_argument, .val = OPTION_BATCH},
    {.name = "replace", .val = OPTION_REPLACE},
    {.name = "again", .val = OPTION_AGAIN},
    {.name = "strict", .val = OPTION_STRICT},
    {.name = "dry-run", .val = OPTION_DRY_RUN},
    {.name = "max-rejects", .has_arg = required_argument, .val = OPTION_MAX_REJECTS},
    {.name = "memory", .has_arg = required_argument, .val = OPTION_MEMORY},
    {.name = "threads", .has_arg = required_argument, .val = OPTION_THREADS},
    {.name = "commit-every", .has_arg = required_argument, .val = OPTION_COMMIT_EVERY},
    {.name = NULL},
};

static const struct usage usage = {
    .command = "ingest",
    .line = "tally ingest STORE [OPTION]... [FILE...|-]",
    .help = "Loads each FILE as one batch; without FILE, standard input. NDJSON, a JSON array\n"
            "of objects, CSV and TSV with a header, plain or compressed with gzip or zstd:\n"
            "told by content. A repeat that would change nothing is told, and a batch that\n"
            "was interrupted goes on where it was.\n"
            "\n"
            "  --stream S          the stream of the events; not needed where there is one\n"
            "  --format F          ndjson or csv, whatever it looks like (told by content)\n"
            "  --batch NAME        name the batch: loaded once, whatever the file is called\n"
            "  --replace           put it in the place of what had that name\n"
            "  --again             load also what was loaded already\n"
            "  --strict            stop at the first bad record, with nothing loaded\n"
            "  --dry-run           count what would be loaded and refused, and load nothing\n"
            "  --max-rejects N|N%  stop a batch with more refused records (1%, at least 10)\n"
            "  --memory SIZE       memory to use, 16M or more (512M)\n"
            "  --threads N         threads to use at a time (one a processor)\n"
            "  --commit-every T    of standard input: commit as it comes, as tally follow\n"
            "\n"
            "A bad record is put into STORE/rejects with its line and the reason.\n"
            "Exit status: 0 loaded or already there, 1 could not run, 2 loaded, with rejects.\n"
            "\n"
            "Example: tally ingest shop orders-*.csv.gz\n",
    .options = options,
    .least_positionals = 1,
    .most_positionals = -1,
};

struct arguments {
    const char *stream;
    bool commits_as_it_comes;
    struct follow_bound bound; /* then */
    struct batch_options batch;
};

static bool check_name(const char *name)
{
    size_t const length = strlen(name);
    if (length > 0 && length <= BATCH_NAME_BYTES_MAX) return true;
    options_complain("--batch: a name has 1 to %d bytes", BATCH_NAME_BYTES_MAX);
    return false;
}

static bool cmd_ingest_set_option(void *context, int code, const char *value)
{
    struct arguments *const arguments = context;
    struct batch_options *const batch = &arguments->batch;
    switch (code) {
    case OPTION_STREAM: arguments->stream = value; return true;
    case OPTION_FORMAT: return load_option_format(value, &batch->format);
    case OPTION_BATCH: batch->name = value; return check_name(value);
    case OPTION_REPLACE: batch->replace = true; return true;
    case OPTION_AGAIN: batch->again = true; return true;
    case OPTION_STRICT: batch->strict = true; return true;
    case OPTION_DRY_RUN: batch->dry_run = true; return true;
    case OPTION_MAX_REJECTS: return load_option_max_rejects(value, &batch->limit);
    case OPTION_COMMIT_EVERY:
        arguments->commits_as_it_comes = true;
        return load_option_commit_every(value, &arguments->bound);
    case OPTION_MEMORY: return load_option_memory(value, &batch->resources.memory_bytes);
    case OPTION_THREADS: return load_option_threads(value, &batch->resources.threads);
    default: return false;
    }
}

static void print_name(const char *path)
{
    AUTO_BUFFER struct buffer shown = {0};
    if (strcmp(path, "-") == 0) path = "standard input";
    printable_write(slice_text(path), SIZE_MAX, &shown);
    (void)printf("%.*s: ", (int)shown.length, (const char *)shown.at); /* console_end looks */
}

static void print_known(const char *path, const struct batch *batch)
{
    print_name(path);
    (void)printf("already loaded (batch %llu, commit %llu)%s\n", (unsigned long long)batch->id,
                 (unsigned long long)batch->last_commit,
                 batch->name.length ? "" : "; --again loads it once more");
}

static void print_summary(const char *store, const char *path, const struct batch_report *report,
                          bool dry_run)
{
    const struct batch *const batch = &report->batch;
    print_name(path);
    console_counts(batch);
    if (batch->rejects.length > 0)
        (void)printf(" (rejects: %s/rejects/%.*s)", store, (int)batch->rejects.length,
                     (const char *)batch->rejects.at);
    if (batch->undoes)
        (void)printf(", in the place of batch %llu", (unsigned long long)batch->undoes);
    if (dry_run)
        (void)printf(", nothing committed (dry run), %.1f s\n", report->seconds);
    else
        (void)printf(", commit %llu, %.1f s\n", (unsigned long long)batch->last_commit,
                     report->seconds);
    if (dry_run) console_reasons(batch, true);
}

static void print_too_many(const char *store, const struct batch *batch)
{
    console_reasons(batch, false);
    if (batch->rejects.length == 0) return;
    (void)fprintf(stderr, "refused records: %s/rejects/%.*s\n", store, /* no one to tell */
                  (int)batch->rejects.length, (const char *)batch->rejects.at);
}

static enum exit_status worse(enum exit_status a, enum exit_status b)
{
    if (a == EXIT_FAILED || b == EXIT_FAILED) return EXIT_FAILED;
    return a == EXIT_GOOD ? b : a;
}

/* *ret_stop: no other input makes sense. */
static enum exit_status ingest_one(struct store *store, const char *path,
                                   const struct batch_options *batch, bool *ret_stop)
{
    struct error err;
    struct batch_report report;
    enum exit_status status = EXIT_GOOD;
    enum batch_ending const ending =
        batch_ingest(store, &(struct batch_input){.path = path}, batch, &report, &err);
    progress_erase(batch->progress);
    *ret_stop = ending == BATCH_STOPPED;
    switch (ending) {
    case BATCH_KNOWN: print_known(path, &report.batch); break;
    case BATCH_INGESTED:
        print_summary(store_path(store), path, &report, batch->dry_run);
        if (report.batch.rejected_count > 0) status = EXIT_REJECTS;
        break;
    case BATCH_CHANGED:
    case BATCH_PAUSED: /* of what is followed alone */
    case BATCH_REFUSED:
    case BATCH_STOPPED:
        status = console_error(&err);
        if (report.too_many_rejects) print_too_many(store_path(store), &report.batch);
        break;
    }
    (void)fflush(stdout); /* console_end looks */
    batch_report_done(&report);
    return status;
}

static enum exit_status ingest_all(const char *path, char **files, int file_count,
                                   const struct arguments *arguments)
{
    struct progress progress;
    progress_init(&progress);
    struct notices const notices = console_notices(&progress);
    struct batch_options batch = arguments->batch;
    AUTO_STORE struct store *store = NULL;
    enum exit_status status = EXIT_GOOD;
    bool stop = false;
    struct error err;
    if (!writer_lock_open(path, &notices, &store, &err)) return console_error(&err);
    batch.notices = &notices;
    batch.progress = &progress;
    for (int i = 0; i < file_count && !stop; i++) {
        if (!store_schema(store, &batch.schema, &err) ||
            !stream_choose(batch.schema, arguments->stream, &batch.stream, &err))
            return console_error(&err);
        status = worse(status, ingest_one(store, files[i], &batch, &stop));
    }
    return status;
}

/* Standard input that stays open. */
static enum exit_status ingest_pipe(const char *path, const struct arguments *arguments)
{
    struct progress progress = {.terminal = false}; /* there is no end to come nearer to */
    struct follow follow = {
        .store_path = path,
        .stream = arguments->stream,
        .bound = arguments->bound,
        .batch = arguments->batch,
        .notices = console_notices(NULL),
    };
    struct error err;
    follow.batch.notices = &follow.notices;
    follow.batch.progress = &progress;
    enum exit_status status = EXIT_GOOD;
    if (follow_begin(&follow, &err) && follow_pipe(&follow, &err))
        print_summary(path, "-", &follow.report, false);
    else
        status = console_error(&err);
    if (status == EXIT_GOOD && follow.refused_some) status = EXIT_REJECTS;
    follow_done(&follow);
    return status;
}

/* Of a batch with a name. */
static bool check_naming(const struct arguments *arguments, int file_count)
{
    const struct batch_options *const batch = &arguments->batch;
    if (batch->replace && !batch->name)
        options_complain("--replace goes with --batch NAME (whose place does it take?)");
    else if (batch->name && batch->again)
        options_complain("--again and --batch exclude each other (give another name)");
    else if (batch->name && file_count > 1)
        options_complain("--batch names one FILE, not %d (load them one by one)", file_count);
    else if (batch->name && arguments->commits_as_it_comes)
        options_complain("--commit-every and --batch exclude each other (leave one out)");
    else
        return true;
    return false;
}

static bool check_commit_every(const struct arguments *arguments, char **files, int file_count)
{
    bool const is_pipe = file_count == 0 || (file_count == 1 && strcmp(files[0], "-") == 0);
    if (!is_pipe)
        options_complain("--commit-every is for standard input ('tally follow' is for files)");
    else if (arguments->batch.strict || arguments->batch.dry_run)
        options_complain("--commit-every goes neither with --strict nor with --dry-run "
                         "(leave them out)");
    else
        return true;
    return false;
}

enum exit_status cmd_ingest(int argc, char **argv)
{
    static char input[] = "-";
    static char *only_input[] = {input};
    struct arguments arguments = {.bound = follow_bound_default,
                                  .batch = {.resources = load_resources_default()}};
    int first;
    switch (options_read(&usage, argc, argv, cmd_ingest_set_option, &arguments, &first)) {
    case OPTIONS_GOOD: break;
    case OPTIONS_ENDED: return EXIT_GOOD;
    case OPTIONS_WRONG: return EXIT_FAILED;
    }
    bool const is_pipe = argc - first == 1;
    if (!check_naming(&arguments, argc - first - 1)) return EXIT_FAILED;
    if (arguments.commits_as_it_comes &&
        !check_commit_every(&arguments, argv + first + 1, argc - first - 1))
        return EXIT_FAILED;
    if (is_pipe && isatty(STDIN_FILENO)) {
        options_complain("no FILE, and standard input is a terminal (usage: %s)", usage.line);
        return EXIT_FAILED;
    }
    if (arguments.commits_as_it_comes) return ingest_pipe(argv[first], &arguments);
    if (!is_pipe) return ingest_all(argv[first], argv + first + 1, argc - first - 1, &arguments);
    return ingest_all(argv[first], only_input, 1, &arguments);
}
