/* schema.h - the checked schema in memory: what the user declared, resolved and typed.
 *
 * Place    schema_read makes it from JSON text (schema_read.c, the only file besides documents.c
 *          that includes cJSON); everything else borrows it.
 * Memory   all of it lives in its arena; schema_free releases it.
 * Threads  immutable.
 * Errors   ERROR_SCHEMA with the place; ERROR_MISSING of the zones' database.
 * Limits   SCHEMA_*_MAX below; more is a schema error.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once
#include "base/error.h"
#include "schema/view.h"

enum {
    SCHEMA_STREAMS_MAX = 1000,
    SCHEMA_VIEWS_MAX = 1000,
    SCHEMA_FIELDS_MAX = 1000,
    SCHEMA_KEY_FIELDS_MAX = 16,
    SCHEMA_REFERENCES_MAX = 255, /* of one stream */
    SCHEMA_DIMENSIONS_MAX = 16,
    SCHEMA_AGGREGATES_MAX = 200, /* of one view */
    SCHEMA_FEEDERS_MAX = 16,     /* hidden views that one view has */
    SCHEMA_MAX_ROWS = 10000000,  /* of a view that does not say so itself */
    SCHEMA_LEVELS_MAX = 16,      /* of rows in a file of a hierarchy */
    SCHEMA_CHAIN_MAX = 10000,    /* nodes above each other by links */
    SCHEMA_SEGMENTS_MAX = 255,   /* of a path: each node is called by all in front of it */
    SCHEMA_PATH_BYTES_MAX = 16 << 10,
    SCHEMA_DISTANCE_MAX = 255, /* of depth(): it stands for all that is farther below, too */
};

struct schema {
    struct arena arena;
    struct slice text; /* as the user wrote it: JSON, with comments */
    struct slice timezone;
    struct time_zone *zone;
    const struct stream *streams;
    size_t stream_count;
    const struct view *views;
    size_t view_count;               /* those that are declared */
    size_t all_view_count;           /* and those behind them, which only feed others */
    const struct view *const *order; /* all of them, each behind those that it counts the rows of */
};

/* Parses and checks TEXT: JSON, with comments as C has them. Errors are ERROR_SCHEMA and name the
 * place ("views.breakdown.by[1]"), what was expected, and the nearest right name. ZONE_BYTES
 * NULL: the zone is loaded from the machine (time_zone_load); else these bytes are it. The schema
 * takes nothing over. */
bool schema_read(struct slice text, const struct slice *zone_bytes, struct schema **ret_schema,
                 struct error *err) MUST_CHECK;
void schema_free(struct schema *schema); /* takes NULL */
/* Appends the text without its comments, and without the lines that hold nothing else:
 * JSON for everybody. */
void schema_write_json(const struct schema *schema, struct buffer *json);

const struct stream *schema_stream(const struct schema *schema, struct slice name); /* or NULL */
const struct view *schema_view(const struct schema *schema, struct slice name);     /* or NULL */
/* The same by id. */
const struct stream *schema_stream_of(const struct schema *schema, uint16_t id);
const struct view *schema_view_of(const struct schema *schema, uint16_t id);
