/* calendar_p.h - civil dates, shared by calendar.c, calendar_bucket.c and calendar_format.c.
 *
 * Place    calendar.c reads and writes RFC 3339, calendar_bucket.c the names of buckets,
 *          calendar_format.c patterns of strptime.
 * Memory   none.
 * Threads  pure.
 * Errors   false: the text goes on otherwise; *AT and *CIVIL are then of no use.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once
#include "types/calendar.h"
#include "types/instant.h"

enum { SECONDS_PER_MINUTE = 60, SECONDS_PER_HOUR = 3600, SECONDS_PER_DAY = 86400 };
enum { FIRST_YEAR = 1, LAST_YEAR = 9999 };

/* Wall-clock time as it is written. */
struct civil {
    int year, month, day, hour, minute, second;
    int64_t ns;
    bool has_offset;
    int32_t offset_seconds;
};

int64_t civil_days(int64_t year, int month, int day); /* since 1970-01-01 */
void civil_date(int64_t days, int *ret_year, int *ret_month, int *ret_day);
bool civil_check(const struct civil *civil); /* a date and a time that exist; :60 is allowed */
/* The instant, in ZONE unless the text gave an offset. */
int128 civil_instant(const struct civil *civil, const struct time_zone *zone);

/* Readers that move *AT on. */
bool read_digits(struct slice text, size_t *at, int least, int most, int *ret_number);
bool read_fraction(struct slice text, size_t *at, int64_t *ret_ns);
bool read_offset(struct slice text, size_t *at, struct civil *civil);
bool read_byte(struct slice text, size_t *at, char byte);
/* The clock of a name, which has no colons: hours, and as much more as PARTS says. */
bool read_name_clock(struct slice text, size_t *at, int parts, struct civil *civil);

/* Append to TEXT, of which LENGTH bytes are used, and return how many are now: like snprintf; and
 * an offset with COLON between its parts. */
size_t calendar_add(char *text, size_t length, const char *format, ...) PRINTF_LIKE(3, 4);
size_t add_offset(char *text, size_t length, int32_t offset, const char *colon);

static inline int64_t floor_to(int64_t number, int64_t step)
{
    int64_t const rest = number % step;
    return number - (rest < 0 ? rest + step : rest);
}

static inline int64_t floor_days(int64_t seconds)
{
    return floor_to(seconds, SECONDS_PER_DAY) / SECONDS_PER_DAY;
}
