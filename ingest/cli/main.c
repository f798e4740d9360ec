// SPDX-License-Identifier: Apache-2.0
#include <signal.h>
#include <stdio.h>

#include "base/digest.h"
#include "cli/commands.h"
#include "cli/options.h"
#include "host/crash_signals.h"
#include "host/heap.h"
#include "host/signals.h"
#include "host/stdio_fds.h"
#include "input/decode.h"
#include "kv/db.h"
#include "tree/documents.h"

struct command {
    const char *name;
    enum exit_status (*run)(int argc, char **argv);
    const char *line;
};

static const struct command commands[] = {
    {"init", cmd_init, "make a store, or propose a schema"},
    {"ingest", cmd_ingest, "load events: NDJSON, CSV, TSV, plain or compressed"},
    {"follow", cmd_follow, "load them as they come: a spool, a log, a pipe"},
    {"delete", cmd_delete, "take events out again, by key or condition"},
    {"undo", cmd_undo, "take a batch back, as if it had not come"},
    {"events", cmd_events, "print stored events, as they would be ingested again"},
    {"status", cmd_status, "what is in a store, and how fresh it is"},
    {"verify", cmd_verify, "recompute every file and compare"},
    {"rebuild", cmd_rebuild, "compute views anew from the stored events"},
    {"compact", cmd_compact, "give free space back to the disk"},
    {"backup", cmd_backup, "copy a store while it is in use"},
    {"restore", cmd_restore, "copy a backup back, verified"},
    {"schema", cmd_schema, "print the schema in force, or put another in force"},
    {"cat", cmd_cat, "print files of the tree, without a mount"},
    {"ls", cmd_ls, "list a directory of the tree"},
    {"wait", cmd_wait, "return with the next commit"},
    {"watch", cmd_watch, "print rows as commits change them"},
};

static void tally_print_help(void)
{
    (void)puts("usage: tally COMMAND ...\n"); /* console_end looks, here and below */
    for (size_t i = 0; i < COUNT_OF(commands); i++)
        (void)printf("  %-8s %s\n", commands[i].name, commands[i].line);
    (void)puts("\n"
               "'tally COMMAND --help' tells more; 'tallyfs STORE MOUNTPOINT' mounts the tree.\n"
               "Exit status: 0 all good, 1 could not run, 2 not all of it was done,\n"
               "3 nothing came in time, or something is beyond a limit that was given.");
}

static void print_version(void)
{
    AUTO_BUFFER struct buffer text = {0};
    buffer_add_text(&text, "tally (tallyfs) " TALLYFS_VERSION "\n");
    db_libraries(&text);
    document_libraries(&text);
    digest_libraries(&text);
    decode_libraries(&text);
    (void)fwrite(text.at, 1, text.length, stdout); /* console_end looks */
}

static void complain_command(const char *wrong)
{
    const char *names[COUNT_OF(commands)];
    for (size_t i = 0; i < COUNT_OF(commands); i++)
        names[i] = commands[i].name;
    options_complain_unknown("command", wrong, names, COUNT_OF(names), "", "tally --help");
}

static bool is_any(const char *text, const char *one, const char *other)
{
    return strcmp(text, one) == 0 || strcmp(text, other) == 0;
}

static enum exit_status tally_run(int argc, char **argv)
{
    if (argc < 2) {
        options_complain("no command (see 'tally --help')");
        (void)fputs("To begin: 'tally init --from FILE' proposes a schema for the events in FILE,\n"
                    "'tally init STORE --schema FILE' makes a store.\n",
                    stderr); /* no one to tell */
        return EXIT_FAILED;
    }
    bool const is_help = is_any(argv[1], "--help", "-h") || is_any(argv[1], "help", "-?");
    if (is_help && (argc == 2 || strcmp(argv[1], "help") != 0)) {
        tally_print_help();
        return EXIT_GOOD;
    }
    if (strcmp(argv[1], "help") == 0) { /* help COMMAND is COMMAND --help */
        char help[] = "--help";
        return tally_run(3, (char *[]){argv[0], argv[2], help, NULL});
    }
    if (is_any(argv[1], "--version", "-V")) {
        print_version();
        return EXIT_GOOD;
    }
    for (size_t i = 0; i < COUNT_OF(commands); i++) {
        if (strcmp(argv[1], commands[i].name) == 0) return commands[i].run(argc - 1, argv + 1);
    }
    complain_command(argv[1]);
    return EXIT_FAILED;
}

int main(int argc, char **argv)
{
    if (!stdio_fds_hold()) return EXIT_FAILED;
    heap_keep();
    signals_begin();
    damage_answer_signals("tally");
    /* A reader that has seen enough of `tally cat` ends it without a word, as it would cat,
     * so `tally watch`. The
     * others have something to finish, and find out at the end that nobody read what they said. */
    bool const shows = argc > 1 && (is_any(argv[1], "cat", "ls") || strcmp(argv[1], "watch") == 0);
    (void)signal(SIGPIPE, shows ? SIG_DFL : SIG_IGN); /* cannot fail for SIGPIPE */
    return (int)console_end(tally_run(argc, argv));
}
