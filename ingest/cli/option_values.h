/* option_values.h - what stands behind options: numbers and spans of time. false: what is wrong is
 * told on standard error.
 *
 * Place    commands, where they set their options.
 * Memory   results hold nothing.
 * Threads  the main thread.
 * Errors   false, and what is wrong is printed with the name of the option.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once
#include <stdbool.h>
#include <stdint.h>

#include "base/cleanup.h"

/* A whole number from 0 on. */
bool option_number(const char *option, const char *value, uint64_t *ret_number) MUST_CHECK;
/* As duration.h reads it. */
bool option_time(const char *option, const char *value, int64_t *ret_ms) MUST_CHECK;
