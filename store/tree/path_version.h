/* path_version.h - which commit last changed what a path leads to.
 *
 * A file of the tree has its version. A folder of a view counts as changed with anything below it,
 * as the file of its rows does; the root, `.tallyfs` and the folders in that with every commit.
 *
 * Place    `tally wait --path`.
 * Memory   results hold nothing.
 * Threads  as the snapshot.
 * Errors   ERROR_CORRUPT, or what reading the store gives.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once
#include "tree/tree.h"

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
