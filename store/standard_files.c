// SPDX-License-Identifier: Apache-2.0
#include "standard_files.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

bool standard_files_hold(void)
{
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
        /* The lowest free descriptor is given, so it is this one. */
        if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", O_RDONLY) < 0) return false;
    }
    return true;
}

bool standard_error_is_coloured(void)
{
    const char *const refusal = getenv("NO_COLOR"), *const terminal = getenv("TERM");
    if (refusal && *refusal) return false;
    return terminal && *terminal && strcmp(terminal, "dumb") != 0 && isatty(STDERR_FILENO) == 1;
}
