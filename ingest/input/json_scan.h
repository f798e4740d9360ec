/* json_scan.h - the wanted members of one JSON object, without a tree.
 *
 * Place    reader_ndjson.c and reader_array.c hand it one record each.
 * Promise  all of the text is checked against RFC 8259, members that nobody wants included. Two
 *          liberties: bytes of strings need not be UTF-8, and \udc80 to \udcff are the bytes 80 to
 *          FF (PEP 383). Other surrogates that stand alone are refused.
 * Memory   cells borrow from the text and, where a string has escapes, from the scanner: until the
 *          next call.
 * Threads  one owner of a scanner at a time.
 * Errors   a fault with its offset: no struct error, as it is met once a bad record.
 * Limits   JSON_DEPTH_MAX nested levels.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once
#include "input/cell.h"
#include "input/json_fault.h"
#include "schema/schema.h"

struct json_scanner;
struct json_scanner *json_scanner_new(const struct stream *stream);
void json_scanner_free(struct json_scanner *scanner); /* takes NULL */

/* Fills CELLS, one a field of the stream. Of members of one name the last counts. On a fault CELLS
 * are of no use and *ret_offset is where in TEXT it is. */
enum json_fault json_scan(struct json_scanner *scanner, struct slice text, struct cell *cells,
                          size_t *ret_offset);
