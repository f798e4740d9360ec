// SPDX-License-Identifier: Apache-2.0
#include "verify/verify.h"

#include <stdio.h>

#include "cli/commands.h"
#include "cli/load_options.h"
#include "cli/options.h"
#include "cli/tree_print.h"

enum { OPTION_MEMORY = OPTION_FIRST };

static const struct option options[] = {
    {.name = "memory", .has_arg = required_argument, .val = OPTION_MEMORY},
    {.name = NULL},
};

static const struct usage usage = {
    .command = "verify",
    .line = "tally verify STORE [--memory SIZE]",
    .help = "Computes every file anew from the stored events, by another road than ingest\n"
            "does, compares, and names each file that differs. Reads only; ingest may go on.\n"
            "\n"
            "  --memory SIZE  memory to use, 16M or more (512M): with less, a large view is\n"
            "                 counted in more passes over the events\n"
            "\n"
            "Exit status: 0 all the same, 1 something differs or could not run.\n",
    .options = options,
    .least_positionals = 1,
    .most_positionals = 1,
};

static bool set_option(void *context, int code, const char *value)
{
    return code != OPTION_MEMORY || load_option_memory(value, context);
}

enum exit_status cmd_verify(int argc, char **argv)
{
    size_t memory_bytes = VERIFY_MEMORY_BYTES;
    struct verify_result result;
    struct error err;
    int first;
    switch (options_read(&usage, argc, argv, set_option, &memory_bytes, &first)) {
    case OPTIONS_GOOD: break;
    case OPTIONS_ENDED: return EXIT_GOOD;
    case OPTIONS_WRONG: return EXIT_FAILED;
    }
    AUTO_TREE_VIEW struct tree_view view = {.store = NULL};
    if (!tree_view_open(&view, argv[first], &err)) return console_error(&err);
    if (!verify_store_within(view.snapshot, memory_bytes, console_difference, NULL, &result, &err))
        return console_error(&err);
    (void)printf("commit %llu: %llu events, %llu files, %llu differ\n", /* console_end looks */
                 (unsigned long long)view.snapshot->commit_id, (unsigned long long)result.events,
                 (unsigned long long)result.files, (unsigned long long)result.differing);
    if (result.unproven)
        (void)printf("%llu groups may hold events that \"keep\" has dropped: not proven\n",
                     (unsigned long long)result.unproven);
    return result.differing == 0 ? EXIT_GOOD : EXIT_FAILED;
}
