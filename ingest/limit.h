/* limit.h - how many refused records a batch may have.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once
#include "bytes.h"
#include "decimal.h"

enum limit_kind {
    LIMIT_DEFAULT, /* 1 %, but never fewer than 10: one bad line does not stop a small file */
    LIMIT_COUNT,
    LIMIT_PERCENT,
};

struct limit {
    enum limit_kind kind;
    struct decimal bound;
};

/* "20", "0", "5%", "0.5%". */
bool limit_read(struct slice text, struct limit *ret_limit) MUST_CHECK;
bool limit_exceeded(const struct limit *limit, uint64_t rejected_count, uint64_t read_count);
/* "1% (and 10)", "20", "5%". */
void limit_write(const struct limit *limit, struct buffer *text);
