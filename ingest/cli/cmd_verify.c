// SPDX-License-Identifier: Apache-2.0
#include "verify/verify.h"

#include <stdio.h>

#include "cli/commands.h"
#include "cli/options.h"
#include "cli/tree_print.h"

static const struct option options[] = {{.name = NULL}};

static const struct usage usage = {
    .command = "verify",
    .line = "tally verify STORE",
    .help = "Computes every file anew from the stored events, by another road than ingest\n"
            "does, compares, and names each file that differs. Reads only; ingest may go on.\n"
            "\n"
            "Exit status: 0 all the same, 1 something differs or could not run.\n",
    .options = options,
    .least_positionals = 1,
    .most_positionals = 1,
};

enum exit_status cmd_verify(int argc, char **argv)
{
    struct verify_result result;
    struct error err;
    int first;
    switch (options_read(&usage, argc, argv, NULL, NULL, &first)) {
    case OPTIONS_GOOD: break;
    case OPTIONS_ENDED: return EXIT_GOOD;
    case OPTIONS_WRONG: return EXIT_FAILED;
    }
    AUTO_TREE_VIEW struct tree_view view = {.store = NULL};
    if (!tree_view_open(&view, argv[first], &err)) return console_error(&err);
    if (!verify_store(view.snapshot, console_difference, NULL, &result, &err))
        return console_error(&err);
    (void)printf("commit %llu: %llu events, %llu files, %llu differ\n", /* console_end looks */
                 (unsigned long long)view.snapshot->commit_id, (unsigned long long)result.events,
                 (unsigned long long)result.files, (unsigned long long)result.differing);
    if (result.unproven)
        (void)printf("%llu groups may hold events that \"keep\" has dropped: not proven\n",
                     (unsigned long long)result.unproven);
    return result.differing == 0 ? EXIT_GOOD : EXIT_FAILED;
}
