// SPDX-License-Identifier: Apache-2.0
#include "types/calendar.h"

#include <stdio.h>

#include "../support/test.h"

static struct time_zone *load(const char *name)
{
    struct error err;
    struct time_zone *zone = NULL;
    AUTO_BUFFER struct buffer bytes = {0};
    if (!time_zone_load(slice_text(name), &bytes, &err) ||
        !time_zone_new(buffer_slice(&bytes), &zone, &err))
        fail_msg("%s: %s", name, err.fact);
    return zone;
}

static void check_time(int128 time_ns, const struct time_zone *zone, const char *expected)
{
    char text[CALENDAR_TEXT_BYTES + 1];
    text[calendar_write(time_ns, zone, text)] = '\0';
    assert_string_equal(text, expected);
}

static void times_read_in_every_form(void **state)
{
    (void)state;
    struct time_zone *const utc = load("UTC");
    static const char *const cases[][2] = {
        {"2026-01-01", "2026-01-01T00:00:00Z"},
        {"2026-01-01T13:05", "2026-01-01T13:05:00Z"},
        {"2026-01-01 13:05:09", "2026-01-01T13:05:09Z"},
        {"2026-01-01T13:05:09.5Z", "2026-01-01T13:05:09.5Z"},
        {"2026-01-01T13:05:09.123456789123Z", "2026-01-01T13:05:09.123456789Z"},
        {"2026-01-01T13:05:09+02:00", "2026-01-01T11:05:09Z"},
        {"2015-05-17 10:05:03 +0130", "2015-05-17T08:35:03Z"},
        {"2016-12-31T23:59:60Z", "2017-01-01T00:00:00Z"},
        {"0001-01-01T00:00:00Z", "0001-01-01T00:00:00Z"},
        {"9999-12-31T23:59:59.999Z", "9999-12-31T23:59:59.999Z"},
        {"0", "1970-01-01T00:00:00Z"},
        {"1646089341", "2022-02-28T23:02:21Z"},
        {"1646089341.25", "2022-02-28T23:02:21.25Z"},
        {"1646089341123", "2022-02-28T23:02:21.123Z"},
        {"1646089341123456", "2022-02-28T23:02:21.123456Z"},
        {"1646089341123456789", "2022-02-28T23:02:21.123456789Z"},
        {"-1", "1969-12-31T23:59:59Z"},
        {"1969-12-31T23:59:59.25Z", "1969-12-31T23:59:59.25Z"},
        {"1800-01-01T00:00:00+01:12:28", "1799-12-31T22:47:32Z"},
        {"1800-01-01T00:00:00-011228", "1800-01-01T01:12:28Z"},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        int128 time_ns;
        if (!calendar_read(slice_text(cases[i][0]), utc, &time_ns)) fail_msg("%s", cases[i][0]);
        check_time(time_ns, utc, cases[i][1]);
    }
    time_zone_free(utc);
}

static void what_is_no_time_is_refused(void **state)
{
    (void)state;
    struct time_zone *const utc = load("UTC");
    static const char *const cases[] = {"",
                                        "2026-02-30",
                                        "2026-13-01",
                                        "2026-00-01",
                                        "2026-01-01T24:00",
                                        "2026-01-01T10:60",
                                        "2026-01-01T10:00:61",
                                        "2026-1-1",
                                        "2026-01-01x",
                                        "2026-01-01T",
                                        "2026-01-01T10",
                                        "2026-01-01T10:00:00.",
                                        "abc",
                                        "2026-01-01T10:00:00+25:00",
                                        "2025-02-29",
                                        "1900-02-29"};
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        int128 time_ns;
        if (calendar_read(slice_text(cases[i]), utc, &time_ns)) fail_msg("%s", cases[i]);
    }
    time_zone_free(utc);
}

static void patterns_read(void **state)
{
    (void)state;
    struct time_zone *const utc = load("UTC");
    static const char *const cases[][3] = {
        {"1/22/2020 17:00", "%m/%d/%Y %H:%M", "2020-01-22T17:00:00Z"},
        {"3/22/20 23:45", "%m/%d/%y %H:%M", "2020-03-22T23:45:00Z"},
        {"17/May/2015:10:05:03 +0000", "%d/%b/%Y:%H:%M:%S %z", "2015-05-17T10:05:03Z"},
        {"2001/01/01 00:47", "%Y/%m/%d %H:%M", "2001-01-01T00:47:00Z"},
        {"Thu, 01 January 2026 1:05 PM", "%a, %d %B %Y %I:%M %p", "2026-01-01T13:05:00Z"},
        {"12:30 am 2026-060", "%I:%M %p %Y-%j", "2026-03-01T00:30:00Z"},
        {"1646089341.5", "%s.%f", "2022-02-28T23:02:21.5Z"},
        {"20260131", "%Y%m%d", "2026-01-31T00:00:00Z"},
        {"Jan  5 07:08:09 2026", "%b%e %T %Y", "2026-01-05T07:08:09Z"},
        {"2026-02-03 23:59 GMT", "%F %R %Z", "2026-02-03T23:59:00Z"},
        {"02/03/26 UTC", "%D %Z", "2026-02-03T00:00:00Z"},
        {"02/03/69Z", "%D%Z", "1969-02-03T00:00:00Z"},
        {"100%\t2026", "100%%%t%Y", "2026-01-01T00:00:00Z"},
        {"2026 \n 7", "%Y%n%m", "2026-07-01T00:00:00Z"},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        int128 time_ns;
        size_t offset;
        assert_true(calendar_check_format(slice_text(cases[i][1]), &offset));
        if (!calendar_read_format(slice_text(cases[i][0]), slice_text(cases[i][1]), utc, &time_ns))
            fail_msg("%s", cases[i][0]);
        check_time(time_ns, utc, cases[i][2]);
    }
    static const char *const refused[][2] = {
        {"2/30/2020", "%m/%d/%Y"}, {"1/1/2020 ", "%m/%d/%Y"}, {"2020 CET", "%Y %Z"},
        {"50x2020", "50%%%Y"},     {"2020%", "%Y%%%%"},       {"7:5", "%T"},
        {"Foo 2020", "%b %Y"},
    };
    for (size_t i = 0; i < COUNT_OF(refused); i++) {
        int128 unused;
        if (calendar_read_format(slice_text(refused[i][0]), slice_text(refused[i][1]), utc,
                                 &unused))
            fail_msg("%s", refused[i][0]);
    }
    size_t offset;
    assert_false(calendar_check_format(slice_text("%Y-%Q"), &offset));
    assert_int_equal(offset, 3);
    time_zone_free(utc);
}

/* What a pattern makes of a time, and that it reads back what it wrote. */
static void patterns_write(void **state)
{
    (void)state;
    static const char *const cases[][3] = {
        {"2026-07-04T18:05:09.000000005Z", "%A %a %B %b %h", "Saturday Sat July Jul Jul"},
        {"2026-07-04T18:05:09Z", "%d/%e/%j %I%p", "04/ 4/185 08PM"},
        {"2026-07-04T18:05:09Z", "%Y-%m-%dT%H:%M:%S%z", "2026-07-04T20:05:09+0200"},
        {"2026-07-04T18:05:09Z", "%T %Z", "18:05:09 UTC"},
        {"2026-07-04T18:05:09.25Z", "%D %R %S.%f", "07/04/26 20:05 09.250000000"},
        {"2026-12-31T23:30:00Z", "%F%n%t%H%%", "2027-01-01  00%"},
        {"1969-12-31T23:59:59Z", "%s", "-1"},
        {"0001-01-01T00:00:00Z", "%Y %m %d %A", "0001 01 01 Monday"},
        {"2026-07-04T10:00:00Z", "%I %p", "12 PM"},
        {"2026-07-04T22:00:00Z", "%I %p", "12 AM"},
    };
    struct time_zone *const berlin = load("Europe/Berlin");
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        AUTO_BUFFER struct buffer text = {0};
        int128 time_ns;
        assert_true(calendar_read(slice_text(cases[i][0]), berlin, &time_ns));
        calendar_write_format(time_ns, slice_text(cases[i][1]), berlin, &text);
        if (!slice_is(buffer_slice(&text), cases[i][2]))
            fail_msg("%s: %.*s", cases[i][1], (int)text.length, text.at);
    }
    static const char whole[] = "%a, %d %b %Y %I:%M:%S.%f %p %z";
    for (int64_t day = -719162; day < 2932896; day += 997) {
        AUTO_BUFFER struct buffer text = {0};
        int128 const time_ns = (int128)(day * 86400 + day * day % 86400) * 1000000000 + day % 7 + 7;
        int128 again;
        calendar_write_format(time_ns, slice_text(whole), berlin, &text);
        if (!calendar_read_format(buffer_slice(&text), slice_text(whole), berlin, &again) ||
            again != time_ns)
            fail_msg("%.*s", (int)text.length, text.at);
    }
    time_zone_free(berlin);
}

/* An instant, and the name of its bucket; each name must read back as the same bucket. */
static void check_bucket(const struct time_zone *zone, const char *time, enum bucket_unit unit,
                         const char *expected)
{
    char text[CALENDAR_TEXT_BYTES + 1];
    int128 time_ns;
    struct bucket back;
    assert_true(calendar_read(slice_text(time), zone, &time_ns));
    struct bucket const bucket = calendar_bucket(time_ns, unit, zone);
    text[calendar_bucket_write(&bucket, unit, zone, text)] = '\0';
    assert_string_equal(text, expected);
    assert_true(calendar_bucket_read(slice_text(text), unit, zone, &back));
    assert_int_equal(back.local_seconds, bucket.local_seconds);
    assert_int_equal(back.offset_seconds, bucket.offset_seconds);
}

static void buckets_are_named_by_local_time(void **state)
{
    (void)state;
    struct time_zone *const berlin = load("Europe/Berlin");
    check_bucket(berlin, "2025-12-31T23:30:00Z", BUCKET_YEAR, "2026");
    check_bucket(berlin, "2026-06-30T21:59:59Z", BUCKET_QUARTER, "2026-Q2");
    check_bucket(berlin, "2026-06-30T22:00:00Z", BUCKET_MONTH, "2026-07");
    check_bucket(berlin, "2027-01-03T12:00:00Z", BUCKET_WEEK, "2026-W53");
    check_bucket(berlin, "2024-12-30T12:00:00Z", BUCKET_WEEK, "2025-W01");
    /* A day of 23 hours, and one of 25. */
    check_bucket(berlin, "2026-03-28T23:00:00Z", BUCKET_DAY, "2026-03-29");
    check_bucket(berlin, "2026-03-29T21:59:59Z", BUCKET_DAY, "2026-03-29");
    check_bucket(berlin, "2026-03-29T22:00:00Z", BUCKET_DAY, "2026-03-30");
    check_bucket(berlin, "2026-10-24T22:00:00Z", BUCKET_DAY, "2026-10-25");
    check_bucket(berlin, "2026-10-25T22:59:59Z", BUCKET_DAY, "2026-10-25");
    /* The hour that comes twice. */
    check_bucket(berlin, "2026-10-25T00:30:00Z", BUCKET_HOUR, "2026-10-25T02+0200");
    check_bucket(berlin, "2026-10-25T01:30:00Z", BUCKET_HOUR, "2026-10-25T02+0100");
    check_bucket(berlin, "2026-10-25T02:30:00Z", BUCKET_HOUR, "2026-10-25T03");
    check_bucket(berlin, "2026-10-25T00:05:00Z", BUCKET_MINUTE, "2026-10-25T0205+0200");
    check_bucket(berlin, "2026-01-01T12:05:00Z", BUCKET_MINUTE, "2026-01-01T1305");
    time_zone_free(berlin);
    struct time_zone *const howe = load("Australia/Lord_Howe"); /* changes by half an hour */
    check_bucket(howe, "2026-04-04T14:45:00Z", BUCKET_HOUR, "2026-04-05T01+1100");
    check_bucket(howe, "2026-04-04T15:15:00Z", BUCKET_HOUR, "2026-04-05T01+1030");
    time_zone_free(howe);
}

static void other_spellings_of_a_bucket_are_refused(void **state)
{
    (void)state;
    struct time_zone *const berlin = load("Europe/Berlin");
    static const struct {
        const char *text;
        enum bucket_unit unit;
    } cases[] = {{"2026-10-25T02", BUCKET_HOUR},
                 {"2026-10-25T02+0300", BUCKET_HOUR},
                 {"2026-10-25T03+0100", BUCKET_HOUR},
                 {"2026-03-29T02", BUCKET_HOUR},
                 {"2026-1-01", BUCKET_DAY},
                 {"2026-02-30", BUCKET_DAY},
                 {"2026-01", BUCKET_DAY},
                 {"2026-Q5", BUCKET_QUARTER},
                 {"2026-W00", BUCKET_WEEK},
                 {"2025-W53", BUCKET_WEEK},
                 {"26", BUCKET_YEAR},
                 {"2026-01-01T13:05", BUCKET_MINUTE}};
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct bucket bucket;
        if (calendar_bucket_read(slice_text(cases[i].text), cases[i].unit, berlin, &bucket))
            fail_msg("%s", cases[i].text);
    }
    time_zone_free(berlin);
}

static void text_without_offset_is_local_time(void **state)
{
    (void)state;
    struct time_zone *const berlin = load("Europe/Berlin");
    static const char *const cases[][2] = {
        {"2026-07-01 12:00:00", "2026-07-01T12:00:00+02:00"},
        {"2026-10-25 02:30:00", "2026-10-25T02:30:00+02:00"}, /* the first of two */
        {"2026-03-29 02:30:00",
         "2026-03-29T03:30:00+02:00"}, /* in the gap: as if there was no jump */
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        int128 time_ns;
        assert_true(calendar_read(slice_text(cases[i][0]), berlin, &time_ns));
        check_time(time_ns, berlin, cases[i][1]);
    }
    time_zone_free(berlin);
}

static void times_are_of_the_years_that_can_be_shown(void **state)
{
    (void)state;
    static const struct {
        const char *zone, *text;
        bool in_range;
    } cases[] = {
        {"UTC", "0001-01-01", true},
        {"UTC", "0000-12-31T23:59:59.999999999Z", false},
        {"UTC", "9999-12-31T23:59:59.999999999Z", true},
        {"UTC", "9999-12-31T23:59:60Z", false},
        {"UTC", "0000-02-29", false},
        {"UTC", "253402300799999999999", true},
        {"UTC", "253402300800000000000", false},
        {"UTC", "-62135596800000", true},
        {"UTC", "-62135596800001", false},
        {"UTC", "1e30", false},
        {"UTC", "-99999999999999999999999999999999999999", false},
        {"Europe/Berlin", "9999-12-31T23:59:59Z", false},
        {"Europe/Berlin", "9999-12-31T22:59:59Z", true},
        {"Europe/Berlin", "9999-12-31T23:59:59", true},
        {"Europe/Berlin", "0001-01-01", true},
        {"Europe/Berlin", "0001-01-01T00:00:00Z", true},
        {"Europe/Berlin", "0000-12-31T23:06:32Z", true},
        {"Europe/Berlin", "0000-12-31T23:06:31Z", false},
        {"America/New_York", "0001-01-01T00:00:00Z", false},
        {"America/New_York", "9999-12-31T23:59:59Z", true},
        {"America/New_York", "9999-12-31T23:59:59", true},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct time_zone *const zone = load(cases[i].zone);
        int128 time_ns;
        if (!calendar_read(slice_text(cases[i].text), zone, &time_ns) ||
            calendar_in_range(time_ns, zone) != cases[i].in_range)
            fail_msg("%s in %s", cases[i].text, cases[i].zone);
        time_zone_free(zone);
    }
    struct time_zone *const utc = load("UTC");
    int128 time_ns;
    assert_true(calendar_read_format(slice_text("253402300800"), slice_text("%s"), utc, &time_ns));
    assert_false(calendar_in_range(time_ns, utc));
    time_zone_free(utc);
}

/* The names of a time and of its buckets read back as what they are of; so no two share a name. */
static void check_names(const struct time_zone *zone, const char *name, int128 time_ns)
{
    char text[CALENDAR_TEXT_BYTES];
    int128 again;
    size_t length = calendar_name_write(time_ns, zone, text);
    if (!calendar_name_read(slice_of(text, length), zone, &again) || again != time_ns)
        fail_msg("%s: %.*s", name, (int)length, text);
    for (unsigned unit = 0; unit < BUCKET_UNITS; unit++) {
        struct bucket const bucket = calendar_bucket(time_ns, (enum bucket_unit)unit, zone);
        struct bucket back;
        length = calendar_bucket_write(&bucket, (enum bucket_unit)unit, zone, text);
        if (!calendar_bucket_read(slice_of(text, length), (enum bucket_unit)unit, zone, &back) ||
            back.local_seconds != bucket.local_seconds ||
            back.offset_seconds != bucket.offset_seconds)
            fail_msg("%s: %s %.*s", name, bucket_unit_names[unit], (int)length, text);
    }
}

static void check_around(const struct time_zone *zone, const char *name, int64_t seconds)
{
    static int const steps[] = {-5400, -3601, -3600, -1801, -901, -899, -601, -61,  -60,  -32,
                                -29,   -1,    0,     1,     27,   28,   29,   59,   60,   61,
                                392,   599,   899,   900,   901,  1799, 1800, 2400, 3599, 3600};
    for (size_t i = 0; i < COUNT_OF(steps); i++) {
        int128 const time_ns = (int128)(seconds + steps[i]) * 1000000000 + (i % 3 == 0);
        if (calendar_in_range(time_ns, zone)) check_names(zone, name, time_ns);
    }
}

/* Where the clock jumps, by whatever seconds, and where the years end. */
static void check_jumps(const struct time_zone *zone, const char *name)
{
    int64_t const week = 7 * 86400, year_1800 = -5364662400, year_1975 = 157766400,
                  year_2035 = 2051222400, year_2040 = 2208988800;
    check_around(zone, name, -62135596800 - time_zone_offset(zone, -62135596800));
    check_around(zone, name, 253402300800 - time_zone_offset(zone, 253402300800));
    for (int64_t at = year_1800; at < year_2040; at += week) {
        if (at > year_1975 && at < year_2035) continue; /* by whole hours, mostly */
        int64_t low = at, high = at + week;
        if (time_zone_offset(zone, low) == time_zone_offset(zone, high)) continue;
        while (high - low > 1) {
            int64_t const middle = low + (high - low) / 2;
            if (time_zone_offset(zone, middle) == time_zone_offset(zone, at))
                low = middle;
            else
                high = middle;
        }
        check_around(zone, name, high);
    }
}

static void every_name_of_every_zone_reads_back(void **state)
{
    (void)state;
    FILE *const list = fopen("/usr/share/zoneinfo/tzdata.zi", "r");
    char line[256], name[128];
    size_t count = 0;
    assert_non_null(list);
    while (fgets(line, sizeof line, list)) {
        if (sscanf(line, "Z %127s", name) != 1 || count++ % test_slice()) continue;
        struct time_zone *const zone = load(name);
        check_jumps(zone, name);
        time_zone_free(zone);
    }
    assert_int_equal(fclose(list), 0);
    assert_true(count > 300);
}

/* A zone without transitions, of which only the rule at the end of the file is another one. */
static bool load_rule(const char *rule, struct time_zone **ret_zone)
{
    static const char end[] = "\nUTC0\n";
    struct error err;
    AUTO_BUFFER struct buffer bytes = {0};
    assert_true(time_zone_load(slice_text("Etc/UTC"), &bytes, &err));
    assert_memory_equal(bytes.at + bytes.length - strlen(end), end, strlen(end));
    bytes.length -= strlen(end);
    buffer_format(&bytes, "\n%s\n", rule);
    return time_zone_new(buffer_slice(&bytes), ret_zone, &err);
}

/* The three ways of POSIX to name a day: Jn never counts 29 February, n always does, and Mm.w.d. */
static void rules_of_posix_hold_for_ever(void **state)
{
    (void)state;
    static const char *const cases[][3] = {
        {"AAA0BBB,J60/0,J61/0", "2023-03-01T12:00Z", "2023-03-01T13:00:00+01:00"},
        {"AAA0BBB,J60/0,J61/0", "2024-03-01T12:00Z", "2024-03-01T13:00:00+01:00"},
        {"AAA0BBB,J60/0,J61/0", "2024-02-29T12:00Z", "2024-02-29T12:00:00Z"},
        {"AAA0BBB,J60/0,J61/0", "2100-03-01T12:00Z", "2100-03-01T13:00:00+01:00"},
        {"AAA0BBB,J60/0,J61/0", "2000-03-01T12:00Z", "2000-03-01T13:00:00+01:00"},
        {"AAA0BBB,59/0,60/0", "2023-03-01T12:00Z", "2023-03-01T13:00:00+01:00"},
        {"AAA0BBB,59/0,60/0", "2024-02-29T12:00Z", "2024-02-29T13:00:00+01:00"},
        {"AAA0BBB,59/0,60/0", "2024-03-01T12:00Z", "2024-03-01T12:00:00Z"},
        {"AAA0BBB,M3.5.0,M10.5.0/3", "2026-03-29T01:59:59Z", "2026-03-29T01:59:59Z"},
        {"AAA0BBB,M3.5.0,M10.5.0/3", "2026-03-29T02:00:00Z", "2026-03-29T03:00:00+01:00"},
        {"AAA0BBB,M3.5.0,M10.5.0/3", "2026-10-25T02:00:00Z", "2026-10-25T02:00:00Z"},
        {"AAA0BBB,J365/0,J365/12", "1969-12-31T06:00Z", "1969-12-31T07:00:00+01:00"},
        {"AAA0BBB,J365/0,J365/12", "1968-12-31T06:00Z", "1968-12-31T07:00:00+01:00"},
        /* summer over the turn of the year */
        {"AAA0BBB,J300,J60", "2096-12-31T23:30Z", "2097-01-01T00:30:00+01:00"},
        {"AAA0BBB,J300,J60", "2097-07-01T00:00Z", "2097-07-01T00:00:00Z"},
        {"<-01>1:02:03", "2026-01-01T12:00Z", "2026-01-01T10:57:57-01:02:03"},
        {"AAA-1:30BBB-2:30:15,J1/0,J365/23", "2026-06-01T00:00Z", "2026-06-01T02:30:15+02:30:15"},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct time_zone *zone;
        int128 time_ns;
        if (!load_rule(cases[i][0], &zone)) fail_msg("%s", cases[i][0]);
        assert_true(calendar_read(slice_text(cases[i][1]), zone, &time_ns));
        check_time(time_ns, zone, cases[i][2]);
        time_zone_free(zone);
    }
}

static void what_is_no_rule_of_posix_is_refused(void **state)
{
    (void)state;
    static const char *const cases[] = {
        "A0",
        "AAA",
        "AAA168",
        "AAA1:60",
        "AAA1:00:60",
        "AAA0BBB",
        "AAA0BBB,J60",
        "AAA0BBB,J366,J1",
        "AAA0BBB,366,1",
        "AAA0BBB,M13.1.0,M1.1.0",
        "AAA0BBB,M0.1.0,M1.1.0",
        "AAA0BBB,M3.6.0,M1.1.0",
        "AAA0BBB,M3.0.0,M1.1.0",
        "AAA0BBB,M3.1.7,M1.1.0",
        "AAA0BBB,M3,M1.1.0",
        "AAA0BBB,J1,J2x",
        "<AAA0",
        "AAA0BBB,J1/x,J2",
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct time_zone *zone;
        if (load_rule(cases[i], &zone)) fail_msg("accepted: %s", cases[i]);
    }
}

static void zones_are_checked(void **state)
{
    (void)state;
    static const char *const cases[] = {"",
                                        "Europe/Berlim",
                                        "../etc/passwd",
                                        "/etc/passwd",
                                        "Europe//Berlin",
                                        "Europe/",
                                        "Europe",
                                        "a b"};
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        AUTO_BUFFER struct buffer bytes = {0};
        struct error err;
        assert_false(time_zone_load(slice_text(cases[i]), &bytes, &err));
        assert_int_equal(err.kind, ERROR_SCHEMA);
        assert_string_not_equal(err.remedy, "");
    }
    AUTO_BUFFER struct buffer bytes = {0};
    struct error err;
    struct time_zone *zone = NULL;
    assert_int_equal(setenv("TZDIR", "/nonexistent", 1), 0);
    assert_false(time_zone_load(slice_text("Europe/Berlin"), &bytes, &err));
    assert_int_equal(err.kind, ERROR_MISSING);
    assert_non_null(strstr(err.remedy, "tzdata"));
    assert_int_equal(unsetenv("TZDIR"), 0);
    assert_true(time_zone_load(slice_text("Europe/Berlin"), &bytes, &err));
    for (size_t length = 1; length < bytes.length;
         length += 7) /* cut anywhere: refused, no crash */
        assert_false(time_zone_new(slice_of(bytes.at, length), &zone, &err));
}

int main(void)
{
    struct CMUnitTest const tests[] = {
        cmocka_unit_test(times_read_in_every_form),
        cmocka_unit_test(what_is_no_time_is_refused),
        cmocka_unit_test(patterns_read),
        cmocka_unit_test(patterns_write),
        cmocka_unit_test(buckets_are_named_by_local_time),
        cmocka_unit_test(other_spellings_of_a_bucket_are_refused),
        cmocka_unit_test(text_without_offset_is_local_time),
        cmocka_unit_test(times_are_of_the_years_that_can_be_shown),
        cmocka_unit_test(every_name_of_every_zone_reads_back),
        cmocka_unit_test(rules_of_posix_hold_for_ever),
        cmocka_unit_test(what_is_no_rule_of_posix_is_refused),
        cmocka_unit_test(zones_are_checked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
