/* crash_signals.h - what is said where a damaged store leads LMDB astray.
 *
 * LMDB trusts its pages. Sums (db.h) find entries that changed, but not a page that points beyond the file, or a disk that
 * cannot be read: then the map gives a SIGBUS or SIGSEGV, or an assertion of LMDB fails. Nothing can go on from there, so
 * the process says so and ends with status 1. Nothing that is committed changes by that.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once

/* Installs the answer to signals, for the whole process. */
void damage_answer_signals(void);
/* Tells and ends the process. Safe in a signal handler. */
_Noreturn void damage_end(void);
