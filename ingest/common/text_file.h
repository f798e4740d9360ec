/* text_file.h - a small file as a whole: a schema.
 *
 * Place    `tally init`, `tally schema --apply`.
 * Memory   the text is the caller's buffer.
 * Threads  any, each with a buffer of its own.
 * Errors   ERROR_INPUT beyond TEXT_FILE_BYTES_MAX; those of open(2) and read(2),
 *          placed at the path.
 * Limits   TEXT_FILE_BYTES_MAX.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once
#include "base/bytes.h"
#include "base/error.h"

enum { TEXT_FILE_BYTES_MAX = 16 << 20 };

/* PATH, or "-" for standard input. A byte order mark is left out. Errors are placed at the path. */
bool text_file_read(const char *path, struct buffer *ret_text, struct error *err) MUST_CHECK;
