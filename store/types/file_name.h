/* file_name.h - one dimension value, one file name.
 *
 * Place    value.h -> file_name.h -> tree.h.
 * Promise  file_name_write and file_name_read are inverses: two values never share a name,
 *          and any other spelling of a name is refused.
 * Units    lengths are bytes; NAME_BYTES_MAX counts no terminator. A name leaves room for the
 *          longest extension behind it (".ndjson"), so it has at most NAME_STEM_BYTES_MAX.
 * Memory   a string read from a name lives in the caller's arena; arguments are borrowed.
 * Threads  pure functions, callable from any thread.
 * Errors   NAME_INVALID is an answer.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once
#include "base/arena.h"
#include "types/value.h"

enum { NAME_BYTES_MAX = 255, NAME_STEM_BYTES_MAX = 248 };

/* TEXT with control characters (the second set, U+0080 to U+009F, too), bytes that are not UTF-8
 * and % as %XX: for texts that are no names. Appends to INTO. */
void file_name_escape(struct slice text, struct buffer *into);

/* Bytes 00-1F and 7F, / \ %, bytes that are not UTF-8, a leading . - or ~, and the last dot of a
 * value that ends as a file of rows does (rows_formats.h) or in .html become %XX (upper-case hex);
 * null is %null, what a reference did not find %unresolved, the empty string %empty. A longer
 * result is cut, between characters and escapes, and ends in %~ and the 32 lower-case hex digits of
 * the digest of the value's text. Appends to NAME. */
void file_name_write(const struct value *value, struct value_type type,
                     const struct time_zone *zone, struct buffer *name);

enum name_reading {
    NAME_EXACT,  /* *ret_value is the value */
    NAME_HASHED, /* *ret_value is the string that the uncut part spells, a prefix of the value */
    NAME_INVALID /* no value has this name */
};
/* A misspelt name is an answer, not an error: the caller turns it into ENOENT. */
enum name_reading file_name_read(struct slice name, struct value_type type,
                                 const struct time_zone *zone, struct arena *arena,
                                 struct value *ret_value);
