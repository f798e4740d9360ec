// SPDX-License-Identifier: Apache-2.0
#include "cli/commands.h"
#include "cli/store_copy.h"

static const struct option options[] = {{.name = NULL}};

static const struct usage usage = {
    .command = "restore",
    .line = "tally restore FOLDER STORE",
    .help = "Copies a backup to the new directory STORE, which gets its name once all of its\n"
            "files are found to be what its events give.\n"
            "\n"
            "Example: tally restore backups/2026-01-31 shop\n",
    .options = options,
    .least_positionals = 2,
    .most_positionals = 2,
};

enum exit_status cmd_restore(int argc, char **argv)
{
    return store_copy(&usage, "restored", true, argc, argv);
}
