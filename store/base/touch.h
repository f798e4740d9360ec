/* touch.h - to have memory in the cache before it is wanted.
 *
 * Loads that nobody waits for overlap: thirty-two in a row take little more than one. A prefetch
 * instruction would do the same, but processors may ignore one whose address needs a walk through
 * the page tables, which is what far apart addresses need.
 *
 * Place    where a hash table or a sort leads to addresses that are known some steps ahead: they
 *          are touched in a loop of its own in front of the one that uses them.
 * Memory   it must be there to be read.
 * Threads  reads only.
 * Errors   none.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once
#include <stdint.h>

static inline void memory_touch(const void *at)
{
    (void)*(const volatile uint8_t *)at;
}
