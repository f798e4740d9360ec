/* compact_swap.h - data.mdb and lock.mdb: opened together, replaced together.
 *
 *   reader, writer: compact_swap_hold -> db_open -> close the hold
 *   compacting:     compact_swap_begin -> db_copy -> compact_swap_finish | compact_swap_drop
 *
 * Place    store.h only. DIRECTORY is the store's open directory, PATH its name in errors.
 * Promise  nobody opens a data.mdb with a lock.mdb that is not its own, wherever a process that
 *          replaces them is killed; compact_swap.c tells why.
 * Memory   none; descriptors are the caller's to close.
 * Threads  callable from any thread.
 * Errors   those of the disk, placed at PATH; ERROR_BUSY as below.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once
#include "base/error.h"

/* Keeps the two files as they are until *RET_HOLD is closed. Ends what a killed compact left half
 * done. ERROR_BUSY: another program has held a lock on the directory for half a minute. */
bool compact_swap_hold(int directory, const char *path, int *ret_hold,
                       struct error *err) MUST_CHECK;

/* The rest is for whoever has the lock of writers. */

/* Ends and removes what a killed compact left. */
bool compact_swap_tidy(int directory, const char *path, struct error *err) MUST_CHECK;
/* Makes the empty files that are to take the place of the two, as readable and writable as they
 * are. *RET_DATA is to be written and synced, and closed before the swap. */
bool compact_swap_begin(int directory, const char *path, int *ret_data,
                        struct error *err) MUST_CHECK;
void compact_swap_drop(int directory); /* best effort, behind an error that is told */
/* Puts them in place; durable on return. On failure the store is as it was. */
bool compact_swap_finish(int directory, const char *path, struct error *err) MUST_CHECK;
