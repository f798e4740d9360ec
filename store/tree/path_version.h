/* path_version.h - which commit last changed what a path leads to.
 *
 * A file of the tree has its version. A folder of a view counts as changed with anything below it,
 * as the file of its rows does; the root, `.tallyfs` and the folders in that with every commit.
 *
 * Place    `tally wait --path`; row_paths.c looks what a path may lead to.
 * Memory   results hold nothing but the node's key, which lives in the arena.
 * Threads  as the snapshot.
 * Errors   ERROR_CORRUPT, or what reading the store gives.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once
#include "tree/tree.h"

/* As tree_find, but goes on where a folder is absent: the node that would be there is MISSING.
 * UNKNOWN: *RET_NODE is the last folder on the way that is known. */
enum tree_answer path_find(const struct snapshot *snapshot, struct slice path, struct arena *arena,
                           struct node *ret_node, struct node_stat *ret_stat, struct error *err);

enum path_place {
    PATH_THERE,
    PATH_ABSENT, /* not in this snapshot */
    PATH_NEVER,  /* no such name while this schema is in force */
};
struct path_version {
    enum path_place place;
    uint64_t commit_id; /* of PATH_THERE */
};
bool path_version_look(const struct snapshot *snapshot, struct slice path,
                       struct path_version *ret_version, struct error *err) MUST_CHECK;
/* Whether PATH, which is absent, may have been there at commit AFTER or since: it is so unless the
 * lists of changes tell that it was not. */
bool path_version_may_have_gone(const struct snapshot *snapshot, struct slice path, uint64_t after,
                                bool *ret_gone, struct error *err) MUST_CHECK;
