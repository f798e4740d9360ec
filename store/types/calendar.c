/* Dates are counted in days by Howard Hinnant's algorithms ("chrono-Compatible Low-Level Date
 * Algorithms"): years begin in March, so that the leap day is the last, and repeat every 400.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "types/calendar.h"

#include <stdarg.h>
#include <stdio.h>

#include "types/calendar_p.h"

enum { DAYS_PER_ERA = 146097, DAYS_TO_EPOCH = 719468 };

int64_t civil_days(int64_t year, int month, int day)
{
    year -= month <= 2;
    int64_t const era = (year >= 0 ? year : year - 399) / 400;
    int64_t const year_of_era = year - era * 400;
    int64_t const day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    int64_t const day_of_era =
        year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return era * DAYS_PER_ERA + day_of_era - DAYS_TO_EPOCH;
}

void civil_date(int64_t days, int *ret_year, int *ret_month, int *ret_day)
{
    days += DAYS_TO_EPOCH;
    int64_t const era = (days >= 0 ? days : days - (DAYS_PER_ERA - 1)) / DAYS_PER_ERA;
    int64_t const day_of_era = days - era * DAYS_PER_ERA;
    int64_t const year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int64_t const day_of_year =
        day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int const month_from_march = (int)((5 * day_of_year + 2) / 153);
    *ret_day = (int)(day_of_year - (153 * month_from_march + 2) / 5 + 1);
    *ret_month = month_from_march + (month_from_march < 10 ? 3 : -9);
    *ret_year = (int)(year_of_era + era * 400 + (*ret_month <= 2));
}

static int month_length(int year, int month)
{
    static const int lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool const leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return lengths[month - 1] + (month == 2 && leap);
}

bool civil_check(const struct civil *civil)
{
    return civil->year >= 0 && civil->year <= 9999 && civil->month >= 1 && civil->month <= 12 &&
           civil->day >= 1 && civil->day <= month_length(civil->year, civil->month) &&
           civil->hour >= 0 && civil->hour <= 23 && civil->minute >= 0 && civil->minute <= 59 &&
           civil->second >= 0 && civil->second <= 60;
}

int128 civil_instant(const struct civil *civil, const struct time_zone *zone)
{
    int64_t const local = civil_days(civil->year, civil->month, civil->day) * SECONDS_PER_DAY +
                          civil->hour * SECONDS_PER_HOUR + civil->minute * SECONDS_PER_MINUTE +
                          civil->second;
    int32_t offsets[2] = {civil->offset_seconds, 0};
    if (!civil->has_offset) (void)time_zone_local(zone, local, offsets);
    return (int128)(local - offsets[0]) * NS_PER_SECOND + civil->ns;
}

static bool digit_at(struct slice text, size_t at)
{
    return at < text.length && text.at[at] >= '0' && text.at[at] <= '9';
}

bool read_digits(struct slice text, size_t *at, int least, int most, int *ret_number)
{
    int count = 0, number = 0;
    while (count < most && digit_at(text, *at)) {
        number = number * 10 + (text.at[(*at)++] - '0');
        count++;
    }
    if (count < least) return false;
    *ret_number = number;
    return true;
}

bool read_fraction(struct slice text, size_t *at, int64_t *ret_ns)
{
    int64_t ns = 0, worth = NS_PER_SECOND / 10;
    if (!digit_at(text, *at)) return false;
    for (; digit_at(text, *at); (*at)++, worth /= 10)
        ns += (text.at[*at] - '0') * worth;
    *ret_ns = ns;
    return true;
}

bool read_byte(struct slice text, size_t *at, char byte)
{
    if (*at >= text.length || text.at[*at] != (uint8_t)byte) return false;
    (*at)++;
    return true;
}

bool read_offset(struct slice text, size_t *at, struct civil *civil)
{
    int hours, minutes = 0, seconds = 0;
    civil->has_offset = true;
    civil->offset_seconds = 0;
    if (read_byte(text, at, 'Z') || read_byte(text, at, 'z')) return true;
    bool const west = read_byte(text, at, '-');
    if (!west && !read_byte(text, at, '+')) return false;
    if (!read_digits(text, at, 2, 2, &hours)) return false;
    bool const colon = read_byte(text, at, ':');
    if (colon || digit_at(text, *at)) {
        if (!read_digits(text, at, 2, 2, &minutes)) return false;
        if ((colon && read_byte(text, at, ':')) || (!colon && digit_at(text, *at))) {
            if (!read_digits(text, at, 2, 2, &seconds)) return false;
        }
    }
    if (hours > 23 || minutes > 59 || seconds > 59) return false;
    int32_t const offset = hours * SECONDS_PER_HOUR + minutes * SECONDS_PER_MINUTE + seconds;
    civil->offset_seconds = west ? -offset : offset;
    return true;
}

static bool read_date(struct slice text, size_t *at, struct civil *civil)
{
    return read_digits(text, at, 4, 4, &civil->year) && read_byte(text, at, '-') &&
           read_digits(text, at, 2, 2, &civil->month) && read_byte(text, at, '-') &&
           read_digits(text, at, 2, 2, &civil->day);
}

static bool calendar_read_clock(struct slice text, size_t *at, struct civil *civil)
{
    if (!read_digits(text, at, 2, 2, &civil->hour) || !read_byte(text, at, ':') ||
        !read_digits(text, at, 2, 2, &civil->minute))
        return false;
    if (!read_byte(text, at, ':')) return true;
    if (!read_digits(text, at, 2, 2, &civil->second)) return false;
    if (read_byte(text, at, '.') || read_byte(text, at, ','))
        return read_fraction(text, at, &civil->ns);
    return true;
}

/* The weeks of these years are theirs, too: 0001-01-01 is a Monday, and 9999-12-31 a Friday. */
bool calendar_in_range(int128 time_ns, const struct time_zone *zone)
{
    int64_t const first = civil_days(FIRST_YEAR, 1, 1) * SECONDS_PER_DAY;
    int64_t const end = civil_days(LAST_YEAR + 1, 1, 1) * SECONDS_PER_DAY;
    int64_t const margin = 2 * SECONDS_PER_DAY; /* more than any offset */
    int64_t ns;
    if (time_ns < (int128)(first - margin) * NS_PER_SECOND ||
        time_ns >= (int128)(end + margin) * NS_PER_SECOND)
        return false;
    int64_t const seconds = instant_seconds(time_ns, &ns);
    if (seconds >= first + margin && seconds < end - margin) return true;
    int64_t const local = seconds + time_zone_offset(zone, seconds);
    return local >= first && local < end;
}

/* A number of seconds, or by its size of milli-, micro- or nanoseconds, since 1970. */
static bool calendar_read_epoch(struct slice text, int128 *ret_time_ns)
{
    struct decimal number;
    if (decimal_read(text, &number) != DECIMAL_READ) return false;
    int128 unit = 1;
    for (unsigned i = 0; i < number.scale; i++)
        unit *= 10;
    int128 const whole = number.coefficient / unit;
    int128 const size = whole < 0 ? -whole : whole;
    int128 const ten_to_11 = 100000000000;
    int128 ns_per_unit = NS_PER_SECOND;
    if (size >= ten_to_11) ns_per_unit /= 1000;
    if (size >= ten_to_11 * 1000) ns_per_unit /= 1000;
    if (size >= ten_to_11 * 1000000) ns_per_unit /= 1000;
    int128 rest = number.coefficient % unit, ns = 0;
    for (int128 worth = ns_per_unit; worth > 1 && unit > 1;) { /* digits behind the point */
        unit /= 10;
        worth /= 10;
        ns += rest / unit * worth;
        rest %= unit;
    }
    *ret_time_ns = whole * ns_per_unit + ns;
    return true;
}

bool calendar_read(struct slice text, const struct time_zone *zone, int128 *ret_time_ns)
{
    struct civil civil = {0};
    size_t at = 0;
    if (!read_date(text, &at, &civil)) return calendar_read_epoch(text, ret_time_ns);
    if (at < text.length) {
        uint8_t const mark = text.at[at];
        if (mark != 'T' && mark != 't' && mark != ' ') return false;
        at++;
        if (!calendar_read_clock(text, &at, &civil)) return false;
        if (at + 1 < text.length && text.at[at] == ' ') at++; /* "2015-05-17 10:05:03 +0000" */
        if (at < text.length && !read_offset(text, &at, &civil)) return false;
    }
    if (at != text.length || !civil_check(&civil)) return false;
    *ret_time_ns = civil_instant(&civil, zone);
    return true;
}

size_t calendar_add(char *text, size_t length, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int const added = vsnprintf(text + length, CALENDAR_TEXT_BYTES - length, format, arguments);
    va_end(arguments);
    return length + (size_t)added;
}

size_t add_offset(char *text, size_t length, int32_t offset, const char *colon)
{
    int32_t const size = offset < 0 ? -offset : offset;
    length = calendar_add(text, length, "%c%02d%s%02d", offset < 0 ? '-' : '+',
                          size / SECONDS_PER_HOUR, colon, size / SECONDS_PER_MINUTE % 60);
    if (size % SECONDS_PER_MINUTE)
        length = calendar_add(text, length, "%s%02d", colon, size % SECONDS_PER_MINUTE);
    return length;
}

/* Date and time with COLON between the parts of the clock, and a fraction if there is one. */
static size_t calendar_add_time(char *text, int64_t local, int64_t ns, const char *colon)
{
    int year, month, day;
    int64_t const days = floor_days(local);
    int const rest = (int)(local - days * SECONDS_PER_DAY);
    civil_date(days, &year, &month, &day);
    size_t length = calendar_add(text, 0, "%04d-%02d-%02dT%02d%s%02d%s%02d", year, month, day,
                                 rest / SECONDS_PER_HOUR, colon, rest / SECONDS_PER_MINUTE % 60,
                                 colon, rest % SECONDS_PER_MINUTE);
    if (ns == 0) return length;
    length = calendar_add(text, length, ".%09d", (int)ns);
    while (text[length - 1] == '0')
        length--;
    return length;
}

size_t calendar_write(int128 time_ns, const struct time_zone *zone, char text[CALENDAR_TEXT_BYTES])
{
    int64_t ns;
    int64_t const seconds = instant_seconds(time_ns, &ns);
    int32_t const offset = time_zone_offset(zone, seconds);
    size_t const length = calendar_add_time(text, seconds + offset, ns, ":");
    return offset == 0 ? calendar_add(text, length, "Z") : add_offset(text, length, offset, ":");
}

size_t calendar_name_write(int128 time_ns, const struct time_zone *zone,
                           char text[CALENDAR_TEXT_BYTES])
{
    int64_t ns;
    int64_t const seconds = instant_seconds(time_ns, &ns);
    int32_t const offset = time_zone_offset(zone, seconds);
    int32_t offsets[ZONE_OFFSETS_MAX];
    size_t const length = calendar_add_time(text, seconds + offset, ns, "");
    if (time_zone_shown(zone, seconds + offset, 1, offsets) < 2) return length;
    return add_offset(text, length, offset, "");
}

bool read_name_clock(struct slice text, size_t *at, int parts, struct civil *civil)
{
    return read_byte(text, at, 'T') && read_digits(text, at, 2, 2, &civil->hour) &&
           (parts < 2 || read_digits(text, at, 2, 2, &civil->minute)) &&
           (parts < 3 || read_digits(text, at, 2, 2, &civil->second));
}

bool calendar_name_read(struct slice text, const struct time_zone *zone, int128 *ret_time_ns)
{
    struct civil civil = {0};
    size_t at = 0;
    char again[CALENDAR_TEXT_BYTES];
    if (!read_date(text, &at, &civil) || !read_name_clock(text, &at, 3, &civil)) return false;
    if (read_byte(text, &at, '.') && !read_fraction(text, &at, &civil.ns)) return false;
    if (at < text.length && !read_offset(text, &at, &civil)) return false;
    if (at != text.length || !civil_check(&civil)) return false;
    int128 const time_ns = civil_instant(&civil, zone);
    if (!calendar_in_range(time_ns, zone)) return false;
    size_t const length = calendar_name_write(time_ns, zone, again);
    if (!slice_equal(slice_of(again, length), text)) return false;
    *ret_time_ns = time_ns;
    return true;
}
