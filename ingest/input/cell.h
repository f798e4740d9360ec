/* cell.h - what a record has for one field, before it is typed.
 *
 * Place    readers fill them, bind.h types them.
 * Memory   text borrows from the record or its scanner, until the next one.
 * Threads  pure data.
 * Errors   none.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once
#include "base/bytes.h"

enum cell_kind {
    CELL_ABSENT, /* the record does not name it */
    CELL_NULL,
    CELL_TEXT,   /* a JSON string without its escapes, a CSV cell without its quotes */
    CELL_NUMBER, /* a JSON number as written */
    CELL_TRUE,
    CELL_FALSE,
    CELL_NESTED, /* a JSON object or array as written */
};

struct cell {
    enum cell_kind kind;
    struct slice text; /* of CELL_TEXT, CELL_NUMBER, CELL_NESTED */
};
