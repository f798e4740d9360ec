/* schema.h - the checked schema in memory: what the user declared, resolved and typed.
 *
 * Place    schema_read makes it from JSON text (schema_read.c, the only file besides documents.c
 *          that includes cJSON); everything else borrows it.
 * Memory   all of it lives in its arena; schema_free releases it.
 * Threads  immutable.
 * Limits   SCHEMA_*_MAX below; more is a schema error.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once
#include "base/arena.h"
#include "base/error.h"
#include "expr/expr.h"
#include "schema/formula.h"

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
    SCHEMA_SEGMENTS_MAX = 10000, /* of a path, nodes in a chain of links */
};

enum field_type {
    FIELD_STRING,
    FIELD_BOOL,
    FIELD_INT,
    FIELD_DECIMAL,
    FIELD_TIME,
    FIELD_FLOAT,
};

struct field {
    struct slice name;
    struct slice
        column; /* its name in the input, or a JSON pointer: "column", or the field's own */
    enum field_type type;
    struct value_type value; /* what its values are */
    struct slice format;     /* of a time: strptime pattern; empty: calendar_read */
};

enum duplicate_rule {
    DUPLICATE_IGNORE,  /* the first event of a key stays */
    DUPLICATE_REPLACE, /* the last one to arrive */
    DUPLICATE_NEWEST,  /* the one with the highest version; of equal ones the first */
};

/* A field's place in the packed events of a stream: it stays when the schema changes around it. */
struct slot {
    int field; /* place in `fields`; -1: the field is no longer declared */
    enum field_type type;
};

/* What leads from an event to one of another stream, or of its own: the key of that. */
struct reference {
    struct slice name; /* of the field, or as declared in "references" */
    const struct stream *target;
    const uint16_t *fields; /* places in `fields`, one a field of the target's key, in its order */
};

/* A value of the event that a reference leads to. It stands behind the stream's own fields. */
struct joined {
    size_t reference; /* place in `references` */
    size_t field;     /* of the target: one of its own, or a joined one behind these */
    unsigned length;  /* of the chain of references: 1, or more where `field` is joined itself */
};

/* Those that some view asks for. Complete when the schema is read. */
struct joins {
    struct joined *list;
    size_t count;
    size_t capacity;
    bool is_open; /* expressions that are parsed may ask for more */
};

/* What makes the groups of a view the nodes of a hierarchy, in place of dimensions: tree(id, parent), or path(field, '/'). */
enum hierarchy_kind { HIERARCHY_LINKS, HIERARCHY_PATHS };

struct hierarchy_spec {
    enum hierarchy_kind kind;
    const struct expr *id;     /* a field: the node, or its path */
    const struct expr *parent; /* HIERARCHY_LINKS: a field */
    struct slice separator;    /* HIERARCHY_PATHS: between the segments of a path */
    unsigned levels;           /* how far the rows in a node's file go down */
};

/* A path in the events of a stream. */
struct hierarchy_path {
    const struct expr *path;
    const struct hierarchy_spec *spec;
};

/* Where events come from: a stream, several of them, or the rows of a view (see struct view). */
struct stream {
    struct slice name;
    uint16_t id;             /* in the keys of the store */
    struct slice definition; /* its JSON, without blanks */
    const struct field *fields;
    size_t field_count;
    const struct slot *slots; /* the order in which events are packed */
    size_t slot_count;
    const uint16_t *key_fields; /* places in `fields`, in declared order */
    size_t key_count;           /* 0: no key, every record counts */
    int time_field;             /* -1: none */
    enum duplicate_rule on_duplicate;
    int version_field;              /* of DUPLICATE_NEWEST */
    const struct expr *delete_when; /* NULL: no record deletes */
    bool retracts;                  /* an event may go or change after it was counted */
    int64_t keep_seconds;           /* events older than this are dropped; 0: none */
    const struct reference *references;
    size_t reference_count;
    struct joins *joins; /* NULL: it has no references */
    bool is_of_several;  /* what a view over several streams sees */
    bool is_target;      /* some view asks for values of it by way of a reference */
    /* Every expression of a view over this stream that can overflow: bind refuses the record. */
    const struct expr *const *fallible;
    size_t fallible_count;
    const struct hierarchy_path *paths; /* of views over it: a path may have too many segments */
    size_t path_count;
};

struct dimension {
    struct slice name; /* alias, or the expression's text as written */
    const struct expr *expr;
    struct value_type type;
    bool is_distance; /* depth(): how far below the node an event is. EXPR is 0 */
};

struct measure {
    struct slice name;
    struct slice text; /* as written */
    const struct formula *formula;
};

/* The values of one expression, each with the number of events that carry it: what a measure needs that
 * looks at all of them, or that must know the next one when its value goes. Equal ones are shared. */
struct multiset {
    const struct view *entities; /* whose rows the values are of; NULL: of the view's own events */
    const struct expr *argument;
    const struct expr *const
        *order; /* stand in front of the argument, and the event's key behind them */
    size_t order_count;
    const struct expr *where;
    bool is_keyed;  /* of arg_min and arg_max: `order` and key are part of an element */
    bool is_ranked; /* top() wants the most frequent first */
};

/* The forms of a file of rows. JSON is always there. */
enum rows_format { ROWS_JSON, ROWS_NDJSON, ROWS_CSV, ROWS_PROM };
enum { ROWS_FORMATS = 4 };

/* A stream whose events a view counts. */
struct view_input {
    const struct stream *stream;
    /* Where there are several: what each field of the view's stream is in an event of this one, or NULL for null. NULL: the
     * view sees the event as it is. */
    const struct expr *const *values;
    const struct expr *where; /* only these events of it; NULL: all */
};

struct view {
    struct slice name;
    struct slice definition; /* its JSON, without blanks, max_rows and formats */
    uint16_t id;             /* in the keys of the store */
    /* Of a hidden view: the view that it feeds. Its dimensions are an entity and then those of the owner, so that its
     * groups of depth k + 1 are the entities of the owner's groups of depth k: each is folded into that as one event.
     * Where the owner is a hierarchy: what it is further divided into. Its dimensions are a node and then those of its own; its
     * groups count what is in the node's subtree (merge_breakdown.c).
     * NULL: users see it. */
    const struct view *owner;
    struct slice breakdown; /* of one within a hierarchy: what it is called there */
    const struct stream
        *stream; /* what its events are: a stream's, those of several, or the rows of `source` */
    const struct view_input *inputs; /* where they come from; none: `source` */
    size_t input_count;
    const struct view *source;          /* NULL: a stream */
    const struct stream *rows;          /* its own rows as events, for the views over it */
    bool retracts;                      /* an event may go after it was counted */
    bool follows;                       /* what references lead to makes a difference to it */
    int64_t retain_seconds;             /* groups older than this go; 0: none */
    uint64_t max_rows;                  /* a commit that would make more fails */
    bool formats[ROWS_FORMATS];         /* which of them it has */
    int time_dimension;                 /* that tells how old a group is; -1: none */
    const struct expr *where;           /* NULL: every event */
    const struct dimension *dimensions; /* of a hierarchy: the node's id */
    size_t dimension_count;
    const struct hierarchy_spec *hierarchy; /* NULL: its groups are those of its dimensions */
    const struct aggregate
        *aggregates; /* what is kept; equal ones once. Of a hierarchy twice: of the
                                           node's own events, and then of all in its subtree */
    size_t aggregate_count;
    const struct multiset *multisets;
    size_t multiset_count;
    const struct measure *measures; /* what is shown */
    size_t measure_count;
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

/* Parses and checks TEXT: JSON, with comments as C has them. Errors are ERROR_SCHEMA and name the place
 * ("views.breakdown.by[1]"), what was expected, and the nearest right name. ZONE_BYTES NULL: the zone is loaded from the machine
 * (time_zone_load); else these bytes are it. The schema takes nothing over. */
bool schema_read(struct slice text, const struct slice *zone_bytes, struct schema **ret_schema,
                 struct error *err) MUST_CHECK;
void schema_free(struct schema *schema); /* takes NULL */
/* Appends the text without its comments, and without the lines that hold nothing else: JSON for everybody. */
void schema_write_json(const struct schema *schema, struct buffer *json);

const struct stream *schema_stream(const struct schema *schema, struct slice name); /* or NULL */
const struct view *schema_view(const struct schema *schema, struct slice name);     /* or NULL */
/* How many values an event has: its own fields and what its references lead to. */
size_t stream_value_count(const struct stream *stream);
/* What is declared of one of these values. */
const struct field *stream_field(const struct stream *stream, size_t value);
/* The place of the value FIELD of the event that REFERENCE leads to. */
size_t stream_join(const struct stream *stream, size_t reference, size_t field,
                   struct arena *arena);
/* The same by id. */
const struct stream *schema_stream_of(const struct schema *schema, uint16_t id);
const struct view *schema_view_of(const struct schema *schema, uint16_t id);

/* Whether the view divides the subtrees of a hierarchy, its owner. */
static inline bool view_is_breakdown(const struct view *view)
{
    return view->owner && view->owner->hierarchy;
}

/* What users see of such a view: all but the node. */
static inline struct view view_shown(const struct view *view)
{
    struct view shown = *view;
    if (view_is_breakdown(view)) {
        shown.dimensions++;
        shown.dimension_count--;
    }
    return shown;
}

/* Whether a dimension of a view over a stream is the event's time, or a bucket of it. */
bool view_dimension_is_time(const struct view *view, size_t dimension);

/* The name of NAMES nearest to WRONG by edit distance, or empty if none is near (a distance of more
 * than a third of its length). Used by every "did you mean". */
struct slice schema_nearest(struct slice wrong, const struct slice *names, size_t name_count);
