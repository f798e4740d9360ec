/* link_parents.h - the parents that records give one node of a hierarchy, the least of them first.
 *
 * Place    link_graph.c keeps one a node.
 * Promise  a parent comes and goes in O(log n), however many records name others.
 * Memory   in the arena, until it is freed; zeroed is empty.
 * Threads  one owner at a time.
 * Errors   none: without memory the program ends.
 * Source   a binary heap (Williams, "Algorithm 232: Heapsort", 1964). What no longer counts stays
 *          in it until it is the least.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once
#include "base/arena.h"

struct link_node;

/* That events of a node name a parent. */
struct link_pair {
    struct slice ends; /* of the pair, as hash_table_entry wants them */
    struct slice key;  /* the parent's */
    struct link_node *parent;
    int64_t weight; /* of all events: those stored, and those of the records; counts if above 0 */
    bool waits;     /* in the heap */
};

struct link_parents {
    struct link_pair **heap;
    size_t count;
    size_t capacity;
};
/* After the weight of a pair has changed. */
void link_parents_update(struct link_parents *parents, struct link_pair *pair, struct arena *arena);
/* The one with the least key of those that count; NULL: none does. */
struct link_node *link_parents_least(struct link_parents *parents);
