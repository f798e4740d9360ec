/* files.h - data.mdb and lock.mdb: opened together, replaced together.
 *
 *   reader, writer: files_hold -> db_open -> close the hold
 *   compacting:     files_copy_begin -> db_copy -> files_swap | files_copy_drop
 *
 * Place    store.h only. DIRECTORY is the store's open directory, PATH its name in errors.
 * Promise  nobody opens a data.mdb with a lock.mdb that is not its own, wherever a process that replaces them is
 *          killed; files.c tells why.
 * Threads  callable from any thread.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once
#include "error.h"

/* Keeps the two files as they are until *RET_HOLD is closed. Ends what a killed compact left half done. ERROR_BUSY:
 * another program has held a lock on the directory for half a minute. */
bool files_hold(int directory, const char *path, int *ret_hold, struct error *err) MUST_CHECK;

/* The rest is for whoever has the lock of writers. */

/* Ends and removes what a killed compact left. */
bool files_tidy(int directory, const char *path, struct error *err) MUST_CHECK;
/* Makes the empty files that are to take the place of the two, as readable and writable as they are. *RET_DATA is to be
 * written and synced, and closed before the swap. */
bool files_copy_begin(int directory, const char *path, int *ret_data, struct error *err) MUST_CHECK;
void files_copy_drop(int directory); /* best effort, behind an error that is told */
/* Puts them in place; durable on return. On failure the store is as it was. */
bool files_swap(int directory, const char *path, struct error *err) MUST_CHECK;
