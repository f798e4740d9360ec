/* input_format.h - what an input is: told by its content, or by whoever gives it.
 *
 * Place    reader.c opens the reader of it; batch.h carries what the commands were given.
 * Promise  each that can be given has one name, in input_format.c alone.
 * Memory   none.
 * Threads  pure.
 * Errors   none.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once
#include <stdbool.h>

#include "base/cleanup.h"

enum input_format {
    INPUT_BY_CONTENT, /* by the first byte that is not blank */
    INPUT_NDJSON,     /* also what has nothing */
    INPUT_ARRAY,      /* a JSON array of objects: by content alone */
    INPUT_TABLE,      /* CSV or TSV with a header, which tells one from the other */
};
/* By name. */
bool input_format_read(const char *name, enum input_format *ret_format) MUST_CHECK;
