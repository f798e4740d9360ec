/* event_scan.h - every live event of one stream, in the order of keys.
 *
 * Place    rebuilding, deleting by a condition, verifying.
 * Memory   an event borrows until the next step, and so do its fields. Nothing may be written to
 *          the table of events meanwhile.
 * Threads  as the transaction.
 * Errors   as lsm_cursor.h.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once
#include "kv/db.h"
#include "tables/events.h"

struct event_scan;
bool event_scan_open(const struct txn *txn, const struct stream *stream,
                     struct event_scan **ret_scan, struct error *err) MUST_CHECK;
/* Before the first step: it begins with the first event whose own key is not before KEY.
 * HAS_DELETED: what is left of deleted ones is told, too. */
void event_scan_begin(struct event_scan *scan, struct slice key, bool has_deleted);
enum event_step { EVENT_ONE, EVENT_END, EVENT_FAILED };
enum event_step event_scan_next(struct event_scan *scan, struct event *ret_event,
                                struct error *err);
/* The same with its fields: VALUES has room for those of the stream. */
enum event_step event_scan_unpack(struct event_scan *scan, struct event *ret_event,
                                  struct value *ret_values, struct error *err);
void event_scan_close(struct event_scan *scan); /* takes NULL */
