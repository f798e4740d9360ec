/* nearest.h - the name that was probably meant.
 *
 * Place    every "did you mean".
 * Memory   the result is one of NAMES, borrowed.
 * Threads  pure.
 * Errors   none: where no name is near, the result is empty.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once
#include "base/bytes.h"

/* The name of NAMES nearest to WRONG by edit distance, or empty if none is near (a distance of more
 * than a third of its length). Case does not count. */
struct slice nearest_name(struct slice wrong, const struct slice *names, size_t name_count);
