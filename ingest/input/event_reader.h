/* event_reader.h - an input's records as packed events, by several threads.
 *
 *   event_reader_open -> { event_reader_next -> event_reader_rest... }... -> event_reader_close
 *
 *     held by the source   | segment | segment | segment | segment |
 *     read by                thread 1  thread 2  thread 1  thread 2
 *     handed out             in order, each if it begins where the one before it ended
 *
 * Place    source.h -> reader.h, bind.h -> event_reader.h -> batch.c.
 * Promise  the events and refusals of one reader and one binder, whatever the number of threads: a
 *          segment that does not begin where the record before it ended, as a line end stood within
 *          a cell, is not used, and what it has is read again.
 * Memory   a 16th of `memory_bytes`, about, or what the longest record needs. What
 *          event_reader_next hands out lives until the next one.
 * Threads  one owner at a time; its threads end with it.
 * Errors   as those of reader.h.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once
#include "base/resources.h"
#include "input/bind.h"
#include "input/reader.h"
#include "tables/events.h"

struct event_reader;

/* A record, and what it became. */
struct read_event {
    struct record record;         /* but for its cells */
    struct event event;           /* of READER_RECORD */
    const struct refusal *reason; /* of READER_REFUSED */
};

/* BINDER: how to bind, borrowed until the end. As reader_open, which is where FORMAT, FROM and
 * NOTICES are told of. */
bool event_reader_open(struct source *source, struct binder *binder, enum input_format format,
                       const struct reader_place *from, const struct resources *resources,
                       const struct notices *notices, struct event_reader **ret_reader,
                       struct error *err) MUST_CHECK;
void event_reader_close(struct event_reader *reader); /* takes NULL */
/* READER_REFUSED is also what a record is that cannot be bound. */
enum reader_step event_reader_next(struct event_reader *reader, struct read_event *ret_event,
                                   struct error *err);
/* As reader_rest, of a refused record. */
bool event_reader_rest(struct event_reader *reader, struct record *record, struct error *err);
/* In front of the records so far, which are no part of them. */
uint64_t event_reader_zero_bytes(const struct event_reader *reader);
struct reader_place event_reader_place(const struct event_reader *reader);

static inline void auto_event_reader(struct event_reader **reader)
{
    event_reader_close(*reader);
}
#define AUTO_EVENT_READER AUTO(auto_event_reader)
