// SPDX-License-Identifier: Apache-2.0
#include "cli/commands.h"
#include "cli/store_copy.h"

static const struct option options[] = {{.name = NULL}};

static const struct usage usage = {
    .command = "backup",
    .line = "tally backup STORE FOLDER",
    .help = "Copies the store, as it is at its newest commit, to the new directory FOLDER,\n"
            "which is a store too. Ingest and mounts go on meanwhile.\n"
            "\n"
            "Example: tally backup shop \"backups/$(date +%F)\"\n",
    .options = options,
    .least_positionals = 2,
    .most_positionals = 2,
};

enum exit_status cmd_backup(int argc, char **argv)
{
    return store_copy(&usage, "backed up", false, argc, argv);
}
