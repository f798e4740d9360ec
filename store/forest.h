/* forest.h - views whose groups are the nodes of a forest: what is known of a node, and what a path says.
 *
 *     root             depth 0 of the table of groups; its key is empty
 *      |- a            depth 1, as are all nodes: their key is the packed id
 *      |  `- b
 *      `- c            its parent is not there (yet): it stands at the top
 *
 * Place    merge_forest.c makes it, forest_links.h has who is whose child, tree.c shows it.
 * Memory   slices borrow from the group, or live in the arena given.
 * Threads  pure functions.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once
#include "groups.h"

/* What the rows at one distance below a node add up to. */
struct forest_rows {
    int64_t count;
    int64_t json_bytes; /* as struct group has them */
    int64_t csv_bytes;
};

struct forest_facts {
    uint64_t own_events;
    uint64_t node_count;      /* the root: of the whole forest */
    uint64_t nodes_commit_id; /* the root: that last added or removed a node */
    bool at_top;              /* its parent is not there */
    struct slice parent;      /* that the events say, packed without limit; empty: none */
    struct forest_rows levels[SCHEMA_LEVELS_MAX]; /* the first: its children */
};

/* false: they cannot be read. */
bool forest_facts_unpack(const struct view *view, const struct group *group,
                         struct forest_facts *ret_facts, struct error *err) MUST_CHECK;
void forest_facts_pack(const struct view *view, const struct forest_facts *facts,
                       struct buffer *into);

/* The packed id of a node, as in keys; of the root it is that of null. */
extern const struct slice forest_root;
static inline bool forest_is_root(struct slice id)
{
    return slice_equal(id, forest_root);
}
/* The node's group. */
enum db_finding forest_get(const struct txn *txn, const struct view *view, struct slice id,
                           struct group *ret_group, struct error *err);
/* From a value packed without limit to the key; appends. Returns false where the bytes are no value. */
bool forest_key(const struct view *view, struct slice packed, struct buffer *key);
/* The id of the node that the node stands below. */
bool forest_parent_key(const struct view *view, const struct forest_facts *facts,
                       struct buffer *key);

/* Leaves out empty segments; SCRATCH may hold what PATH is then. A path without segments becomes null. false: it has more than
 * SCHEMA_SEGMENTS_MAX. */
bool forest_normalise(const struct forest_spec *spec, struct value *path, struct buffer *scratch);
/* The path of the node above, empty at the top; and the last segment. */
struct slice forest_path_above(const struct forest_spec *spec, struct slice path);
struct slice forest_path_name(const struct forest_spec *spec, struct slice path);

/* {"id":…,"parent":…,"direct":{…},"subtree":{…}}. STATES: direct ones and those of the subtree. Appends to ROW. */
void forest_row(const struct view *view, const struct zone *zone, const struct value *id,
                const struct value *parent, const struct state *states, struct buffer *row);
