// SPDX-License-Identifier: Apache-2.0
#include "tree/path_version.h"

#include "tree/tree_hierarchy.h"

enum tree_answer path_find(const struct snapshot *snapshot, struct slice path, struct arena *arena,
                           struct node *ret_node, struct node_stat *ret_stat, struct error *err)
{
    struct node node = {.kind = NODE_ROOT};
    enum tree_answer answer = tree_stat(snapshot, &node, ret_stat, err);
    bool is_absent = false;
    while ((answer == TREE_FOUND || answer == TREE_MISSING) && path.length) {
        const uint8_t *const slash = memchr(path.at, '/', path.length);
        struct slice const name =
            slice_of(path.at, slash ? (size_t)(slash - path.at) : path.length);
        size_t const used = name.length + (slash ? 1 : 0);
        path = slice_of(path.at + used, path.length - used);
        if (name.length == 0) continue;
        struct node child;
        answer = tree_lookup(snapshot, &node, name, arena, &child, ret_stat, err);
        is_absent |= answer == TREE_MISSING;
        if (answer == TREE_FOUND || answer == TREE_MISSING) node = child;
    }
    *ret_node = node;
    return answer == TREE_FOUND && is_absent ? TREE_MISSING : answer;
}

/* Takes the later commit, where a file of this kind is there. */
static bool path_version_add(const struct snapshot *snapshot, struct node node, enum node_kind kind,
                             uint64_t *commit_id, struct error *err)
{
    struct node_stat stat;
    node.kind = kind;
    enum tree_answer const answer = tree_stat(snapshot, &node, &stat, err);
    if (answer == TREE_FOUND && stat.commit_id > *commit_id) *commit_id = stat.commit_id;
    return answer != TREE_FAILED;
}

static bool version_of_folder(const struct snapshot *snapshot, const struct node *node,
                              uint64_t *commit_id, struct error *err)
{
    struct node whole = *node;
    const struct view *const view = tree_view(snapshot, node);
    const struct view *breakdown;
    if (node->kind == NODE_IDS) whole.kind = NODE_GROUP; /* that of the view has them all */
    if (whole.kind != NODE_GROUP) {
        *commit_id = snapshot->commit_id;
        return true;
    }
    for (size_t place = 0;
         view->hierarchy && (breakdown = tree_breakdown_next(snapshot, view, &place));) {
        whole.view = breakdown->id;
        if (!path_version_add(snapshot, whole, NODE_BREAKDOWN, commit_id, err)) return false;
    }
    whole.view = node->view;
    return path_version_add(snapshot, whole, NODE_ROWS, commit_id, err) &&
           path_version_add(snapshot, whole, NODE_TOTAL, commit_id, err);
}

bool path_version_look(const struct snapshot *snapshot, struct slice path,
                       struct path_version *ret_version, struct error *err)
{
    AUTO_ARENA struct arena arena = {0};
    struct node node;
    struct node_stat stat;
    struct path_version version = {.place = PATH_ABSENT};
    switch (path_find(snapshot, path, &arena, &node, &stat, err)) {
    case TREE_FOUND:
        version = (struct path_version){.place = PATH_THERE, .commit_id = stat.commit_id};
        break;
    case TREE_NEVER: version.place = PATH_NEVER; break;
    case TREE_MISSING:
    case TREE_UNKNOWN: break;
    case TREE_FAILED: return false;
    }
    if (version.place == PATH_THERE && node_is_directory(&node) &&
        !version_of_folder(snapshot, &node, &version.commit_id, err))
        return false;
    *ret_version = version;
    return true;
}

struct path_search {
    const struct snapshot *snapshot;
    struct slice packed; /* the node that is looked for */
    bool found;
};

static void compare_node(void *context, const struct node *node, bool replaced)
{
    struct path_search *const search = context;
    STACK_BUFFER(packed, NODE_ROOM_BYTES);
    (void)replaced;
    node_pack(node, &packed);
    search->found |= slice_equal(buffer_slice(&packed), search->packed);
}

static void compare_change(void *context, const struct change *change)
{
    struct path_search *const search = context;
    tree_change_nodes(search->snapshot, change, compare_node, search);
}

bool path_version_may_have_gone(const struct snapshot *snapshot, struct slice path, uint64_t after,
                                bool *ret_gone, struct error *err)
{
    AUTO_ARENA struct arena arena = {0};
    STACK_BUFFER(packed, NODE_ROOM_BYTES);
    struct node node;
    struct node_stat stat;
    enum tree_answer const answer = path_find(snapshot, path, &arena, &node, &stat, err);
    if (answer == TREE_FAILED) return false;
    *ret_gone = true;
    if (answer != TREE_MISSING || snapshot->schema_commit_id > after) return true;
    node_pack(&node, &packed);
    struct path_search search = {.snapshot = snapshot, .packed = buffer_slice(&packed)};
    enum change_log_answer const listed =
        change_log_scan(snapshot->txn, after, snapshot->commit_id, compare_change, &search, err);
    if (listed == CHANGE_LOG_FAILED) return false;
    *ret_gone = search.found || listed == CHANGE_LOG_UNKNOWN;
    return true;
}
