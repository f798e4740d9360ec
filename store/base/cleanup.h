/* cleanup.h - cleanup attributes and checks: the only macros of the project.
 *
 * Place    everywhere, so that an early return is safe and nothing needs a goto.
 * Memory   what a variable owns is released at the end of its scope, unless TAKE or take_fd
 *          has handed it over.
 * Threads  pure.
 * Errors   none: closing loses nothing.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#define MUST_CHECK __attribute__((warn_unused_result))
#define COLD __attribute__((cold, noinline))
#define PRINTF_LIKE(format_index, first_index)                                                     \
    __attribute__((format(printf, format_index, first_index), nonnull(format_index)))

/* The variable is released by CLOSER(&variable) when its scope ends, on every path. */
#define AUTO(closer) __attribute__((cleanup(closer)))
#define AUTO_FREE AUTO(auto_free)
#define AUTO_FD AUTO(auto_fd)

/* Hands a pointer over: the variable is NULL afterwards, so that its cleanup does nothing. */
#define TAKE(pointer)                                                                              \
    (__extension__({                                                                               \
        __typeof__(pointer) taken_ = (pointer);                                                    \
        (pointer) = NULL;                                                                          \
        taken_;                                                                                    \
    }))

/* The same for a file descriptor. */
static inline int take_fd(int *fd)
{
    int const taken = *fd;
    *fd = -1;
    return taken;
}

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

static inline void auto_free(const void *pointer)
{
    free(*(void *const *)pointer);
}

static inline void auto_fd(const int *fd)
{
    if (*fd < 0) return;
    int const reason = errno; /* of what went wrong before, and is still to be told */
    (void)close(*fd);         /* read-only or already synced: nothing to lose */
    errno = reason;
}
