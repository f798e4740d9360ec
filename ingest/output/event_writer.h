/* event_writer.h - stored events as records again: the inverse of input/bind.h.
 *
 *   event_writer_new -> event_writer_begin -> event_writer_add... -> event_writer_free
 *
 * Place    cmd_events.c.
 * Promise  a record that is ingested by the same schema becomes the event that it was written from:
 *          names are those of the input's columns, nested where these are JSON pointers, times are
 *          in their declared formats. CSV cannot tell a record without any value from an empty
 *          line, so NDJSON is what dumps are made of.
 * Memory   the stream is borrowed; what is written goes to the caller's buffer.
 * Threads  one owner at a time.
 * Errors   ERROR_INPUT: a time that the field's format cannot say, as the format was changed since.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once
#include "base/error.h"
#include "schema/schema.h"

enum event_format { EVENTS_NDJSON, EVENTS_CSV };

struct event_writer;
struct event_writer *event_writer_new(const struct stream *stream, const struct time_zone *zone,
                                      enum event_format format) MUST_CHECK;
void event_writer_free(struct event_writer *writer); /* takes NULL */
/* What stands in front of the first record: of CSV, the names of the columns. */
void event_writer_begin(const struct event_writer *writer, struct buffer *into);
/* VALUES: one a field of the stream. */
bool event_writer_add(struct event_writer *writer, const struct value *values, struct buffer *into,
                      struct error *err) MUST_CHECK;

static inline void auto_event_writer(struct event_writer **writer)
{
    event_writer_free(*writer);
}
#define AUTO_EVENT_WRITER AUTO(auto_event_writer)
