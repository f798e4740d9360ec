/* rows_formats.h - the formats that files of rows have, and how their names end.
 *
 * Place    file_name.h keeps values from ending so; the schema, the tree and render/ go by them.
 * Memory   for ever.
 * Threads  constants.
 * Errors   none.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once
#include <stdbool.h>

/* JSON is always there. */
enum rows_format { ROWS_JSON, ROWS_NDJSON, ROWS_CSV, ROWS_PROM };
enum { ROWS_FORMATS = ROWS_PROM + 1 };

/* By enum rows_format: how their names end, ".json" and so on. Behind the dot it is the format's
 * name in a schema. */
extern const char *const rows_extensions[ROWS_FORMATS];
/* By enum rows_format: its bytes are counted only for views that have it, as they cost much, and a
 * view that gets it is made anew. Those of the others are always counted, so that a view gets them
 * for nothing. */
extern const bool rows_on_demand[ROWS_FORMATS];
