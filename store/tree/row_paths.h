/* row_paths.h - which rows are asked for, by paths as users name them.
 *
 *   row_paths_add (each PATH) -> row_paths_have (each row) -> row_paths_done
 *
 * "sales/Germany" and "sales/Germany.csv" are all rows below that folder, with its total;
 * "sales/Germany/2026-01-01.json" is one of them, "sales/.total.json" one total.
 *
 * Place    `tally watch` asks; row_changes.c looks whether a row is meant.
 * Memory   owns copies of the paths until row_paths_done.
 * Threads  one owner; row_paths_have is pure.
 * Errors   ERROR_MISSING: no such name in the tree; ERROR_INPUT: no file of a row is there.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once
#include "tree/tree.h"

/* Zeroed: all rows. */
struct row_paths {
    struct buffer stems; /* without extension, each with a slash behind */
    struct buffer ends;  /* of size_t: where each ends */
};
/* Of the tree of SNAPSHOT; a row need not be there yet. */
bool row_paths_add(struct row_paths *paths, const struct snapshot *snapshot, struct slice path,
                   struct error *err) MUST_CHECK;
/* Whether one leads to the file FILE, "sales/Germany/2026-01-01.json", or a folder above it. */
bool row_paths_have(const struct row_paths *paths, struct slice file);
void row_paths_done(struct row_paths *paths);
