/* A pattern is a date, and behind it nothing or a clock. All are tried on each value until they
 * have failed too often; of those that fit alike the first one in the list is taken.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdio.h>

#include "infer/type_inference.h"
#include "types/calendar.h"

const char *const inference_epoch_names[INFERENCE_EPOCHS] = {"epoch s", "epoch ms", "epoch us",
                                                             "epoch ns"};

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
    HOPELESS_MISFITS = 10000 / INFERENCE_VALUES_A_MISFIT,
};
_Static_assert((int)PATTERNS <= (int)INFERENCE_PATTERNS_MAX, "struct guess counts each pattern");

static void write_pattern(size_t pattern, char text[INFERENCE_FORMAT_BYTES])
{
    bool const dated = pattern < DATED;
    const char *const start =
        dated ? dates[pattern / COUNT_OF(clocks)].date : wholes[pattern - DATED];
    const char *const clock = dated ? clocks[pattern % COUNT_OF(clocks)] : "";
    (void)snprintf(text, INFERENCE_FORMAT_BYTES, "%s%s", start, clock); /* they all fit */
}

static bool is_plausible(int128 time_ns, int64_t least_seconds, int64_t most_seconds)
{
    int128 const second = 1000000000;
    return time_ns >= least_seconds * second && time_ns < most_seconds * second;
}

bool inference_epoch(struct slice number, const struct time_zone *zone,
                     enum inference_epoch *ret_unit)
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
    *ret_unit = (enum inference_epoch)unit_index;
    return true;
}

/* 1800 to 2200: further off, what was read as a year is something else. */
static bool time_inference_fits(struct slice text, const char *pattern,
                                const struct time_zone *zone)
{
    int64_t const year_1800 = -5364662400, year_2200 = 7258118400;
    int128 time_ns;
    return calendar_read_format(text, slice_text(pattern), zone, &time_ns) &&
           is_plausible(time_ns, year_1800, year_2200);
}

bool inference_compact_day(struct slice number, const struct time_zone *zone)
{
    return number.length == 8 && time_inference_fits(number, "%Y%m%d", zone);
}

static void visit_iso(struct inference *inference, struct slice text)
{
    enum { DATE_BYTES = 10, MINUTE_BYTES = 16 }; /* 2026-01-31, 2026-01-31T13:05 */
    bool offset = false;
    inference->times++;
    if (text.length > DATE_BYTES) inference->with_clock++;
    for (size_t i = MINUTE_BYTES; i < text.length; i++)
        offset |= strchr("Zz+-", text.at[i]) != NULL;
    inference->with_offset += offset;
}

void inference_time(struct inference *inference, struct slice text)
{
    enum { LEAST_BYTES = 6, MOST_BYTES = 48 };
    char pattern[INFERENCE_FORMAT_BYTES];
    int128 time_ns;
    size_t const seen = inference->values;
    if (text.length < LEAST_BYTES || text.length > MOST_BYTES) return;
    if (calendar_read(text, inference->zone, &time_ns) &&
        calendar_in_range(time_ns, inference->zone)) {
        visit_iso(inference, text);
        return;
    }
    for (size_t i = 0; i < PATTERNS; i++) {
        if (seen - inference->patterns[i] > HOPELESS_MISFITS) continue;
        write_pattern(i, pattern);
        if (time_inference_fits(text, pattern, inference->zone)) inference->patterns[i]++;
    }
}

size_t inference_best_pattern(const struct inference *inference,
                              char ret_format[INFERENCE_FORMAT_BYTES])
{
    size_t best = 0;
    for (size_t i = 1; i < PATTERNS; i++) {
        if (inference->patterns[i] > inference->patterns[best]) best = i;
    }
    write_pattern(best, ret_format);
    return best;
}

void inference_note_order(const struct inference *inference, size_t pattern, struct buffer *note)
{
    char text[INFERENCE_FORMAT_BYTES];
    size_t const date = pattern / COUNT_OF(clocks);
    if (pattern >= DATED || !dates[date].twin) return;
    for (size_t i = 0; i < COUNT_OF(dates); i++) {
        size_t const twin = i * COUNT_OF(clocks) + pattern % COUNT_OF(clocks);
        if (strcmp(dates[i].date, dates[date].twin) != 0) continue;
        buffer_add_text(note, dates[date].order);
        if (inference->patterns[twin] < inference->patterns[pattern]) return;
        write_pattern(twin, text);
        buffer_format(note, ", a guess: all fit \"%s\" as well", text);
    }
}
