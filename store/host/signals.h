/* signals.h - what a program must not take over from whoever started it.
 *
 * Place    both programs call it before anything else; libtally leaves signals to its host.
 * Memory   none.
 * Threads  before any other thread.
 * Errors   none can happen.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once

/* At a program's start, before threads. Dispositions that are ignored and signals that are blocked
 * stay so over exec:
 *
 *   SIGCHLD   ignored, there would be nothing to wait for: a child's number may be somebody else's
 *             before it is killed
 *   SIGXFSZ   not ignored, a limit of file sizes would end the program within a write, instead of
 *             failing it (EFBIG)
 *   blocked   the signals of faults must reach their handler (crash_signals.h), those that end a
 *             program must end it
 *
 * SIGHUP, SIGINT and the like stay ignored where they were, as nohup(1) wants it. */
void signals_begin(void);
