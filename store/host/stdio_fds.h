/* stdio_fds.h - standard input, output and error, as a program finds them.
 *
 * Place    both programs, first of all; log.c and console.c for the head of a line.
 * Memory   none; the head is the caller's.
 * Threads  stdio_fds_hold before there are any others; standard_error_head any.
 * Errors   false: /dev/null cannot be opened; errno says why.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once
#include <stdbool.h>

/* Opens /dev/null where the caller has closed a standard file, so that nothing that is opened later
 * takes its place: the store's file would be printed into. Writing to it fails, rightly. false: it
 * cannot be opened. */
bool stdio_fds_hold(void);
/* As syslog(3) counts. */
enum line_level { LINE_ERROR = 3, LINE_NOTICE = 6 };
enum { STANDARD_ERROR_HEAD_BYTES = 40 };
/* What a line to standard error begins with, "tally: ". In front of an error it is red where that
 * is a terminal which shows colours, and nobody said that they should not be
 * (https://no-color.org); where it is the journal's, the level stands in front, as sd-daemon(3) has
 * it. Returns HEAD. */
const char *standard_error_head(const char *program, enum line_level level,
                                char head[STANDARD_ERROR_HEAD_BYTES]);
