// SPDX-License-Identifier: Apache-2.0
#include <inttypes.h>
#include <stdio.h>
#include <time.h>

#include "cli/commands.h"
#include "cli/option_values.h"
#include "cli/options.h"
#include "cli/tree_print.h"
#include "common/mount_table.h"
#include "database/commit_wait.h"
#include "tree/path_version.h"

enum { OPTION_AFTER = OPTION_FIRST, OPTION_PATH, OPTION_TIMEOUT };

static const struct option options[] = {
    {.name = "after", .has_arg = required_argument, .val = OPTION_AFTER},
    {.name = "path", .has_arg = required_argument, .val = OPTION_PATH},
    {.name = "timeout", .has_arg = required_argument, .val = OPTION_TIMEOUT},
    {.name = NULL},
};

static const struct usage usage = {
    .command = "wait",
    .line = "tally wait STORE [--after COMMIT] [--path P] [--timeout T]",
    .help = "Waits for the next commit, and prints the number of the newest one.\n"
            "\n"
            "  --after COMMIT  for one behind this, not behind the one that is there now:\n"
            "                  returns at once where there is one already\n"
            "  --path P        for one that changes the file P, or what is in the folder P\n"
            "  --timeout T     give up then: 500ms, 30s, 10m, 2h\n"
            "\n"
            "Exit status: 0 it came, 1 could not wait, 3 it did not come in time.\n"
            "\n"
            "Example: tally wait shop --path sales.json --timeout 1m && make report\n",
    .options = options,
    .least_positionals = 1,
    .most_positionals = 1,
};

struct wait {
    const char *path; /* NULL: any commit */
    bool has_after;
    uint64_t after;     /* a change behind this one is waited for */
    int64_t timeout_ms; /* -1: no limit */
    uint64_t seen;      /* the newest commit that was looked at */
    bool was_there;     /* PATH, then */
};

static bool cmd_wait_set_option(void *context, int code, const char *value)
{
    struct wait *const wait = context;
    switch (code) {
    case OPTION_AFTER: wait->has_after = true; return option_number("--after", value, &wait->after);
    case OPTION_PATH: wait->path = value; return true;
    default: return option_time("--timeout", value, &wait->timeout_ms);
    }
}

static int64_t cmd_wait_now_ms(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now); /* cannot fail for this clock */
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static bool fail_without_name(const char *path, struct error *err)
{
    (void)error_set(err, ERROR_MISSING, "no such name in the tree, whatever comes");
    (void)error_remedy(err, "'tally ls STORE [PATH]' lists what there is");
    return error_place(err, "%s", path);
}

/* The number to begin behind, and whether the path was there then. A change that was before this
 * process looked is told by the tree itself. */
static bool begin(struct wait *wait, const struct snapshot *snapshot, bool *ret_came,
                  struct error *err)
{
    struct path_version version;
    *ret_came = false;
    wait->seen = snapshot->commit_id;
    if (!wait->has_after) wait->after = wait->seen;
    if (wait->after > wait->seen) {
        (void)error_set(err, ERROR_INPUT,
                        "there is no commit %" PRIu64 " (the newest is %" PRIu64 ")", wait->after,
                        wait->seen);
        return error_place(err, "--after");
    }
    if (!wait->path) {
        *ret_came = wait->seen > wait->after;
        return true;
    }
    if (!path_version_look(snapshot, slice_text(wait->path), &version, err)) return false;
    if (version.place == PATH_NEVER) return fail_without_name(wait->path, err);
    wait->was_there = version.place == PATH_THERE;
    if (wait->was_there) {
        *ret_came = version.commit_id > wait->after;
        return true;
    }
    return wait->seen == wait->after ||
           path_version_may_have_gone(snapshot, slice_text(wait->path), wait->after, ret_came, err);
}

/* Whether what came since is what is waited for. */
static bool look(struct wait *wait, const struct snapshot *snapshot, bool *ret_came,
                 struct error *err)
{
    struct path_version version;
    wait->seen = snapshot->commit_id;
    *ret_came = true;
    if (!wait->path) return true;
    if (!path_version_look(snapshot, slice_text(wait->path), &version, err)) return false;
    bool const is_there = version.place == PATH_THERE;
    *ret_came = is_there ? version.commit_id > wait->after : wait->was_there;
    wait->was_there = is_there;
    return true;
}

/* No snapshot is open while it waits: the store would keep what later commits replace. */
static bool look_at_newest(struct wait *wait, struct tree_view *view, bool is_first, bool *ret_came,
                           struct error *err)
{
    if (!snapshot_open(view->store, &view->snapshot, err)) return false;
    bool const good = is_first ? begin(wait, view->snapshot, ret_came, err)
                               : look(wait, view->snapshot, ret_came, err);
    snapshot_close(TAKE(view->snapshot));
    return good;
}

static enum commit_wait_answer await_change(struct wait *wait, struct tree_view *view,
                                            struct error *err)
{
    int64_t const deadline = cmd_wait_now_ms() + wait->timeout_ms;
    bool came;
    if (!look_at_newest(wait, view, true, &came, err)) return COMMIT_WAIT_FAILED;
    while (!came) {
        int64_t const left = wait->timeout_ms < 0 ? -1 : deadline - cmd_wait_now_ms();
        uint64_t newest;
        if (wait->timeout_ms >= 0 && left <= 0) return COMMIT_WAIT_NONE;
        enum commit_wait_answer const answer =
            commit_wait(view->store, wait->seen, left, -1, &newest, err);
        if (answer != COMMIT_WAIT_CAME) return answer;
        if (!look_at_newest(wait, view, false, &came, err)) return COMMIT_WAIT_FAILED;
    }
    return COMMIT_WAIT_CAME;
}

/* So that the next command finds it in a mount, too. One that does not show it is not waited for
 * longer than by a writer. */
static void await_mounts(const struct wait *wait, struct store *store)
{
    enum { DEADLINE_MS = 5000 };
    AUTO_BUFFER struct buffer place = {0}, text = {0};
    if (mount_table_await(store, wait->seen, DEADLINE_MS, &place) || place.length == 0) return;
    buffer_format(&text, "commit %" PRIu64 " is there, but the mount at %.*s does not show it yet",
                  wait->seen, (int)place.length, (const char *)place.at);
    buffer_add_byte(&text, '\0');
    console_notice(NULL, (const char *)text.at);
}

enum exit_status cmd_wait(int argc, char **argv)
{
    struct wait wait = {.timeout_ms = -1};
    struct error err;
    int first;
    switch (options_read(&usage, argc, argv, cmd_wait_set_option, &wait, &first)) {
    case OPTIONS_GOOD: break;
    case OPTIONS_ENDED: return EXIT_GOOD;
    case OPTIONS_WRONG: return EXIT_FAILED;
    }
    AUTO_TREE_VIEW struct tree_view view = {.store = NULL};
    if (!store_open(argv[first], STORE_READ, &view.store, &err)) return console_error(&err);
    switch (await_change(&wait, &view, &err)) {
    case COMMIT_WAIT_CAME:
        await_mounts(&wait, view.store);
        (void)printf("%" PRIu64 "\n", wait.seen); /* console_end looks */
        return EXIT_GOOD;
    case COMMIT_WAIT_NONE: return EXIT_BEYOND;
    case COMMIT_WAIT_REPLACED:
        (void)error_remedy(&err, "its commits are others: begin again without --after");
        break;
    case COMMIT_WAIT_UNREAD:
    case COMMIT_WAIT_FAILED: break;
    }
    return console_error(&err);
}
