// SPDX-License-Identifier: Apache-2.0
#include "host/stdio_fds.h"

#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

bool stdio_fds_hold(void)
{
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
        /* The lowest free descriptor is given, so it is this one. */
        if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", O_RDONLY) < 0) return false;
    }
    return true;
}

static bool is_coloured(void)
{
    const char *const refusal = getenv("NO_COLOR"), *const terminal = getenv("TERM");
    if (refusal && *refusal) return false;
    return terminal && *terminal && strcmp(terminal, "dumb") != 0 && isatty(STDERR_FILENO) == 1;
}

static bool is_journal(void)
{
    const char *const stream = getenv("JOURNAL_STREAM");
    char own[64];
    struct stat stat;
    if (!stream || fstat(STDERR_FILENO, &stat) != 0) return false;
    (void)snprintf(own, sizeof own, "%ju:%ju", (uintmax_t)stat.st_dev,
                   (uintmax_t)stat.st_ino); /* fits */
    return strcmp(stream, own) == 0;
}

const char *standard_error_head(const char *program, enum line_level level,
                                char head[STANDARD_ERROR_HEAD_BYTES])
{
    /* All of them fit. */
    if (is_journal())
        (void)snprintf(head, STANDARD_ERROR_HEAD_BYTES, "<%d>%s: ", (int)level, program);
    else if (level == LINE_ERROR && is_coloured())
        (void)snprintf(head, STANDARD_ERROR_HEAD_BYTES, "\033[1;31m%s:\033[0m ", program);
    else
        (void)snprintf(head, STANDARD_ERROR_HEAD_BYTES, "%s: ", program);
    return head;
}
