/* load_options.h - the options that commands share. false: what is wrong is told on standard error.
 *
 * Place    `tally ingest` and `tally follow` take all of them, `tally verify` memory and threads;
 *          commands without these have their defaults.
 * Memory   results hold nothing.
 * Threads  the main thread.
 * Errors   false, and what is wrong is printed.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once
#include "follow/follow.h"

/* Without --memory and --threads: 512 MiB, and a thread for each processor that may be used. How
 * memory is divided: docs/internals.md, "Memory". */
struct resources load_resources_default(void);

/* For verify.h: no more threads than have memory. */
struct resources load_resources_to_verify(struct resources resources);

bool load_option_max_rejects(const char *value, struct reject_limit *limit) MUST_CHECK;
bool load_option_format(const char *value, enum input_format *format) MUST_CHECK;
bool load_option_memory(const char *value, size_t *bytes) MUST_CHECK;
bool load_option_threads(const char *value, size_t *threads) MUST_CHECK;
bool load_option_commit_every(const char *value, struct follow_bound *bound) MUST_CHECK;
