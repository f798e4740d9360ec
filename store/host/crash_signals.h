/* crash_signals.h - what is said where a damaged store leads LMDB astray.
 *
 * LMDB trusts its pages. What can be looked at beforehand is (lmdb_pages.h, lmdb_guard.h); what is
 * left, or a disk that cannot be read, is a SIGBUS or SIGSEGV inside the map of data.mdb, or an
 * assertion of LMDB that fails. Nothing can go on from there, so a program says so and ends with
 * status 1. Nothing that is committed changes by that.
 *
 * A fault anywhere else, and a signal that somebody sent, are not the store's: they keep what the
 * process would have done without this file, so that a core dump shows the true place.
 *
 * Place    both programs have it answer signals; kv/ tells it of maps.
 * Memory   none: it works when there is none.
 * Threads  all may be called from any.
 * Errors   none: the process ends.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once
#include <stddef.h>

/* The programs' answer to SIGBUS, SIGSEGV, SIGFPE and SIGABRT, for the whole process; PROGRAM heads
 * the messages. A library does not own the signals of its host: libtally never calls this. */
void damage_answer_signals(const char *program);

/* Tells where a data file is mapped. DIRECTORY names the store in messages and is kept, like the
 * place, until the file is unmapped. NULL: there are as many already as are kept in mind, and a
 * fault in this one is answered as any other. */
struct damage_map;
struct damage_map *damage_map_add(const void *begin, size_t bytes, const char *directory);
void damage_map_remove(struct damage_map *map); /* takes NULL; before the file is unmapped */

/* An assertion of LMDB failed in the store in DIRECTORY. A program ends with status 1, the host of
 * a library aborts. */
_Noreturn void damage_end(const char *directory);
