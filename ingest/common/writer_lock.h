/* writer_lock.h - the one process that may write a store: waiting for its turn, telling the mounts.
 *
 * Place    every command that writes.
 * Memory   the store is the caller's to close.
 * Threads  one.
 * Errors   those of store_open and store_lock. Trouble with mounts is a notice.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once
#include "common/notice.h"
#include "database/store.h"

enum { WRITER_ANNOUNCE_MS = 5000 };

/* Opens the store and locks it until store_close; where somebody else writes, says so and waits. */
bool writer_lock_open(const char *path, const struct notices *notices, struct store **ret_store,
                      struct error *err) MUST_CHECK;
/* Tells the live mounts. The commit stands whatever comes of it, so trouble is a notice.
 * Returns whether every mount shows the commit. */
bool writer_lock_announce(struct store *store, uint64_t commit_id, int deadline_ms,
                          const struct notices *notices);

/* For who has made a store at PATH: the mounts that were of another one there show it on return, or
 * it is told which do not. */
void writer_await_mounts(const char *path, const struct notices *notices);

static inline void auto_store(struct store **store)
{
    store_close(*store);
}
#define AUTO_STORE AUTO(auto_store)
