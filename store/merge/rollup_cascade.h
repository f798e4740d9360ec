/* rollup_cascade.h - the rows of a view as events of the views over it.
 *
 * Place    merge.c: a row that changes is retracted as it was and inserted as it is. verify_count.c
 *          does the same from its own figures.
 * Memory   goes into the delta; arguments are borrowed. SCRATCH takes what is of no use afterwards.
 * Threads  one owner of the delta.
 * Errors   none.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once
#include "merge/delta.h"

bool view_has_dependents(const struct schema *schema, const struct view *view);
/* Folds the row of a group of the hidden VIEW, with the first DEPTH of its dimensions, out of the
 * group of its owner as it was, OLD, and into it as it is, NEW; either may be NULL. KEY is the
 * group's. */
void rollup_cascade_change_entity(struct delta *delta, const struct view *view,
                                  const struct value *dimensions, unsigned depth,
                                  const struct state *old, const struct state *new,
                                  struct slice key, struct arena *scratch);
/* Folds the row with DIMENSIONS, packed as KEY, and STATES into every view over VIEW; ONLY: into
 * those of the schema for which it is true, NULL: into all. */
void rollup_cascade_fold(struct delta *delta, const struct view *view, const bool *only,
                         const struct value *dimensions, const struct state *states,
                         struct slice key, int64_t weight, struct arena *scratch);
