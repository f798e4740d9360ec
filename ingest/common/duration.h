/* duration.h - spans of time as people write them: "500ms", "30s", "10m", "2h".
 *
 * Place    options of commands, bounds of follow.
 * Units    milliseconds.
 * Memory   none.
 * Threads  pure.
 * Errors   false: the caller says which option it was.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once
#include <stdbool.h>
#include <stdint.h>

#include "base/cleanup.h"

/* A whole number and ms, s, m or min, h, d. false: TEXT is no span, or a longer one than a
 * thousand years. */
bool duration_read(const char *text, int64_t *ret_ms) MUST_CHECK;
