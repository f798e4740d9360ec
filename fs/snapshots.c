// SPDX-License-Identifier: Apache-2.0
#include "snapshots.h"

#include <time.h>

#include "base/arena.h"

int64_t clock_ms(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now); /* cannot fail for this clock */
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* The current one is kept without references. */
static void close_unused(struct snapshots *snapshots)
{
    if (!snapshots->current) return;
    for (struct pinned **at = &snapshots->current->older; *at;) {
        struct pinned *const pinned = *at;
        if (pinned->references > 0) {
            at = &pinned->older;
            continue;
        }
        *at = pinned->older;
        snapshot_close(pinned->snapshot);
        free(pinned);
    }
}

void snapshots_publish(struct snapshots *snapshots, struct snapshot *snapshot)
{
    struct pinned *const pinned = memory_alloc(sizeof *pinned);
    *pinned = (struct pinned){.snapshot = snapshot, .older = snapshots->current};
    if (snapshots->current) snapshots->current->superseded_ms = clock_ms();
    snapshots->current = pinned;
    close_unused(snapshots);
}

struct pinned *snapshots_acquire(struct pinned *pinned)
{
    pinned->references++;
    return pinned;
}

void snapshots_release(struct snapshots *snapshots, struct pinned *pinned)
{
    if (!pinned) return;
    if (--pinned->references == 0) close_unused(snapshots);
}

struct pinned *snapshots_expired(const struct snapshots *snapshots, int64_t before_ms)
{
    struct pinned *expired = NULL;
    if (!snapshots->current) return NULL;
    for (struct pinned *pinned = snapshots->current->older; pinned; pinned = pinned->older) {
        if (pinned->superseded_ms <= before_ms) expired = pinned;
    }
    return expired;
}

unsigned snapshots_count(const struct snapshots *snapshots)
{
    unsigned count = 0;
    for (const struct pinned *pinned = snapshots->current; pinned; pinned = pinned->older)
        count++;
    return count;
}

void snapshots_done(struct snapshots *snapshots)
{
    while (snapshots->current) {
        struct pinned *const pinned = snapshots->current;
        snapshots->current = pinned->older;
        snapshot_close(pinned->snapshot);
        free(pinned);
    }
}
