/* verify_ranges.h - a view in ranges of its leading dimension, one after the other, each as large
 * as fits; of a hierarchy, ranges of its nodes.
 *
 *     for (bool more = true; more; more = verify_ranges_next(&ranges)) {
 *         while (verify_ranges_find_end(&ranges, err) && it does not fit)
 *             verify_ranges_halve(&ranges);
 *         ...
 *     }
 *
 * Place    verify_portions.c, verify_hierarchy_nodes.c.
 * Promise  where ranges begin is looked up among the stored groups; all of them together are the
 *          whole, whether these are right or not.
 * Memory   owns its keys until verify_ranges_done, which takes a zeroed one.
 * Threads  as the transaction.
 * Errors   ERROR_CORRUPT: a group cannot be read.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once
#include "database/store.h"
#include "verify/verify_p.h"

struct verify_ranges {
    const struct snapshot *snapshot;
    const struct view *view;
    struct buffer from, to; /* keys; TO empty: to the end */
    size_t names;           /* to try in the next range */
};

/* How many names there are, half of which the first range has. */
bool verify_ranges_count(struct verify_ranges *ranges, struct error *err) MUST_CHECK;
/* Where the range ends, with as many names as are to be tried. */
bool verify_ranges_find_end(struct verify_ranges *ranges, struct error *err) MUST_CHECK;
/* Of what is at hand; LIMIT_BYTES do not hold for the least that can be. It borrows the keys. */
struct verify_portion verify_ranges_portion(const struct verify_ranges *ranges, size_t limit_bytes);
void verify_ranges_halve(struct verify_ranges *ranges);
/* The range behind this one; false: there is none. */
bool verify_ranges_next(struct verify_ranges *ranges);
void verify_ranges_done(struct verify_ranges *ranges);
