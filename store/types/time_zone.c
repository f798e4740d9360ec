/* A TZif file lists the instants at which the offset changed, and ends with a rule for the time
 * behind them, in the notation of the TZ variable: "CET-1CEST,M3.5.0,M10.5.0/3". Between the two,
 * the offset at an instant is that of the last change before it.
 *
 * Local time is asked the other way round: which instants t have t + offset(t) = local? As
 * offsets are less than 26 hours, it is enough to try every offset in force from a day before
 * to a day behind.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "types/time_zone_p.h"

static int64_t days_from_civil(int64_t year, int month, int day)
{
    /* Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms", days_from_civil. */
    year -= month <= 2;
    int64_t const era = (year >= 0 ? year : year - 399) / 400;
    int64_t const of_era = year - era * 400;
    int64_t const of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

static int64_t year_of(int64_t seconds)
{
    int64_t const days = (seconds - (seconds < 0 ? SECONDS_PER_DAY - 1 : 0)) / SECONDS_PER_DAY;
    int64_t year = 1970 + days * 400 / 146097;
    while (days_from_civil(year, 1, 1) > days)
        year--;
    while (days_from_civil(year + 1, 1, 1) <= days)
        year++;
    return year;
}

static bool is_leap(int64_t year)
{
    return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

static int month_days(int64_t year, int month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    return days[month - 1] + (month == 2 && is_leap(year));
}

/* Local seconds at which the rule takes effect in YEAR. */
static int64_t rule_time(const struct rule *rule, int64_t year)
{
    int64_t day = days_from_civil(year, 1, 1);
    switch (rule->kind) {
    case RULE_JULIAN: /* 1 to 365, 29 February not counted */
        day += rule->day - 1 + (is_leap(year) && rule->day > 59);
        break;
    case RULE_DAY: day += rule->day; break;
    case RULE_MONTH: {
        int64_t const first = days_from_civil(year, rule->month, 1);
        int const weekday = (int)(((first + 4) % 7 + 7) % 7);
        int date = 1 + (rule->day - weekday + 7) % 7 + (rule->week - 1) * 7;
        while (date > month_days(year, rule->month))
            date -= 7;
        day = first + date - 1;
        break;
    }
    }
    return day * SECONDS_PER_DAY + rule->seconds;
}

static int32_t footer_offset(const struct time_zone *zone, int64_t utc_seconds)
{
    if (!zone->has_summer) return zone->standard;
    int64_t const year = year_of(utc_seconds + zone->standard);
    int64_t const begin = rule_time(&zone->to_summer, year) - zone->standard;
    int64_t const end = rule_time(&zone->to_standard, year) - zone->summer;
    bool const summer = begin < end ? utc_seconds >= begin && utc_seconds < end
                                    : utc_seconds >= begin || utc_seconds < end;
    return summer ? zone->summer : zone->standard;
}

int32_t time_zone_offset(const struct time_zone *zone, int64_t utc_seconds)
{
    if (zone->count == 0)
        return zone->has_footer ? footer_offset(zone, utc_seconds) : zone->first_offset;
    if (utc_seconds < zone->at[0]) return zone->first_offset;
    if (utc_seconds >= zone->at[zone->count - 1])
        return zone->has_footer ? footer_offset(zone, utc_seconds) : zone->offsets[zone->count - 1];
    size_t low = 0, high = zone->count - 1; /* at[low] <= t < at[high] */
    while (high - low > 1) {
        size_t const middle = low + (high - low) / 2;
        if (zone->at[middle] <= utc_seconds)
            low = middle;
        else
            high = middle;
    }
    return zone->offsets[low];
}

/* The first change of offset in (from, to], as an instant; false if there is none. */
static bool time_zone_next_change(const struct time_zone *zone, int64_t from, int64_t to,
                                  int64_t *ret_at)
{
    int32_t const offset = time_zone_offset(zone, from);
    /* Offsets hold for hours at least: a coarse scan finds the change, halving its second. */
    for (int64_t low = from; low < to;) {
        int64_t high = low + 2 * SECONDS_PER_HOUR < to ? low + 2 * SECONDS_PER_HOUR : to;
        if (time_zone_offset(zone, high) == offset) {
            low = high;
            continue;
        }
        while (high - low > 1) {
            int64_t const middle = low + (high - low) / 2;
            if (time_zone_offset(zone, middle) == offset)
                low = middle;
            else
                high = middle;
        }
        *ret_at = high;
        return true;
    }
    return false;
}

int time_zone_local(const struct time_zone *zone, int64_t local_seconds, int32_t ret_offsets[2])
{
    int64_t const from = local_seconds - OFFSET_MOST, to = local_seconds + OFFSET_MOST;
    int32_t const first = time_zone_offset(zone, from);
    if (zone->count == 0 && !zone->has_summer) {
        ret_offsets[0] = ret_offsets[1] = first;
        return 1;
    }
    int found = 0;
    int32_t offset = first, gap_before = first, gap_behind = first;
    int64_t begin = from, change;
    for (bool more = true; more; begin = change) {
        more = time_zone_next_change(zone, begin, to, &change);
        int64_t const instant = local_seconds - offset;
        if (found < 2 && instant >= begin && (!more || instant < change))
            ret_offsets[found++] = offset;
        if (!more) break;
        int32_t const next = time_zone_offset(zone, change);
        if (change + offset <= local_seconds && local_seconds < change + next) {
            gap_before = offset;
            gap_behind = next;
        }
        offset = next;
    }
    if (found == 0) {
        ret_offsets[0] = gap_before;
        ret_offsets[1] = gap_behind;
    } else if (found == 1) {
        ret_offsets[1] = ret_offsets[0];
    }
    return found;
}

static int add_offset(int32_t *offsets, int count, int32_t offset)
{
    for (int i = 0; i < count; i++) {
        if (offsets[i] == offset) return count;
    }
    if (count < ZONE_OFFSETS_MAX) offsets[count++] = offset;
    return count;
}

int time_zone_shown(const struct time_zone *zone, int64_t local_start, int64_t length_seconds,
                    int32_t ret_offsets[ZONE_OFFSETS_MAX])
{
    int64_t const local_end = local_start + length_seconds, to = local_end + OFFSET_MOST;
    int64_t begin = local_start - OFFSET_MOST, change;
    int32_t offset = time_zone_offset(zone, begin);
    int count = 0;
    if (zone->count == 0 && !zone->has_summer) {
        ret_offsets[0] = offset;
        return 1;
    }
    for (bool more = true; more; begin = change) {
        more = time_zone_next_change(zone, begin, to, &change);
        if (!more) change = to;
        /* Until the change the clock shows [begin + offset, change + offset). */
        if (begin + offset < local_end && local_start < change + offset)
            count = add_offset(ret_offsets, count, offset);
        offset = time_zone_offset(zone, change);
    }
    return count;
}
