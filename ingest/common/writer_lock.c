// SPDX-License-Identifier: Apache-2.0
#include "common/writer_lock.h"

#include "common/mount_table.h"
#include "database/announce.h"

bool writer_lock_open(const char *path, const struct notices *notices, struct store **ret_store,
                      struct error *err)
{
    AUTO_STORE struct store *store = NULL;
    int holder;
    if (!store_open(path, STORE_WRITE, &store, err)) return false;
    switch (store_lock(store, false, &holder, err)) {
    case STORE_LOCKED: break;
    case STORE_LOCK_FAILED: return false;
    case STORE_LOCK_HELD:
        notices_show(notices, "waiting for another ingest (pid %d)", holder);
        if (store_lock(store, true, &holder, err) != STORE_LOCKED) return false;
        break;
    }
    *ret_store = TAKE(store);
    return true;
}

/* Mounts that have no socket in the store: it has just taken the place of the one that they show,
 * which they are about to notice. HEARD: how many had one. */
static bool await_others(struct store *store, uint64_t commit_id, unsigned heard, int deadline_ms,
                         const struct notices *notices)
{
    AUTO_BUFFER struct buffer place = {0};
    struct error err;
    unsigned count;
    if (!mount_table_count(store_path(store), &count, &err) || count <= heard) return true;
    if (mount_table_await(store, commit_id, deadline_ms, &place) || place.length == 0) return true;
    notices_show(notices, "commit %llu is done, but the mount at %.*s does not show it yet",
                 (unsigned long long)commit_id, (int)place.length, (const char *)place.at);
    return false;
}

void writer_await_mounts(const char *path, const struct notices *notices)
{
    AUTO_STORE struct store *store = NULL;
    struct error err;
    uint64_t commit_id;
    unsigned count;
    if (!mount_table_count(path, &count, &err) || count == 0) return;
    if (!store_open(path, STORE_READ, &store, &err) ||
        !store_newest_commit(store, &commit_id, &err)) {
        char text[ERROR_TEXT_BYTES];
        notices_show(notices, "%s", error_text(&err, text, sizeof text));
        return;
    }
    (void)await_others(store, commit_id, 0, WRITER_ANNOUNCE_MS, notices); /* it told the user */
}

bool writer_lock_announce(struct store *store, uint64_t commit_id, int deadline_ms,
                          const struct notices *notices)
{
    struct announce_result result;
    struct error err;
    if (!announce_commit(store, commit_id, deadline_ms, &result, &err)) {
        char text[ERROR_TEXT_BYTES];
        notices_show(notices, "commit %llu is done, but the mounts could not be told: %s",
                     (unsigned long long)commit_id, error_text(&err, text, sizeof text));
        return false;
    }
    if (result.silent == 0)
        return await_others(store, commit_id, result.told, deadline_ms, notices);
    notices_show(notices, "commit %llu is done, but %u of %u mounts did not answer (%s)",
                 (unsigned long long)commit_id, result.silent, result.told, result.silent_name);
    return false;
}
