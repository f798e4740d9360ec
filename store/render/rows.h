/* rows.h - the text of one row: as it is stored, and as CSV.
 *
 * Place    merge.c renders rows and totals once; tree_read puts stored rows together.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once
#include "aggregate/aggregate_state.h"
#include "schema/schema.h"

/* By enum rows_format. */
extern const char *const rows_extensions[ROWS_FORMATS];

/* {"region":"eu-central","day":"2026-01-01","cnt":18509}: the first DEPTH dimensions, then every
 * measure. Appends to ROW. */
void rows_text(const struct view *view, const struct time_zone *zone,
               const struct value *dimensions, unsigned depth, const struct state *states,
               struct buffer *row);
/* The values of ROW one by one, as the JSON that they are. *AT is 0 at the start; false at the end. */
bool rows_next(struct slice row, size_t *at, struct slice *ret_json);
/* What a JSON string of a row stands for; it borrows from QUOTED or lives in BYTES. */
struct slice rows_string(struct slice quoted, struct buffer *bytes);
/* The values of ROW, which rows_text wrote, as one line of RFC 4180 without its end: null is empty, the
 * empty string "", strings are their own bytes, lists are JSON. Appends to LINE. */
void rows_csv(struct slice row, struct buffer *line);
/* The names of the columns, likewise. */
void rows_csv_header(const struct view *view, struct buffer *line);
