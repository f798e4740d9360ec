/* input.h - bytes as an input, for tests of what reads them.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "input/source.h"
#include "test.h"

/* Opened, not started. */
static inline struct source *open_bytes(struct slice bytes)
{
    struct progress progress = {.terminal = false};
    struct source *source = NULL;
    struct error err;
    char path[64];
    int const fd = memfd_create("input", MFD_CLOEXEC);
    assert_true(fd >= 0);
    if (bytes.length) assert_int_equal(write(fd, bytes.at, bytes.length), bytes.length);
    (void)snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    if (!source_open(path, -1, &progress, &source, &err)) fail_msg("%s", err.fact);
    (void)close(fd);
    return source;
}
