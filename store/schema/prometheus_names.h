/* prometheus_names.h - the names that a view's measures and dimensions have for Prometheus.
 *
 * A measure is a family VIEW_MEASURE, a dimension a label. What a name may not hold is an
 * underscore in it, so that two may become one: then the schema is refused.
 *
 * Place    schema_views.c checks them; render/prometheus_text.c writes them.
 * Memory   names are appended to the caller's buffer.
 * Threads  pure.
 * Errors   ERROR_SCHEMA with both names and the remedy.
 * Source   https://prometheus.io/docs/concepts/data_model/
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once
#include "schema/view.h"

/* Whether the view can be shown so: some measure is a number, and no two labels become one. */
bool prometheus_check(const struct view *view, struct error *err) MUST_CHECK;
/* Whether no two families of all the views have one name. */
bool prometheus_check_families(const struct view *views, size_t view_count,
                               struct error *err) MUST_CHECK;
bool prometheus_has_family(const struct view *view, size_t measure);
/* The names of a measure's family and of a dimension's label. */
void prometheus_family(const struct view *view, size_t measure, struct buffer *text);
void prometheus_label(const struct view *view, size_t dimension, struct buffer *text);
