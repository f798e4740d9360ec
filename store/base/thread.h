/* thread.h - a thread beside the one that signals are for.
 *
 * Place    whoever starts a thread.
 * Promise  signals that somebody sends go to other threads; those of its own faults it gets, as the
 *          program answers them (crash_signals.h) and the system ends a process that blocks them.
 * Memory   none.
 * Threads  any may start one.
 * Errors   an errno: the system has no thread to give.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once
#include <pthread.h>

#include "base/cleanup.h"

int thread_start(pthread_t *ret_thread, void *(*run)(void *argument), void *argument) MUST_CHECK;
