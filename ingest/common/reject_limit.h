/* reject_limit.h - how many refused records a batch may have.
 *
 * Place    --max-rejects; batch.c looks at it before each commit.
 * Memory   none.
 * Threads  pure.
 * Errors   false: the text is no limit.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once
#include "base/bytes.h"
#include "types/decimal.h"

enum reject_limit_kind {
    LIMIT_DEFAULT, /* 1 %, but never fewer than 10: one bad line does not stop a small file */
    LIMIT_COUNT,
    LIMIT_PERCENT,
};

struct reject_limit {
    enum reject_limit_kind kind;
    struct decimal bound;
};

/* "20", "0", "5%", "0.5%". */
bool reject_limit_read(struct slice text, struct reject_limit *ret_limit) MUST_CHECK;
bool reject_limit_exceeded(const struct reject_limit *limit, uint64_t rejected_count,
                           uint64_t read_count);
/* "1% (and 10)", "20", "5%". */
void reject_limit_write(const struct reject_limit *limit, struct buffer *text);
