// SPDX-License-Identifier: Apache-2.0
#include "load/commit_job.h"

#include <stdio.h>

#include "base/thread.h"
#include "common/writer_lock.h"

static void keep_notice(void *context, const char *text)
{
    struct commit_job *const job = context;
    (void)snprintf(job->notice, sizeof job->notice, "%s", text); /* a cut is harmless */
}

static void *commit_job_run(void *argument)
{
    struct commit_job *const job = argument;
    struct notices const notices = {.show = keep_notice, .context = job};
    uint64_t commit_id;
    job->good = commit_chunk(job->store, &job->commit, &job->batch, &commit_id, &job->err);
    job->dirty_bytes = store_dirty_bytes(job->store);
    if (job->good)
        job->announced = writer_lock_announce(job->store, commit_id, job->announce_ms, &notices);
    return NULL;
}

void commit_job_start(struct commit_job *job)
{
    bool const beside = job->commit.resources.threads > 1;
    job->has_thread = beside && thread_start(&job->thread, commit_job_run, job) == 0;
    if (!job->has_thread) (void)commit_job_run(job);
}

void commit_job_wait(struct commit_job *job)
{
    if (job->has_thread) (void)pthread_join(job->thread, NULL); /* cannot fail: joined once */
    job->has_thread = false;
}
