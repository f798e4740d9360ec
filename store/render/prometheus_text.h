/* prometheus_text.h - rows in the text format of Prometheus: a family of samples for each measure that is a number, a label for each
 * dimension.
 *
 *   # HELP breakdown_cnt count()
 *   # TYPE breakdown_cnt gauge
 *   breakdown_cnt{region="eu-central",day="2026-01-01"} 18509
 *
 * A family is named VIEW_MEASURE. Whatever a name may not hold is an underscore in it. All are gauges, as corrections
 * may take any figure down. Times are seconds since 1970, true and false 1 and 0; a null has no sample.
 * A label's value is that of the dimension; control characters, bytes that are not UTF-8 and % are written %XX, null and the
 * empty text, which Prometheus takes for no label at all, %null and %empty: so two rows never share their labels.
 *
 * Source   https://prometheus.io/docs/instrumenting/exposition_formats/
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once
#include "schema/schema.h"

/* Whether the view can be shown so: some measure is a number, and no two labels become one. */
bool prometheus_check(const struct view *view, struct error *err) MUST_CHECK;
/* Whether no two families of all the views have one name. */
bool prometheus_check_families(const struct view *views, size_t view_count,
                               struct error *err) MUST_CHECK;
bool prometheus_has_family(const struct view *view, size_t measure);
/* The names of a measure's family and of a dimension's label. */
void prometheus_family(const struct view *view, size_t measure, struct buffer *text);
void prometheus_label(const struct view *view, size_t dimension, struct buffer *text);
/* VALUE as it may stand between the quotes of a label. It is UTF-8. */
void prometheus_escape(struct slice value, struct buffer *text);
/* HELP and TYPE. Appends to TEXT, as the next does. */
void prometheus_head(const struct view *view, size_t measure, struct buffer *text);
/* The sample of one measure of ROW, which rows_text wrote; nothing where it is null. */
void prometheus_sample(const struct view *view, const struct time_zone *zone, struct slice row,
                       size_t measure, struct buffer *text);
uint64_t prometheus_heads_bytes(const struct view *view);
uint64_t prometheus_row_bytes(const struct view *view, const struct time_zone *zone,
                              struct slice row);
