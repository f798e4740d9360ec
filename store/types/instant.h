/* instant.h - a time as whole seconds and the nanoseconds behind them.
 *
 * Place    calendar.c shows them, pack.c and events.c store them.
 * Units    nanoseconds since 1970-01-01T00:00:00Z, leap seconds left out.
 * Memory   none.
 * Threads  pure.
 * Errors   none.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once
#include "types/decimal.h"

enum { NS_PER_SECOND = 1000000000 };

/* Rounds down, so that *ret_ns is never negative. */
static inline int64_t instant_seconds(int128 time_ns, int64_t *ret_ns)
{
    bool const is_short = time_ns == (int64_t)time_ns; /* as from 1678 to 2262: divides faster */
    int64_t seconds =
        is_short ? (int64_t)time_ns / NS_PER_SECOND : (int64_t)(time_ns / NS_PER_SECOND);
    int64_t ns = (int64_t)(time_ns - (int128)seconds * NS_PER_SECOND);
    if (ns < 0) {
        ns += NS_PER_SECOND;
        seconds--;
    }
    *ret_ns = ns;
    return seconds;
}
