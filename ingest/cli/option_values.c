// SPDX-License-Identifier: Apache-2.0
#include "cli/option_values.h"

#include <errno.h>

#include "cli/options.h"
#include "common/duration.h"

enum { DECIMAL_BASE = 10 };

bool option_number(const char *option, const char *value, uint64_t *ret_number)
{
    char *end;
    errno = 0;
    *ret_number = strtoull(value, &end, DECIMAL_BASE);
    if (*value >= '0' && *value <= '9' && *end == '\0' && errno == 0) return true;
    options_complain("%s: '%s' is no whole number", option, value);
    return false;
}

bool option_time(const char *option, const char *value, int64_t *ret_ms)
{
    if (duration_read(value, ret_ms)) return true;
    options_complain("%s: '%s' is no span of time (write 500ms, 30s, 10m, 2h or 1d)", option,
                     value);
    return false;
}
