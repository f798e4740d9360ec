// SPDX-License-Identifier: Apache-2.0
#include "base/random.h"

#include <errno.h>
#include <sys/random.h>

bool random_draw(void *ret_bytes, size_t size)
{
    ssize_t got;
    do {
        got = getrandom(ret_bytes, size, 0);
    } while (got < 0 && errno == EINTR);
    return got == (ssize_t)size;
}
