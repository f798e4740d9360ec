// SPDX-License-Identifier: Apache-2.0
#include "tree/tree_hierarchy.h"

#include "types/file_name.h"
#include "types/pack.h"

const char hierarchy_ids_name[] = ".node";

struct slice tree_hierarchy_id(const struct node *node)
{
    if (node->depth == 0) return hierarchy_root;
    if (node->kind == NODE_BY_ID) return node->key;
    size_t const parent = group_key_prefix(node->key, 1);
    return slice_of(node->key.at + parent, node->key.length - parent);
}

static enum tree_answer tree_hierarchy_answer_of(enum db_finding found)
{
    switch (found) {
    case DB_FOUND: return TREE_FOUND;
    case DB_MISSING: return TREE_MISSING;
    case DB_FAILED: break;
    }
    return TREE_FAILED;
}

enum tree_answer tree_hierarchy_group(const struct snapshot *snapshot, const struct node *node,
                                      struct group *ret_group, struct error *err)
{
    const struct view *const view = tree_view(snapshot, node);
    struct slice const id = tree_hierarchy_id(node);
    if (node->depth > 0 && node->kind != NODE_BY_ID) {
        struct slice const parent = slice_of(node->key.at, group_key_prefix(node->key, 1));
        enum db_finding const stands = hierarchy_edge_get(snapshot->txn, view, parent, id, err);
        if (stands != DB_FOUND) return tree_hierarchy_answer_of(stands);
    }
    if (node->depth > 0 && hierarchy_is_root(id)) return TREE_MISSING;
    return tree_hierarchy_answer_of(hierarchy_get(snapshot->txn, view, id, ret_group, err));
}

enum tree_answer tree_breakdown_key(const struct snapshot *snapshot, const struct node *node,
                                    struct buffer *key, struct error *err)
{
    AUTO_ARENA struct arena arena = {0};
    const struct view *const view = tree_view(snapshot, node);
    struct node owner = *node;
    struct group group;
    struct value id = {.kind = VALUE_NULL};
    owner.kind = NODE_GROUP;
    owner.view = view->owner->id;
    enum tree_answer const there = tree_hierarchy_group(snapshot, &owner, &group, err);
    if (there != TREE_FOUND) return there;
    if (node->depth > 0 &&
        !group_dimensions(tree_hierarchy_id(&owner), &group, 1, &arena, &id, err))
        return TREE_FAILED;
    (void)group_key_add(view, &id, key);
    return TREE_FOUND;
}

enum tree_answer tree_breakdown_group(const struct snapshot *snapshot, const struct node *node,
                                      struct group *ret_group, struct error *err)
{
    AUTO_BUFFER struct buffer key = {0};
    enum tree_answer const there = tree_breakdown_key(snapshot, node, &key, err);
    if (there != TREE_FOUND) return there;
    return tree_hierarchy_answer_of(groups_get(snapshot->txn, tree_view(snapshot, node), 1,
                                               buffer_slice(&key), ret_group, err));
}

const struct view *tree_breakdown_next(const struct snapshot *snapshot, const struct view *view,
                                       size_t *place)
{
    const struct schema *const schema = snapshot->schema;
    while (schema->view_count + *place < schema->all_view_count) {
        const struct view *const next = &schema->views[schema->view_count + (*place)++];
        if (next->owner == view) return next;
    }
    return NULL;
}

/* With a node those files of it that are not the view's own come and go. */
static void visit_breakdown(const struct snapshot *snapshot, const struct view *view,
                            const struct change *change,
                            void (*visit)(void *context, const struct node *node, bool replaced),
                            void *context)
{
    const struct view *breakdown;
    for (size_t place = 0; (breakdown = tree_breakdown_next(snapshot, view, &place));) {
        struct node node = {.kind = NODE_BREAKDOWN,
                            .view = breakdown->id,
                            .depth = change->depth,
                            .key = change->key};
        for (unsigned i = 0; i < ROWS_FORMATS; i++) {
            node.format = (enum rows_format)i;
            if (breakdown->formats[i]) visit(context, &node, true);
        }
    }
}

void tree_hierarchy_change(const struct snapshot *snapshot, const struct view *view,
                           const struct change *change,
                           void (*visit)(void *context, const struct node *node, bool replaced),
                           void *context)
{
    struct node node = {.kind = NODE_IDS, .view = change->view};
    bool const exists = change->flags & CHANGE_EXISTS;
    if (exists) {
        visit(context, &node, change->depth == 0);
        visit_breakdown(snapshot, view, change, visit, context);
    }
    if (change->depth == 0 || !(exists || (change->flags & CHANGE_TEXT))) return;
    size_t const parent = group_key_prefix(change->key, 1);
    node.kind = NODE_BY_ID;
    node.depth = 1;
    node.key = slice_of(change->key.at + parent, change->key.length - parent);
    for (unsigned i = 0; i < ROWS_FORMATS; i++) {
        node.format = (enum rows_format)i;
        if (view->formats[i]) visit(context, &node, true);
    }
}

bool tree_hierarchy_stat_ids(const struct snapshot *snapshot, const struct node *node,
                             struct node_stat *stat, struct error *err)
{
    const struct view *const view = tree_view(snapshot, node);
    struct group root;
    struct hierarchy_facts facts;
    enum db_finding const found = tree_whole_view(snapshot, view, &root, err);
    if (found == DB_MISSING) return error_set(err, ERROR_MISSING, "the view has no events");
    if (found == DB_FAILED || !hierarchy_facts_unpack(view, &root, &facts, NULL, err)) return false;
    stat->commit_id = facts.nodes_commit_id;
    return true;
}

/* The value that the node's id is. */
static bool read_id(struct slice key, const struct group *group, struct arena *arena,
                    struct value *ret_id, struct error *err)
{
    return group_dimensions(key, group, 1, arena, ret_id, err);
}

/* The id of a node as a name says it: of a path below another, with that in front. */
static void full_id(const struct view *view, const struct value *above, struct value *id,
                    struct arena *arena)
{
    AUTO_BUFFER struct buffer path = {0};
    if (view->hierarchy->kind == HIERARCHY_LINKS || above->kind == VALUE_NULL) return;
    buffer_add_slice(&path, above->string);
    buffer_add_slice(&path, view->hierarchy->separator);
    buffer_add_slice(&path, id->string);
    id->string = arena_copy(arena, buffer_slice(&path));
}

static void tree_hierarchy_add_name(const struct snapshot *snapshot, const struct view *view,
                                    bool whole, const struct value *id, struct buffer *name)
{
    struct value shown = *id;
    if (!whole && view->hierarchy->kind == HIERARCHY_PATHS)
        shown.string = hierarchy_path_name(view->hierarchy, id->string);
    file_name_write(&shown, view->dimensions[0].type, snapshot->schema->zone, name);
}

void tree_hierarchy_children_close(struct tree_hierarchy_children *children)
{
    hierarchy_links_close(&children->links);
    groups_scan_close(&children->groups);
    children->open = false;
}

static bool open_children(struct tree_hierarchy_children *children, const struct snapshot *snapshot,
                          const struct node *directory, struct slice from, struct error *err)
{
    const struct view *const view = tree_view(snapshot, directory);
    children->open = true;
    if (directory->kind == NODE_IDS)
        return groups_scan_open(&children->groups, snapshot->txn, view, 1, (struct slice){0}, from,
                                err);
    return hierarchy_links_open(&children->links, snapshot->txn, view, HIERARCHY_EDGES,
                                tree_hierarchy_id(directory), from, err);
}

/* The packed id and the group of the next child. */
static enum db_finding tree_hierarchy_next_child(struct tree_hierarchy_children *children,
                                                 const struct snapshot *snapshot,
                                                 const struct node *directory, struct slice *ret_id,
                                                 struct group *ret_group, struct error *err)
{
    const struct view *const view = tree_view(snapshot, directory);
    if (directory->kind == NODE_IDS)
        return groups_scan_next(&children->groups, ret_id, ret_group, err);
    enum db_finding const found = hierarchy_links_next(&children->links, ret_id, NULL, err);
    return found == DB_FOUND ? hierarchy_get(snapshot->txn, view, *ret_id, ret_group, err) : found;
}

static void child_key(const struct node *directory, struct slice id, struct buffer *key)
{
    buffer_clear(key);
    if (directory->kind != NODE_IDS) buffer_add_slice(key, tree_hierarchy_id(directory));
    buffer_add_slice(key, id);
}

enum tree_answer tree_hierarchy_children_next(struct tree_hierarchy_children *children,
                                              const struct snapshot *snapshot,
                                              const struct node *directory, struct buffer *key,
                                              struct buffer *name, struct group *ret_group,
                                              struct error *err)
{
    AUTO_ARENA struct arena arena = {0};
    const struct view *const view = tree_view(snapshot, directory);
    struct slice id;
    struct value value;
    if (!children->open && !open_children(children, snapshot, directory, (struct slice){0}, err))
        return TREE_FAILED;
    enum db_finding const found =
        tree_hierarchy_next_child(children, snapshot, directory, &id, ret_group, err);
    if (found != DB_FOUND) return tree_hierarchy_answer_of(found);
    if (!read_id(id, ret_group, &arena, &value, err)) return TREE_FAILED;
    child_key(directory, id, key);
    buffer_clear(name);
    tree_hierarchy_add_name(snapshot, view, directory->kind == NODE_IDS, &value, name);
    return TREE_FOUND;
}

/* The child whose name is cut and hashed: one of those whose id begins with PREFIX. */
static enum tree_answer tree_hierarchy_find_hashed(const struct snapshot *snapshot,
                                                   const struct node *directory, struct slice stem,
                                                   struct slice prefix, struct arena *arena,
                                                   struct node *node, struct error *err)
{
    const struct view *const view = tree_view(snapshot, directory);
    AUTO(tree_hierarchy_children_close) struct tree_hierarchy_children children = {.open = false};
    AUTO_BUFFER struct buffer name = {0}, from = {0}, key = {0};
    struct value value;
    struct slice id;
    struct group group;
    tree_hashed_from(prefix, &from);
    if (!open_children(&children, snapshot, directory, buffer_slice(&from), err))
        return TREE_FAILED;
    enum db_finding found;
    while ((found = tree_hierarchy_next_child(&children, snapshot, directory, &id, &group, err)) ==
           DB_FOUND) {
        if (!read_id(id, &group, arena, &value, err)) return TREE_FAILED;
        if (tree_is_beyond(value.string, prefix)) break;
        if (!slice_starts(value.string, prefix)) continue;
        buffer_clear(&name);
        tree_hierarchy_add_name(snapshot, view, directory->kind == NODE_IDS, &value, &name);
        if (!slice_equal(buffer_slice(&name), stem)) continue;
        child_key(directory, id, &key);
        node->key = arena_copy(arena, buffer_slice(&key));
        return TREE_FOUND;
    }
    return found == DB_FAILED ? TREE_FAILED : TREE_UNKNOWN;
}

/* Where a name in a directory of nodes leads to. ABOVE: the id of the directory's node. */
static enum tree_answer find_child(const struct snapshot *snapshot, const struct node *parent,
                                   struct slice stem, const struct value *above,
                                   struct arena *arena, struct node *node, struct error *err)
{
    AUTO_BUFFER struct buffer id = {0}, key = {0};
    const struct view *const view = tree_view(snapshot, parent);
    struct value value;
    enum name_reading const reading =
        file_name_read(stem, view->dimensions[0].type, snapshot->schema->zone, arena, &value);
    if (reading == NAME_INVALID || value.kind != view->dimensions[0].type.kind) return TREE_NEVER;
    full_id(view, above, &value, arena);
    if (reading == NAME_HASHED)
        return tree_hierarchy_find_hashed(snapshot, parent, stem, value.string, arena, node, err);
    (void)group_key_add(view, &value, &id); /* a cut key is as good to find by */
    child_key(parent, buffer_slice(&id), &key);
    node->key = arena_copy(arena, buffer_slice(&key));
    return TREE_FOUND;
}

/* A breakdown of the node by its name, which has a dot in front. */
static enum tree_answer find_breakdown(const struct snapshot *snapshot, const struct node *parent,
                                       struct slice stem, struct arena *arena, struct node *node)
{
    struct slice const name = slice_of(stem.at + 1, stem.length - 1);
    const struct view *breakdown;
    size_t place = 0;
    while ((breakdown = tree_breakdown_next(snapshot, tree_view(snapshot, parent), &place)) &&
           !slice_equal(breakdown->breakdown, name)) {
    }
    if (!breakdown) return TREE_NEVER;
    node->kind = NODE_BREAKDOWN;
    node->view = breakdown->id;
    node->depth = parent->depth;
    node->key = arena_copy(arena, parent->key);
    return TREE_FOUND;
}

enum tree_answer tree_hierarchy_lookup(const struct snapshot *snapshot, const struct node *parent,
                                       struct slice name, struct arena *arena, struct node *node,
                                       struct error *err)
{
    const struct view *const view = tree_view(snapshot, parent);
    struct value above = {.kind = VALUE_NULL};
    struct slice stem;
    struct group group;
    bool const ids = parent->kind == NODE_IDS;
    /* A directory that has moved still is asked by whoever is in it: it has nothing any more. */
    enum tree_answer const there = tree_hierarchy_group(snapshot, parent, &group, err);
    if (there != TREE_FOUND) return there == TREE_MISSING ? TREE_UNKNOWN : there;
    *node = (struct node){.view = view->id, .depth = 1};
    bool const file = tree_split_name(name, &stem, &node->format);
    if (!ids && slice_is(name, ".total.json")) {
        *node = *parent;
        node->kind = NODE_TOTAL;
        node->key = arena_copy(arena, parent->key);
        return TREE_FOUND;
    }
    if (!ids && parent->depth == 0 && slice_is(name, hierarchy_ids_name)) {
        *node = (struct node){.kind = NODE_IDS, .view = view->id};
        return TREE_FOUND;
    }
    if (file ? !view->formats[node->format] : ids) return TREE_NEVER;
    if (file && !ids && stem.length && stem.at[0] == '.')
        return find_breakdown(snapshot, parent, stem, arena, node);
    node->kind = !file ? NODE_GROUP : ids ? NODE_BY_ID : NODE_ROWS;
    if (!ids && parent->depth > 0 &&
        !read_id(tree_hierarchy_id(parent), &group, arena, &above, err))
        return TREE_FAILED;
    return find_child(snapshot, parent, stem, &above, arena, node, err);
}
