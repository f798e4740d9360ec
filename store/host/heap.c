// SPDX-License-Identifier: Apache-2.0
#include "host/heap.h"

#include <stdlib.h> /* says whether it is glibc's */

#ifdef __GLIBC__
#include <malloc.h>

enum { KEPT_BYTES = 1 << 30 };

void heap_keep(void)
{
    (void)mallopt(M_ARENA_MAX, 1); /* these only fail for values that glibc does not take */
    (void)mallopt(M_TRIM_THRESHOLD, KEPT_BYTES);
    (void)mallopt(M_MMAP_THRESHOLD, KEPT_BYTES);
}

void heap_give_back(void)
{
    (void)malloc_trim(0);
}
#else
void heap_keep(void)
{
}

void heap_give_back(void)
{
}
#endif
