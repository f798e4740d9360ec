// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>
#include <time.h>

#include "cli/commands.h"
#include "cli/load_options.h"
#include "cli/options.h"
#include "common/writer_lock.h"
#include "write/commit.h"

static const struct option options[] = {{.name = NULL}};

static const struct usage usage = {
    .command = "compact",
    .line = "tally compact STORE",
    .help = "Lets go what is older than \"keep\" and \"retain\" of the schema say, and gives free\n"
            "space back to the disk: the data is copied without it, and the copy put in its\n"
            "place. Mounts go on serving. It needs room on the disk for the copy.\n",
    .options = options,
    .least_positionals = 1,
    .most_positionals = 1,
};

static bool data_bytes(const struct store *store, uint64_t *ret_bytes, struct error *err)
{
    struct stat status;
    if (fstatat(store_directory(store), "data.mdb", &status, 0) < 0)
        return error_system(err, errno, "%s/data.mdb", store_path(store));
    *ret_bytes = (uint64_t)status.st_size;
    return true;
}

static bool has_limits(const struct schema *schema)
{
    for (size_t i = 0; i < schema->stream_count; i++) {
        if (schema->streams[i].keep_seconds) return true;
    }
    for (size_t i = 0; i < schema->view_count; i++) {
        if (schema->views[i].retain_seconds) return true;
    }
    return false;
}

/* Without limits there is nothing to change, and so no commit. */
static bool let_old_go(struct store *store, uint64_t *ret_commit_id, struct error *err)
{
    const struct schema *schema;
    struct resources const resources = load_resources_default();
    if (!store_schema(store, &schema, err)) return false;
    return has_limits(schema) ? commit_expire(store, &resources, ret_commit_id, err)
                              : store_newest_commit(store, ret_commit_id, err);
}

static bool compact(struct store *store, const struct notices *notices, struct error *err)
{
    uint64_t before, after, commit_id;
    struct timespec begun, ended;
    (void)clock_gettime(CLOCK_MONOTONIC, &begun); /* cannot fail for this clock */
    if (!data_bytes(store, &before, err) || !let_old_go(store, &commit_id, err) ||
        !store_compact(store, err) || !data_bytes(store, &after, err))
        return false;
    (void)writer_lock_announce(store, commit_id, WRITER_ANNOUNCE_MS,
                               notices); /* it told the user */
    (void)clock_gettime(CLOCK_MONOTONIC, &ended);
    (void)printf(
        "compacted: %llu bytes before, %llu now, commit %llu, %.1f s\n", (unsigned long long)before,
        (unsigned long long)after, (unsigned long long)commit_id, /* console_end looks */
        (double)(ended.tv_sec - begun.tv_sec) + (double)(ended.tv_nsec - begun.tv_nsec) / 1e9);
    return true;
}

enum exit_status cmd_compact(int argc, char **argv)
{
    struct notices const notices = console_notices(NULL);
    struct error err;
    int first;
    switch (options_read(&usage, argc, argv, NULL, NULL, &first)) {
    case OPTIONS_GOOD: break;
    case OPTIONS_ENDED: return EXIT_GOOD;
    case OPTIONS_WRONG: return EXIT_FAILED;
    }
    AUTO_STORE struct store *store = NULL;
    if (!writer_lock_open(argv[first], &notices, &store, &err) || !compact(store, &notices, &err))
        return console_error(&err);
    return EXIT_GOOD;
}
