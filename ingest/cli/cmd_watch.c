// SPDX-License-Identifier: Apache-2.0
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "cli/commands.h"
#include "cli/option_values.h"
#include "cli/options.h"
#include "watch/feed.h"

enum { OPTION_FROM = OPTION_FIRST };

static const struct option options[] = {
    {.name = "from", .has_arg = required_argument, .val = OPTION_FROM},
    {.name = NULL},
};

static const struct usage usage = {
    .command = "watch",
    .line = "tally watch STORE [PATH]... [--from COMMIT]",
    .help = "Prints each row that a commit changes, as it is committed, as a line of JSON:\n"
            "\n"
            "  {\"commit\":8,\"time\":\"...\",\"op\":\"u\",\"path\":\"by_region/eu.json\",\n"
            "   \"before\":{...},\"after\":{...}}\n"
            "\n"
            "op is c (new), u (changed), d (gone), r (as it is, behind one with snapshot),\n"
            "or commit, which ends each commit. PATH: only files of rows, or what is in a\n"
            "folder.\n"
            "\n"
            "  --from COMMIT  go on behind this one, or 0: with all rows first; COMMIT:NONCE\n"
            "                 tells it from one of another store\n"
            "\n"
            "Example: tally watch shop sales --from 0 | kcat -P -b localhost -t sales\n",
    .options = options,
    .least_positionals = 1,
    .most_positionals = -1,
};

/* NUMBER or NUMBER:NONCE, with 16 hexadecimal digits. */
static bool read_from(const char *value, struct feed *feed)
{
    enum { NONCE_DIGITS = 16, NUMBER_BYTES = 24 };
    char number[NUMBER_BYTES];
    size_t const length = strcspn(value, ":");
    feed->has_from = true;
    feed->from_nonce = value[length] ? value + length + 1 : NULL;
    if (feed->from_nonce && (strlen(feed->from_nonce) != NONCE_DIGITS ||
                             strspn(feed->from_nonce, "0123456789abcdef") != NONCE_DIGITS)) {
        options_complain(
            "--from: '%s' is no nonce of a commit (16 digits of a line of tally watch)",
            feed->from_nonce);
        return false;
    }
    (void)snprintf(number, sizeof number, "%.*s", (int)length, value); /* a cut one is too large */
    return option_number("--from", number, &feed->from);
}

static bool cmd_watch_set_option(void *context, int code, const char *value)
{
    (void)code; /* there is one */
    return read_from(value, context);
}

/* What is printed is there when the next commit is waited for. */
static bool print_lines(void *context, struct slice lines)
{
    (void)context;
    return fwrite(lines.at, 1, lines.length, stdout) == lines.length && fflush(stdout) == 0;
}

enum exit_status cmd_watch(int argc, char **argv)
{
    struct feed feed = {.write = print_lines, .output = STDOUT_FILENO};
    struct error err;
    int first;
    switch (options_read(&usage, argc, argv, cmd_watch_set_option, &feed, &first)) {
    case OPTIONS_GOOD: break;
    case OPTIONS_ENDED: return EXIT_GOOD;
    case OPTIONS_WRONG: return EXIT_FAILED;
    }
    feed.store_path = argv[first];
    feed.paths = (const char *const *)(argv + first + 1);
    feed.path_count = (size_t)(argc - first - 1);
    enum feed_answer answer = feed_begin(&feed, &err);
    while (answer == FEED_GOES_ON)
        answer = feed_next(&feed, &err);
    feed_done(&feed);
    if (answer == FEED_FAILED) return console_error(&err);
    /* Where nothing was to be written, too, it ends as by a write that nobody reads. */
    if (!ferror(stdout)) (void)raise(SIGPIPE);
    return EXIT_GOOD; /* console_end tells what could not be written */
}
