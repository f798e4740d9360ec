/* workers.h - a job of parts, done by several threads: those that need nothing of each other, and
 * behind them those that need all of these.
 *
 *   workers_start -> ( workers_begin -> the caller goes on -> workers_wait )* -> workers_stop
 *
 * Place    event_reader.c: a part is a segment of the input. fold_queue.c: some events, or a view.
 * Promise  each part is run once, by some thread. The caller of workers_wait takes parts, too: so
 *          without other threads it does them all, and never waits for a thread to wake.
 * Memory   the struct is the caller's and stays where it is; the context is until workers_wait.
 * Threads  one owner calls these. What it did before workers_begin is seen by the parts, what they
 *          did by it after workers_wait.
 * Errors   none: where the system has no thread to give, there are fewer.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>

struct workers {
    pthread_t *threads;
    size_t thread_count;
    pthread_mutex_t mutex; /* of all that follows */
    pthread_cond_t wanted; /* there are parts to take, or it stops */
    pthread_cond_t done;   /* the last part of the job is */
    void (*run)(void *context, size_t part);
    void *context;
    size_t first_count; /* of parts that begin at once */
    size_t part_count;
    size_t taken_count;
    size_t done_count;
    bool stops;
};

void workers_init(struct workers *workers);
/* As many threads as do a job with its owner: COUNT - 1 new ones. Once. */
void workers_start(struct workers *workers, size_t count);
/* No job is under way. */
void workers_stop(struct workers *workers);

/* The first FIRST_COUNT of PART_COUNT parts begin at once, the others when these are done. */
void workers_begin(struct workers *workers, size_t first_count, size_t part_count,
                   void (*run)(void *context, size_t part), void *context);
void workers_wait(struct workers *workers); /* also where no job is under way */
