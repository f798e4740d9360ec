/* test.h - the headers that cmocka wants in front of its own, in their order; how much a test that
 * tries many of a kind tries.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

/* Of many cases of a kind each so-manieth is enough: SLICE in the environment, where a case is slow
 * or there is little time; else 1. */
static inline size_t test_slice(void)
{
    const char *const slice = getenv("SLICE");
    return slice ? strtoul(slice, NULL, 10) : 1;
}
