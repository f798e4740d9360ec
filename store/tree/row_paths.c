// SPDX-License-Identifier: Apache-2.0
#include "tree/row_paths.h"

#include "tree/path_version.h"
#include "tree/tree_p.h"

void row_paths_done(struct row_paths *paths)
{
    buffer_done(&paths->stems);
    buffer_done(&paths->ends);
}

/* Whether files of one row may be there or below. Those of a tree are in .node. */
static bool leads_to_rows(const struct snapshot *snapshot, const struct node *node)
{
    const struct view *const view = node_of_group(node) ? tree_view(snapshot, node) : NULL;
    if (node->kind == NODE_ROOT || node->kind == NODE_IDS || node->kind == NODE_BY_ID) return true;
    return view && !view_is_breakdown(view) && (!view->hierarchy || node->depth == 0);
}

static bool row_paths_check(const struct snapshot *snapshot, struct slice path, struct error *err)
{
    AUTO_ARENA struct arena arena = {0};
    struct node node;
    struct node_stat stat;
    switch (path_find(snapshot, path, &arena, &node, &stat, err)) {
    case TREE_FOUND:
    case TREE_MISSING:
    case TREE_UNKNOWN: break;
    case TREE_NEVER:
        (void)error_set(err, ERROR_MISSING, "no such name in the tree, whatever comes");
        return error_remedy(err, "'tally ls STORE [PATH]' lists what there is");
    case TREE_FAILED: return false;
    }
    if (leads_to_rows(snapshot, &node)) return true;
    (void)error_set(err, ERROR_INPUT, "is no file of one row, and no folder of such files");
    return error_remedy(err, "'tally wait --path' tells when it changes; the nodes of a tree are "
                             "in VIEW/.node");
}

/* Appends PATH without empty names and its extension, with a slash behind each name. */
static void add_stem(struct slice path, struct buffer *stems)
{
    struct slice stem;
    enum rows_format format;
    (void)tree_split_name(path, &stem, &format);
    for (size_t i = 0; i < stem.length; i++) {
        bool const is_empty = stem.at[i] == '/' && (i == 0 || stem.at[i - 1] == '/');
        if (!is_empty) buffer_add_byte(stems, stem.at[i]);
    }
    bool const ends = stem.length && stem.at[stem.length - 1] != '/';
    if (ends) buffer_add_byte(stems, '/');
}

bool row_paths_add(struct row_paths *paths, const struct snapshot *snapshot, struct slice path,
                   struct error *err)
{
    if (!row_paths_check(snapshot, path, err))
        return error_place(err, "%.*s", (int)path.length, (const char *)path.at);
    add_stem(path, &paths->stems);
    buffer_add(&paths->ends, &paths->stems.length, sizeof paths->stems.length);
    return true;
}

bool row_paths_have(const struct row_paths *paths, struct slice file)
{
    STACK_BUFFER(stem, NODE_ROOM_BYTES);
    size_t start = 0;
    if (paths->ends.length == 0) return true;
    add_stem(file, &stem);
    for (size_t at = 0; at < paths->ends.length; at += sizeof start) {
        size_t end;
        memcpy(&end, paths->ends.at + at, sizeof end);
        if (slice_starts(buffer_slice(&stem), slice_of(paths->stems.at + start, end - start)))
            return true;
        start = end;
    }
    return false;
}
