// SPDX-License-Identifier: Apache-2.0
#include "metrics.h"

#include <time.h>
#include <unistd.h>

#include "copies.h"
#include "metrics_text.h"
#include "render/prometheus_text.h"
#include "tables/meta.h"

const char metrics_name[] = "daemon.prom";

static const char *const upcall_names[UPCALLS] = {"lookup",  "getattr", "open",  "read",
                                                  "opendir", "readdir", "statfs"};

static void add_upcalls(const struct mount *mount, struct buffer *text)
{
    metrics_text_head(text, "upcalls_total", "counter", "Requests of the kernel.");
    for (size_t i = 0; i < UPCALLS; i++)
        buffer_format(text, "tallyfs_upcalls_total{call=\"%s\"} %llu\n", upcall_names[i],
                      (unsigned long long)mount->upcalls[i]);
}

static bool metrics_add_streams(const struct snapshot *snapshot, struct buffer *text,
                                struct error *err)
{
    enum { NS_PER_SECOND = 1000000000 };
    metrics_text_head(text, "newest_event_timestamp_seconds", "gauge",
                      "Newest event time by stream.");
    for (size_t i = 0; i < snapshot->schema->stream_count; i++) {
        const struct stream *const stream = &snapshot->schema->streams[i];
        struct meta_stream meta;
        if (!meta_stream_load(snapshot->txn, stream->id, &meta, err)) return false;
        if (meta.newest.kind != VALUE_TIME) continue;
        buffer_add_text(text, "tallyfs_newest_event_timestamp_seconds{stream=\"");
        prometheus_escape(stream->name, text);
        buffer_format(text, "\"} %lld\n", (long long)(meta.newest.time_ns / NS_PER_SECOND));
    }
    return true;
}

static bool metrics_render(struct mount *mount, struct buffer *text, struct error *err)
{
    const struct snapshot *const snapshot = mount->snapshots.current->snapshot;
    struct store_usage usage;
    if (!store_usage(snapshot, &usage, err)) return false;
    metrics_text_number(text, "commit", "gauge", "Number of the commit that is shown.",
                        snapshot->commit_id);
    metrics_text_head(text, "commit_info", "gauge", "Which commit of that number it is.");
    buffer_format(text, "tallyfs_commit_info{nonce=\"%016llx\"} 1\n",
                  (unsigned long long)snapshot->commit_nonce);
    metrics_text_number(text, "pid", "gauge", "Process of the mount.", (uint64_t)getpid());
    metrics_text_number(text, "publishing", "gauge",
                        "Whether the kernel may still have what it replaced.", mount->names_only);
    metrics_text_number(text, "follows", "gauge",
                        "Whether it goes on with a store that takes the place of its own.",
                        mount->follows);
    metrics_text_number(text, "store_in_place", "gauge",
                        "Whether the path of the store leads to what is shown.",
                        mount->place.seen == PLACE_SAME);
    metrics_text_time(text, "commit_timestamp_seconds", "When it was made.", snapshot->commit_ns);
    metrics_text_number(text, "commits_shown_total", "counter", "Commits that the mount has shown.",
                        mount->shown.commits);
    metrics_text_number(text, "events_added_total", "counter", "Events that these have added.",
                        mount->shown.events);
    metrics_text_number(text, "events", "gauge", "Events in the store.", snapshot->event_count);
    metrics_text_number(text, "rows", "gauge", "Rows of all views.", snapshot->row_count);
    metrics_text_number(text, "batches", "gauge", "Batches in the batch log.",
                        snapshot->last_batch_id);
    metrics_text_number(text, "store_bytes", "gauge", "Size of data.mdb.", usage.file_bytes);
    metrics_text_number(text, "store_free_bytes", "gauge", "Of that, free for reuse.",
                        usage.free_bytes);
    metrics_text_number(text, "inodes", "gauge", "Inodes that the kernel holds.",
                        mount->inodes.by_id.count);
    metrics_text_number(text, "longest_portion", "gauge",
                        "Most that long work has handled while requests waited.",
                        mount->longest_portion);
    metrics_text_number(text, "snapshots", "gauge", "Snapshots that are open.",
                        snapshots_count(&mount->snapshots));
    add_upcalls(mount, text);
    return metrics_add_streams(snapshot, text, err) &&
           metrics_batches_add(snapshot, &mount->batches, text, err);
}

struct inode *metrics_add_inode(struct mount *mount, uint64_t parent_id, struct error *err)
{
    AUTO_BUFFER struct buffer text = {0};
    struct timespec now;
    struct copy *copy = copy_new();
    if (!metrics_render(mount, &text, err) || !copy_add(copy, buffer_slice(&text), err)) {
        copy_free(copy);
        return NULL;
    }
    (void)clock_gettime(CLOCK_REALTIME, &now); /* cannot fail */
    struct node_stat stat = {
        .size_bytes = text.length,
        .commit_id = mount->snapshots.current->snapshot->commit_id,
        .mtime_ns = (int64_t)now.tv_sec * 1000000000 + now.tv_nsec,
    };
    struct slice const name =
        slice_text(metrics_name); /* as a node: none of the tree's is packed so */
    struct inode *const inode = inodes_add(&mount->inodes, name, parent_id, name, &stat);
    inode->stat.ino = UINT64_MAX - inode->id;
    inode->copy = copy;
    inode->lookup_count = 1;
    return inode;
}

void metrics_upcalls(const struct mount *mount, struct buffer *text)
{
    for (size_t i = 0; i < UPCALLS; i++)
        buffer_format(text, "%s %llu\n", upcall_names[i], (unsigned long long)mount->upcalls[i]);
    buffer_format(text, "snapshots %u\n", snapshots_count(&mount->snapshots));
}

void metrics_line(const struct mount *mount, struct buffer *text)
{
    const struct snapshot *const snapshot = mount->snapshots.current->snapshot;
    uint64_t upcalls = 0;
    for (size_t i = 0; i < UPCALLS; i++)
        upcalls += mount->upcalls[i];
    buffer_format(
        text, "shows commit %llu; %llu commits shown, %zu inodes, %u snapshots, %llu requests",
        (unsigned long long)snapshot->commit_id, (unsigned long long)mount->shown.commits,
        mount->inodes.by_id.count, snapshots_count(&mount->snapshots), (unsigned long long)upcalls);
}
