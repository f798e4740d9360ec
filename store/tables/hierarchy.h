/* hierarchy.h - views whose groups are the nodes of a hierarchy: what is known of a node, and
 * what a path says.
 *
 *     root             depth 0 of the table of groups; its key is empty
 *      |- a            depth 1, as are all nodes: their key is the packed id
 *      |  `- b
 *      `- c            its parent is not there (yet): it stands at the top
 *
 * Place    merge_hierarchy.c makes it, hierarchy_links.h has who is whose child, tree.c shows it.
 * Memory   slices borrow from the group, or live in the arena given.
 * Threads  pure functions.
 * Errors   ERROR_CORRUPT: facts cannot be read.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once
#include "tables/groups.h"

struct hierarchy_facts {
    uint64_t own_events;
    uint64_t node_count;      /* the root: of the whole hierarchy */
    uint64_t nodes_commit_id; /* the root: that last added or removed a node */
    bool at_top;              /* its parent is not there */
    struct slice parent;      /* that the events say, packed without limit; empty: none */
};

/* LEVELS: what the rows at each distance below the node add up to; the first: its children. As many
 * as the view has levels; RET_LEVELS may be NULL. false: they cannot be read. */
bool hierarchy_facts_unpack(const struct view *view, const struct group *group,
                            struct hierarchy_facts *ret_facts, struct rows_delta *ret_levels,
                            struct error *err) MUST_CHECK;
void hierarchy_facts_pack(const struct view *view, const struct hierarchy_facts *facts,
                          const struct rows_delta *levels, struct buffer *into);

/* The packed id of a node, as in keys; of the root it is that of null. */
extern const struct slice hierarchy_root;
static inline bool hierarchy_is_root(struct slice id)
{
    return slice_equal(id, hierarchy_root);
}
/* The node's group. */
enum db_finding hierarchy_get(const struct txn *txn, const struct view *view, struct slice id,
                              struct group *ret_group, struct error *err);
/* From a value packed without limit to the key; appends. Returns false where the
 * bytes are no value. */
bool hierarchy_key(const struct view *view, struct slice packed, struct buffer *key);
/* The id of the node that the node stands below. */
bool hierarchy_parent_key(const struct view *view, const struct hierarchy_facts *facts,
                          struct buffer *key);

/* Leaves out empty segments; SCRATCH may hold what PATH is then. A path without segments becomes
 * null. false: it has more than SCHEMA_SEGMENTS_MAX, or more bytes than SCHEMA_PATH_BYTES_MAX. */
bool hierarchy_normalise(const struct hierarchy_spec *spec, struct value *path,
                         struct buffer *scratch);
/* The path of the node above, empty at the top; and the last segment. */
struct slice hierarchy_path_above(const struct hierarchy_spec *spec, struct slice path);
struct slice hierarchy_path_name(const struct hierarchy_spec *spec, struct slice path);

/* {"id":…,"parent":…,"direct":{…},"subtree":{…}}. STATES: direct ones and those of the
 * subtree. Appends to ROW. */
void hierarchy_row(const struct view *view, const struct time_zone *zone, const struct value *id,
                   const struct value *parent, const struct state *states, struct buffer *row);
