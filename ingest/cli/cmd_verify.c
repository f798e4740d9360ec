// SPDX-License-Identifier: Apache-2.0
#include "verify/verify.h"

#include <stdio.h>

#include "cli/commands.h"
#include "cli/load_options.h"
#include "cli/options.h"
#include "cli/tree_print.h"

enum { OPTION_MEMORY = OPTION_FIRST, OPTION_THREADS };

static const struct option options[] = {
    {.name = "memory", .has_arg = required_argument, .val = OPTION_MEMORY},
    {.name = "threads", .has_arg = required_argument, .val = OPTION_THREADS},
    {.name = NULL},
};

static const struct usage usage = {
    .command = "verify",
    .line = "tally verify STORE [--memory SIZE] [--threads N]",
    .help = "Computes every file anew from the stored events, by another road than ingest\n"
            "does, compares, and names each file that differs. Reads only; ingest may go on.\n"
            "\n"
            "  --memory SIZE  memory to use, 16M or more (512M): with less, a large view is\n"
            "                 counted in more passes over the events\n"
            "  --threads N    views to prove at a time (one a processor)\n"
            "\n"
            "Exit status: 0 all the same, 1 something differs or could not run.\n",
    .options = options,
    .least_positionals = 1,
    .most_positionals = 1,
};

static bool set_option(void *context, int code, const char *value)
{
    struct resources *const resources = context;
    switch (code) {
    case OPTION_MEMORY: return load_option_memory(value, &resources->memory_bytes);
    case OPTION_THREADS: return load_option_threads(value, &resources->threads);
    default: return true;
    }
}

enum exit_status cmd_verify(int argc, char **argv)
{
    struct resources resources = load_resources_default();
    struct verify_result result;
    struct error err;
    int first;
    switch (options_read(&usage, argc, argv, set_option, &resources, &first)) {
    case OPTIONS_GOOD: break;
    case OPTIONS_ENDED: return EXIT_GOOD;
    case OPTIONS_WRONG: return EXIT_FAILED;
    }
    resources = load_resources_to_verify(resources);
    AUTO_TREE_VIEW struct tree_view view = {.store = NULL};
    if (!tree_view_open(&view, argv[first], &err)) return console_error(&err);
    if (!verify_store_within(view.snapshot, &resources, console_difference, NULL, &result, &err))
        return console_error(&err);
    (void)printf("commit %llu: %llu events, %llu files, %llu differ\n", /* console_end looks */
                 (unsigned long long)view.snapshot->commit_id, (unsigned long long)result.events,
                 (unsigned long long)result.files, (unsigned long long)result.differing);
    if (result.unproven)
        (void)printf("%llu groups may hold events that \"keep\" has dropped: not proven\n",
                     (unsigned long long)result.unproven);
    return result.differing == 0 ? EXIT_GOOD : EXIT_FAILED;
}
