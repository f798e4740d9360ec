/* verify_p.h - between verify_count.c, which counts the events again, and verify.c, which compares.
 *
 * Place    what counts: verify_count.c, verify_values.c, verify_merge.c, verify_children.c,
 *          verify_rows.c, verify_hierarchy.c; verify_ranges.h, verify_prometheus.c,
 *          verify_tables.c.
 * Memory   of a view in its arena until tallied_view_done; sets are on the heap.
 * Threads  as the snapshot.
 * Errors   as verify.h.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once
#include "aggregate/aggregate_state.h"
#include "base/hash_table.h"
#include "database/store.h"
#include "schema/schema.h"

/* One value that a quantile or top() is about. */
struct tallied_value {
    struct slice key;   /* see multiset_key: their order */
    struct slice whole; /* packed without limit */
};

/* One aggregate of one group, as plainly as can be. */
struct tally {
    struct state state; /* what aggregate_result makes a result of */
    uint8_t *room;      /* of an extreme, in the arena */
    size_t room_bytes;
    struct tallied_value *values; /* of quantile and top(): every one */
    size_t value_count;
    size_t value_capacity;
};

struct tallied_group {
    struct slice key;         /* packed dimensions, the order of the tree */
    struct value *dimensions; /* strings in the arena */
    uint64_t event_count;
    struct tally *tallies; /* one an aggregate */
};

/* The groups of one depth, sorted by key. */
struct tallied_level {
    struct tallied_group *groups;
    size_t count;
};

struct tallied_view {
    const struct view *view;
    struct hash_table parents; /* of a hierarchy: see verify_hierarchy.c; entries in the arena */
    uint64_t links;            /* of one: see verify_derived.c */
    struct arena arena;
    struct tallied_level levels[SCHEMA_DIMENSIONS_MAX + 1];
    /* Events before this time are gone, but were counted; null: none are. */
    struct value dropped_before;
};

/* The file for Prometheus of COUNT leaves. Appends to TEXT. */
void verify_prom(const struct view *view, const struct time_zone *zone,
                 const struct tallied_group *leaves, size_t count, struct buffer *text);

/* What to count of a view at a time, where all of it is too much; see verify_portions.c. */
struct verify_portion {
    size_t limit_bytes; /* 0: none */
    bool
        /* the group that is the whole view alone; else, where that is so, all others */
        is_whole_only;
    bool is_range;
    struct slice from, to; /* keys of the leading dimension; TO empty: to the end */
    size_t part_count,
        part_at; /* of the values of uniq; all else is counted with the first part. 0: all */
};

/* A view while it is counted. */
struct counting {
    const struct verify_portion *portion; /* NULL: all */
    bool is_full; /* the portion is larger than its limit: counting has ended */
    struct tallied_view *view;
    const struct time_zone *zone;
    struct hash_key secret;   /* the store's */
    struct hash_table groups; /* by their whole dimensions, whatever their keys have cut */
    struct hash_table values;
    struct buffer key;
    struct buffer name;    /* what is looked up */
    struct buffer element; /* what is compared */
    struct slice own_key;  /* of the event at hand */
    struct value retained; /* the view has let go what is before; null: nothing */
    size_t first, end;     /* the aggregates that are counted now */
    bool learns_parents;   /* of a hierarchy: where nodes stand, instead */
};

/* Counts values that are not null (as aggregate_apply has them) in the group's tally of one
 * aggregate; counting->element is what compares. */
void tally_value(struct counting *counting, struct tallied_group *group, size_t index,
                 const struct value *values);
/* The element is counted in an extreme, where it is beyond. */
void tally_extreme(struct counting *counting, const struct aggregate *aggregate,
                   struct tally *tally, struct slice element);
/* Adds what another group has, where that can be done with the aggregate. */
bool tally_can_merge(const struct aggregate *aggregate);
void tally_merge(struct counting *counting, const struct aggregate *aggregate, struct tally *into,
                 const struct state *from);
/* All values are counted: finds quantiles and the most frequent. */
void tally_finish(struct counting *counting, const struct aggregate *aggregate,
                  struct tally *tally);

/* Counts an event in its groups of all depths. */
void counting_event(struct counting *counting, const struct value *fields, struct slice key);
/* The same where the view is a hierarchy. */
void verify_hierarchy_event(struct counting *counting, const struct value *fields);
/* An event names the parent of a node; both as in keys. */
void verify_count_link(struct tallied_view *view, struct slice id, struct slice parent);
/* Which parent the events name for a node of a view that is counted, and its key; false: none. */
bool verify_hierarchy_parent(const struct tallied_view *view, const struct tallied_group *node,
                             struct buffer *key, struct value *ret_parent);
/* Whether the portion has no group with the key at hand, nor any that it begins. */
bool counting_is_outside(const struct counting *counting);
/* Whether the portion is larger than its limit by now: sets counting->is_full. */
void counting_look_at_limit(struct counting *counting);
/* The group of the first DEPTH dimensions, whose packed key counting->key begins with. */
struct tallied_group *counting_group(struct counting *counting, unsigned depth, size_t length,
                                     const struct value *dimensions);
/* The same; NULL: it is not counted. */
struct tallied_group *counting_find(struct counting *counting, unsigned depth, size_t length,
                                    const struct value *dimensions);
/* Counts an event, or a row of ENTITIES, in what the group has of that. */
void counting_add(struct counting *counting, struct tallied_group *group,
                  const struct view *entities, const struct value *fields);
/* Counts the rows of the view below, which are proven, or of what feeds the view. */
bool verify_rows(struct counting *counting, const struct snapshot *snapshot,
                 struct error *err) MUST_CHECK;
bool verify_entities(struct counting *counting, const struct snapshot *snapshot,
                     struct error *err) MUST_CHECK;

/* Counts, in a range of a hierarchy's nodes, what is below each of them. */
bool verify_children(struct counting *counting, const struct snapshot *snapshot,
                     struct error *err) MUST_CHECK;

bool tallied_view_count(const struct snapshot *snapshot, const struct view *view,
                        struct tallied_view *ret_view, struct error *err) MUST_CHECK;
/* The same of a portion. Where that is larger than its limit *ret_fits is false, and
 * there is no view. */
bool tallied_portion_count(const struct snapshot *snapshot, const struct view *view,
                           const struct verify_portion *portion, struct tallied_view *ret_view,
                           bool *ret_fits, struct error *err) MUST_CHECK;
void tallied_view_done(struct tallied_view *view);

/* Reads all that is stored, and counts the events. false: something is damaged. */
bool verify_tables(const struct snapshot *snapshot, uint64_t *ret_events,
                   struct error *err) MUST_CHECK;
