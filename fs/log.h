/* log.h - what a daemon says: to standard error in front, to the system log behind.
 *
 * Threads  any.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once
#include "host/stdio_fds.h"

struct options;
void log_line(const struct options *options, enum line_level level, const char *text);
