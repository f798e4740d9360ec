/* schema_p.h - what the readers of a schema share: checks of JSON, and places for errors.
 *
 * Place    the schema_*.c.
 * Memory   what stays is copied to the schema's arena; cJSON's tree ends with schema_read.
 * Threads  one, while the schema is read.
 * Errors   ERROR_SCHEMA; callers put the place in front, piece by piece, on the way out.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once
#include <cjson/cJSON.h>

#include "schema/schema.h"

/* Copies TEXT to RET_BLANKED, of the same length, with blanks in place of comments. False: a
 * comment has no end, *ret_unclosed is where it begins. */
bool schema_blank_comments(struct slice text, uint8_t *ret_blanked,
                           size_t *ret_unclosed) MUST_CHECK;

/* The member NAME of an object, in exactly that spelling, or NULL. */
const cJSON *json_get(const cJSON *object, const char *name);
/* Whether JSON is an object without repeated members, all of them in KEYS (any if KEYS is NULL),
 * which ends in NULL. */
bool json_is_object(const cJSON *json, const char *const *keys, struct error *err) MUST_CHECK;
/* The JSON without blanks, in the arena. */
struct slice json_definition(const cJSON *json, struct arena *arena);
bool json_is_text(const cJSON *json, const char *what, struct error *err) MUST_CHECK;
/* "unknown field 'x'" with the nearest of NAMES, or all of them; false. */
bool json_unknown(const char *what, const char *name, const struct slice *names, size_t name_count,
                  struct error *err);
/* Put "name" or "[index]" in front of the place: views.breakdown.by[1]. Return false. */
bool error_wrap_dot(struct error *err, const char *name);
bool error_wrap_index(struct error *err, size_t index);

/* "90 days": a number and minutes, hours, days, weeks, months or years. A month is 31 days and a
 * year 366, so that nothing goes too early. */
bool json_read_duration(const cJSON *json, int64_t *ret_seconds, struct error *err) MUST_CHECK;

/* "was" of a stream, a field or a view: the name that it had before, or empty. */
bool schema_read_was(struct schema *schema, const cJSON *json, struct slice *ret_was,
                     struct error *err) MUST_CHECK;
/* The place of the field NAME; false, with the names that there are: there is none. */
bool stream_find_field(const struct stream *stream, const char *name, size_t *ret_index,
                       struct error *err) MUST_CHECK;
/* The references of STREAMS, which are the schema's, once all of them are read. */
bool schema_read_references(struct schema *schema, struct stream *streams, const cJSON *json,
                            struct error *err) MUST_CHECK;
bool schema_read_streams(struct schema *schema, const cJSON *json, struct error *err) MUST_CHECK;
/* "from" where it is a list or an object: several streams. */
bool schema_read_inputs(struct schema *schema, const cJSON *json, struct view *view,
                        struct error *err) MUST_CHECK;
/* The view counts the events of one stream as they are. */
void schema_set_input(struct schema *schema, struct view *view, const struct stream *stream);
/* What the views over this one see as fields: its dimensions, and its measures but for lists. */
void schema_describe_rows(struct schema *schema, struct view *view);
/* Once a view's aggregates are read: whether its events go, and which values have to be kept. */
bool schema_place_aggregates(struct schema *schema, struct view *view,
                             struct error *err) MUST_CHECK;
/* The measures of a view whose source and dimensions are read. */
bool schema_read_measures(struct schema *schema, const cJSON *json, struct view *view,
                          struct error *err) MUST_CHECK;
/* "by" and "where" of a view whose source is read. */
bool schema_read_by(struct schema *schema, const cJSON *json, struct view *view,
                    struct error *err) MUST_CHECK;
bool schema_read_where(struct schema *schema, const cJSON *json, struct view *view,
                       struct error *err) MUST_CHECK;
/* The breakdowns of a hierarchy's subtrees. */
bool schema_read_breakdown(struct schema *schema, const cJSON *json, struct view *owner,
                           struct error *err) MUST_CHECK;
/* Whether the text is depth(), and the view may have it. */
bool schema_read_distance(struct schema *schema, const struct view *view, struct slice text,
                          struct dimension *dimension);
/* Whether an entry of "by" is a hierarchy, such as tree(id, parent_id). */
bool schema_names_hierarchy(const cJSON *json);
/* The hierarchy that the view is by, and how many levels of rows it shows. DEPTH: NULL
 * where it is not said. */
bool schema_read_hierarchy(struct schema *schema, const cJSON *json, struct view *view,
                           struct error *err) MUST_CHECK;
bool schema_read_levels(const cJSON *json, struct view *view, struct error *err) MUST_CHECK;
/* What a hierarchy cannot be together with. */
bool schema_check_hierarchy(const struct view *view, const cJSON *json,
                            struct error *err) MUST_CHECK;
/* When its condition is read. */
bool schema_check_links(struct schema *schema, const struct view *view,
                        struct error *err) MUST_CHECK;
/* A view that feeds OWNER or is a breakdown of it, behind all others: it counts the same events, in
 * groups that are yet to be told. */
struct view *schema_hide_view(struct schema *schema, const struct view *owner, const char *name);
/* When its measures are read. */
bool schema_finish_hierarchy(struct schema *schema, struct view *view,
                             struct error *err) MUST_CHECK;
/* Finds each stream's paths that views are by. */
void schema_collect_paths(struct schema *schema);
/* Finds each stream's expressions that can overflow. */
void schema_collect_fallible(struct schema *schema);
bool schema_read_views(struct schema *schema, const cJSON *json, struct error *err) MUST_CHECK;
