// SPDX-License-Identifier: Apache-2.0
#include "common/duration.h"

#include <errno.h>
#include <string.h>

enum { DECIMAL_BASE = 10, MS_PER_DAY = 86400000, DAYS_MOST = 366000 };

bool duration_read(const char *text, int64_t *ret_ms)
{
    static const struct {
        const char *name;
        int64_t ms;
    } units[] = {{"ms", 1},      {"s", 1000},    {"m", 60000},
                 {"min", 60000}, {"h", 3600000}, {"d", MS_PER_DAY}};
    char *end;
    if (*text < '0' || *text > '9') return false;
    errno = 0;
    long long const count = strtoll(text, &end, DECIMAL_BASE);
    if (errno) return false;
    for (size_t i = 0; i < COUNT_OF(units); i++) {
        if (strcmp(end, units[i].name) != 0) continue;
        if (count > (int64_t)DAYS_MOST * MS_PER_DAY / units[i].ms) return false;
        *ret_ms = count * units[i].ms;
        return true;
    }
    return false;
}
