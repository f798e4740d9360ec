/* event_walk.h - every live event of one stream, in the order of keys.
 *
 * Memory   an event borrows until the next step. Nothing may be written to the table of events meanwhile.
 * Threads  as the transaction.
 * Errors   as block_cursor.h.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once
#include "db.h"
#include "events.h"

struct event_walk;
bool event_walk_open(const struct txn *txn, const struct stream *stream,
                     struct event_walk **ret_walk, struct error *err) MUST_CHECK;
enum event_step { EVENT_ONE, EVENT_END, EVENT_FAILED };
enum event_step event_walk_next(struct event_walk *walk, struct event *ret_event,
                                struct error *err);
void event_walk_close(struct event_walk *walk); /* takes NULL */
