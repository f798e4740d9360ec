/* merge_hierarchy_p.h - the nodes of a hierarchy that a delta touches, between
 * merge_hierarchy.c, which finds where they stand, and merge_hierarchy_step.c, which adds the
 * delta up and writes them.
 *
 * Place    merge_hierarchy.c, merge_hierarchy_cycle.c, merge_hierarchy_step.c,
 *          merge_hierarchy_table.c, and merge_breakdown.c, which goes up the same nodes.
 * Memory   nodes live in the merge's arena until the view is merged.
 * Threads  as the transaction.
 * Errors   as merge.h.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once
#include "base/hash_table.h"
#include "merge/merge_p.h"
#include "tables/hierarchy.h"
#include "tables/link_changes.h"

struct breakdown_row;

struct hierarchy_node {
    /* Its key is the id, packed as in keys; its states the delta, see merge_p.h. */
    struct merge_group group;
    const struct delta_leaf *leaf; /* what its own events come to; NULL: nothing */
    bool touched;                  /* it is to be written; else it was only looked at */
    bool exists;                   /* when the delta is merged; of a path told in the second step */
    bool links_changed;
    int64_t own_events;
    struct hierarchy_facts old;   /* as stored */
    struct hierarchy_facts facts; /* of now */
    struct slice old_parent;      /* where it stood, where it existed */
    struct slice new_parent;      /* where it stands, where it exists */
    struct hierarchy_node
        *above; /* the same; NULL: it was not asked for, see hierarchy_node_above */
    struct hierarchy_node *parent; /* the same of a touched node, once all above are touched */
    size_t waiting;                /* touched children that are not done */
    size_t seen;                   /* on the way up from which touched node, from 1; 0: not yet */
    struct rows_delta *old_levels; /* as stored; NULL: nothing is */
    struct rows_delta *levels;     /* delta: handed up by children, and by nodes that came and went;
                                    * all of them when it is written */
    bool level_changed[SCHEMA_LEVELS_MAX];
    /* Its rows in the breakdown that is merged, see merge_breakdown.c. */
    struct breakdown_row *breakdown;
};

struct hierarchy {
    struct merge *merge;
    struct hash_table nodes;
    struct hierarchy_node **touched; /* in the order in which they were; later children first */
    size_t touched_count;
    size_t touched_capacity;
    struct hierarchy_node *root;
    int64_t node_count; /* delta */
    bool nodes_changed;
    struct link_changes children; /* what events say of them; written last of all */
    struct link_changes edges;    /* likewise */
    struct buffer key;            /* scratch */
};

/* The node with this key, with what is stored of it. NULL: it failed. */
struct hierarchy_node *hierarchy_node_of(struct hierarchy *hierarchy, struct slice key,
                                         struct slice exact, struct error *err);
static inline struct hierarchy_node *hierarchy_node_of_group(struct merge_group *group)
{
    return (struct hierarchy_node *)(void *)group; /* its first member */
}
/* The one that it stands below. NULL: it failed. */
struct hierarchy_node *hierarchy_node_above(struct hierarchy *hierarchy,
                                            struct hierarchy_node *node, struct error *err);
/* Goes up from each node that may have moved: only these can close a cycle. CYCLE_FOUND: ERR tells
 * of it. */
enum cycle_finding { CYCLE_NONE, CYCLE_FOUND, CYCLE_FAILED };
enum cycle_finding hierarchy_find_cycle(struct hierarchy *hierarchy, struct error *err);
/* The node stands below PARENT from now on (SIGN +1), or no longer. */
void hierarchy_change_edge(struct hierarchy *hierarchy, struct slice parent,
                           const struct hierarchy_node *node, int sign);
void hierarchy_touch(struct hierarchy *hierarchy, struct hierarchy_node *node);
/* Takes the stored subtree of a node from PARENT (SIGN -1), or gives it to it. */
bool hierarchy_seed(struct hierarchy *hierarchy, struct hierarchy_node *parent,
                    const struct hierarchy_node *node, int sign, struct error *err) MUST_CHECK;
/* Adds the stored values of a group to the leaf's, or takes them out of them: those of its sets
 * from FIRST_SET on. */
bool hierarchy_seed_values(struct hierarchy *hierarchy, uint64_t group, size_t first_set,
                           struct delta_leaf *leaf, int sign, struct error *err) MUST_CHECK;
/* The delta's states of a node, zeroed at first. */
struct state *hierarchy_states(struct hierarchy *hierarchy, struct hierarchy_node *node);
/* The touched nodes are in order: adds up, renders and writes them. */
bool hierarchy_write(struct hierarchy *hierarchy, struct error *err) MUST_CHECK;
