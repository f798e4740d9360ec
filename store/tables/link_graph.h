/* link_graph.h - the parents of a hierarchy's nodes, as they are stored and as records that are
 * looked at would change them.
 *
 * Place    link_check.c, for ingest.
 * Units    ids are packed as in keys; `whole` is packed without limit.
 * Memory   what is asked for is kept until link_graph_done.
 * Threads  as the transaction.
 * Errors   ERROR_CORRUPT of the table of links. A cycle is an answer.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once
#include "base/arena.h"
#include "base/hash_table.h"
#include "kv/db.h"
#include "schema/schema.h"

struct link_node;

struct link_graph {
    const struct view *view;
    const struct txn *txn;
    struct arena arena;
    struct hash_table nodes;
    struct hash_table pairs; /* of a node and a parent that records name */
    /* How often nodes with children got another parent: depths are of one such state. */
    uint64_t moves;
};
void link_graph_init(struct link_graph *graph, const struct view *view, const struct txn *txn);
void link_graph_done(struct link_graph *graph); /* takes a zeroed one */

/* The node of an id that is not null. */
struct link_node *link_graph_node(struct link_graph *graph, const struct value *id);
/* Its parent, or NULL where no event names one. */
bool link_graph_parent(struct link_graph *graph, struct link_node *node,
                       struct link_node **ret_parent, struct error *err) MUST_CHECK;
/* Adds WEIGHT to the events that say that PARENT is the node's. */
bool link_graph_add(struct link_graph *graph, struct link_node *node, struct link_node *parent,
                    int64_t weight, struct error *err) MUST_CHECK;

/* Whether one of the nodes (two at most), whose parents have just become others, is below itself
 * now, or too deep: *ret_node. */
enum link_state { LINK_GOOD, LINK_CYCLE, LINK_TOO_DEEP, LINK_FAILED };
enum link_state link_graph_check(struct link_graph *graph, struct link_node *const *nodes,
                                 size_t count, struct link_node **ret_node, struct error *err);
/* a -> b -> a: the node and those above it, as far as it itself. Appends to TEXT. */
bool link_graph_write(struct link_graph *graph, struct link_node *node,
                      const struct time_zone *zone, struct buffer *text,
                      struct error *err) MUST_CHECK;
