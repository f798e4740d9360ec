/* byte_size.h - sizes as people write them: "512M", "64MiB", "1000000".
 *
 * Place    options of commands, bounds of follow.
 * Units    bytes; K, M, G and T are powers of 1024, with or without "iB" or "B".
 * Memory   none.
 * Threads  pure.
 * Errors   false: the caller says which option it was.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>

#include "base/cleanup.h"

/* false: TEXT is no size, or one beyond SIZE_MAX. "1.5G" is none. */
bool byte_size_read(const char *text, size_t *ret_bytes) MUST_CHECK;
