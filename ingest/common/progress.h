/* progress.h - how far an input is, drawn on a terminal.
 *
 * Place    made by a command; batch.c, source.c and delete_keys.c move it.
 * Promise  nothing is written unless standard error is a terminal; at most ten times a second;
 *          progress_erase leaves no trace.
 * Memory   `name` is borrowed until the next progress_begin.
 * Threads  one owner at a time.
 * Errors   none: a drawing that cannot be written is left out.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once
#include "base/bytes.h"

struct progress {
    bool terminal;
    bool drawn;
    struct slice name; /* of the input */
    int64_t begun_ns;
    int64_t drawn_ns;
};

struct progress_point {
    uint64_t done_bytes;
    uint64_t total_bytes; /* 0: not known */
    uint64_t records;     /* 0: none are counted, the rate is told in bytes */
};

void progress_init(struct progress *progress);
/* Starts the clock anew. NAME is borrowed. */
void progress_begin(struct progress *progress, struct slice name);
void progress_show(struct progress *progress, struct progress_point point);
void progress_erase(struct progress *progress);
