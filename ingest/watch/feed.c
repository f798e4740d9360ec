// SPDX-License-Identifier: Apache-2.0
#include "watch/feed.h"

#include <inttypes.h>
#include <stdlib.h>

#include "database/commit_wait.h"
#include "tree/row_changes.h"
#include "types/calendar.h"
#include "types/value.h"

enum { NONCE_BASE = 16 };

/* What a row's line says of the time before. */
enum row_news {
    ROW_CHANGED, /* how it was */
    ROW_SINCE,   /* nothing: it is not known */
    ROW_READ,    /* nothing: there is no time before */
};

/* The lines of one commit. */
struct feed_commit {
    struct feed *feed;
    const struct snapshot *snapshot;
    enum row_news news;
    char time[CALENDAR_TEXT_BYTES];
    size_t time_length;
};

static struct feed_commit feed_commit_of(struct feed *feed, const struct snapshot *snapshot)
{
    struct feed_commit commit = {.feed = feed, .snapshot = snapshot};
    commit.time_length = calendar_write(snapshot->commit_ns, snapshot->schema->zone, commit.time);
    return commit;
}

static void begin_line(const struct feed_commit *commit, const char *op)
{
    buffer_format(&commit->feed->lines, "{\"commit\":%" PRIu64 ",\"time\":\"%.*s\",\"op\":\"%s\"",
                  commit->snapshot->commit_id, (int)commit->time_length, commit->time, op);
}

static bool flush(struct feed *feed, struct error *err)
{
    feed->is_unread |= !feed->write(feed->context, buffer_slice(&feed->lines));
    buffer_clear(&feed->lines);
    return !feed->is_unread || error_set(err, ERROR_SYSTEM, "nobody reads what is written");
}

static void add_object(struct buffer *lines, const char *name, struct slice object)
{
    buffer_add_text(lines, name);
    if (object.length)
        buffer_add_slice(lines, object);
    else
        buffer_add_text(lines, "null");
}

static const char *op_of(enum row_news news, const struct row_change *change)
{
    if (news == ROW_READ) return "r";
    if (!change->after.length) return "d";
    return news == ROW_CHANGED && !change->before.length ? "c" : "u";
}

static bool tell_row(void *context, const struct row_change *change, struct error *err)
{
    const struct feed_commit *const commit = context;
    struct buffer *const lines = &commit->feed->lines;
    begin_line(commit, op_of(commit->news, change));
    buffer_add_text(lines, ",\"path\":");
    json_string(change->path, lines);
    if (commit->news != ROW_SINCE) add_object(lines, ",\"before\":", change->before);
    add_object(lines, ",\"after\":", change->after);
    buffer_add_text(lines, "}\n");
    return lines->length < FEED_BYTES || flush(commit->feed, err);
}

static bool end_commit(const struct feed_commit *commit, struct error *err)
{
    begin_line(commit, "commit");
    buffer_format(&commit->feed->lines, ",\"nonce\":\"%016" PRIx64 "\"}\n",
                  commit->snapshot->commit_nonce);
    return flush(commit->feed, err);
}

static struct row_visitor visitor_of(struct feed_commit *commit)
{
    return (struct row_visitor){.visit = tell_row, .context = commit, .paths = &commit->feed->rows};
}

static bool tell_snapshot(struct feed_commit *commit, const char *reason, struct error *err)
{
    struct row_visitor const visitor = visitor_of(commit);
    commit->news = ROW_READ;
    begin_line(commit, "snapshot");
    buffer_format(&commit->feed->lines, ",\"reason\":\"%s\"}\n", reason);
    return row_changes_all(commit->snapshot, &visitor, err) && end_commit(commit, err);
}

/* The rows that are asked for, in the tree of SNAPSHOT. */
static bool choose_rows(struct feed *feed, const struct snapshot *snapshot, struct error *err)
{
    row_paths_done(&feed->rows);
    feed->rows = (struct row_paths){0};
    for (size_t i = 0; i < feed->path_count; i++) {
        if (!row_paths_add(&feed->rows, snapshot, slice_text(feed->paths[i]), err)) return false;
    }
    return true;
}

/* Why there is no going on behind the commit that was given; NULL: there is. */
static bool look_at_from(const struct feed *feed, const struct snapshot *newest,
                         const char **ret_reason, struct error *err)
{
    bool holds = feed->from <= newest->commit_id;
    if (feed->from > 0 && holds && feed->from_nonce) {
        uint64_t const nonce = strtoull(feed->from_nonce, NULL, NONCE_BASE);
        if (!snapshot_holds(newest, feed->from, nonce, &holds, err)) return false;
    }
    *ret_reason = NULL;
    if (feed->from == 0)
        *ret_reason = "it was asked for";
    else if (!holds)
        *ret_reason = "the commit is not of this store";
    else if (newest->schema_commit_id > feed->from)
        *ret_reason = "the schema is another";
    return true;
}

/* What was committed since feed->from. */
static bool tell_since(struct feed_commit *commit, struct error *err)
{
    const char *reason;
    struct row_visitor const visitor = visitor_of(commit);
    if (!look_at_from(commit->feed, commit->snapshot, &reason, err)) return false;
    if (reason) return tell_snapshot(commit, reason, err);
    commit->news = ROW_SINCE;
    switch (row_changes_since(commit->snapshot, commit->feed->from, &visitor, err)) {
    case CHANGE_LOG_COMPLETE: return end_commit(commit, err);
    case CHANGE_LOG_UNKNOWN:
        return tell_snapshot(commit, "what has changed since is not known any more", err);
    case CHANGE_LOG_FAILED: break;
    }
    return false;
}

static bool tell_between(struct feed_commit *commit, const struct snapshot *older,
                         struct error *err)
{
    const struct snapshot *const newer = commit->snapshot;
    struct row_visitor const visitor = visitor_of(commit);
    bool holds;
    if (!snapshot_holds(newer, older->commit_id, older->commit_nonce, &holds, err)) return false;
    if (holds && newer->commit_id == older->commit_id) return true;
    if (holds && newer->schema_commit_id == older->schema_commit_id) {
        commit->news = ROW_CHANGED;
        return row_changes_between(older, newer, &visitor, err) && end_commit(commit, err);
    }
    return choose_rows(commit->feed, newer, err) &&
           tell_snapshot(commit, holds ? "the schema is another" : "another store is in its place",
                         err);
}

static enum feed_answer feed_answer_of(const struct feed *feed, bool good)
{
    if (feed->is_unread) return FEED_UNREAD;
    return good ? FEED_GOES_ON : FEED_FAILED;
}

enum feed_answer feed_begin(struct feed *feed, struct error *err)
{
    if (!store_open(feed->store_path, STORE_READ, &feed->store, err) ||
        !snapshot_open(feed->store, &feed->shown, err) || !choose_rows(feed, feed->shown, err))
        return FEED_FAILED;
    struct feed_commit commit = feed_commit_of(feed, feed->shown);
    bool const good = feed->has_from ? tell_since(&commit, err) : end_commit(&commit, err);
    return feed_answer_of(feed, good);
}

/* The newest commit of the store that is open. */
static bool show_newest(struct feed *feed, struct error *err)
{
    struct snapshot *newest;
    if (!snapshot_open(feed->store, &newest, err)) return false;
    struct feed_commit commit = feed_commit_of(feed, newest);
    bool const good = tell_between(&commit, feed->shown, err);
    snapshot_close(feed->shown);
    feed->shown = newest;
    return good;
}

/* Snapshots of the one before keep what they read. */
static bool open_other(struct feed *feed, struct error *err)
{
    struct store *other;
    if (!store_open(feed->store_path, STORE_READ, &other, err)) return false;
    store_close(feed->store);
    feed->store = other;
    return show_newest(feed, err);
}

enum feed_answer feed_next(struct feed *feed, struct error *err)
{
    for (;;) {
        uint64_t newest;
        switch (commit_wait(feed->store, feed->shown->commit_id, COMMIT_WAIT_LOOK_MS, feed->output,
                            &newest, err)) {
        case COMMIT_WAIT_CAME: return feed_answer_of(feed, show_newest(feed, err));
        case COMMIT_WAIT_REPLACED: return feed_answer_of(feed, open_other(feed, err));
        case COMMIT_WAIT_UNREAD: return FEED_UNREAD;
        case COMMIT_WAIT_FAILED: return FEED_FAILED;
        case COMMIT_WAIT_NONE: break;
        }
        /* As long as a snapshot of the file before a compaction is open, its space stays taken. */
        if (snapshot_is_superseded(feed->shown))
            return feed_answer_of(feed, show_newest(feed, err));
    }
}

void feed_done(struct feed *feed)
{
    snapshot_close(feed->shown);
    store_close(feed->store);
    row_paths_done(&feed->rows);
    buffer_done(&feed->lines);
}
