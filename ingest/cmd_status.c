// SPDX-License-Identifier: Apache-2.0
#include <stdio.h>

#include "calendar.h"
#include "commands.h"
#include "ledger.h"
#include "options.h"
#include "tree_print.h"
#include "visible.h"

enum { OPTION_JSON = OPTION_FIRST };

static const struct option options[] = {
    {.name = "json", .val = OPTION_JSON},
    {.name = NULL},
};

static const struct usage usage = {
    .command = "status",
    .line = "tally status STORE [--json]",
    .help = "Tells the newest commit, what the store holds, and the last batch.\n\n"
            "  --json   print .tallyfs/status.json instead, for scripts\n",
    .options = options,
    .least_positionals = 1,
    .most_positionals = 1,
};

static bool set_option(void *context, int code, const char *value)
{
    bool *const json = context;
    (void)value; /* --json has none */
    if (code == OPTION_JSON) *json = true;
    return true;
}

static void print_counts(const struct snapshot *snapshot, const struct store_usage *store_size)
{
    char time[CALENDAR_TEXT_BYTES];
    size_t const length = calendar_write(snapshot->commit_ns, snapshot->schema->zone, time);
    (void)printf("store    %s\n"
                 "commit   %llu, %.*s\n"
                 "events   %llu in %zu streams\n"
                 "rows     %llu in %zu views\n"
                 "disk     %.1f MB, of which %.1f MB are free for reuse\n",
                 store_path(snapshot->store), (unsigned long long)snapshot->commit_id, (int)length,
                 time, (unsigned long long)snapshot->event_count, snapshot->schema->stream_count,
                 (unsigned long long)snapshot->row_count, snapshot->schema->view_count,
                 (double)store_size->file_bytes / 1e6, (double)store_size->free_bytes / 1e6);
}

static bool print_last_batch(const struct snapshot *snapshot, struct error *err)
{
    AUTO_ARENA struct arena arena = {0};
    AUTO_BUFFER struct buffer shown = {0};
    struct batch batch;
    uint64_t const last = ledger_last(snapshot);
    if (last == 0) {
        (void)puts("batches  none"); /* report_end looks, here and below */
        return true;
    }
    switch (ledger_get(snapshot, last, &arena, &batch, err)) {
    case LEDGER_FOUND: break;
    case LEDGER_MISSING:
        return error_set(err, ERROR_CORRUPT, "the last batch is not in the ledger");
    case LEDGER_FAILED: return false;
    }
    visible_write(batch.source, 200, &shown);
    (void)printf("batches  %llu; the last: %.*s, ", (unsigned long long)last, (int)shown.length,
                 (const char *)shown.at);
    report_counts(&batch);
    bool const stopped = batch.state == BATCH_PARTIAL && batch.kind != BATCH_FOLLOW;
    (void)puts(stopped ? "; not finished: ingest it again" : "");
    return true;
}

enum exit_status cmd_status(int argc, char **argv)
{
    bool json = false;
    struct store_usage store_size;
    struct error err;
    int first;
    switch (options_read(&usage, argc, argv, set_option, &json, &first)) {
    case OPTIONS_GOOD: break;
    case OPTIONS_ENDED: return EXIT_GOOD;
    case OPTIONS_WRONG: return EXIT_FAILED;
    }
    AUTO_TREE_VIEW struct tree_view view = {.store = NULL};
    if (!tree_view_open(&view, argv[first], &err)) return report_error(&err);
    if (json) {
        if (!tree_print_file(&view, ".tallyfs/status.json", &err)) return report_error(&err);
        return EXIT_GOOD;
    }
    if (!store_usage(view.snapshot, &store_size, &err)) return report_error(&err);
    print_counts(view.snapshot, &store_size);
    if (!print_last_batch(view.snapshot, &err)) return report_error(&err);
    return EXIT_GOOD;
}
