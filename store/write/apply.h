/* apply.h - another schema for a store with events in it.
 *
 * Place    `tally schema --apply`, under store_lock.
 * Promise  one commit: readers see the old schema and tree until the new ones are there, and a
 *          process that is killed leaves the old ones. Views that are new or changed are made from
 *          all stored events; views that stay are not touched. A new field is null in older events.
 * Memory   about `resources.memory_bytes`, as write_txn.h has it.
 * Threads  one, under store_lock; the callbacks are called by it.
 * Errors   ERROR_SCHEMA with the place: what can never be changed (a key, a narrower type), and
 *          without `allow_loss` what would lose something that the events cannot give back.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once
#include "base/resources.h"
#include "database/store.h"

enum apply_fate { APPLY_KEPT, APPLY_ADDED, APPLY_CHANGED, APPLY_DROPPED };

/* What a "keep" or "retain" that is new or another one lets go at once. */
struct apply_loss {
    bool of_stream; /* else of a view */
    struct slice name;
    uint64_t count; /* events, or rows */
};

struct apply_options {
    bool allow_loss;
    bool dry_run; /* all is done, and not committed */
    struct resources resources;
    /* Told what becomes of each view, before it is done; and how many of the events that
     * have to be read are. */
    void (*tell)(void *context, struct slice view, enum apply_fate fate);
    void (*progress)(void *context, uint64_t done, uint64_t total);
    /* What is lost, where that is allowed. */
    void (*tell_loss)(void *context, const struct apply_loss *loss);
    void *context;
};

bool apply_schema(struct store *store, struct slice text, const struct apply_options *options,
                  uint64_t *ret_commit_id, struct error *err) MUST_CHECK;
