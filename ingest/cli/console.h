/* console.h - what commands say: errors and notices on standard error, results on standard output.
 *
 * Place    every command. Below ingest/cli only progress.h writes to the terminal.
 * Promise  a result that could not be written is an error: see console_end.
 * Memory   arguments are borrowed.
 * Threads  the main thread.
 * Errors   what cannot be written to standard error is lost; to standard output, see console_end.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once
#include "base/error.h"
#include "common/notice.h"
#include "common/progress.h"
#include "tables/batch_log.h"

enum exit_status {
    EXIT_GOOD = 0,
    EXIT_FAILED = 1,  /* could not run, or verify found differences */
    EXIT_REJECTS = 2, /* ran, and refused records */
    EXIT_BEYOND = 3,  /* ran, and nothing came in time, or something is beyond a limit */
};

/* "tally: place: fact (remedy)". Returns EXIT_FAILED, so that failing is one line. */
enum exit_status console_error(const struct error *err);
/* One line that begins with "tally: ", of PROGRESS's terminal too if it is not NULL. */
void console_notice(struct progress *progress, const char *text);
/* Notices that go there. PROGRESS may be NULL; it is borrowed. */
struct notices console_notices(struct progress *progress);
/* "read 5, new 3, duplicate 1, rejected 1": what there is none of is left out, but for these four.
 * To standard output. */
void console_counts(const struct batch *batch);
/* "    12  revenue: not a number", a line a reason, to standard output or error. */
void console_reasons(const struct batch *batch, bool to_output);
/* "breakdown/eu.json: is missing", for verify_store. */
void console_difference(void *context, const char *path, const char *what);
/* Ends standard output: STATUS, or EXIT_FAILED with a message where something is not written. */
enum exit_status console_end(enum exit_status status);
