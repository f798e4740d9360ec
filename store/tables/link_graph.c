// SPDX-License-Identifier: Apache-2.0
#include "tables/link_graph.h"

#include "tables/hierarchy.h"
#include "tables/hierarchy_links.h"
#include "tables/link_parents.h"
#include "types/pack.h"

enum { SHOWN_NODES = 16 };

struct link_node {
    struct slice key;            /* the packed id; first, see hash_table_entry */
    struct slice whole;          /* packed without limit; empty: as the key */
    struct link_parents parents; /* those that records change */
    struct link_node *stored;    /* the least of those that they leave; NULL: there is none */
    bool stored_is_known;
    bool has_none_stored; /* whatever they change */
    struct link_node *parent;
    bool parent_is_known;
    enum { CHILDREN_UNKNOWN, CHILDREN_NONE, CHILDREN_SOME } children; /* or it had some */
    uint64_t depth;                                                   /* of nodes, with itself */
    uint64_t depth_moves; /* graph->moves + 1 when it was counted; 0: never */
};

void link_graph_init(struct link_graph *graph, const struct view *view, const struct txn *txn)
{
    *graph = (struct link_graph){.view = view, .txn = txn};
}

void link_graph_done(struct link_graph *graph)
{
    hash_table_done(&graph->nodes);
    hash_table_done(&graph->pairs);
    arena_done(&graph->arena);
    *graph = (struct link_graph){.view = NULL};
}

static struct link_node *node_of(struct link_graph *graph, struct slice key, struct slice whole)
{
    struct link_node *const node =
        hash_table_entry(&graph->nodes, key, sizeof *node, &graph->arena, NULL);
    if (node->whole.length == 0 && whole.length) node->whole = arena_copy(&graph->arena, whole);
    return node;
}

struct link_node *link_graph_node(struct link_graph *graph, const struct value *id)
{
    STACK_BUFFER(key, DB_KEY_BYTES_MAX);
    AUTO_BUFFER struct buffer whole = {0};
    if (!group_key_add(graph->view, id, &key)) (void)pack_value(&whole, id, PACK_NO_LIMIT);
    return node_of(graph, buffer_slice(&key), buffer_slice(&whole));
}

static struct link_pair *pair_of(const struct link_graph *graph, const struct link_node *node,
                                 const struct link_node *parent)
{
    const struct link_node *const ends[] = {node, parent};
    return hash_table_find_key(&graph->pairs, slice_of(ends, sizeof ends));
}

static struct link_node *lesser(struct link_node *a, struct link_node *b)
{
    if (!a || !b) return a ? a : b;
    return slice_compare(a->key, b->key) <= 0 ? a : b;
}

/* Whether records change nothing of a stored parent. Its node is noted then. */
static bool is_left(struct link_graph *graph, struct link_node *node, struct slice key,
                    struct slice value)
{
    uint64_t weight;
    if (!unpack_varint(&value, &weight)) value = (struct slice){0};
    struct link_node *const parent = node_of(graph, key, value);
    if (pair_of(graph, node, parent)) return false;
    node->stored = parent;
    return true;
}

static bool find_next_stored(struct link_graph *graph, struct link_node *node, struct slice from,
                             struct error *err)
{
    AUTO(hierarchy_links_close) struct hierarchy_links links = {0};
    struct slice key, value;
    if (!hierarchy_links_open(&links, graph->txn, graph->view, HIERARCHY_PARENTS, node->key, from,
                              err))
        return false;
    enum db_finding found;
    while ((found = hierarchy_links_next(&links, &key, &value, err)) == DB_FOUND) {
        if (is_left(graph, node, key, value)) return true;
    }
    return found == DB_MISSING;
}

/* What records change of a stored parent is in its pair from then on, so the least one that they
 * leave is never one before it again. As a rule the first is it, or there is none. */
static bool find_stored(struct link_graph *graph, struct link_node *node, struct error *err)
{
    const struct link_node *const last = node->stored;
    struct slice key, value;
    if (node->stored_is_known && (!last || !pair_of(graph, node, last))) return true;
    bool const is_first = !node->stored_is_known;
    node->stored_is_known = true;
    node->stored = NULL;
    if (!is_first) return find_next_stored(graph, node, last->key, err);
    enum db_finding const found =
        hierarchy_links_first(graph->txn, graph->view, HIERARCHY_PARENTS, node->key,
                              (struct slice){0}, &key, &value, err);
    node->has_none_stored = found == DB_MISSING;
    if (found != DB_FOUND) return found == DB_MISSING;
    return is_left(graph, node, key, value) ||
           find_next_stored(graph, node, (struct slice){0}, err);
}

/* The least of the stored parents that records leave, and of those that they add. */
bool link_graph_parent(struct link_graph *graph, struct link_node *node,
                       struct link_node **ret_parent, struct error *err)
{
    if (!node->parent_is_known) {
        if (!find_stored(graph, node, err)) return false;
        node->parent = lesser(node->stored, link_parents_least(&node->parents));
        node->parent_is_known = true;
    }
    *ret_parent = node->parent;
    return true;
}

static bool stored_weight(const struct link_graph *graph, const struct link_node *node,
                          const struct link_node *parent, int64_t *ret_weight, struct error *err)
{
    struct slice key, value;
    uint64_t weight = 0;
    *ret_weight = 0;
    if (node->has_none_stored) return true;
    enum db_finding const found = hierarchy_links_first(graph->txn, graph->view, HIERARCHY_PARENTS,
                                                        node->key, parent->key, &key, &value, err);
    if (found == DB_FAILED) return false;
    if (found == DB_FOUND && slice_equal(key, parent->key)) {
        if (!unpack_varint(&value, &weight)) weight = 0;
    }
    *ret_weight = (int64_t)weight;
    return true;
}

bool link_graph_add(struct link_graph *graph, struct link_node *node, struct link_node *parent,
                    int64_t weight, struct error *err)
{
    const struct link_node *const ends[] = {node, parent};
    bool is_new;
    struct link_pair *const pair = hash_table_entry(&graph->pairs, slice_of(ends, sizeof ends),
                                                    sizeof *pair, &graph->arena, &is_new);
    if (is_new) {
        pair->parent = parent;
        pair->key = parent->key;
        if (!stored_weight(graph, node, parent, &pair->weight, err)) return false;
    }
    bool const was = !is_new && pair->weight > 0;
    pair->weight += weight;
    link_parents_update(&node->parents, pair, &graph->arena);
    if (is_new || was != (pair->weight > 0)) node->parent_is_known = false;
    parent->children = CHILDREN_SOME;
    return true;
}

static bool has_children(struct link_graph *graph, struct link_node *node, bool *ret_has,
                         struct error *err)
{
    struct slice id;
    if (node->children == CHILDREN_UNKNOWN) {
        enum db_finding const found =
            hierarchy_links_first(graph->txn, graph->view, HIERARCHY_CHILDREN, node->key,
                                  (struct slice){0}, &id, NULL, err);
        if (found == DB_FAILED) return false;
        node->children = found == DB_FOUND ? CHILDREN_SOME : CHILDREN_NONE;
    }
    *ret_has = node->children == CHILDREN_SOME;
    return true;
}

/* How deep a node stands that is not below itself: at the top, 1. */
static bool count_depth(struct link_graph *graph, struct link_node *node, uint64_t *ret_depth,
                        struct error *err)
{
    uint64_t const now = graph->moves + 1;
    AUTO_BUFFER struct buffer chain = {0};
    struct link_node *parent;
    uint64_t depth = 0;
    for (struct link_node *at = node;; at = parent) {
        depth = at->depth;
        if (at->depth_moves == now) break;
        depth = 1; /* at the top, be it there or only named */
        if (!link_graph_parent(graph, at, &parent, err)) return false;
        if (!parent) break;
        buffer_add(&chain, &at, sizeof at);
    }
    while (chain.length) { /* from the top down */
        struct link_node *at;
        chain.length -= sizeof at;
        memcpy(&at, chain.at + chain.length, sizeof at);
        at->depth = ++depth;
        at->depth_moves = now;
    }
    *ret_depth = depth;
    return true;
}

/* Whether the node is above its parent. LATER has changed, too, and is asked for next: the cycles
 * that it is on are told then, and beyond it a scan might not end. */
static enum link_state find_above(struct link_graph *graph, struct link_node *node,
                                  const struct link_node *later, struct error *err)
{
    struct link_node *at;
    bool above;
    if (!has_children(graph, node, &above, err)) return LINK_FAILED;
    if (!above) return LINK_GOOD; /* it is above nothing */
    graph->moves++;
    if (!link_graph_parent(graph, node, &at, err)) return LINK_FAILED;
    while (at && at != node && at != later) {
        if (!link_graph_parent(graph, at, &at, err)) return LINK_FAILED;
    }
    return at == node ? LINK_CYCLE : LINK_GOOD;
}

enum link_state link_graph_check(struct link_graph *graph, struct link_node *const *nodes,
                                 size_t count, struct link_node **ret_node, struct error *err)
{
    uint64_t depth;
    for (size_t i = 0; i < count; i++) {
        *ret_node = nodes[i];
        nodes[i]->depth_moves = 0;
        const struct link_node *const later = i + 1 < count ? nodes[i + 1] : NULL;
        enum link_state const state = find_above(graph, nodes[i], later, err);
        if (state != LINK_GOOD) return state;
    }
    for (size_t i = 0; i < count; i++) {
        *ret_node = nodes[i];
        if (!count_depth(graph, nodes[i], &depth, err)) return LINK_FAILED;
        if (depth > SCHEMA_CHAIN_MAX) return LINK_TOO_DEEP;
    }
    return LINK_GOOD;
}

static void write_id(const struct link_graph *graph, const struct link_node *node,
                     const struct time_zone *zone, struct buffer *text)
{
    AUTO_ARENA struct arena arena = {0};
    struct slice packed = node->whole.length ? node->whole : node->key;
    struct value id;
    if (unpack_value(&packed, &arena, &id) == UNPACK_FAILED || id.kind == VALUE_NULL) return;
    value_text(&id, graph->view->dimensions[0].type, zone, text);
}

bool link_graph_write(struct link_graph *graph, struct link_node *node,
                      const struct time_zone *zone, struct buffer *text, struct error *err)
{
    struct link_node *at = node;
    size_t shown = 0;
    do {
        if (shown++ < SHOWN_NODES) {
            write_id(graph, at, zone, text);
            buffer_add_text(text, " -> ");
        }
        if (!link_graph_parent(graph, at, &at, err)) return false;
    } while (at && at != node);
    if (shown > SHOWN_NODES) buffer_format(text, "%zu more -> ", shown - SHOWN_NODES);
    write_id(graph, node, zone, text);
    return true;
}
