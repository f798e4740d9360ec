/* metrics_text.h - lines in the text format of Prometheus, of metrics that begin with "tallyfs_".
 *
 *   # HELP tallyfs_rows Rows of all views.
 *   # TYPE tallyfs_rows gauge
 *   tallyfs_rows 5
 *
 * Place    metrics.c and metrics_batches.c.
 * Memory   appends to the caller's buffer.
 * Threads  pure.
 * Errors   none.
 * Source   https://prometheus.io/docs/instrumenting/exposition_formats/
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once
#include <stdint.h>

#include "base/bytes.h"

/* TYPE: "gauge" or "counter". NAME goes without "tallyfs_". */
void metrics_text_head(struct buffer *text, const char *name, const char *type, const char *help);
/* The value of a sample of time, with the end of its line: seconds. */
void metrics_text_seconds(struct buffer *text, int64_t ns);
/* A head and its only sample. */
void metrics_text_number(struct buffer *text, const char *name, const char *type, const char *help,
                         uint64_t number);
void metrics_text_time(struct buffer *text, const char *name, const char *help, int64_t ns);
