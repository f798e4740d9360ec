/* row_changes.h - the rows that are others in one snapshot than in another.
 *
 *   row_changes_between   what OLDER and NEWER tell differently
 *   row_changes_since     what commits behind a number have changed, where only NEWER is left
 *   row_changes_all       what SNAPSHOT tells
 *
 * A row has a file of its own in the tree: VIEW/…/VALUE.json, of a view without dimensions
 * VIEW.json, of a tree's node VIEW/.node/ID.json. So has a total, VIEW/…/.total.json, and counts as
 * a row here. A row of a breakdown has none, and is not told.
 *
 * The lists of changes (change_log.h) say where to look. Where there is none, or they name too
 * much, both snapshots are gone through side by side.
 *
 * Place    ingest/watch makes lines of it.
 * Promise  each row once, and only where its bytes differ.
 * Memory   what VISIT is shown lives until it returns. Besides a row and its path at most
 *          40 MiB: of the lists 262,144 entries, or 16 MiB.
 * Threads  as the snapshots.
 * Errors   ERROR_CORRUPT; what VISIT fails with.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once
#include "tree/row_paths.h"

struct row_change {
    struct slice path;
    struct slice before; /* one JSON object; empty: it was not there, or nobody knows */
    struct slice after;  /* empty: it is gone */
};
struct row_visitor {
    bool (*visit)(void *context, const struct row_change *change, struct error *err);
    void *context;
    const struct row_paths *paths;
};

/* OLDER is one of the commits that led to NEWER, with the same schema. */
bool row_changes_between(const struct snapshot *older, const struct snapshot *newer,
                         const struct row_visitor *visitor, struct error *err) MUST_CHECK;
/* UNKNOWN, before anything is visited: the lists do not reach back to AFTER, do not hold all of it,
 * or name a row that is gone and whose path is not to be read from them. The schema was the same at
 * AFTER. A row that came and went since is told as gone. */
enum change_log_answer row_changes_since(const struct snapshot *newer, uint64_t after,
                                         const struct row_visitor *visitor, struct error *err);
bool row_changes_all(const struct snapshot *snapshot, const struct row_visitor *visitor,
                     struct error *err) MUST_CHECK;
