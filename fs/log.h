/* log.h - what a daemon says: to standard error in front, to the system log behind.
 *
 * Place    the daemon's only way to say something once it has begun to serve.
 * Memory   arguments are borrowed until return.
 * Threads  any.
 * Errors   none: what cannot be written is lost, as there is nobody to be told.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once
#include "host/stdio_fds.h"

struct options;
void log_line(const struct options *options, enum line_level level, const char *text);
