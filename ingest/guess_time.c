/* A pattern is a date, and behind it nothing or a clock. All are tried on each value until they have failed too often;
 * of those that fit alike the first one in the list is taken.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdio.h>

#include "calendar.h"
#include "guess.h"

const char *const guess_epoch_names[GUESS_EPOCHS] = {"epoch s", "epoch ms", "epoch us", "epoch ns"};

/* Where day and month could change places, `twin` is the other order. */
static const struct {
    const char *date;
    const char *twin;
    const char *order; /* said of it */
} dates[] = {
    {"%m/%d/%y", "%d/%m/%y", "month first"},
    {"%m/%d/%Y", "%d/%m/%Y", "month first"},
    {"%d/%m/%y", "%m/%d/%y", "day first"},
    {"%d/%m/%Y", "%m/%d/%Y", "day first"},
    {"%d.%m.%y", NULL, NULL},
    {"%d.%m.%Y", NULL, NULL},
    {"%d-%m-%y", "%m-%d-%y", "day first"},
    {"%d-%m-%Y", "%m-%d-%Y", "day first"},
    {"%m-%d-%y", "%d-%m-%y", "month first"},
    {"%m-%d-%Y", "%d-%m-%Y", "month first"},
    {"%Y/%m/%d", NULL, NULL},
    {"%Y.%m.%d", NULL, NULL},
    {"%d-%b-%y", NULL, NULL},
    {"%d-%b-%Y", NULL, NULL},
    {"%d %b %y", NULL, NULL},
    {"%d %b %Y", NULL, NULL},
    {"%b %d, %Y", NULL, NULL},
    {"%b %d %Y", NULL, NULL},
};
static const char *const clocks[] = {
    "", " %H:%M", " %H:%M:%S", " %H:%M:%S.%f", " %I:%M %p", " %I:%M:%S %p", " %H:%M:%S %z",
};
static const char *const wholes[] = {
    "%Y-%m",
    "%Y-%m-%d %I:%M %p",
    "%Y-%m-%d %I:%M:%S %p",
    "%Y%m%dT%H%M%S%z",
    "%Y%m%dT%H%M%S",
    "%d/%b/%Y:%H:%M:%S %z", /* of web servers */
    "%a, %d %b %Y %H:%M:%S %z",
    "%a, %d %b %Y %H:%M:%S %Z",
    "%a %b %d %H:%M:%S %Y", /* ctime */
    "%a %b %d %H:%M:%S %Z %Y",
    "%a %b %d %H:%M:%S %z %Y",
};
enum {
    DATED = COUNT_OF(dates) * COUNT_OF(clocks),
    PATTERNS = DATED + COUNT_OF(wholes),
    /* A pattern that does not fit as many values is none, whatever the rest. */
    HOPELESS_MISFITS = 10000 / GUESS_VALUES_A_MISFIT,
};
_Static_assert((int)PATTERNS <= (int)GUESS_PATTERNS_MAX, "struct guess counts each pattern");

static void write_pattern(size_t pattern, char text[GUESS_FORMAT_BYTES])
{
    bool const dated = pattern < DATED;
    const char *const start =
        dated ? dates[pattern / COUNT_OF(clocks)].date : wholes[pattern - DATED];
    const char *const clock = dated ? clocks[pattern % COUNT_OF(clocks)] : "";
    (void)snprintf(text, GUESS_FORMAT_BYTES, "%s%s", start, clock); /* they all fit */
}

static bool is_plausible(int128 time_ns, int64_t least_seconds, int64_t most_seconds)
{
    int128 const second = 1000000000;
    return time_ns >= least_seconds * second && time_ns < most_seconds * second;
}

bool guess_epoch(struct slice number, const struct zone *zone, enum guess_epoch *ret_unit)
{
    int64_t const year_1990 = 631152000, year_2100 = 4102444800;
    struct decimal value;
    int128 time_ns, unit = 1;
    if (!calendar_read(number, zone, &time_ns) || !is_plausible(time_ns, year_1990, year_2100) ||
        decimal_read(number, &value) != DECIMAL_READ)
        return false;
    for (unsigned i = 0; i < value.scale; i++)
        unit *= 10;
    unsigned unit_index = 0;
    for (int128 most = 100000000000; value.coefficient / unit >= most && unit_index < EPOCH_NS;
         most *= 1000)
        unit_index++;
    *ret_unit = (enum guess_epoch)unit_index;
    return true;
}

/* 1800 to 2200: further off, what was read as a year is something else. */
static bool fits(struct slice text, const char *pattern, const struct zone *zone)
{
    int64_t const year_1800 = -5364662400, year_2200 = 7258118400;
    int128 time_ns;
    return calendar_read_format(text, slice_text(pattern), zone, &time_ns) &&
           is_plausible(time_ns, year_1800, year_2200);
}

bool guess_compact_day(struct slice number, const struct zone *zone)
{
    return number.length == 8 && fits(number, "%Y%m%d", zone);
}

static void see_iso(struct guess *guess, struct slice text)
{
    enum { DATE_BYTES = 10, MINUTE_BYTES = 16 }; /* 2026-01-31, 2026-01-31T13:05 */
    bool offset = false;
    guess->times++;
    if (text.length > DATE_BYTES) guess->with_clock++;
    for (size_t i = MINUTE_BYTES; i < text.length; i++)
        offset |= strchr("Zz+-", text.at[i]) != NULL;
    guess->with_offset += offset;
}

void guess_time(struct guess *guess, struct slice text)
{
    enum { LEAST_BYTES = 6, MOST_BYTES = 48 };
    char pattern[GUESS_FORMAT_BYTES];
    int128 time_ns;
    size_t const seen = guess->values;
    if (text.length < LEAST_BYTES || text.length > MOST_BYTES) return;
    if (calendar_read(text, guess->zone, &time_ns)) {
        see_iso(guess, text);
        return;
    }
    for (size_t i = 0; i < PATTERNS; i++) {
        if (seen - guess->patterns[i] > HOPELESS_MISFITS) continue;
        write_pattern(i, pattern);
        if (fits(text, pattern, guess->zone)) guess->patterns[i]++;
    }
}

size_t guess_best_pattern(const struct guess *guess, char ret_format[GUESS_FORMAT_BYTES])
{
    size_t best = 0;
    for (size_t i = 1; i < PATTERNS; i++) {
        if (guess->patterns[i] > guess->patterns[best]) best = i;
    }
    write_pattern(best, ret_format);
    return best;
}

void guess_note_order(const struct guess *guess, size_t pattern, struct buffer *note)
{
    char text[GUESS_FORMAT_BYTES];
    size_t const date = pattern / COUNT_OF(clocks);
    if (pattern >= DATED || !dates[date].twin) return;
    for (size_t i = 0; i < COUNT_OF(dates); i++) {
        size_t const twin = i * COUNT_OF(clocks) + pattern % COUNT_OF(clocks);
        if (strcmp(dates[i].date, dates[date].twin) != 0) continue;
        buffer_add_text(note, dates[date].order);
        if (guess->patterns[twin] < guess->patterns[pattern]) return;
        write_pattern(twin, text);
        buffer_format(note, ", a guess: all fit \"%s\" as well", text);
    }
}
