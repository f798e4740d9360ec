/* field_widening.h - fields that get a wider type, and the values that are there by then.
 *
 *     int -> decimal -> float, any -> string
 *
 * Place    apply_plan.c asks whether; events.c has stored values become what the field is now.
 * Promise  a value becomes what it would be, had its text been read as the wider type: but for
 *          floats, which are the nearest, and the texts of times, which are RFC 3339 in ZONE.
 * Memory   a text lives in the arena.
 * Threads  pure functions.
 * Errors   none.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once
#include "base/arena.h"
#include "expr/stream.h"

bool field_widens(enum field_type from, enum field_type to);
/* VALUE, which may be null, of FROM becomes one of TO, which is wider. */
void field_widen(struct value *value, enum field_type from, enum field_type to,
                 const struct time_zone *zone, struct arena *arena);
