/* merge_p.h - one view on its way from a delta into the store, between merge.c, merge_collect.c
 * and merge_values.c.
 *
 * Place    merge.c, merge_collect.c, merge_values.c; hierarchies take their part in place of
 *          merge_collect.c.
 * Memory   all of it lives in the merge's arena until the view is merged.
 * Threads  as the transaction.
 * Errors   as merge.h.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once
#include "merge/merge.h"
#include "tables/groups.h"

struct merge_group {
    struct slice key;           /* first, see hash_table_entry */
    struct merge_group *parent; /* NULL: the whole view */
    struct merge_group *next;   /* of the same level */
    struct slice exact;
    int64_t event_count;  /* delta */
    struct state *states; /* delta; from step 2 on the sum of what is stored and delta */
    struct state *stored; /* as unpacked, until it is the sum; NULL: nothing is stored */
    bool existed;
    bool is_open;       /* the next portion has groups under it */
    struct group group; /* as stored, slices in the arena */
    /* handed up by children */
    struct rows_delta rows;
    bool rows_changed;
    bool listing_changed;
    bool values_changed; /* of a hierarchy, see merge_values.c */
};

/* Of one portion, in the order of their keys. */
struct level {
    struct merge_group *first;
    struct merge_group *last;
    struct merge_group *loaded; /* the last that is; NULL: none */
};

/* What the delta has of the groups of one depth, sorted. */
struct own_leaves {
    struct delta_leaf **list;
    size_t count;
    size_t next; /* the first that is in no portion yet */
};

struct merge {
    struct txn *txn;
    const struct time_zone *zone;
    const struct view *view;
    struct meta *meta;
    struct change_log *log;
    struct delta *delta;
    bool has_dependents;
    size_t portion_bytes;
    struct arena lists; /* of all portions */
    struct own_leaves own[SCHEMA_DIMENSIONS_MAX + 1];
    struct arena arena;   /* of the portion at hand */
    struct arena scratch; /* of the group at hand */
    struct level levels[SCHEMA_DIMENSIONS_MAX + 1];
    struct delta_value *const *values; /* of the portion's leaves */
    size_t value_count;
    struct buffer gathered; /* they, where the portion is not all */
    int64_t rows_added;     /* in all portions */
};

/* SIGN times the row with TEXT, a leaf or a node of the view. */
void merge_add_row(const struct merge *merge, struct rows_delta *rows, struct slice text, int sign);
/* The group's states for the table. false: a count is below zero. */
bool group_pack_states(const struct merge *merge, const struct merge_group *group,
                       struct buffer *states, struct error *err) MUST_CHECK;
/* Puts the group: its states and text, which are borrowed, and what the stored one says besides. */
bool group_write(struct merge *merge, unsigned depth, struct slice key, struct merge_group *group,
                 struct slice states, struct slice text, struct error *err) MUST_CHECK;
/* Sorts what the delta has of the view. */
void merge_collect(struct merge *merge);
/* Makes the groups of all depths of the next portion, and loads what is stored of them. */
enum portion_step { PORTION_ONE, PORTION_END, PORTION_FAILED };
enum portion_step merge_next_portion(struct merge *merge, struct error *err);
/* Adds the weights of COUNT values to the leaf of each and to every group above it, and finds anew
 * what the aggregates over them show. */
bool merge_values(struct merge *merge, struct delta_value *const *values, size_t count,
                  struct error *err) MUST_CHECK;
/* The same with all values that the delta has of the view. */
bool merge_all_values(struct merge *merge, struct error *err) MUST_CHECK;
/* More than the view's max_rows. false. */
bool merge_too_many_rows(const struct view *view, uint64_t count, struct error *err);
/* A count below zero: the store contradicts itself. false. */
bool merge_lost_count(struct error *err);
