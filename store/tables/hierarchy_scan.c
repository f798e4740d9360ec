// SPDX-License-Identifier: Apache-2.0
#include "tables/hierarchy_scan.h"

static bool lost(struct error *err)
{
    (void)error_set(err, ERROR_CORRUPT, "a node of a tree is not where it should be");
    (void)error_place(err, "links");
    return error_remedy(err, "tally rebuild STORE");
}

/* The node's parent, appended to PARENT. */
static bool hierarchy_scan_find_parent(const struct hierarchy_scan *scan, struct slice id,
                                       struct buffer *parent, struct error *err)
{
    struct group group;
    struct hierarchy_facts facts;
    enum db_finding const found = hierarchy_get(scan->txn, scan->view, id, &group, err);
    if (found == DB_MISSING) return lost(err);
    if (found == DB_FAILED || !hierarchy_facts_unpack(scan->view, &group, &facts, NULL, err))
        return false;
    return hierarchy_parent_key(scan->view, &facts, parent) || lost(err);
}

static bool hierarchy_scan_open_level(struct hierarchy_scan *scan, struct slice node,
                                      struct slice from, struct error *err)
{
    struct hierarchy_links *const links = &scan->levels[scan->depth];
    if (!hierarchy_links_open(links, scan->txn, scan->view, HIERARCHY_EDGES, node, from, err))
        return false;
    scan->depth++;
    return true;
}

/* Opens the levels from NODE down to the one that FROM is on. Each but the last stands behind the
 * node that leads there. */
static bool open_levels(struct hierarchy_scan *scan, struct slice node, struct slice from,
                        struct error *err)
{
    struct arena *const arena = &scan->arena;
    struct slice chain[SCHEMA_LEVELS_MAX + 1] = {from}, id;
    unsigned count = 0;
    while (!slice_equal(chain[count], node)) {
        AUTO_BUFFER struct buffer parent = {0};
        if (count == scan->view->hierarchy->levels) return lost(err);
        if (!hierarchy_scan_find_parent(scan, chain[count], &parent, err)) return false;
        chain[++count] = arena_copy(arena, buffer_slice(&parent));
    }
    for (; count > 0; count--) {
        if (!hierarchy_scan_open_level(scan, chain[count], chain[count - 1], err)) return false;
        if (count == 1) break;
        switch (hierarchy_links_next(&scan->levels[scan->depth - 1], &id, NULL, err)) {
        case DB_FOUND: break;
        case DB_MISSING: return lost(err);
        case DB_FAILED: return false;
        }
    }
    return true;
}

bool hierarchy_scan_open(struct hierarchy_scan *scan, const struct txn *txn,
                         const struct view *view, struct slice node, struct slice from,
                         struct error *err)
{
    *scan = (struct hierarchy_scan){.txn = txn, .view = view};
    return from.length ? open_levels(scan, node, from, err)
                       : hierarchy_scan_open_level(scan, node, (struct slice){0}, err);
}

void hierarchy_scan_close(struct hierarchy_scan *scan)
{
    for (unsigned i = 0; i < scan->depth; i++)
        hierarchy_links_close(&scan->levels[i]);
    buffer_done(&scan->id);
    arena_done(&scan->arena);
    *scan = (struct hierarchy_scan){.depth = 0};
}

enum db_finding hierarchy_scan_next(struct hierarchy_scan *scan, struct slice *ret_id,
                                    struct group *ret_group, struct error *err)
{
    struct slice id;
    if (scan->descends &&
        !hierarchy_scan_open_level(scan, buffer_slice(&scan->id), (struct slice){0}, err))
        return DB_FAILED;
    scan->descends = false;
    enum db_finding found = DB_MISSING;
    while (scan->depth > 0) {
        found = hierarchy_links_next(&scan->levels[scan->depth - 1], &id, NULL, err);
        if (found != DB_MISSING) break;
        hierarchy_links_close(&scan->levels[--scan->depth]);
    }
    if (found != DB_FOUND) return found;
    buffer_set(&scan->id, id);
    found = hierarchy_get(scan->txn, scan->view, id, ret_group, err);
    if (found == DB_MISSING) (void)lost(err);
    if (found != DB_FOUND) return DB_FAILED;
    scan->descends = scan->depth < scan->view->hierarchy->levels && ret_group->row_count > 0;
    *ret_id = buffer_slice(&scan->id);
    return DB_FOUND;
}
