// SPDX-License-Identifier: Apache-2.0
#include "tree/row_changes.h"

#include "base/radix_sort.h"
#include "tree/tree_hierarchy.h"
#include "types/file_name.h"
#include "types/pack.h"

enum { LIST_MOST = 1 << 18, LIST_BYTES_MOST = 16 << 20, ENTRY_HEAD_BYTES = 2 + 1 };

/* What is told, and where its names are put together. */
struct telling {
    const struct snapshot *older; /* NULL: nothing is known of it */
    const struct snapshot *newer;
    const struct row_visitor *visitor;
    struct buffer path;
    struct arena arena;
};

static void telling_done(struct telling *telling)
{
    buffer_done(&telling->path);
    arena_done(&telling->arena);
}

/* A place where a row may be. */
struct row_place {
    const struct view *view;
    unsigned depth;
    struct slice key; /* as in the table of groups */
};

/* The path of the row's file, into telling->path. GROUP has the dimensions that the key has cut. */
static bool write_path(struct telling *telling, const struct row_place *place,
                       const struct group *group, struct error *err)
{
    const struct view *const view = place->view;
    const struct time_zone *const zone = telling->newer->schema->zone;
    struct buffer *const path = &telling->path;
    struct value values[SCHEMA_DIMENSIONS_MAX];
    arena_reset(&telling->arena);
    if (!group_dimensions(place->key, group, place->depth, &telling->arena, values, err))
        return false;
    buffer_clear(path);
    tree_view_name(telling->newer, view, path);
    if (view->hierarchy && place->depth) {
        buffer_add_byte(path, '/');
        buffer_add_text(path, hierarchy_ids_name);
    }
    for (unsigned i = 0; i < place->depth; i++) {
        buffer_add_byte(path, '/');
        file_name_write(&values[i], view->dimensions[i].type, zone, path);
    }
    bool const is_total = place->depth < view->dimension_count;
    buffer_add_text(path, is_total ? "/.total.json" : ".json");
    return true;
}

/* BEFORE and AFTER: NULL where the row is not there. */
static bool row_changes_tell(struct telling *telling, const struct row_place *place,
                             const struct group *before, const struct group *after,
                             struct error *err)
{
    static const struct group unknown = {0};
    const struct group *const group = after ? after : before;
    if (before && after && slice_equal(before->text, after->text)) return true;
    if (!write_path(telling, place, group ? group : &unknown, err)) return false;
    struct row_change const change = {.path = buffer_slice(&telling->path),
                                      .before = before ? before->text : (struct slice){0},
                                      .after = after ? after->text : (struct slice){0}};
    if (!row_paths_have(telling->visitor->paths, change.path)) return true;
    return telling->visitor->visit(telling->visitor->context, &change, err);
}

/* *RET is GROUP, or NULL where there is none. */
static bool get_row(const struct snapshot *snapshot, const struct row_place *place,
                    struct group *group, const struct group **ret, struct error *err)
{
    enum db_finding const found =
        groups_get(snapshot->txn, place->view, place->depth, place->key, group, err);
    *ret = found == DB_FOUND ? group : NULL;
    return found != DB_FAILED;
}

/* The rows that the lists of changes name, each once, in the order of their bytes. */
struct row_list {
    const struct snapshot *snapshot;
    struct buffer entries; /* [view u16][depth u8][key] */
    struct buffer slices;  /* of struct slice; into `entries` once that is complete */
    bool is_too_long;
};

static void row_list_done(struct row_list *list)
{
    buffer_done(&list->entries);
    buffer_done(&list->slices);
}

static void list_change(void *context, const struct change *change)
{
    struct row_list *const list = context;
    const struct view *const view = schema_view_of(list->snapshot->schema, change->view);
    struct slice key = change->key;
    if (!view || view->owner) return;
    bool const is_row = group_is_leaf(view, change->depth);
    if (!is_row && !(change->flags & (CHANGE_TEXT | CHANGE_EXISTS))) return;
    if (list->entries.length > LIST_BYTES_MOST ||
        list->slices.length / sizeof(struct slice) == LIST_MOST) {
        list->is_too_long = true;
        return;
    }
    if (view->hierarchy && change->depth) { /* whatever it stands below */
        size_t const parent = group_key_prefix(key, 1);
        key = slice_of(key.at + parent, key.length - parent);
    }
    struct slice const entry = {.length = ENTRY_HEAD_BYTES + key.length};
    pack_u16(&list->entries, change->view);
    buffer_add_byte(&list->entries, change->depth);
    buffer_add_slice(&list->entries, key);
    buffer_add(&list->slices, &entry, sizeof entry);
}

static struct slice list_key(const void *items, size_t i)
{
    return ((const struct slice *)items)[i];
}

/* Behind the commit AFTER. */
static enum change_log_answer row_list_read(struct row_list *list, uint64_t after,
                                            struct error *err)
{
    const struct snapshot *const snapshot = list->snapshot;
    enum change_log_answer const answer =
        change_log_scan(snapshot->txn, after, snapshot->commit_id, list_change, list, err);
    if (answer == CHANGE_LOG_COMPLETE && list->is_too_long) return CHANGE_LOG_UNKNOWN;
    if (answer != CHANGE_LOG_COMPLETE) return answer;
    struct slice *const slices = (struct slice *)(void *)list->slices.at;
    const uint8_t *at = list->entries.at;
    for (size_t i = 0; i < list->slices.length / sizeof *slices; i++) {
        slices[i].at = at;
        at += slices[i].length;
    }
    return CHANGE_LOG_COMPLETE;
}

/* Calls EACH for the places in their order, once each. */
static bool row_list_each(const struct row_list *list,
                          bool (*each)(void *context, const struct row_place *place,
                                       struct error *err),
                          void *context, struct error *err)
{
    const struct slice *const slices = (const struct slice *)(const void *)list->slices.at;
    size_t const count = list->slices.length / sizeof *slices;
    if (count == 0) return true;
    AUTO_FREE uint32_t *const order =
        radix_sort(slices, list_key, count, radix_sort_common(slices, list_key, count));
    for (size_t i = 0; i < count; i++) {
        struct slice const entry = slices[order[i]];
        if (i > 0 && slice_equal(entry, slices[order[i - 1]])) continue;
        uint16_t const view = (uint16_t)(entry.at[0] << 8 | entry.at[1]);
        struct row_place const place = {
            .view = schema_view_of(list->snapshot->schema, view),
            .depth = entry.at[2],
            .key = slice_of(entry.at + ENTRY_HEAD_BYTES, entry.length - ENTRY_HEAD_BYTES)};
        if (!each(context, &place, err)) return false;
    }
    return true;
}

static bool tell_listed(void *context, const struct row_place *place, struct error *err)
{
    struct telling *const telling = context;
    struct group older, newer;
    const struct group *before = NULL, *after;
    if (telling->older && !get_row(telling->older, place, &older, &before, err)) return false;
    if (!get_row(telling->newer, place, &newer, &after, err)) return false;
    if (telling->older && !before && !after) return true; /* it came and went */
    return row_changes_tell(telling, place, before, after, err);
}

/* One of two scans that go side by side. */
struct side {
    struct groups_scan scan;
    struct slice key;
    struct group group;
    enum db_finding found;
};

static void side_done(struct side *side)
{
    groups_scan_close(&side->scan);
}

static bool side_next(struct side *side, struct error *err)
{
    side->found = groups_scan_next(&side->scan, &side->key, &side->group, err);
    return side->found != DB_FAILED;
}

static bool side_open(struct side *side, const struct snapshot *snapshot, const struct view *view,
                      unsigned depth, struct error *err)
{
    struct slice const all = {0};
    if (!snapshot) {
        side->found = DB_MISSING;
        return true;
    }
    return groups_scan_open(&side->scan, snapshot->txn, view, depth, all, all, err) &&
           side_next(side, err);
}

/* What differs at one depth of a view, in the order of keys. */
static bool tell_depth(struct telling *telling, const struct view *view, unsigned depth,
                       struct error *err)
{
    AUTO(side_done) struct side older = {.found = DB_MISSING}, newer = {.found = DB_MISSING};
    if (!side_open(&older, telling->older, view, depth, err) ||
        !side_open(&newer, telling->newer, view, depth, err))
        return false;
    while (older.found == DB_FOUND || newer.found == DB_FOUND) {
        int order = older.found == DB_FOUND ? -1 : 1;
        if (older.found == DB_FOUND && newer.found == DB_FOUND)
            order = slice_compare(older.key, newer.key);
        struct row_place const place = {
            .view = view, .depth = depth, .key = order <= 0 ? older.key : newer.key};
        if (!row_changes_tell(telling, &place, order <= 0 ? &older.group : NULL,
                              order >= 0 ? &newer.group : NULL, err))
            return false;
        if (order <= 0 && !side_next(&older, err)) return false;
        if (order >= 0 && !side_next(&newer, err)) return false;
    }
    return true;
}

static bool tell_views(struct telling *telling, struct error *err)
{
    const struct schema *const schema = telling->newer->schema;
    for (size_t i = 0; i < schema->view_count; i++) {
        const struct view *const view = &schema->views[i];
        for (unsigned depth = 0; depth <= view->dimension_count; depth++) {
            if (!tell_depth(telling, view, depth, err)) return false;
        }
    }
    return true;
}

bool row_changes_between(const struct snapshot *older, const struct snapshot *newer,
                         const struct row_visitor *visitor, struct error *err)
{
    AUTO(telling_done)
    struct telling telling = {.older = older, .newer = newer, .visitor = visitor};
    AUTO(row_list_done) struct row_list list = {.snapshot = newer};
    switch (row_list_read(&list, older->commit_id, err)) {
    case CHANGE_LOG_COMPLETE: return row_list_each(&list, tell_listed, &telling, err);
    case CHANGE_LOG_UNKNOWN: return tell_views(&telling, err);
    case CHANGE_LOG_FAILED: break;
    }
    return false;
}

/* Whether the place has a path: what is gone is known by its key alone. */
struct readable {
    const struct snapshot *snapshot;
    bool all;
};

static bool look_at_key(void *context, const struct row_place *place, struct error *err)
{
    AUTO_ARENA struct arena arena = {0};
    struct readable *const readable = context;
    struct slice rest = place->key;
    struct group group;
    const struct group *found;
    struct value value;
    bool is_cut = false;
    while (rest.length && !is_cut)
        is_cut = unpack_value(&rest, &arena, &value) != UNPACKED;
    if (!is_cut) return true;
    if (!get_row(readable->snapshot, place, &group, &found, err)) return false;
    if (!found) readable->all = false;
    return true;
}

enum change_log_answer row_changes_since(const struct snapshot *newer, uint64_t after,
                                         const struct row_visitor *visitor, struct error *err)
{
    AUTO(telling_done) struct telling telling = {.newer = newer, .visitor = visitor};
    AUTO(row_list_done) struct row_list list = {.snapshot = newer};
    struct readable readable = {.snapshot = newer, .all = true};
    enum change_log_answer const answer = row_list_read(&list, after, err);
    if (answer != CHANGE_LOG_COMPLETE) return answer;
    if (!row_list_each(&list, look_at_key, &readable, err)) return CHANGE_LOG_FAILED;
    if (!readable.all) return CHANGE_LOG_UNKNOWN;
    return row_list_each(&list, tell_listed, &telling, err) ? CHANGE_LOG_COMPLETE
                                                            : CHANGE_LOG_FAILED;
}

bool row_changes_all(const struct snapshot *snapshot, const struct row_visitor *visitor,
                     struct error *err)
{
    AUTO(telling_done) struct telling telling = {.newer = snapshot, .visitor = visitor};
    return tell_views(&telling, err);
}
