// SPDX-License-Identifier: Apache-2.0
#include "log.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <syslog.h>

#include "options.h"

static bool is_journal(void)
{
    const char *const stream = getenv("JOURNAL_STREAM");
    uintmax_t device, inode;
    struct stat stat;
    return stream && sscanf(stream, "%ju:%ju", &device, &inode) == 2 &&
           fstat(STDERR_FILENO, &stat) == 0 && stat.st_dev == device && stat.st_ino == inode;
}

void log_line(const struct options *options, enum log_level level, const char *text)
{
    if (!options->foreground)
        syslog((int)level, "%s: %s", options->mountpoint, text);
    else if (is_journal())
        (void)fprintf(stderr, "<%d>tallyfs: %s\n", (int)level, text); /* no one to tell */
    else
        (void)fprintf(stderr, "tallyfs: %s\n", text); /* likewise */
}
