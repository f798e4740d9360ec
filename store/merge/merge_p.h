/* merge_p.h - one view on its way from a delta into the store, between merge.c, merge_collect.c and merge_values.c.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once
#include "merge/merge.h"
#include "tables/groups.h"

struct merge_group {
    struct slice key;           /* first, see hash_table_entry */
    struct merge_group *parent; /* NULL: the whole view */
    struct slice exact;
    int64_t event_count;  /* delta */
    struct state *states; /* delta; from step 2 on the sum of what is stored and delta */
    bool existed;
    struct group group; /* as stored, slices in the arena */
    /* handed up by children */
    struct rows_delta {
        int64_t count;
        int64_t json_bytes;
        int64_t csv_bytes;
        int64_t prometheus_bytes;
    } rows;
    bool rows_changed;
    bool listing_changed;
    bool values_changed; /* of a hierarchy, see merge_values.c */
};

struct level {
    struct merge_group *groups; /* in the order of their keys */
    size_t count;
};

struct merge {
    struct txn *txn;
    const struct time_zone *zone;
    const struct view *view;
    struct meta *meta;
    struct change_log *log;
    struct delta *delta;
    bool has_dependents;
    struct arena arena;
    struct level levels[SCHEMA_DIMENSIONS_MAX + 1];
};

/* Makes the groups of all depths from what the delta has of the view; which is in them then. */
void merge_collect(struct merge *merge);
/* Adds what events changed, and with ENTITIES what rows of entities did: those are of one group alone. */
void merge_states(struct merge *merge, struct state *into, const struct state *delta,
                  bool entities);
/* Adds the weights of the delta's values to the leaf and to every group above it, and finds anew what the
 * aggregates over them show. */
bool merge_values(struct merge *merge, const struct delta *delta, struct error *err) MUST_CHECK;
/* More than the view's max_rows. false. */
bool merge_too_many_rows(const struct view *view, uint64_t count, struct error *err);
/* A count below zero: the store contradicts itself. false. */
bool merge_lost_count(struct error *err);
