// SPDX-License-Identifier: Apache-2.0
#include "input/digest_job.h"

#include "base/arena.h"
#include "base/thread.h"

static void hash_room(struct digest_job *job, unsigned room)
{
    digester_add(job->digester,
                 slice_of(job->rooms[room % DIGEST_ROOMS], job->lengths[room % DIGEST_ROOMS]));
}

static void *run(void *argument)
{
    struct digest_job *const job = argument;
    (void)pthread_mutex_lock(&job->lock); /* cannot fail: not recursive, initialised */
    for (;;) {
        while (job->hashed == job->added && !job->is_over)
            (void)pthread_cond_wait(&job->changed, &job->lock);
        if (job->hashed == job->added) break;
        (void)pthread_mutex_unlock(&job->lock);
        hash_room(job, job->hashed);
        (void)pthread_mutex_lock(&job->lock);
        job->hashed++;
        (void)pthread_cond_signal(&job->changed);
    }
    (void)pthread_mutex_unlock(&job->lock);
    return NULL;
}

void digest_job_begin(struct digest_job *job)
{
    *job = (struct digest_job){.digester = digester_new()};
    for (size_t i = 0; i < DIGEST_ROOMS; i++)
        job->rooms[i] = memory_room(DIGEST_ROOM_BYTES);
    (void)pthread_mutex_init(&job->lock, NULL);
    (void)pthread_cond_init(&job->changed, NULL);
}

uint8_t *digest_job_room(struct digest_job *job)
{
    (void)pthread_mutex_lock(&job->lock);
    while (job->added - job->hashed == DIGEST_ROOMS)
        (void)pthread_cond_wait(&job->changed, &job->lock);
    (void)pthread_mutex_unlock(&job->lock);
    return job->rooms[job->added % DIGEST_ROOMS];
}

static bool start(struct digest_job *job)
{
    job->has_thread = thread_start(&job->thread, run, job) == 0;
    return job->has_thread;
}

/* The first piece that fills a room tells that the input is worth a thread. */
void digest_job_add(struct digest_job *job, size_t length)
{
    job->lengths[job->added % DIGEST_ROOMS] = length;
    if (!job->has_thread && (length < DIGEST_ROOM_BYTES || !start(job))) {
        hash_room(job, job->added++);
        job->hashed++;
        return;
    }
    (void)pthread_mutex_lock(&job->lock);
    job->added++;
    (void)pthread_cond_signal(&job->changed);
    (void)pthread_mutex_unlock(&job->lock);
}

struct digest digest_job_end(struct digest_job *job)
{
    (void)pthread_mutex_lock(&job->lock);
    job->is_over = true;
    (void)pthread_cond_signal(&job->changed);
    (void)pthread_mutex_unlock(&job->lock);
    if (job->has_thread) (void)pthread_join(job->thread, NULL); /* cannot fail: joined once */
    (void)pthread_cond_destroy(&job->changed);
    (void)pthread_mutex_destroy(&job->lock);
    for (size_t i = 0; i < DIGEST_ROOMS; i++)
        free(job->rooms[i]);
    return digester_end(job->digester);
}
