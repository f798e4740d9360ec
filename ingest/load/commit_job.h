/* commit_job.h - committing a chunk on a thread of its own, while the next one is read.
 *
 *   commit_job_start -> (the caller reads on) -> commit_job_wait
 *
 * Place    batch.c has one under way at most.
 * Memory   the job's struct, and what it points at, are the caller's, and stay until
 *          commit_job_wait.
 * Threads  from start to wait the chunk, the batch and the store's writing side are the job's. The
 *          thread commits, and announces the commit; it says nothing itself.
 * Errors   in `err`, to be looked at behind commit_job_wait: `good` says whether.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once
#include <pthread.h>

#include "write/commit.h"

enum { COMMIT_NOTICE_BYTES = 1024 };

struct commit_job {
    struct store *store;
    struct chunk_commit commit;
    struct batch batch; /* as commit_chunk takes it, and leaves it */
    int announce_ms;    /* how long to wait for mounts */
    /* what came of it */
    bool good;
    struct error err;                 /* where it is not good */
    size_t dirty_bytes;               /* of the pages that it changed */
    bool announced;                   /* every mount shows the commit */
    char notice[COMMIT_NOTICE_BYTES]; /* for the user, or empty */
    pthread_t thread;
    bool has_thread;
};

/* Of one thread, and where the system has none to give, it is done here and now. */
void commit_job_start(struct commit_job *job);
void commit_job_wait(struct commit_job *job);
