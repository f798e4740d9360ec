/* verify_hierarchy_p.h - between the parts that look at what a hierarchy shows.
 *
 * Place    verify_hierarchy_nodes.c goes over the nodes, verify_hierarchy_files.c looks at all that
 *          one of them is, verify_hierarchy_rows.c at its files.
 * Memory   a placed node borrows its group from the view that is counted; the rest lives in the
 *          arena that it was placed with.
 * Threads  as the snapshot.
 * Errors   as verify.h.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once
#include "verify/verify_check.h"
#include "verify/verify_nodes.h"

/* A node, and where it stands by the events. */
struct placed {
    const struct tallied_group *group; /* as it was counted */
    bool is_root;
    struct slice key;      /* as in the table of links */
    struct slice above;    /* that of the node it stands below */
    struct value id;       /* null: the root */
    struct value parent;   /* that the events name */
    struct node directory; /* of its own; verify_node_files looks whether it is there */
};

struct nodes_check {
    struct check *check;
    const struct view *view;
    struct tallied_view breakdowns[SCHEMA_FEEDERS_MAX]; /* of the same nodes as check->view */
    size_t breakdown_count;
    struct node ids; /* the directory of all nodes */
    struct tree_listing *listing;
    bool lists_same;
    uint64_t links;       /* of the ranges so far: see verify_derived.c */
    struct placed placed; /* the node at hand, whose path is told where it differs */
};

/* The name of a node in the directory that it is in, or among all of them. */
void verify_node_name(const struct check *check, const struct view *view, const struct value *id,
                      const struct value *parent, bool whole, struct buffer *name);
/* A row of a node. */
void verify_node_row(const struct check *check, const struct view *view, enum kind kind,
                     const struct tallied_group *group, const struct value *id,
                     const struct value *parent, struct buffer *row);
void verify_node_header(const struct view *view, struct buffer *text);
/* The file of the nodes below, called STEM in ABOVE. */
bool verify_node_rows(struct nodes_check *nodes, enum kind kind, const struct node *above,
                      struct slice stem, struct error *err) MUST_CHECK;
/* A file in DIRECTORY, against check->expected. */
bool verify_node_file(struct check *check, const struct node *directory, struct slice stem,
                      const char *extension, struct error *err) MUST_CHECK;
/* All that nodes->placed is: its files and the names in its directory. */
bool verify_node_files(struct nodes_check *nodes, struct error *err) MUST_CHECK;
