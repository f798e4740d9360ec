// SPDX-License-Identifier: Apache-2.0
#include "base/workers.h"

#include <stdlib.h>

#include "base/arena.h"
#include "base/thread.h"

void workers_init(struct workers *workers)
{
    *workers = (struct workers){.thread_count = 0};
    (void)pthread_mutex_init(&workers->mutex, NULL); /* these three cannot fail on Linux */
    (void)pthread_cond_init(&workers->wanted, NULL);
    (void)pthread_cond_init(&workers->done, NULL);
}

static bool may_take(const struct workers *workers)
{
    return workers->taken_count < workers->first_count ||
           (workers->taken_count < workers->part_count &&
            workers->done_count >= workers->first_count);
}

/* Takes a part and does it; the mutex is held but for that. */
static void do_part(struct workers *workers)
{
    size_t const part = workers->taken_count++;
    (void)pthread_mutex_unlock(&workers->mutex);
    workers->run(workers->context, part);
    (void)pthread_mutex_lock(&workers->mutex);
    workers->done_count++;
    if (workers->done_count == workers->first_count) (void)pthread_cond_broadcast(&workers->wanted);
    if (workers->done_count == workers->first_count || workers->done_count == workers->part_count)
        (void)pthread_cond_signal(&workers->done);
}

static void *worker(void *argument)
{
    struct workers *const workers = argument;
    (void)pthread_mutex_lock(&workers->mutex);
    while (!workers->stops) {
        if (may_take(workers))
            do_part(workers);
        else
            (void)pthread_cond_wait(&workers->wanted, &workers->mutex);
    }
    (void)pthread_mutex_unlock(&workers->mutex);
    return NULL;
}

void workers_start(struct workers *workers, size_t count)
{
    if (count < 2) return;
    workers->threads = memory_alloc((count - 1) * sizeof *workers->threads);
    for (; workers->thread_count < count - 1; workers->thread_count++) {
        pthread_t *const thread = &workers->threads[workers->thread_count];
        if (thread_start(thread, worker, workers) != 0) break;
    }
}

void workers_stop(struct workers *workers)
{
    (void)pthread_mutex_lock(&workers->mutex);
    workers->stops = true;
    (void)pthread_cond_broadcast(&workers->wanted);
    (void)pthread_mutex_unlock(&workers->mutex);
    for (size_t i = 0; i < workers->thread_count; i++)
        (void)pthread_join(workers->threads[i], NULL); /* cannot fail: joined once */
    free(workers->threads);
    (void)pthread_cond_destroy(&workers->done);
    (void)pthread_cond_destroy(&workers->wanted);
    (void)pthread_mutex_destroy(&workers->mutex);
}

void workers_begin(struct workers *workers, size_t first_count, size_t part_count,
                   void (*run)(void *context, size_t part), void *context)
{
    (void)pthread_mutex_lock(&workers->mutex);
    workers->run = run;
    workers->context = context;
    workers->first_count = first_count;
    workers->part_count = part_count;
    workers->taken_count = workers->done_count = 0;
    (void)pthread_cond_broadcast(&workers->wanted);
    (void)pthread_mutex_unlock(&workers->mutex);
}

void workers_wait(struct workers *workers)
{
    (void)pthread_mutex_lock(&workers->mutex);
    while (workers->done_count < workers->part_count) {
        if (may_take(workers))
            do_part(workers);
        else
            (void)pthread_cond_wait(&workers->done, &workers->mutex);
    }
    workers->first_count = workers->part_count = workers->taken_count = workers->done_count = 0;
    (void)pthread_mutex_unlock(&workers->mutex);
}
