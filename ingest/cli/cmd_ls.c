// SPDX-License-Identifier: Apache-2.0
#include "cli/commands.h"
#include "cli/options.h"
#include "cli/tree_print.h"

static const struct option options[] = {{.name = NULL}};

static const struct usage usage = {
    .command = "ls",
    .line = "tally ls STORE [PATH]",
    .help = "Lists a directory of the store's tree, its root without PATH: a name a line,\n"
            "directories with a slash behind.\n"
            "\n"
            "Example: tally ls shop sales\n",
    .options = options,
    .least_positionals = 1,
    .most_positionals = 2,
};

enum exit_status cmd_ls(int argc, char **argv)
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
    if (!tree_print_listing(&view, argc - first > 1 ? argv[first + 1] : "", &err))
        return console_error(&err);
    return EXIT_GOOD;
}
