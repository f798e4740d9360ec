/* Buckets: the minutes, days, months that times fall into, and what these are called.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "types/calendar_p.h"

const char *const bucket_unit_names[BUCKET_UNITS] = {"minute", "hour",    "day", "week",
                                                     "month",  "quarter", "year"};

static int64_t first_of_month(int64_t days, int months)
{
    int year, month, day;
    civil_date(days, &year, &month, &day);
    return civil_days(year, (month - 1) / months * months + 1, 1);
}

static int64_t monday_of(int64_t days)
{
    return floor_to(days + 3, 7) - 3; /* 1970-01-01 was a Thursday */
}

struct bucket calendar_bucket(int128 time_ns, enum bucket_unit unit, const struct time_zone *zone)
{
    int64_t ns;
    int64_t const seconds = instant_seconds(time_ns, &ns);
    int32_t const offset = time_zone_offset(zone, seconds);
    int64_t const local = seconds + offset, days = floor_days(local);
    int64_t start_days = days;
    switch (unit) {
    case BUCKET_MINUTE: return (struct bucket){floor_to(local, SECONDS_PER_MINUTE), offset};
    case BUCKET_HOUR: return (struct bucket){floor_to(local, SECONDS_PER_HOUR), offset};
    case BUCKET_DAY: break;
    case BUCKET_WEEK: start_days = monday_of(days); break;
    case BUCKET_MONTH: start_days = first_of_month(days, 1); break;
    case BUCKET_QUARTER: start_days = first_of_month(days, 3); break;
    case BUCKET_YEAR: start_days = first_of_month(days, 12); break;
    }
    return (struct bucket){.local_seconds = start_days * SECONDS_PER_DAY};
}

/* The ISO year of a week is that of its Thursday. */
static size_t add_week(char *text, int64_t monday)
{
    int year, month, day;
    civil_date(monday + 3, &year, &month, &day);
    int64_t const first = monday_of(civil_days(year, 1, 4));
    return calendar_add(text, 0, "%04d-W%02d", year, (int)((monday - first) / 7 + 1));
}

size_t calendar_bucket_write(const struct bucket *bucket, enum bucket_unit unit,
                             const struct time_zone *zone, char text[CALENDAR_TEXT_BYTES])
{
    int year, month, day;
    int64_t const local = bucket->local_seconds, days = floor_days(local);
    int const rest = (int)(local - days * SECONDS_PER_DAY);
    int64_t const unit_seconds = unit == BUCKET_HOUR ? SECONDS_PER_HOUR : SECONDS_PER_MINUTE;
    int32_t offsets[ZONE_OFFSETS_MAX];
    size_t length = 0;
    civil_date(days, &year, &month, &day);
    switch (unit) {
    case BUCKET_YEAR: return calendar_add(text, 0, "%04d", year);
    case BUCKET_QUARTER: return calendar_add(text, 0, "%04d-Q%d", year, (month + 2) / 3);
    case BUCKET_MONTH: return calendar_add(text, 0, "%04d-%02d", year, month);
    case BUCKET_WEEK: return add_week(text, days);
    case BUCKET_DAY: return calendar_add(text, 0, "%04d-%02d-%02d", year, month, day);
    case BUCKET_HOUR:
    case BUCKET_MINUTE: break;
    }
    length =
        calendar_add(text, 0, "%04d-%02d-%02dT%02d", year, month, day, rest / SECONDS_PER_HOUR);
    if (unit == BUCKET_MINUTE)
        length = calendar_add(text, length, "%02d", rest / SECONDS_PER_MINUTE % 60);
    if (time_zone_shown(zone, local, unit_seconds, offsets) < 2) return length;
    return add_offset(text, length, bucket->offset_seconds, "");
}

/* Reads the parts of a bucket's name into the first second of it. */
static bool read_bucket(struct slice text, enum bucket_unit unit, struct civil *civil,
                        int *ret_week)
{
    size_t at = 0;
    int quarter;
    if (!read_digits(text, &at, 4, 4, &civil->year)) return false;
    if (unit == BUCKET_YEAR) return at == text.length;
    if (!read_byte(text, &at, '-')) return false;
    if (unit == BUCKET_WEEK)
        return read_byte(text, &at, 'W') && read_digits(text, &at, 2, 2, ret_week) &&
               at == text.length;
    if (unit == BUCKET_QUARTER) {
        if (!read_byte(text, &at, 'Q') || !read_digits(text, &at, 1, 1, &quarter)) return false;
        civil->month = quarter * 3 - 2;
        return at == text.length;
    }
    if (!read_digits(text, &at, 2, 2, &civil->month)) return false;
    if (unit == BUCKET_MONTH) return at == text.length;
    if (!read_byte(text, &at, '-') || !read_digits(text, &at, 2, 2, &civil->day)) return false;
    if (unit == BUCKET_DAY) return at == text.length;
    if (!read_name_clock(text, &at, unit == BUCKET_MINUTE ? 2 : 1, civil)) return false;
    return at == text.length || (read_offset(text, &at, civil) && at == text.length);
}

/* The offset under which ZONE shows some part of the bucket: the one that its name tells, or the
 * first. A bucket that lies in a gap has none. */
static bool bucket_offset(const struct time_zone *zone, int64_t local, int64_t length,
                          const struct civil *civil, int32_t *ret_offset)
{
    int32_t offsets[ZONE_OFFSETS_MAX];
    int const shown = time_zone_shown(zone, local, length, offsets);
    for (int i = 0; i < shown; i++) {
        if (civil->has_offset && civil->offset_seconds != offsets[i]) continue;
        *ret_offset = offsets[i];
        return true;
    }
    return false;
}

bool calendar_bucket_read(struct slice text, enum bucket_unit unit, const struct time_zone *zone,
                          struct bucket *ret_bucket)
{
    struct civil civil = {.month = 1, .day = 1};
    char again[CALENDAR_TEXT_BYTES];
    int week = 0;
    if (!read_bucket(text, unit, &civil, &week) || !civil_check(&civil) || civil.year < FIRST_YEAR)
        return false;
    int64_t local = civil_days(civil.year, civil.month, civil.day) * SECONDS_PER_DAY +
                    civil.hour * SECONDS_PER_HOUR + civil.minute * SECONDS_PER_MINUTE;
    if (unit == BUCKET_WEEK)
        local = (monday_of(civil_days(civil.year, 1, 4)) + (week - 1) * 7) * SECONDS_PER_DAY;
    struct bucket bucket = {.local_seconds = local};
    if (unit == BUCKET_HOUR || unit == BUCKET_MINUTE) {
        int64_t const length = unit == BUCKET_HOUR ? SECONDS_PER_HOUR : SECONDS_PER_MINUTE;
        if (!bucket_offset(zone, local, length, &civil, &bucket.offset_seconds)) return false;
    }
    size_t const length = calendar_bucket_write(&bucket, unit, zone, again);
    if (!slice_equal(slice_of(again, length), text)) return false;
    *ret_bucket = bucket;
    return true;
}
