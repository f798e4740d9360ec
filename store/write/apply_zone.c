/* The years that can be shown are those of local time, so that what one zone shows at their border
 * another may not.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "write/apply_zone.h"

#include "tables/event_scan.h"
#include "types/calendar.h"

struct checking {
    const struct schema *old;  /* that the events came by */
    const struct schema *next; /* whose zone is asked; its streams are read */
    const struct stream *stream;
};

static bool refuse(const struct checking *checking, const struct field *field, int128 time_ns,
                   struct error *err)
{
    char time[CALENDAR_TEXT_BYTES];
    struct slice const stream = checking->stream->name, zone = checking->next->timezone;
    int const length = (int)calendar_write(time_ns, checking->old->zone, time);
    (void)error_set(err, ERROR_INPUT,
                    "%.*s of an event in '%.*s' is %.*s: beyond the years 0001 to 9999 in %.*s",
                    (int)field->name.length, field->name.at, (int)stream.length, stream.at, length,
                    time, (int)zone.length, zone.at);
    (void)error_remedy(err, "keep the time zone, or delete such events first with tally delete");
    return error_place(err, "timezone");
}

static bool check_event(const struct checking *checking, const struct value *fields,
                        struct error *err)
{
    const struct stream *const stream = checking->stream;
    for (size_t i = 0; i < stream->field_count; i++) {
        if (fields[i].kind == VALUE_TIME &&
            !calendar_in_range(fields[i].time_ns, checking->next->zone))
            return refuse(checking, &stream->fields[i], fields[i].time_ns, err);
    }
    return true;
}

static bool check_stream(const struct txn *txn, const struct checking *checking, struct error *err)
{
    const struct stream *const stream = checking->stream;
    AUTO_FREE struct value *const fields =
        memory_alloc(stream_value_count(stream) * sizeof *fields);
    struct event_scan *scan;
    struct event event;
    enum event_step step;
    bool good = true;
    if (!event_scan_open(txn, stream, &scan, err)) return false;
    while (good && (step = event_scan_unpack(scan, &event, fields, err)) != EVENT_END) {
        good = step == EVENT_ONE;
        good = good && check_event(checking, fields, err);
    }
    event_scan_close(scan);
    return good;
}

bool apply_check_zone(const struct txn *txn, const struct schema *old, const struct schema *next,
                      struct error *err)
{
    struct checking checking = {.old = old, .next = next};
    if (slice_equal(old->timezone, next->timezone)) return true;
    for (size_t i = 0; i < next->stream_count; i++) {
        checking.stream = &next->streams[i];
        if (!check_stream(txn, &checking, err)) return false;
    }
    return true;
}
