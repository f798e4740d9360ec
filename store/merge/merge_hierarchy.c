/* How a delta becomes nodes. A view by tree() or path() has states of each node's own events and
 * of all in its subtree. Let OLD be the hierarchy as it is stored and NEW the one that it will
 * be, d(n) what the delta has for n itself, S(n) what is stored of the subtree of n. Then the
 * subtree of n changes by
 *
 *   D(n) = d(n)  -  sum of S(c), the c that leave n  +  sum of S(c), the c that join n  +  sum of
 *                                                                                          D(c),
 *                                                                                          its
 *                                                                                          children
 *                                                                                          in NEW
 *
 * so that a node which moves takes what is stored of its subtree along, and nothing of it
 * is counted again:
 *
 *   1. The delta's leaves are nodes. Its links (which event says what parent) are added to those
 *      stored, and the nodes whose parent, or whose own existence, may be another are settled.
 *   2. For each edge that went or came the stored subtree is taken from the old parent and
 *      given to the new one.
 *   3. All nodes above are added, along NEW, and put in an order of children first. Each hands
 *      its delta up once, so that a batch costs the nodes that it touches and those above
 *      them, each once.
 *   4. Who is whose child, by the events and where nodes stand (edges), is written last, in
 *      the order of the table.
 *
 * A commit that is merged in several steps may have a cycle between two of them, as it folds events
 * in the order of their keys. Then the view waits for the next step, and only the last one fails.
 *
 * merge_hierarchy_step.c does the rest. Nothing here calls itself: a hierarchy may be deep.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "merge/merge_hierarchy.h"

#include "merge/merge_breakdown.h"
#include "tables/hierarchy_links.h"
#include "tables/multisets.h"
#include "types/pack.h"

/* Step 1: the delta's leaves, in the order of their keys, as are those stored. */
static bool merge_hierarchy_collect(struct hierarchy *hierarchy, struct error *err)
{
    const struct own_leaves *const leaves = &hierarchy->merge->own[1];
    merge_collect(hierarchy->merge);
    for (size_t i = 0; i < leaves->count; i++) {
        struct delta_leaf *const leaf = leaves->list[i];
        struct hierarchy_node *const node =
            hierarchy_node_of(hierarchy, leaf->key, leaf->exact, err);
        if (!node) return false;
        hierarchy_touch(hierarchy, node);
        node->own_events = node->group.event_count = leaf->event_count;
        node->group.states = leaf->states;
        node->leaf = leaf;
        leaf->group = &node->group;
    }
    return true;
}

/* Step 1: what the events of one node say of its parent; SIGN -1 takes it back. Its children are
 * changed last of all. */
static bool add_links_of(struct hierarchy *hierarchy, const struct delta_leaf *leaf, int sign,
                         struct error *err)
{
    struct merge *const merge = hierarchy->merge;
    struct hierarchy_node *const node = hierarchy_node_of_group(leaf->group);
    bool const is_first = !node->group.existed && sign > 0; /* no event says anything yet */
    for (const struct delta_value *value = leaf->values; value; value = value->older) {
        struct slice const parent = delta_value_key(value);
        int change;
        if (value->set != DELTA_LINKS || value->weight == 0) continue;
        if (!hierarchy_link_add(merge->txn, merge->view, leaf->key, parent, value->exact, is_first,
                                sign * value->weight, &change, err))
            return false;
        if (change) link_changes_add(&hierarchy->children, parent, leaf->key, change);
        node->links_changed = true;
    }
    return true;
}

static bool merge_hierarchy_add_links(struct hierarchy *hierarchy, int sign, struct error *err)
{
    const struct own_leaves *const leaves = &hierarchy->merge->own[1];
    for (size_t i = 0; i < leaves->count; i++) {
        if (!add_links_of(hierarchy, leaves->list[i], sign, err)) return false;
    }
    return true;
}

/* Appends the keys of a node's children, each behind its length. */
static bool list_children(struct hierarchy *hierarchy, enum hierarchy_links_kind kind,
                          struct slice key, struct buffer *list, struct error *err)
{
    AUTO(hierarchy_links_close) struct hierarchy_links links = {0};
    struct slice id;
    if (!hierarchy_links_open(&links, hierarchy->merge->txn, hierarchy->merge->view, kind, key,
                              (struct slice){0}, err))
        return false;
    enum db_finding found;
    while ((found = hierarchy_links_next(&links, &id, NULL, err)) == DB_FOUND)
        pack_bytes(list, id);
    return found == DB_MISSING;
}

/* The children of a node that appears, wherever they stood, and of one that goes. What this delta
 * says of parents is not among them yet; those nodes are unsettled anyway. */
static bool unsettle_children(struct hierarchy *hierarchy, const struct hierarchy_node *node,
                              struct error *err)
{
    AUTO_BUFFER struct buffer list = {0};
    enum hierarchy_links_kind const kind = node->exists ? HIERARCHY_CHILDREN : HIERARCHY_EDGES;
    const struct merge *const merge = hierarchy->merge;
    struct slice id;
    enum db_finding const found = hierarchy_links_first(
        merge->txn, merge->view, kind, node->group.key, (struct slice){0}, &id, NULL, err);
    if (found != DB_FOUND) return found == DB_MISSING; /* as a rule */
    if (!list_children(hierarchy, kind, node->group.key, &list, err)) return false;
    struct slice rest = buffer_slice(&list);
    while (unpack_bytes(&rest, &id)) {
        struct hierarchy_node *const child =
            hierarchy_node_of(hierarchy, id, (struct slice){0}, err);
        if (!child) return false;
        hierarchy_touch(hierarchy, child);
        child->links_changed = true;
    }
    return true;
}

/* The link that counts of a node that is new: all events that name a parent are in the delta. */
static enum db_finding find_new_link(const struct hierarchy_node *node,
                                     struct hierarchy_link *ret_link)
{
    const struct delta_value *least = NULL;
    for (const struct delta_value *value = node->leaf->values; value; value = value->older) {
        if (value->set == DELTA_LINKS && value->weight > 0 &&
            (!least || slice_compare(delta_value_key(value), delta_value_key(least)) < 0))
            least = value;
    }
    if (!least) return DB_MISSING;
    ret_link->parent = delta_value_key(least);
    ret_link->whole = least->exact.length ? least->exact : ret_link->parent;
    return DB_FOUND;
}

static enum db_finding find_link(const struct hierarchy *hierarchy,
                                 const struct hierarchy_node *node, struct hierarchy_link *ret_link,
                                 struct error *err)
{
    struct merge *const merge = hierarchy->merge;
    if (!node->group.existed) return find_new_link(node, ret_link);
    return hierarchy_link_get(merge->txn, merge->view, node->group.key, &merge->arena, ret_link,
                              err);
}

/* Where a node stands by what events say and which nodes exist. */
static bool find_place(struct hierarchy *hierarchy, struct hierarchy_node *node, struct error *err)
{
    struct hierarchy_link link;
    node->new_parent = hierarchy_root;
    node->above = hierarchy->root;
    node->facts.at_top = true;
    node->facts.parent = (struct slice){0};
    switch (find_link(hierarchy, node, &link, err)) {
    case DB_FOUND: break;
    case DB_MISSING: return true;
    case DB_FAILED: return false;
    }
    node->facts.parent = link.whole;
    struct hierarchy_node *const parent =
        hierarchy_node_of(hierarchy, link.parent, (struct slice){0}, err);
    if (!parent) return false;
    if (!parent->exists) return true;
    node->facts.at_top = false;
    node->new_parent = parent->group.key;
    node->above = parent;
    return true;
}

void hierarchy_change_edge(struct hierarchy *hierarchy, struct slice parent,
                           const struct hierarchy_node *node, int sign)
{
    link_changes_add(&hierarchy->edges, parent, node->group.key, sign);
}

static bool merge_hierarchy_leave(struct hierarchy *hierarchy, const struct hierarchy_node *node,
                                  struct error *err)
{
    struct hierarchy_node *const parent =
        hierarchy_node_of(hierarchy, node->old_parent, (struct slice){0}, err);
    hierarchy_change_edge(hierarchy, node->old_parent, node, -1);
    return parent && hierarchy_seed(hierarchy, parent, node, -1, err);
}

static bool merge_hierarchy_join(struct hierarchy *hierarchy, struct hierarchy_node *node,
                                 struct error *err)
{
    struct hierarchy_node *const parent = hierarchy_node_above(hierarchy, node, err);
    hierarchy_change_edge(hierarchy, node->new_parent, node, +1);
    return parent && hierarchy_seed(hierarchy, parent, node, +1, err);
}

/* Step 2 for one node. */
static bool merge_hierarchy_settle(struct hierarchy *hierarchy, struct hierarchy_node *node,
                                   struct error *err)
{
    bool const existed = node->group.existed, exists = node->exists;
    bool const moves = existed && exists && !slice_equal(node->old_parent, node->new_parent);
    if (existed && (moves || !exists) && !merge_hierarchy_leave(hierarchy, node, err)) return false;
    return !exists || (existed && !moves) || merge_hierarchy_join(hierarchy, node, err);
}

/* Step 1: which nodes exist, and where those stand that may have moved. */
static bool find_places(struct hierarchy *hierarchy, struct error *err)
{
    size_t const leaves = hierarchy->touched_count;
    for (size_t i = 0; i < leaves; i++) {
        struct hierarchy_node *const node = hierarchy->touched[i];
        int64_t const own = (int64_t)node->old.own_events + node->own_events;
        if (hierarchy_is_root(node->group.key)) continue;
        if (own < 0) return merge_lost_count(err);
        node->exists = own > 0;
    }
    for (size_t i = 0; i < leaves; i++) {
        struct hierarchy_node *const node = hierarchy->touched[i];
        if (node->exists == node->group.existed || hierarchy_is_root(node->group.key)) continue;
        node->links_changed = true;
        if (!unsettle_children(hierarchy, node, err)) return false;
    }
    for (size_t i = 0; i < hierarchy->touched_count; i++) {
        struct hierarchy_node *const node = hierarchy->touched[i];
        if (node->links_changed && node->exists && !find_place(hierarchy, node, err)) return false;
    }
    return true;
}

/* The events that are still to be folded may open the cycle again: the delta keeps what it has of
 * the view until then. */
static bool postpone(struct hierarchy *hierarchy, const struct error *cycle, struct error *err)
{
    struct delta *const delta = hierarchy->merge->delta;
    if (!merge_hierarchy_add_links(hierarchy, -1, err)) return false;
    delta->cycle = *cycle;
    for (size_t i = 0; i < delta->schema->all_view_count; i++) {
        const struct view *const view = &delta->schema->views[i];
        if (view == hierarchy->merge->view || view->owner == hierarchy->merge->view)
            delta->views[i].is_postponed = true;
    }
    hierarchy->touched_count = 0; /* nothing is to be written */
    link_changes_clear(&hierarchy->children);
    link_changes_clear(&hierarchy->edges);
    return true;
}

/* Steps 1 and 2 of a view by tree(). */
static bool settle_links(struct hierarchy *hierarchy, struct error *err)
{
    struct error cycle;
    if (!merge_hierarchy_add_links(hierarchy, +1, err) || !find_places(hierarchy, err))
        return false;
    switch (hierarchy_find_cycle(hierarchy, &cycle)) {
    case CYCLE_NONE: break;
    case CYCLE_FOUND: return postpone(hierarchy, &cycle, err);
    case CYCLE_FAILED: *err = cycle; return false;
    }
    size_t const settled = hierarchy->touched_count; /* what is touched now has not moved */
    for (size_t i = 0; i < settled; i++) {
        if (hierarchy->touched[i]->links_changed &&
            !merge_hierarchy_settle(hierarchy, hierarchy->touched[i], err))
            return false;
    }
    return true;
}

/* Where a node of a path stands: it says so itself. */
static bool find_prefix(struct hierarchy *hierarchy, struct hierarchy_node *node, struct error *err)
{
    struct merge *const merge = hierarchy->merge;
    const struct view *const view = merge->view;
    struct slice packed =
        node->group.group.exact.length ? node->group.group.exact : node->group.key;
    struct value path;
    if (unpack_value(&packed, &merge->arena, &path) != UNPACKED || path.kind != VALUE_STRING)
        return merge_lost_count(err);
    struct value above = {.kind = VALUE_STRING,
                          .string = hierarchy_path_above(view->hierarchy, path.string)};
    if (above.string.length == 0) above.kind = VALUE_NULL;
    buffer_clear(&hierarchy->key);
    bool const whole = group_key_add(view, &above, &hierarchy->key);
    node->new_parent = arena_copy(&merge->arena, buffer_slice(&hierarchy->key));
    if (above.kind == VALUE_NULL) return true;
    buffer_clear(&hierarchy->key);
    (void)pack_value(&hierarchy->key, &above, PACK_NO_LIMIT);
    node->facts.parent = arena_copy(&merge->arena, buffer_slice(&hierarchy->key));
    struct slice const exact = whole ? slice_of(NULL, 0) : node->facts.parent;
    return hierarchy_node_of(hierarchy, node->new_parent, exact, err);
}

/* Step 3: the nodes above those that are touched. */
static bool close_upwards(struct hierarchy *hierarchy, struct error *err)
{
    bool const paths = hierarchy->merge->view->hierarchy->kind == HIERARCHY_PATHS;
    for (size_t i = 0; i < hierarchy->touched_count; i++) { /* it grows */
        struct hierarchy_node *const node = hierarchy->touched[i];
        if (hierarchy_is_root(node->group.key)) continue;
        if (paths && !node->group.existed && !find_prefix(hierarchy, node, err)) return false;
        if (!paths && !node->exists) continue; /* it is below nothing */
        node->parent = hierarchy_node_above(hierarchy, node, err);
        if (!node->parent) return false;
        node->group.parent = &node->parent->group;
        node->parent->waiting++;
        hierarchy_touch(hierarchy, node->parent);
    }
    return true;
}

/* Step 3: children first. */
static bool put_in_order(struct hierarchy *hierarchy, struct error *err)
{
    AUTO_FREE struct hierarchy_node **const order =
        memory_alloc(hierarchy->touched_count * sizeof *order);
    size_t count = 0;
    for (size_t i = 0; i < hierarchy->touched_count; i++) {
        if (hierarchy->touched[i]->waiting == 0) order[count++] = hierarchy->touched[i];
    }
    for (size_t i = 0; i < count; i++) {
        struct hierarchy_node *const parent = order[i]->parent;
        if (parent && --parent->waiting == 0) order[count++] = parent;
    }
    if (count < hierarchy->touched_count)
        return merge_lost_count(err); /* stored ones were a cycle */
    memcpy(hierarchy->touched, order, count * sizeof *order);
    return true;
}

bool merge_hierarchy(struct merge *merge, struct error *err)
{
    struct link_changes const none = {.view = merge->view, .arena = &merge->arena};
    struct hierarchy hierarchy = {.merge = merge, .children = none, .edges = none};
    hierarchy.children.kind = HIERARCHY_CHILDREN;
    hierarchy.edges.kind = HIERARCHY_EDGES;
    bool good =
        merge_hierarchy_collect(&hierarchy, err) && merge_breakdown_collect(&hierarchy, err);
    if (good && hierarchy.touched_count > 0) {
        hierarchy.root = hierarchy_node_of(&hierarchy, hierarchy_root, (struct slice){0}, err);
        good = hierarchy.root &&
               (merge->view->hierarchy->kind == HIERARCHY_PATHS || settle_links(&hierarchy, err));
        delta_flush(merge->delta); /* values that moved are among it */
    }
    if (good && hierarchy.touched_count > 0)
        good = close_upwards(&hierarchy, err) && put_in_order(&hierarchy, err) &&
               merge_breakdown(&hierarchy, err) && hierarchy_write(&hierarchy, err) &&
               link_changes_apply(&hierarchy.children, merge->txn, err) &&
               link_changes_apply(&hierarchy.edges, merge->txn, err);
    link_changes_done(&hierarchy.children);
    link_changes_done(&hierarchy.edges);
    hash_table_done(&hierarchy.nodes);
    free(hierarchy.touched);
    buffer_done(&hierarchy.key);
    return good;
}
