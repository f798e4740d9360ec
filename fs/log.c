// SPDX-License-Identifier: Apache-2.0
#include "log.h"

#include <stdio.h>
#include <syslog.h>

#include "options.h"

void log_line(const struct options *options, enum line_level level, const char *text)
{
    char head[STANDARD_ERROR_HEAD_BYTES];
    if (options->foreground)
        (void)fprintf(stderr, "%s%s\n", standard_error_head("tallyfs", level, head),
                      text); /* no one to tell */
    else
        syslog((int)level, "%s: %s", options->mountpoint, text);
}
