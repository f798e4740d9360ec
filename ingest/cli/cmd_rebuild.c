// SPDX-License-Identifier: Apache-2.0
#include <stdio.h>
#include <time.h>

#include "base/arena.h"
#include "base/nearest.h"
#include "cli/commands.h"
#include "cli/load_options.h"
#include "cli/options.h"
#include "common/printable.h"
#include "common/writer_lock.h"
#include "write/commit.h"
#include "write/rebuild.h"

enum { OPTION_ALLOW_LOSS = OPTION_FIRST };

static const struct option options[] = {
    {.name = "allow-loss", .val = OPTION_ALLOW_LOSS},
    {.name = NULL},
};

static const struct usage usage = {
    .command = "rebuild",
    .line = "tally rebuild STORE [--allow-loss] [VIEW...]",
    .help = "Empties the views, all without VIEW, and computes them from the stored events,\n"
            "in one commit: readers see the old files or the new ones. 'tally verify' tells\n"
            "whether it is needed. Views over a rebuilt one are rebuilt too.\n"
            "\n"
            "  --allow-loss   also a view that has counted events which are no longer kept\n",
    .options = options,
    .least_positionals = 1,
    .most_positionals = -1,
};

static bool no_view(const struct schema *schema, const char *name, struct error *err)
{
    AUTO_FREE struct slice *const names = memory_alloc(schema->view_count * sizeof *names);
    for (size_t i = 0; i < schema->view_count; i++)
        names[i] = schema->views[i].name;
    struct slice const nearest = nearest_name(slice_text(name), names, schema->view_count);
    (void)error_set(err, ERROR_MISSING, "no view '%s'", name);
    if (nearest.length == 0) return error_remedy(err, "'tally ls STORE' lists the views");
    return error_remedy(err, "did you mean '%.*s'?", (int)nearest.length, (const char *)nearest.at);
}

static bool find_views(const struct schema *schema, char **names, size_t count,
                       const struct view **ret_views, struct error *err)
{
    for (size_t i = 0; i < count; i++) {
        ret_views[i] = schema_view(schema, slice_text(names[i]));
        if (!ret_views[i]) return no_view(schema, names[i], err);
        for (size_t j = 0; j < i; j++) {
            if (ret_views[j] == ret_views[i])
                return error_set(err, ERROR_INPUT, "the view '%s' is named twice", names[i]);
        }
    }
    return true;
}

static bool rebuild(struct store *store, char **names, size_t count, bool allow_loss,
                    const struct notices *notices, struct error *err)
{
    const struct schema *schema;
    uint64_t commit_id;
    struct timespec begun, ended;
    AUTO_FREE const struct view **const views = memory_alloc(count * sizeof *views);
    if (!store_schema(store, &schema, err) || !find_views(schema, names, count, views, err))
        return false;
    (void)clock_gettime(CLOCK_MONOTONIC, &begun); /* cannot fail for this clock */
    struct rebuild const wanted = {.views = views,
                                   .view_count = count,
                                   .allow_loss = allow_loss,
                                   .resources = load_resources_default()};
    if (!commit_rebuild(store, &wanted, &commit_id, err)) return false;
    (void)writer_lock_announce(store, commit_id, WRITER_ANNOUNCE_MS,
                               notices); /* it told the user */
    (void)clock_gettime(CLOCK_MONOTONIC, &ended);
    (void)printf("rebuilt %zu views, commit %llu, %.1f s\n", /* console_end looks */
                 count ? count : schema->view_count, (unsigned long long)commit_id,
                 (double)(ended.tv_sec - begun.tv_sec) +
                     (double)(ended.tv_nsec - begun.tv_nsec) / 1e9);
    return true;
}

static bool cmd_rebuild_set_option(void *context, int code, const char *value)
{
    bool *const allow_loss = context;
    (void)value;
    if (code == OPTION_ALLOW_LOSS) *allow_loss = true;
    return true;
}

enum exit_status cmd_rebuild(int argc, char **argv)
{
    struct notices const notices = console_notices(NULL);
    struct error err;
    bool allow_loss = false;
    int first;
    switch (options_read(&usage, argc, argv, cmd_rebuild_set_option, &allow_loss, &first)) {
    case OPTIONS_GOOD: break;
    case OPTIONS_ENDED: return EXIT_GOOD;
    case OPTIONS_WRONG: return EXIT_FAILED;
    }
    AUTO_STORE struct store *store = NULL;
    if (!writer_lock_open(argv[first], &notices, &store, &err) ||
        !rebuild(store, argv + first + 1, (size_t)(argc - first - 1), allow_loss, &notices, &err))
        return console_error(&err);
    return EXIT_GOOD;
}
