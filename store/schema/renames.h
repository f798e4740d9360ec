/* renames.h - what goes on under another name in the next schema: "was" of streams, fields, views.
 *
 * Place    apply.c settles what a schema says; apply_plan.c and catalog_ids.c ask who goes on.
 * Promise  nothing goes on as two, and no two as one: who keeps a name has it.
 * Memory   what is found borrows from the schemas.
 * Threads  while the next schema is still its maker's.
 * Errors   ERROR_SCHEMA: what "was" says is not in the schema in force.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once
#include "schema/schema.h"

/* Empties each `was` of NEXT that says nothing: OLD has the new name already. */
bool renames_settle(const struct schema *old, struct schema *next, struct error *err) MUST_CHECK;

/* What NAME of the schema before is in the next one, which is settled: by its name, or by `was`. */
const struct stream *renamed_stream(const struct schema *next, struct slice name); /* or NULL */
int renamed_field(const struct stream *next, struct slice name);                   /* or -1 */
const struct view *renamed_view(const struct schema *next, struct slice name);     /* or NULL */
