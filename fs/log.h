/* log.h - what a daemon says: to standard error in front, to the system log behind.
 *
 * Where standard error is the journal's, each line says its level as sd-daemon(3) describes.
 *
 * Threads  any.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once
#include "attr.h"

struct options;

enum log_level { LOG_LEVEL_ERROR = 3, LOG_LEVEL_INFO = 6 }; /* as syslog(3) counts */
void log_line(const struct options *options, enum log_level level, const char *text);
