/* verify.h - the proof: every file of the views, computed again from the stored events.
 *
 * Place    `tally verify`.
 * Promise  shares no fold code with delta.c, merge.c, multisets.c, rows.c or tree_read.c: groups of
 *          all depths are computed straight from the events, rows and files are put together here.
 *          What is shared is what an event, a value and a state mean: events.h, expr.h, formula.h,
 *          file_name.h, aggregate_result. Before all that, every page of the data file is looked at
 *          (db_check_pages), of the newest commit: one that is damaged is an error. Of a stream
 *          with "keep" the events before some time are gone: groups that may have counted one are
 *          told as not proven. By induction are proven: a view over another one, from the rows of
 *          that (verify_rows.c); a node of a tree, from its own events and its children
 *          (verify_children.c). Each of these is compared with the events itself.
 * Memory   a view is counted in portions that fit (verify_portions.c, verify_hierarchy_nodes.c). As
 *          a whole are held: groups and values of a view over entities, of one with files for
 *          Prometheus, and of a tree with uniq, quantile or top; those under one value of the
 *          leading dimension or within one node; the values of a quantile and of top() in one
 *          group; and of one row the values, and its text twice.
 * Threads  as the snapshot; it has others prove views side by side, each with a part of the memory
 *          and a snapshot of the same commit. DIFFER is called by one at a time, and told of a view
 *          in order.
 * Errors   false with ERROR_CORRUPT: what is stored cannot be read. A difference is no
 *          error: DIFFER is told.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once
#include "base/resources.h"
#include "database/store.h"

enum { VERIFY_MEMORY_BYTES = 512 << 20 };
/* With less a thread, what is held as a whole would soon be more than the memory. */
enum { VERIFY_THREAD_BYTES = 128 << 20 };

struct verify_result {
    uint64_t events;    /* stored */
    uint64_t files;     /* compared */
    uint64_t differing; /* told */
    uint64_t unproven;  /* groups that may have counted events which were dropped */
};

/* Calls DIFFER for each file that is not what the events give: "breakdown/eu.json", "is missing";
 * and for "references of STREAM" or "links of VIEW" where one of these tables is not. false: it
 * could not be done. */
bool verify_store(const struct snapshot *snapshot,
                  void (*differ)(void *context, const char *path, const char *what), void *context,
                  struct verify_result *ret_result, struct error *err) MUST_CHECK;
/* The same, which takes VERIFY_MEMORY_BYTES and one thread, with other resources. */
bool verify_store_within(const struct snapshot *snapshot, const struct resources *resources,
                         void (*differ)(void *context, const char *path, const char *what),
                         void *context, struct verify_result *ret_result,
                         struct error *err) MUST_CHECK;
