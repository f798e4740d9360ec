// SPDX-License-Identifier: Apache-2.0
#include <inttypes.h>
#include <stdio.h>
#include <time.h>

#include "cli/commands.h"
#include "cli/option_values.h"
#include "cli/options.h"
#include "cli/tree_print.h"
#include "common/mount_table.h"
#include "common/printable.h"
#include "tables/batch_log.h"
#include "tables/meta.h"
#include "tree/tree.h"
#include "types/calendar.h"

enum { OPTION_JSON = OPTION_FIRST, OPTION_MAX_AGE, OPTION_MAX_REJECTS };
enum { NS_PER_MS = 1000000, NS_PER_SECOND = 1000000000 };

static const struct option options[] = {
    {.name = "json", .val = OPTION_JSON},
    {.name = "max-age", .has_arg = required_argument, .val = OPTION_MAX_AGE},
    {.name = "max-rejects", .has_arg = required_argument, .val = OPTION_MAX_REJECTS},
    {.name = NULL},
};

static const struct usage usage = {
    .command = "status",
    .line = "tally status STORE [--json] [--max-age T] [--max-rejects N]",
    .help = "Tells the newest commit, how fresh the events are, what the store holds, the\n"
            "last batch, and what each mount of the store shows.\n"
            "\n"
            "  --json           all of it for scripts, as one JSON object\n"
            "  --max-age T      status 3 where the newest commit is older: 10m, 2h, 1d\n"
            "  --max-rejects N  status 3 where the last batch has more refused records\n"
            "\n"
            "Exit status: 0 it was told, 1 it could not be, 3 told, and beyond a limit.\n"
            "\n"
            "Example: tally status shop --max-age 1h --max-rejects 0 >/dev/null\n",
    .options = options,
    .least_positionals = 1,
    .most_positionals = 1,
};

struct asked {
    bool json;
    bool has_max_rejects;
    const char *max_age; /* as given; NULL: any */
    int64_t max_age_ms;
    uint64_t max_rejects;
};

static bool cmd_status_set_option(void *context, int code, const char *value)
{
    struct asked *const asked = context;
    switch (code) {
    case OPTION_JSON: asked->json = true; return true;
    case OPTION_MAX_AGE:
        asked->max_age = value;
        return option_time("--max-age", value, &asked->max_age_ms);
    default:
        asked->has_max_rejects = true;
        return option_number("--max-rejects", value, &asked->max_rejects);
    }
}

static int64_t cmd_status_now_ns(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_REALTIME, &now); /* cannot fail */
    return (int64_t)now.tv_sec * NS_PER_SECOND + now.tv_nsec;
}

/* "5 minutes ago": the largest unit alone. */
static void write_age(int128 ns, struct buffer *text)
{
    static const struct {
        const char *name;
        int64_t seconds;
    } units[] = {{"day", 86400}, {"hour", 3600}, {"minute", 60}, {"second", 1}};
    int64_t const seconds = (int64_t)((cmd_status_now_ns() - ns) / NS_PER_SECOND);
    size_t i = 0;
    if (seconds < 0) {
        buffer_add_text(text, "in the future");
        return;
    }
    while (i + 1 < COUNT_OF(units) && seconds < units[i].seconds)
        i++;
    int64_t const count = seconds / units[i].seconds;
    buffer_format(text, "%" PRId64 " %s%s ago", count, units[i].name, count == 1 ? "" : "s");
}

static void print_moment(int128 ns, const struct time_zone *zone)
{
    AUTO_BUFFER struct buffer age = {0};
    char time[CALENDAR_TEXT_BYTES];
    size_t const length = calendar_write(ns, zone, time);
    write_age(ns, &age);
    (void)printf("%.*s, %.*s\n", (int)length, time, (int)age.length, (const char *)age.at);
}

static bool print_streams(const struct snapshot *snapshot, struct error *err)
{
    for (size_t i = 0; i < snapshot->schema->stream_count; i++) {
        const struct stream *const stream = &snapshot->schema->streams[i];
        AUTO_BUFFER struct buffer name = {0};
        struct meta_stream meta;
        if (!meta_stream_load(snapshot->txn, stream->id, &meta, err)) return false;
        if (meta.newest.kind != VALUE_TIME) continue;
        printable_write(stream->name, 200, &name);
        (void)printf("newest   %.*s: ", (int)name.length, (const char *)name.at);
        print_moment(meta.newest.time_ns, snapshot->schema->zone);
    }
    return true;
}

static bool print_counts(const struct snapshot *snapshot, const struct store_usage *store_size,
                         struct error *err)
{
    (void)printf("store    %s\n"
                 "commit   %" PRIu64 ", ",
                 store_path(snapshot->store), snapshot->commit_id);
    print_moment(snapshot->commit_ns, snapshot->schema->zone);
    (void)printf("events   %" PRIu64 " in %zu stream%s\n", snapshot->event_count,
                 snapshot->schema->stream_count, snapshot->schema->stream_count == 1 ? "" : "s");
    if (!print_streams(snapshot, err)) return false;
    (void)printf("rows     %" PRIu64 " in %zu views\n"
                 "disk     %.1f MB, of which %.1f MB are free for reuse\n",
                 snapshot->row_count, snapshot->schema->view_count,
                 (double)store_size->file_bytes / 1e6, (double)store_size->free_bytes / 1e6);
    return true;
}

/* How a mount stands to the store: what cannot be compared counts as another one's. */
static bool shows(const struct snapshot *snapshot, const struct mount_point *mount,
                  uint64_t *ret_behind)
{
    struct error err;
    bool same;
    return mount_table_shows(snapshot->store, mount, &same, ret_behind, &err) && same;
}

static void print_mount(void *context, const struct mount_point *mount)
{
    const struct snapshot *const newest = context;
    AUTO_BUFFER struct buffer place = {0};
    uint64_t behind;
    printable_write(mount->place, SIZE_MAX, &place);
    (void)printf("mounted  %.*s ", (int)place.length, (const char *)place.at);
    if (!mount->answers)
        (void)puts("does not answer");
    else if (!shows(newest, mount, &behind))
        (void)printf("by process %" PRIu64 " shows another store, which was here before\n",
                     mount->pid);
    else if (behind)
        (void)printf("shows commit %" PRIu64 ", %" PRIu64 " behind\n", mount->commit_id, behind);
    else
        (void)puts("shows this commit");
}

struct mounts_json {
    const struct snapshot *newest;
    struct buffer *text;
    bool any;
};

static void add_mount(void *context, const struct mount_point *mount)
{
    struct mounts_json *const json = context;
    buffer_add_text(json->text, json->any ? ", {\"place\":\t" : "{\"place\":\t");
    json->any = true;
    json_string(mount->place, json->text);
    uint64_t behind;
    if (mount->answers && shows(json->newest, mount, &behind))
        buffer_format(json->text, ", \"commit\":\t%" PRIu64 ", \"behind\":\t%" PRIu64 "}",
                      mount->commit_id, behind);
    else if (mount->answers)
        buffer_format(json->text,
                      ", \"commit\":\tnull, \"behind\":\tnull, \"other_store\":\ttrue}");
    else
        buffer_add_text(json->text, ", \"commit\":\tnull, \"behind\":\tnull}");
}

/* The one with the highest number; its id is 0 where there is none. */
static bool load_last_batch(const struct snapshot *snapshot, struct arena *arena,
                            struct batch *ret_batch, struct error *err)
{
    *ret_batch = (struct batch){.id = 0};
    if (snapshot->last_batch_id == 0) return true;
    switch (batch_log_get(snapshot->txn, snapshot->last_batch_id, arena, ret_batch, err)) {
    case BATCH_LOG_FOUND: return true;
    case BATCH_LOG_MISSING:
        return error_set(err, ERROR_CORRUPT, "the last batch is not in the batch log");
    case BATCH_LOG_FAILED: break;
    }
    return false;
}

/* Its document, one deeper, as the value of "last_batch". */
static bool add_last_batch(const struct snapshot *snapshot, struct buffer *text, struct error *err)
{
    AUTO_BUFFER struct buffer document = {0};
    AUTO(tree_reader_done) struct tree_reader reader = {0};
    struct node const node = {.kind = NODE_BATCH, .batch = snapshot->last_batch_id};
    buffer_add_text(text, ",\n\t\"last_batch\":\t");
    if (node.batch == 0) {
        buffer_add_text(text, "null");
        return true;
    }
    if (!tree_read(snapshot, &node, &reader, 0, SIZE_MAX, &document, err)) return false;
    for (size_t i = 0; i + 1 < document.length; i++) { /* all but the last newline */
        buffer_add_byte(text, document.at[i]);
        if (document.at[i] == '\n') buffer_add_byte(text, '\t');
    }
    return true;
}

/* The document with what is of this moment and this machine at its end. */
static bool print_json(const struct tree_view *view, const struct store_usage *store_size,
                       struct error *err)
{
    static const char end[] = "\n}\n";
    AUTO_BUFFER struct buffer text = {0};
    AUTO(tree_reader_done) struct tree_reader reader = {0};
    struct node const node = {.kind = NODE_STATUS};
    const struct snapshot *const snapshot = view->snapshot;
    if (!tree_read(snapshot, &node, &reader, 0, SIZE_MAX, &text, err)) return false;
    text.length -= strlen(end);
    if (!add_last_batch(snapshot, &text, err)) return false;
    buffer_format(&text,
                  ",\n\t\"age_seconds\":\t%" PRId64 ",\n\t\"disk\":\t{\"bytes\":\t%" PRIu64
                  ", \"free\":\t%" PRIu64 "},\n\t\"mounts\":\t[",
                  (cmd_status_now_ns() - snapshot->commit_ns) / NS_PER_SECOND,
                  store_size->file_bytes, store_size->free_bytes);
    struct mounts_json json = {.newest = snapshot, .text = &text};
    if (!mount_table_scan(store_path(view->store), add_mount, &json, err)) return false;
    buffer_add_byte(&text, ']');
    buffer_add_text(&text, end);
    (void)fwrite(text.at, 1, text.length, stdout); /* console_end looks */
    return true;
}

static void print_last_batch(const struct batch *batch)
{
    AUTO_BUFFER struct buffer shown = {0};
    if (batch->id == 0) {
        (void)puts("batches  none"); /* console_end looks, here and below */
        return;
    }
    printable_write(batch->source, 200, &shown);
    (void)printf("batches  %" PRIu64 "; the last: %.*s, ", batch->id, (int)shown.length,
                 (const char *)shown.at);
    console_counts(batch);
    bool const stopped = batch->state == BATCH_PARTIAL && batch->kind != BATCH_FOLLOW;
    (void)puts(stopped ? "; not finished: ingest it again" : "");
}

/* Each limit that is passed, on standard error. */
static enum exit_status look_at_limits(const struct asked *asked, const struct snapshot *snapshot,
                                       const struct batch *last)
{
    AUTO_BUFFER struct buffer text = {0};
    int64_t const age_ns = cmd_status_now_ns() - snapshot->commit_ns;
    enum exit_status status = EXIT_GOOD;
    if (asked->max_age && age_ns / NS_PER_MS > asked->max_age_ms) {
        buffer_format(&text, "the newest commit is %" PRId64 " seconds old (--max-age %s)",
                      age_ns / NS_PER_SECOND, asked->max_age);
        buffer_add_byte(&text, '\0');
        console_notice(NULL, (const char *)text.at);
        status = EXIT_BEYOND;
    }
    if (asked->has_max_rejects && last->rejected_count > asked->max_rejects) {
        buffer_clear(&text);
        buffer_format(&text,
                      "batch %" PRIu64 ", the last, has %" PRIu64
                      " refused records (--max-rejects %" PRIu64 ")",
                      last->id, last->rejected_count, asked->max_rejects);
        buffer_add_byte(&text, '\0');
        console_notice(NULL, (const char *)text.at);
        status = EXIT_BEYOND;
    }
    return status;
}

enum exit_status cmd_status(int argc, char **argv)
{
    struct asked asked = {.json = false};
    struct batch last;
    struct store_usage store_size;
    struct error err;
    int first;
    switch (options_read(&usage, argc, argv, cmd_status_set_option, &asked, &first)) {
    case OPTIONS_GOOD: break;
    case OPTIONS_ENDED: return EXIT_GOOD;
    case OPTIONS_WRONG: return EXIT_FAILED;
    }
    AUTO_TREE_VIEW struct tree_view view = {.store = NULL};
    AUTO_ARENA struct arena arena = {0};
    if (!tree_view_open(&view, argv[first], &err) ||
        !store_usage(view.snapshot, &store_size, &err) ||
        !load_last_batch(view.snapshot, &arena, &last, &err))
        return console_error(&err);
    bool const good =
        asked.json ? print_json(&view, &store_size, &err)
                   : print_counts(view.snapshot, &store_size, &err) &&
                         mount_table_scan(store_path(view.store), print_mount, view.snapshot, &err);
    if (!good) return console_error(&err);
    if (!asked.json) print_last_batch(&last);
    return look_at_limits(&asked, view.snapshot, &last);
}
