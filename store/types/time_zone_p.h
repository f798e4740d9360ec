/* time_zone_p.h - a zone in memory: time_zone_read.c makes it, time_zone.c answers from it.
 *
 * Memory   the zone owns its arrays, until time_zone_free.
 * Threads  immutable once it is read.
 * Errors   none.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once
#include "types/time_zone.h"

enum {
    SECONDS_PER_HOUR = 3600,
    SECONDS_PER_DAY = 86400,
    OFFSET_MOST = 26 * SECONDS_PER_HOUR,
};

enum rule_kind { RULE_JULIAN, RULE_DAY, RULE_MONTH };

/* When in a year a rule changes the offset. */
struct rule {
    enum rule_kind kind;
    int month, week, day; /* RULE_MONTH: 1-12, 1-5, 0-6; else `day` alone */
    int32_t seconds;      /* of the day, local time; may be negative or more than a day */
};

struct time_zone {
    int64_t *at; /* transitions, rising */
    int32_t *offsets;
    size_t count;
    int32_t first_offset; /* before the first */
    bool has_footer;
    bool has_summer;
    int32_t standard, summer; /* offsets of the footer */
    struct rule to_summer, to_standard;
};
