/* csv_header.h - which column of a CSV file is which field.
 *
 * Place    reader_csv.c.
 * Memory   names borrow from the reader's arena.
 * Threads  pure, but for the notices.
 * Errors   ERROR_INPUT, placed at the input's first line, with the columns that there are.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once
#include "common/notice.h"
#include "input/source.h"
#include "schema/schema.h"

enum { CSV_NO_COLUMN = -1 };

struct csv_header {
    const struct slice *names;
    size_t count;
};

/* How many of the stream's columns are there. */
size_t csv_header_matches(const struct csv_header *header, const struct stream *stream);
/* RET_COLUMNS: for each field its column, or CSV_NO_COLUMN, about which the user is told. Fails if
 * a column of the key is missing or all are, and if one is there twice. */
bool csv_header_map(const struct csv_header *header, const struct source *source,
                    const struct stream *stream, const struct notices *notices,
                    int32_t *ret_columns, struct error *err) MUST_CHECK;
