/* stream.h - a stream as declared: the fields that expressions name, key, time, references.
 *
 * Place    schema_read fills it in; expressions, events and views borrow it.
 * Memory   all of it lives in the schema's arena.
 * Threads  immutable once the schema is read.
 * Errors   none.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once
#include "base/arena.h"
#include "expr/expr.h"
#include "types/dictionary.h"

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
    struct slice was; /* the name that it had in the schema before; empty: this one */
    /* Its name in the input, or a JSON pointer: "column", or the field's own. */
    struct slice column;
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
    bool is_former;  /* the field has a wider type since, and a slot for that behind this one */
    bool has_former; /* the other way round */
    const struct dictionary *dictionary; /* of a string; NULL: none */
    const struct time_zone *zone;        /* the schema's */
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

/* What makes the groups of a view the nodes of a hierarchy, in place of dimensions: tree(id,
 * parent), or path(field, '/'). */
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
    const struct expr
        *conditions[2]; /* an event is in the hierarchy where both hold; NULL: always */
};

/* Where events come from: a stream, several of them, or the rows of a view (see struct view). */
struct stream {
    struct slice name;
    struct slice was;        /* as of a field */
    uint16_t id;             /* in the keys of the store */
    struct slice definition; /* its JSON, without blanks */
    const struct field *fields;
    size_t field_count;
    const struct slot *slots; /* the order in which events are packed */
    size_t slot_count;
    bool has_dictionaries; /* a slot has one */
    bool has_former_slots;
    bool lacks_dictionaries;    /* nobody has looked yet which texts of its slots are repeated */
    const uint16_t *key_fields; /* places in `fields`, in declared order */
    size_t key_count;           /* 0: no key, every record counts */
    int time_field;             /* -1: none */
    enum duplicate_rule on_duplicate;
    int version_field;              /* of DUPLICATE_NEWEST */
    const struct expr *delete_when; /* NULL: no record deletes */
    bool retracts;                  /* an event may go or change after it was counted */
    int64_t undo_seconds;           /* how long before-images are kept; 0: there are none */
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

/* How many values an event has: its own fields and what its references lead to. */
size_t stream_value_count(const struct stream *stream);
/* What is declared of one of these values. */
const struct field *stream_field(const struct stream *stream, size_t value);
/* The place of the value FIELD of the event that REFERENCE leads to. */
size_t stream_join(const struct stream *stream, size_t reference, size_t field,
                   struct arena *arena);
