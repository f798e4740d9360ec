// SPDX-License-Identifier: Apache-2.0
#include "cli/store_copy.h"

#include <stdio.h>

#include "cli/load_options.h"
#include "cli/tree_print.h"
#include "common/writer_lock.h"
#include "database/backup.h"
#include "verify/verify.h"

/* What a copy is of. */
struct content {
    uint64_t commit_id;
    uint64_t event_count;
};

/* Looks at the copy, as the store may be newer by now. */
static bool store_copy_look(const char *path, bool verifies, struct content *ret_content,
                            struct error *err)
{
    struct resources const resources = load_resources_to_verify(load_resources_default());
    struct verify_result result = {.differing = 0};
    AUTO_TREE_VIEW struct tree_view view = {.store = NULL};
    if (!tree_view_open(&view, path, err)) return false;
    if (verifies &&
        !verify_store_within(view.snapshot, &resources, console_difference, NULL, &result, err))
        return false;
    *ret_content = (struct content){.commit_id = view.snapshot->commit_id,
                                    .event_count = view.snapshot->event_count};
    if (result.differing == 0) return true;
    (void)error_set(err, ERROR_CORRUPT, "%llu files are not what the events give",
                    (unsigned long long)result.differing);
    return error_remedy(err, "tally rebuild the backup, or take an older one");
}

enum exit_status store_copy(const struct usage *usage, const char *done, bool verifies, int argc,
                            char **argv)
{
    struct backup *backup = NULL;
    struct content content;
    struct store *store;
    struct error err;
    int first;
    switch (options_read(usage, argc, argv, NULL, NULL, &first)) {
    case OPTIONS_GOOD: break;
    case OPTIONS_ENDED: return EXIT_GOOD;
    case OPTIONS_WRONG: return EXIT_FAILED;
    }
    if (!store_open(argv[first], STORE_READ, &store, &err)) return console_error(&err);
    bool const copied = backup_begin(store, argv[first + 1], &backup, &err);
    store_close(store);
    bool const good = copied && store_copy_look(backup_path(backup), verifies, &content, &err) &&
                      backup_finish(backup, &err);
    backup_free(backup);
    if (!good) return console_error(&err);
    struct notices const notices = console_notices(NULL);
    writer_await_mounts(argv[first + 1], &notices);
    (void)printf("%s: commit %llu, %llu events%s\n", done, /* console_end looks */
                 (unsigned long long)content.commit_id, (unsigned long long)content.event_count,
                 verifies ? ", verified" : "");
    return EXIT_GOOD;
}
