// SPDX-License-Identifier: Apache-2.0
#include <stdio.h>
#include <sys/stat.h>

#include "cli/commands.h"
#include "cli/load_options.h"
#include "cli/options.h"
#include "host/service_notify.h"

enum {
    OPTION_STREAM = OPTION_FIRST,
    OPTION_FORMAT,
    OPTION_COMMIT_EVERY,
    OPTION_MAX_REJECTS,
    OPTION_MEMORY,
    OPTION_THREADS,
};

static const struct option options[] = {
    {.name = "stream", .has_arg = required_argument, .val = OPTION_STREAM},
    {.name = "format", .has_arg = required_argument, .val = OPTION_FORMAT},
    {.name = "commit-every", .has_arg = required_argument, .val = OPTION_COMMIT_EVERY},
    {.name = "max-rejects", .has_arg = required_argument, .val = OPTION_MAX_REJECTS},
    {.name = "memory", .has_arg = required_argument, .val = OPTION_MEMORY},
    {.name = "threads", .has_arg = required_argument, .val = OPTION_THREADS},
    {.name = NULL},
};

static const struct usage usage = {
    .command = "follow",
    .line = "tally follow STORE [OPTION]... DIR|FILE|-",
    .help = "Loads events as they come, until it is told to stop (SIGTERM, SIGINT).\n"
            "\n"
            "  DIR    a spool: files that are moved into it are loaded in the order of their\n"
            "         names, and moved on to DIR/done, or DIR/failed if they cannot be loaded\n"
            "  FILE   a log that grows, as tail -F: also when it is rotated or truncated\n"
            "  -      standard input, to its end\n"
            "\n"
            "  --stream S           the stream of the events; not needed where there is one\n"
            "  --format F           ndjson or csv, whatever it looks like (told by content)\n"
            "  --commit-every TIME  of FILE and -: commit what has waited that long (1s); or\n"
            "                       SIZE, what has become that much (16M). 500ms, 2min, 64K\n"
            "  --max-rejects N|N%   stop where more records are refused (1%, at least 10)\n"
            "  --memory SIZE        memory to use, 16M or more (512M)\n"
            "  --threads N          threads to use at a time (one a processor)\n"
            "\n"
            "A run that was killed goes on where its last commit was; nothing is loaded\n"
            "twice. Exit status: 0 told to stop, 1 could not go on, 2 as 0, with rejects.\n"
            "\n"
            "Example: tally follow web /var/log/nginx/events.json\n",
    .options = options,
    .least_positionals = 2,
    .most_positionals = 2,
};

static bool cmd_follow_set_option(void *context, int code, const char *value)
{
    struct follow *const follow = context;
    switch (code) {
    case OPTION_STREAM: follow->stream = value; return true;
    case OPTION_FORMAT: return load_option_format(value, &follow->batch.format);
    case OPTION_COMMIT_EVERY: return load_option_commit_every(value, &follow->bound);
    case OPTION_MAX_REJECTS: return load_option_max_rejects(value, &follow->batch.limit);
    case OPTION_MEMORY: return load_option_memory(value, &follow->batch.resources.memory_bytes);
    case OPTION_THREADS: return load_option_threads(value, &follow->batch.resources.threads);
    default: return false;
    }
}

static bool cmd_follow_run(struct follow *follow, const char *path, struct error *err)
{
    struct stat found;
    if (!follow_begin(follow, err)) return false;
    if (strcmp(path, "-") == 0) return follow_pipe(follow, err);
    bool const is_spool = stat(path, &found) == 0 && S_ISDIR(found.st_mode);
    return is_spool ? follow_spool(follow, path, err) : follow_file(follow, path, err);
}

enum exit_status cmd_follow(int argc, char **argv)
{
    struct progress progress = {.terminal = false}; /* there is no end to come nearer to */
    struct follow follow = {
        .notices = console_notices(NULL),
        .bound = follow_bound_default,
        .batch = {.resources = load_resources_default(), .progress = &progress},
    };
    struct error err;
    int first;
    switch (options_read(&usage, argc, argv, cmd_follow_set_option, &follow, &first)) {
    case OPTIONS_GOOD: break;
    case OPTIONS_ENDED: return EXIT_GOOD;
    case OPTIONS_WRONG: return EXIT_FAILED;
    }
    follow.store_path = argv[first];
    follow.batch.notices = &follow.notices;
    bool const good = cmd_follow_run(&follow, argv[first + 1], &err);
    service_notify("STOPPING=1");
    follow_done(&follow);
    if (!good) return console_error(&err);
    return follow.refused_some ? EXIT_REJECTS : EXIT_GOOD;
}
