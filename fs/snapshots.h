/* snapshots.h - the current snapshot, and older ones that something still reads.
 *
 * Place    notify.c publishes; ops.c and inodes.c hold references.
 * Promise  a superseded snapshot is closed with its last reference. notify.c takes the references
 *          away from one that is too old, so that no reader pins the store's pages for long.
 * Memory   a snapshot that is published is owned here; struct pinned lives while it has references.
 * Threads  protected by mount->lock.
 * Errors   none: what opens a snapshot has failed before.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once
#include "database/store.h"

struct pinned {
    struct snapshot *snapshot;
    unsigned references;
    int64_t superseded_ms; /* monotonic clock; 0: it is the current one */
    struct pinned *older;
};

struct snapshots {
    struct pinned *current; /* the newest one; the rest hangs behind it */
};

/* SNAPSHOT becomes the current one; it is owned from now on. */
void snapshots_publish(struct snapshots *snapshots, struct snapshot *snapshot);
struct pinned *snapshots_acquire(struct pinned *pinned);
void snapshots_release(struct snapshots *snapshots, struct pinned *pinned); /* takes NULL */
/* The oldest one superseded before BEFORE_MS, or NULL. */
struct pinned *snapshots_expired(const struct snapshots *snapshots, int64_t before_ms);
unsigned snapshots_count(const struct snapshots *snapshots);
/* Closes all: nothing refers to them any more. */
void snapshots_done(struct snapshots *snapshots);
int64_t clock_ms(void); /* monotonic */
