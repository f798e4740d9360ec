// SPDX-License-Identifier: Apache-2.0
#include "common/reject_limit.h"

enum { DEFAULT_COUNT = 10, DEFAULT_PERCENT = 1, PERCENT_SCALE_MAX = 6 };

bool reject_limit_read(struct slice text, struct reject_limit *ret_limit)
{
    struct reject_limit limit = {.kind = LIMIT_COUNT};
    int64_t count;
    if (text.length > 0 && text.at[text.length - 1] == '%') {
        limit.kind = LIMIT_PERCENT;
        text.length--;
    }
    if (decimal_read(text, &limit.bound) != DECIMAL_READ || limit.bound.coefficient < 0)
        return false;
    if (limit.kind == LIMIT_COUNT && !decimal_to_int(&limit.bound, &count)) return false;
    if (limit.kind == LIMIT_PERCENT) {
        struct decimal const whole = decimal_from_int(100);
        if (limit.bound.scale > PERCENT_SCALE_MAX || decimal_compare(&limit.bound, &whole) > 0)
            return false;
    }
    *ret_limit = limit;
    return true;
}

static bool percent_exceeded(const struct decimal *percent, uint64_t rejected_count,
                             uint64_t read_count)
{
    int128 rejected = (int128)rejected_count * 100;
    for (unsigned i = 0; i < percent->scale; i++)
        rejected *= 10;
    return rejected > percent->coefficient * (int128)read_count;
}

bool reject_limit_exceeded(const struct reject_limit *limit, uint64_t rejected_count,
                           uint64_t read_count)
{
    struct decimal const percent = decimal_from_int(DEFAULT_PERCENT);
    switch (limit->kind) {
    case LIMIT_COUNT: return (int128)rejected_count > limit->bound.coefficient;
    case LIMIT_PERCENT: return percent_exceeded(&limit->bound, rejected_count, read_count);
    case LIMIT_DEFAULT: break;
    }
    return rejected_count > DEFAULT_COUNT && percent_exceeded(&percent, rejected_count, read_count);
}

void reject_limit_write(const struct reject_limit *limit, struct buffer *text)
{
    char digits[DECIMAL_TEXT_BYTES];
    if (limit->kind == LIMIT_DEFAULT) {
        buffer_format(text, "%d%% and %d records", DEFAULT_PERCENT, DEFAULT_COUNT);
        return;
    }
    buffer_add(text, digits, decimal_write(&limit->bound, digits));
    if (limit->kind == LIMIT_PERCENT) buffer_add_byte(text, '%');
}
