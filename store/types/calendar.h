/* calendar.h - times as text, and the buckets of time that views group by.
 *
 * Place    value.h holds times and buckets; expr.h and bind read and bucket them.
 * Promise  of times in range calendar_bucket_write and calendar_bucket_read are inverses. A bucket
 *          is told by local wall-clock start and, for minute and hour, the offset in force, so that
 *          a repeated hour is two buckets and a day of 23 or 25 hours is one.
 * Units    time_ns counts nanoseconds since 1970-01-01T00:00:00Z, leap seconds left out.
 *          Years 0001 to 9999 of local time: what calendar_in_range refuses has neither name nor
 *          bucket.
 * Memory   texts are the caller's arrays.
 * Threads  pure functions.
 * Errors   false: no such time.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once
#include "types/decimal.h"
#include "types/time_zone.h"

enum bucket_unit {
    BUCKET_MINUTE,
    BUCKET_HOUR,
    BUCKET_DAY,
    BUCKET_WEEK, /* ISO 8601: Monday first */
    BUCKET_MONTH,
    BUCKET_QUARTER,
    BUCKET_YEAR,
};
enum { BUCKET_UNITS = 7 };

struct bucket {
    int64_t local_seconds;  /* start, local time counted as if it were UTC */
    int32_t offset_seconds; /* minute and hour: offset in force; others: 0 */
};

extern const char *const bucket_unit_names[BUCKET_UNITS]; /* "minute", ... */

enum { CALENDAR_TEXT_BYTES = 48 };

/* RFC 3339, YYYY-MM-DD[(T| )HH:MM[:SS[.frac]]][offset], or digits: an epoch in s, ms, us or ns
 * told by magnitude (|x| < 10^11: s, < 10^14: ms, < 10^17: us, else ns), with a fraction where
 * seconds. Offset is Z, +HH:MM, +HHMM or +HH. Text without an offset is local time in ZONE: in a
 * repeated hour the first, in a gap the time that the clock would have shown without the jump.
 * Fractions beyond nanoseconds are cut. Leap second :60 is read as the next second. What is read
 * may be out of range. */
bool calendar_read(struct slice text, const struct time_zone *zone, int128 *ret_time_ns) MUST_CHECK;
/* By a strptime pattern: %Y %y %m %d %e %j %H %I %M %S %f (fraction) %p %b %B %h %a %A %z %Z (only
 * UTC, GMT and Z) %s %T %D %F %R %n %t %%; blanks match any run of blanks; numbers need no leading
 * zeros. %y: 69 to 99 are 19xx. Missing parts are those of 1970-01-01T00:00:00. */
bool calendar_read_format(struct slice text, struct slice format, const struct time_zone *zone,
                          int128 *ret_time_ns) MUST_CHECK;
/* Whether ZONE shows the time within the years 0001 to 9999. What is not, no event may have: who
 * reads times asks. */
bool calendar_in_range(int128 time_ns, const struct time_zone *zone);
/* The inverse, as far as FORMAT goes: local time in ZONE, with %Z in UTC. */
void calendar_write_format(int128 time_ns, struct slice format, const struct time_zone *zone,
                           struct buffer *text);
/* Whether every directive of FORMAT is known; if not, *ret_offset is the place of the bad one. */
bool calendar_check_format(struct slice format, size_t *ret_offset) MUST_CHECK;

/* RFC 3339 in ZONE: "2026-01-01T13:05:09.5Z", "2026-07-01T13:05:09+02:00". Returns the length. */
size_t calendar_write(int128 time_ns, const struct time_zone *zone, char text[CALENDAR_TEXT_BYTES]);
/* The same without colons, offset only where the zone repeats that second: a time as file name,
 * "2026-01-01T130509.5"; and back: false if TEXT is not exactly what write gives. */
size_t calendar_name_write(int128 time_ns, const struct time_zone *zone,
                           char text[CALENDAR_TEXT_BYTES]);
bool calendar_name_read(struct slice text, const struct time_zone *zone,
                        int128 *ret_time_ns) MUST_CHECK;

struct bucket calendar_bucket(int128 time_ns, enum bucket_unit unit, const struct time_zone *zone);
/* "2026", "2026-Q1", "2026-01", "2026-W01", "2026-01-01", "2026-01-01T13", "2026-01-01T1305", and
 * with the offset "2026-10-25T02+0200" (seconds of an offset as +HHMMSS) where ZONE shows parts of
 * the bucket under several. Returns the length. */
size_t calendar_bucket_write(const struct bucket *bucket, enum bucket_unit unit,
                             const struct time_zone *zone, char text[CALENDAR_TEXT_BYTES]);
/* false if TEXT is not exactly what calendar_bucket_write gives for some time of ZONE. */
bool calendar_bucket_read(struct slice text, enum bucket_unit unit, const struct time_zone *zone,
                          struct bucket *ret_bucket) MUST_CHECK;
