// SPDX-License-Identifier: Apache-2.0
#include "cli/commands.h"
#include "cli/options.h"
#include "cli/tree_print.h"

static const struct option options[] = {{.name = NULL}};

static const struct usage usage = {
    .command = "cat",
    .line = "tally cat STORE PATH...",
    .help = "Prints files of the store's tree as a mount would show them, all of one commit.\n"
            "PATH may begin with a slash.\n"
            "\n"
            "Example: tally cat shop sales.csv sales/Germany.json .tallyfs/status.json\n",
    .options = options,
    .least_positionals = 2,
    .most_positionals = -1,
};

enum exit_status cmd_cat(int argc, char **argv)
{
    struct error err;
    int first;
    switch (options_read(&usage, argc, argv, NULL, NULL, &first)) {
    case OPTIONS_GOOD: break;
    case OPTIONS_ENDED: return EXIT_GOOD;
    case OPTIONS_WRONG: return EXIT_FAILED;
    }
    AUTO_TREE_VIEW struct tree_view view = {.store = NULL};
    if (!tree_view_open(&view, argv[first], &err)) return console_error(&err);
    for (int i = first + 1; i < argc; i++) {
        if (!tree_print_file(&view, argv[i], &err)) return console_error(&err);
    }
    return EXIT_GOOD;
}
