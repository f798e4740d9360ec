/* radix_sort.h - puts many keys in the order of their bytes.
 *
 * The first eight bytes behind what all keys share are sorted digit by digit from the last (LSD
 * radix sort), which touches no key; only keys that agree there are compared as a whole.
 *
 * Place    events by their keys, elements of multisets, references.
 * Memory   the result is the caller's to free. While it sorts: 32 bytes a key.
 * Threads  pure.
 * Errors   none.
 * Source   D. Knuth, The Art of Computer Programming 3, 5.2.5.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once
#include "base/bytes.h"

/* The key of item number I. */
typedef struct slice (*radix_sort_key)(const void *items, size_t i);

/* How many bytes all keys begin with. COUNT is not 0. */
size_t radix_sort_common(const void *items, radix_sort_key key, size_t count);
/* The numbers of the items in the order of their keys, those of equal keys in their own order.
 * COMMON: as radix_sort_common says, or less. */
uint32_t *radix_sort(const void *items, radix_sort_key key, size_t count, size_t common) MUST_CHECK;
