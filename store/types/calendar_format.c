/* Times by a pattern of strptime(3). Our own reader, as the C library's takes the names of months
 * from the locale, knows no fractions, and accepts the 30th of February.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <strings.h>

#include "types/calendar_p.h"

#include "base/ascii.h"

/* What a pattern may leave in pieces until the end. */
struct pieces {
    struct civil civil;
    bool is_pm, has_half; /* %p */
    int day_of_year;      /* %j, or 0 */
    bool is_epoch;        /* %s */
    int64_t epoch_seconds;
};

static const char *const months[] = {"january",   "february", "march",    "april",
                                     "may",       "june",     "july",     "august",
                                     "september", "october",  "november", "december"};
static const char *const days[] = {"sunday",   "monday", "tuesday", "wednesday",
                                   "thursday", "friday", "saturday"};
static const char directives[] = "YymdejHIMSfpbBhaAzZsTDFRnt%";

static void calendar_format_skip_blanks(struct slice text, size_t *at)
{
    while (*at < text.length && ascii_is_space(text.at[*at]))
        (*at)++;
}

static bool starts_with(struct slice text, size_t at, const char *word, size_t length)
{
    return text.length - at >= length && strncasecmp((const char *)text.at + at, word, length) == 0;
}

/* One of NAMES, whole or its first three letters, in any case. */
static bool calendar_format_read_name(struct slice text, size_t *at, const char *const *names,
                                      int count, int *ret_index)
{
    for (int i = 0; i < count; i++) {
        size_t const whole = strlen(names[i]);
        if (!starts_with(text, *at, names[i], 3)) continue;
        *at += starts_with(text, *at, names[i], whole) ? whole : 3;
        *ret_index = i;
        return true;
    }
    return false;
}

static bool read_two_digit_year(struct slice text, size_t *at, int *ret_year)
{
    int year;
    if (!read_digits(text, at, 1, 2, &year)) return false;
    *ret_year = year + (year >= 69 ? 1900 : 2000);
    return true;
}

static bool read_half(struct slice text, size_t *at, struct pieces *pieces)
{
    pieces->has_half = true;
    pieces->is_pm = starts_with(text, *at, "pm", 2);
    if (!pieces->is_pm && !starts_with(text, *at, "am", 2)) return false;
    *at += 2;
    return true;
}

static bool read_zone_name(struct slice text, size_t *at, struct civil *civil)
{
    static const char *const names[] = {"UTC", "GMT", "Z"};
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        size_t const length = strlen(names[i]);
        if (!starts_with(text, *at, names[i], length)) continue;
        *at += length;
        civil->has_offset = true;
        civil->offset_seconds = 0;
        return true;
    }
    return false;
}

static bool calendar_format_read_epoch(struct slice text, size_t *at, struct pieces *pieces)
{
    bool const negative = *at < text.length && text.at[*at] == '-';
    size_t const start = *at += negative;
    int64_t seconds = 0;
    while (*at < text.length && text.at[*at] >= '0' && text.at[*at] <= '9' && *at - start < 12)
        seconds = seconds * 10 + (text.at[(*at)++] - '0');
    pieces->is_epoch = true;
    pieces->epoch_seconds = negative ? -seconds : seconds;
    return *at > start;
}

static bool read_pattern(struct slice text, size_t *at, struct slice format, struct pieces *pieces);

static bool read_directive(struct slice text, size_t *at, char directive, struct pieces *pieces)
{
    struct civil *const civil = &pieces->civil;
    int index;
    switch (directive) {
    case 'Y': return read_digits(text, at, 1, 4, &civil->year);
    case 'y': return read_two_digit_year(text, at, &civil->year);
    case 'm': return read_digits(text, at, 1, 2, &civil->month);
    case 'e':
        calendar_format_skip_blanks(text, at);
        return read_digits(text, at, 1, 2, &civil->day);
    case 'd': return read_digits(text, at, 1, 2, &civil->day);
    case 'j': return read_digits(text, at, 1, 3, &pieces->day_of_year) && pieces->day_of_year > 0;
    case 'H': return read_digits(text, at, 1, 2, &civil->hour);
    case 'I':
        return read_digits(text, at, 1, 2, &civil->hour) && civil->hour >= 1 && civil->hour <= 12;
    case 'M': return read_digits(text, at, 1, 2, &civil->minute);
    case 'S': return read_digits(text, at, 1, 2, &civil->second);
    case 'f': return read_fraction(text, at, &civil->ns);
    case 'p': return read_half(text, at, pieces);
    case 'b':
    case 'B':
    case 'h':
        if (!calendar_format_read_name(text, at, months, COUNT_OF(months), &index)) return false;
        civil->month = index + 1;
        return true;
    case 'a':
    case 'A': return calendar_format_read_name(text, at, days, COUNT_OF(days), &index);
    case 'z': return read_offset(text, at, civil);
    case 'Z': return read_zone_name(text, at, civil);
    case 's': return calendar_format_read_epoch(text, at, pieces);
    case 'T': return read_pattern(text, at, slice_text("%H:%M:%S"), pieces);
    case 'D': return read_pattern(text, at, slice_text("%m/%d/%y"), pieces);
    case 'F': return read_pattern(text, at, slice_text("%Y-%m-%d"), pieces);
    case 'R': return read_pattern(text, at, slice_text("%H:%M"), pieces);
    case 'n':
    case 't': calendar_format_skip_blanks(text, at); return true;
    case '%': return *at < text.length && text.at[(*at)++] == '%';
    default: return false; /* calendar_check_format has refused it */
    }
}

static bool read_pattern(struct slice text, size_t *at, struct slice format, struct pieces *pieces)
{
    for (size_t i = 0; i < format.length; i++) {
        if (ascii_is_space(format.at[i])) {
            calendar_format_skip_blanks(text, at);
        } else if (format.at[i] == '%' && i + 1 < format.length) {
            if (!read_directive(text, at, (char)format.at[++i], pieces)) return false;
        } else {
            if (*at >= text.length || text.at[*at] != format.at[i]) return false;
            (*at)++;
        }
    }
    return true;
}

bool calendar_read_format(struct slice text, struct slice format, const struct time_zone *zone,
                          int128 *ret_time_ns)
{
    struct pieces pieces = {.civil = {.year = 1970, .month = 1, .day = 1}};
    struct civil *const civil = &pieces.civil;
    size_t at = 0;
    if (!read_pattern(text, &at, format, &pieces) || at != text.length) return false;
    if (pieces.is_epoch) {
        *ret_time_ns = (int128)pieces.epoch_seconds * NS_PER_SECOND + civil->ns;
        return true;
    }
    if (pieces.has_half) civil->hour = civil->hour % 12 + (pieces.is_pm ? 12 : 0);
    if (pieces.day_of_year) {
        int const year = civil->year;
        civil_date(civil_days(year, 1, 1) + pieces.day_of_year - 1, &civil->year, &civil->month,
                   &civil->day);
        if (civil->year != year) return false; /* the 366th day of a common year */
    }
    if (!civil_check(civil)) return false;
    *ret_time_ns = civil_instant(civil, zone);
    return true;
}

/* A time on its way into text. */
struct written {
    struct civil civil;
    int64_t epoch_seconds;
    int64_t day; /* local, since 1970-01-01 */
};

static void write_name(const char *name, bool whole, struct buffer *text)
{
    buffer_add_byte(text, (uint8_t)(name[0] - 'a' + 'A'));
    buffer_add(text, name + 1, whole ? strlen(name) - 1 : 2);
}

static void write_offset(int32_t offset, struct buffer *text)
{
    char written[CALENDAR_TEXT_BYTES];
    buffer_add(text, written, add_offset(written, 0, offset, ""));
}

static void write_pattern(const struct written *time, struct slice format, struct buffer *text);

static void write_directive(const struct written *time, char directive, struct buffer *text)
{
    enum { THURSDAY = 4, DAYS_PER_WEEK = 7 };
    const struct civil *const civil = &time->civil;
    int const week_day =
        (int)(time->day + THURSDAY - floor_to(time->day + THURSDAY, DAYS_PER_WEEK));
    switch (directive) {
    case 'Y': buffer_format(text, "%04d", civil->year); return;
    case 'y': buffer_format(text, "%02d", civil->year % 100); return;
    case 'm': buffer_format(text, "%02d", civil->month); return;
    case 'd': buffer_format(text, "%02d", civil->day); return;
    case 'e': buffer_format(text, "%2d", civil->day); return;
    case 'j':
        buffer_format(text, "%03d", (int)(time->day - civil_days(civil->year, 1, 1)) + 1);
        return;
    case 'H': buffer_format(text, "%02d", civil->hour); return;
    case 'I': buffer_format(text, "%02d", (civil->hour + 11) % 12 + 1); return;
    case 'M': buffer_format(text, "%02d", civil->minute); return;
    case 'S': buffer_format(text, "%02d", civil->second); return;
    case 'f': buffer_format(text, "%09lld", (long long)civil->ns); return;
    case 'p': buffer_add_text(text, civil->hour < 12 ? "AM" : "PM"); return;
    case 'b':
    case 'h': write_name(months[civil->month - 1], false, text); return;
    case 'B': write_name(months[civil->month - 1], true, text); return;
    case 'a': write_name(days[week_day], false, text); return;
    case 'A': write_name(days[week_day], true, text); return;
    case 'z': write_offset(civil->offset_seconds, text); return;
    case 'Z': buffer_add_text(text, "UTC"); return;
    case 's': buffer_format(text, "%lld", (long long)time->epoch_seconds); return;
    case 'T': write_pattern(time, slice_text("%H:%M:%S"), text); return;
    case 'D': write_pattern(time, slice_text("%m/%d/%y"), text); return;
    case 'F': write_pattern(time, slice_text("%Y-%m-%d"), text); return;
    case 'R': write_pattern(time, slice_text("%H:%M"), text); return;
    case 'n':
    case 't': buffer_add_byte(text, ' '); return;
    default: buffer_add_byte(text, (uint8_t)directive); return; /* %% */
    }
}

static void write_pattern(const struct written *time, struct slice format, struct buffer *text)
{
    for (size_t i = 0; i < format.length; i++) {
        if (format.at[i] == '%' && i + 1 < format.length)
            write_directive(time, (char)format.at[++i], text);
        else
            buffer_add_byte(text, format.at[i]);
    }
}

static bool names_utc(struct slice format)
{
    for (size_t i = 0; i + 1 < format.length; i++) {
        if (format.at[i] == '%' && format.at[++i] == 'Z') return true;
    }
    return false;
}

void calendar_write_format(int128 time_ns, struct slice format, const struct time_zone *zone,
                           struct buffer *text)
{
    struct written time;
    struct civil *const civil = &time.civil;
    time.epoch_seconds = instant_seconds(time_ns, &civil->ns);
    civil->offset_seconds = names_utc(format) ? 0 : time_zone_offset(zone, time.epoch_seconds);
    int64_t const local = time.epoch_seconds + civil->offset_seconds;
    time.day = floor_days(local);
    int64_t const second = local - time.day * SECONDS_PER_DAY;
    civil_date(time.day, &civil->year, &civil->month, &civil->day);
    civil->hour = (int)(second / SECONDS_PER_HOUR);
    civil->minute = (int)(second % SECONDS_PER_HOUR / SECONDS_PER_MINUTE);
    civil->second = (int)(second % SECONDS_PER_MINUTE);
    write_pattern(&time, format, text);
}

bool calendar_check_format(struct slice format, size_t *ret_offset)
{
    for (size_t i = 0; i < format.length; i++) {
        if (format.at[i] != '%') continue;
        *ret_offset = i++;
        if (i == format.length || format.at[i] == '\0' || !strchr(directives, format.at[i]))
            return false;
    }
    return true;
}
