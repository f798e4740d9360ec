/* apply_plan.h - what has to be done to get from one schema to another, and whether it may be.
 *
 * Place    apply.c carries it out.
 * Memory   the plan's arrays live in the arena; the schemas are borrowed.
 * Threads  as the transaction.
 * Errors   as apply.h.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once
#include "kv/db.h"
#include "write/apply.h"

/* What becomes of the views of both schemas. */
struct apply_plan {
    const struct schema *old;
    const struct schema *next;
    bool *cleared;  /* per view of `old`, hidden ones too: its groups go */
    bool *refolded; /* per view of `next`: it is made from the events */
};

/* Whether the time of its events is the field that it was. */
bool apply_plan_same_time(const struct stream *old, const struct stream *next);
/* Whether the references of a stream are what they were, so that their table stays. */
bool apply_plan_same_references(const struct stream *old, const struct stream *next);
/* false: the change is refused. The plan's arrays live in ARENA. */
bool apply_plan_make(const struct txn *txn, const struct schema *old, const struct schema *next,
                     bool allow_loss, struct arena *arena, struct apply_plan *ret_plan,
                     struct error *err) MUST_CHECK;
