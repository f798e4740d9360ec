/* upsert.h - what the records of one key do to its event.
 *
 * Place    commit.c asks it for every key of a chunk; commit_delete.c builds tombstones with it.
 * Promise  with "newest" the outcome is the same whatever the order in which the records arrive,
 *          but that of equal versions the first stays.
 * Memory   an upsert owns what it makes until upsert_done.
 * Threads  one owner at a time.
 * Errors   false: bytes are no event; the caller says which.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once
#include "tables/events.h"

/* How many records had which effect. */
struct upsert_counts {
    uint64_t new_count;       /* the key had no event, now it has one */
    uint64_t duplicate_count; /* changed nothing */
    uint64_t replaced_count;  /* the key's event gave way */
    uint64_t stale_count;     /* "newest": older than what is known of the key */
    uint64_t deleted_count;   /* removed the key's event */
};

struct upsert {
    const struct stream *stream;
    const struct time_zone *zone;
    struct arena arena;     /* of tombstones */
    struct arena texts;     /* of both below */
    struct value *record;   /* fields of the record at hand */
    struct value *existing; /* fields of what is known */
    struct value newest;    /* time of all records that became their key's event, or null */
};

void upsert_init(struct upsert *upsert, const struct stream *stream, const struct time_zone *zone);
void upsert_done(struct upsert *upsert); /* takes a zeroed one */

/* Applies RECORD to *NOW, the bytes that the table of events has for its key; empty: nothing.
 * false: the bytes are no event. */
bool upsert_apply(struct upsert *upsert, const struct event *record, struct slice *now,
                  struct upsert_counts *counts) MUST_CHECK;
/* What stays of an event that the batch deletes: nothing, or with "newest" its version, so that an
 * older record which comes later is known to be stale. false: the bytes are no event. */
bool upsert_tombstone(struct upsert *upsert, const struct event *event, uint64_t batch_id,
                      struct slice *ret_packed) MUST_CHECK;
