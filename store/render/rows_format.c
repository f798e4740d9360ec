// SPDX-License-Identifier: Apache-2.0
#include "render/rows_format.h"

#include "render/prometheus_text.h"
#include "render/rows.h"

/* What most heads fit into, so that a look-up of a file does not allocate. */
enum { HEAD_ROOM_BYTES = 512 };
/* What most rows fit into. */
enum { ROW_ROOM_BYTES = 512 };

static void csv_head(const struct view *view, struct buffer *text)
{
    rows_csv_header(view, text);
    buffer_add_byte(text, '\n');
}

const struct rows_frame rows_frames[ROWS_FORMATS] = {
    [ROWS_JSON] = {.open = "[", .between = ",\n", .behind = "", .close = "]\n"},
    [ROWS_NDJSON] = {.open = "", .between = "", .behind = "\n", .close = ""},
    [ROWS_CSV] = {.open = "",
                  .between = "",
                  .behind = "\n",
                  .close = "",
                  .head = csv_head,
                  .convert = rows_csv},
    [ROWS_PROM] = {.open = "",
                   .between = "",
                   .behind = "",
                   .close = "",
                   .head = prometheus_heads,
                   .samples = prometheus_row_bytes},
};

const struct rows_frame *rows_frame_of(enum rows_format format, bool as_list)
{
    return &rows_frames[format == ROWS_JSON && !as_list ? ROWS_NDJSON : format];
}

uint64_t rows_content_bytes(enum rows_format format, const struct view *view,
                            const struct time_zone *zone, struct slice row)
{
    const struct rows_frame *const frame = &rows_frames[format];
    STACK_BUFFER(text, ROW_ROOM_BYTES);
    if (rows_on_demand[format] && !view->formats[format]) return 0;
    if (frame->samples) return frame->samples(view, zone, row);
    if (!frame->convert) return row.length;
    frame->convert(row, &text);
    return text.length;
}

uint64_t rows_file_bytes(enum rows_format format, const struct view *view, bool as_list,
                         uint64_t count, uint64_t bytes)
{
    const struct rows_frame *const frame = rows_frame_of(format, as_list);
    STACK_BUFFER(head, HEAD_ROOM_BYTES);
    if (frame->head) frame->head(view, &head);
    return head.length + strlen(frame->open) + (count ? (count - 1) * strlen(frame->between) : 0) +
           count * strlen(frame->behind) + strlen(frame->close) + bytes;
}
