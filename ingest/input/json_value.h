/* json_value.h - one value of JSON text.
 *
 * Place    json_scan.c reads those of a record's members, json_pointer.c those inside of one.
 * Promise  all of the value is checked against RFC 8259, as json_scan.h says.
 * Memory   a cell borrows from the text, or from SCRATCH until it changes.
 * Threads  pure, on the caller's cursor.
 * Errors   false with the cursor's `fault` set.
 * Limits   JSON_DEPTH_MAX nested levels.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once
#include "input/cell.h"
#include "input/json_text.h"

/* Any value, as a cell; an object or array is checked, and is its text. A string with escapes is
 * written to SCRATCH; without SCRATCH it is only checked. */
bool json_read_value(struct json_cursor *cursor, struct buffer *scratch, struct cell *cell);
