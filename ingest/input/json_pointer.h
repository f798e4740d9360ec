/* json_pointer.h - a value inside a nested one, by its path: "/output/score" (RFC 6901).
 *
 * Place    json_scan.c, for fields whose column begins with a slash. Its first step is a
 *          member of the record.
 * Promise  of members of one name the last counts, as in the record. A step that leads nowhere
 *          gives CELL_ABSENT.
 * Memory   results borrow from NESTED, or from SCRATCH until it changes.
 * Threads  pure.
 * Errors   none: what is not there is CELL_ABSENT.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once
#include "input/cell.h"

/* The name of the member of the record that a column is, or is in: "output". ~1 and ~0 are / and ~,
 * and are written to SCRATCH, which the name then borrows. */
struct slice json_pointer_member(struct slice column, struct buffer *scratch);
/* NESTED is the JSON of that member, known to be well-formed; strings with escapes are
 * written to SCRATCH. */
void json_pointer_find(struct slice nested, struct slice column, struct buffer *scratch,
                       struct cell *cell);
