/* printable.h - bytes of users' data, fit to be shown on one line.
 *
 * Place    refusals, notices, progress: wherever users' data stands in a text of ours.
 * Memory   appends to the caller's buffer.
 * Threads  pure.
 * Errors   none: all bytes have a form.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once
#include "base/bytes.h"

/* Appends TEXT. Control characters and what is not UTF-8 become \t, \n, \r or \xHH, so that data
 * can neither break the line nor drive the terminal. Beyond MOST_BYTES of the result it ends in
 * "...". */
void printable_write(struct slice text, size_t most_bytes, struct buffer *into);
