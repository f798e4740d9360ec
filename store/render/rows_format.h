/* rows_format.h - what each format (rows_formats.h) makes of a row, and how many bytes: a row is
 * stored once, as JSON, and groups know the bytes of the rows under them in each format.
 *
 * Place    merge/ counts the bytes when a row changes; tree.c adds them to a file's size.
 * Memory   text is appended to the caller's buffer.
 * Threads  pure functions.
 * Errors   none: a row that is stored can be shown.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once
#include "schema/schema.h"

/* What a file of rows has besides what the format makes of each row. */
struct rows_frame {
    const char *open;
    const char *between; /* rows */
    const char *behind;  /* each row */
    const char *close;
    void (*head)(const struct view *view, struct buffer *text); /* in front; NULL: nothing */
    void (*convert)(struct slice row, struct buffer *text);     /* NULL: as it is stored */
    /* The bytes of a row where the file has not one row after the other, but one measure after the
     * other, each with its part of the head (prometheus_text.h); else NULL. */
    uint64_t (*samples)(const struct view *view, const struct time_zone *zone, struct slice row);
};
/* By enum rows_format. */
extern const struct rows_frame rows_frames[ROWS_FORMATS];
/* A row that stands alone is no list, but a line. */
const struct rows_frame *rows_frame_of(enum rows_format format, bool as_list);

/* What a file of FORMAT has of ROW, without what stands around and between rows. 0 of a format on
 * demand (rows_formats.h) that the view has not. */
uint64_t rows_content_bytes(enum rows_format format, const struct view *view,
                            const struct time_zone *zone, struct slice row);
/* The size of a file of COUNT rows that have BYTES of content. AS_LIST: not of one row that stands
 * alone. */
uint64_t rows_file_bytes(enum rows_format format, const struct view *view, bool as_list,
                         uint64_t count, uint64_t bytes);
