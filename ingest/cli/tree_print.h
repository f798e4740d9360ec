/* tree_print.h - the tree on standard output: for cat, ls and status.
 *
 * Place    the commands that show a store or check it.
 * Memory   the view owns store and snapshot until tree_view_close.
 * Threads  the main thread.
 * Errors   ERROR_INPUT: a directory where a file is wanted; ERROR_MISSING: no such
 *          path, no such store.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once
#include "database/store.h"

/* A store that is open for reading, and its newest commit. */
struct tree_view {
    struct store *store;
    struct snapshot *snapshot;
};

bool tree_view_open(struct tree_view *view, const char *path, struct error *err) MUST_CHECK;
void tree_view_close(struct tree_view *view); /* takes a zeroed and a half-opened one */
#define AUTO_TREE_VIEW AUTO(tree_view_close)

/* A write that fails is left to console_end. */
bool tree_print_file(const struct tree_view *view, const char *path, struct error *err) MUST_CHECK;
bool tree_print_listing(const struct tree_view *view, const char *path,
                        struct error *err) MUST_CHECK;
