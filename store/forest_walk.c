// SPDX-License-Identifier: Apache-2.0
#include "forest_walk.h"

static bool lost(struct error *err)
{
    (void)error_set(err, ERROR_CORRUPT, "a node of a tree is not where it should be");
    (void)error_place(err, "links");
    return error_remedy(err, "tally rebuild STORE");
}

/* The node's parent, appended to PARENT. */
static bool find_parent(const struct forest_walk *walk, struct slice id, struct buffer *parent,
                        struct error *err)
{
    struct group group;
    struct forest_facts facts;
    enum db_finding const found = forest_get(walk->txn, walk->view, id, &group, err);
    if (found == DB_MISSING) return lost(err);
    if (found == DB_FAILED || !forest_facts_unpack(walk->view, &group, &facts, err)) return false;
    return forest_parent_key(walk->view, &facts, parent) || lost(err);
}

static bool open_level(struct forest_walk *walk, struct slice node, struct slice from,
                       struct error *err)
{
    struct forest_links *const links = &walk->levels[walk->depth];
    if (!forest_links_open(links, walk->txn, walk->view, FOREST_EDGES, node, from, err))
        return false;
    walk->depth++;
    return true;
}

/* Opens the levels from NODE down to the one that FROM is on. Each but the last stands behind the node that leads there. */
static bool open_levels(struct forest_walk *walk, struct slice node, struct slice from,
                        struct error *err)
{
    struct arena *const arena = &walk->arena;
    struct slice chain[SCHEMA_LEVELS_MAX + 1] = {from}, id;
    unsigned count = 0;
    while (!slice_equal(chain[count], node)) {
        AUTO_BUFFER struct buffer parent = {0};
        if (count == walk->view->forest->levels) return lost(err);
        if (!find_parent(walk, chain[count], &parent, err)) return false;
        chain[++count] = arena_copy(arena, buffer_slice(&parent));
    }
    for (; count > 0; count--) {
        if (!open_level(walk, chain[count], chain[count - 1], err)) return false;
        if (count == 1) break;
        switch (forest_links_next(&walk->levels[walk->depth - 1], &id, NULL, err)) {
        case DB_FOUND: break;
        case DB_MISSING: return lost(err);
        case DB_FAILED: return false;
        }
    }
    return true;
}

bool forest_walk_open(struct forest_walk *walk, const struct txn *txn, const struct view *view,
                      struct slice node, struct slice from, struct error *err)
{
    *walk = (struct forest_walk){.txn = txn, .view = view};
    return from.length ? open_levels(walk, node, from, err)
                       : open_level(walk, node, (struct slice){0}, err);
}

void forest_walk_close(struct forest_walk *walk)
{
    for (unsigned i = 0; i < walk->depth; i++)
        forest_links_close(&walk->levels[i]);
    buffer_done(&walk->id);
    arena_done(&walk->arena);
    *walk = (struct forest_walk){.depth = 0};
}

enum db_finding forest_walk_next(struct forest_walk *walk, struct slice *ret_id,
                                 struct group *ret_group, struct error *err)
{
    struct slice id;
    if (walk->descends && !open_level(walk, buffer_slice(&walk->id), (struct slice){0}, err))
        return DB_FAILED;
    walk->descends = false;
    enum db_finding found = DB_MISSING;
    while (walk->depth > 0) {
        found = forest_links_next(&walk->levels[walk->depth - 1], &id, NULL, err);
        if (found != DB_MISSING) break;
        forest_links_close(&walk->levels[--walk->depth]);
    }
    if (found != DB_FOUND) return found;
    buffer_set(&walk->id, id);
    found = forest_get(walk->txn, walk->view, id, ret_group, err);
    if (found == DB_MISSING) (void)lost(err);
    if (found != DB_FOUND) return DB_FAILED;
    walk->descends = walk->depth < walk->view->forest->levels && ret_group->row_count > 0;
    *ret_id = buffer_slice(&walk->id);
    return DB_FOUND;
}
