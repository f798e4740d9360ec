// SPDX-License-Identifier: Apache-2.0
#include "common/writer_lock.h"

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
    if (result.silent == 0) return true;
    notices_show(notices, "commit %llu is done, but %u of %u mounts did not answer (%s)",
                 (unsigned long long)commit_id, result.silent, result.told, result.silent_name);
    return false;
}
