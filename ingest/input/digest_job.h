/* digest_job.h - the digest of an input on a thread of its own, while more of it is read.
 *
 *   digest_job_begin -> { digest_job_room, (fill it), digest_job_add }... -> digest_job_end
 *
 * Place    source.c, whose first pass it is: reading and hashing take about as long as each other.
 * Memory   two rooms of DIGEST_ROOM_BYTES. The job is the caller's struct and does not move.
 * Threads  one owner; between digest_job_room and digest_job_add the room is the owner's.
 * Errors   none: where the system has no thread to give, the owner hashes.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once
#include <pthread.h>

#include "base/digest.h"

enum { DIGEST_ROOM_BYTES = 256 << 10, DIGEST_ROOMS = 2 };

struct digest_job {
    struct digester *digester;
    uint8_t *rooms[DIGEST_ROOMS];
    size_t lengths[DIGEST_ROOMS];
    unsigned added, hashed; /* rooms, in turn */
    bool has_thread, is_over;
    pthread_t thread;
    pthread_mutex_t lock; /* of `added`, `hashed` and `is_over` */
    pthread_cond_t changed;
};

void digest_job_begin(struct digest_job *job);
/* Waits until one is free. */
uint8_t *digest_job_room(struct digest_job *job);
/* LENGTH bytes of the room come next, at most DIGEST_ROOM_BYTES. They can be read, and only that,
 * until digest_job_room is called again. */
void digest_job_add(struct digest_job *job, size_t length);
/* Of all that was added; frees what the job holds. */
struct digest digest_job_end(struct digest_job *job);
