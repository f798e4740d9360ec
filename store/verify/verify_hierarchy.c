/* A hierarchy, once more and by another road: where each node stands is told by all events at once.
 * Where nodes are counted in ranges, each event is then counted in its own node, and what stands
 * below is added (verify_children.c). That cannot be done with quantiles and the like: there each
 * event is counted in its node and in all that stand above, one by one.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "tables/groups.h"
#include "types/pack.h"
#include "verify/verify_check.h"

/* What events say of a node. */
struct parent {
    struct slice id; /* as in keys */
    bool is_node;    /* some event is of it; else it was only named */
    bool is_named;
    struct slice key; /* of the least parent that was named */
    struct value value;
};

static struct parent *verify_hierarchy_parent_of(struct tallied_view *view, struct slice key)
{
    return hash_table_entry(&view->parents, key, sizeof(struct parent), &view->arena, NULL);
}

/* The hierarchy itself, of one of its breakdowns too. */
static const struct view *hierarchy_of(const struct tallied_view *view)
{
    return view_is_breakdown(view->view) ? view->view->owner : view->view;
}

/* As the hierarchy has it: a breakdown's keys may be cut at other places, and the least parent
 * is told by keys. */
static void verify_hierarchy_key_of(const struct tallied_view *view, const struct value *id,
                                    struct buffer *key)
{
    buffer_clear(key);
    (void)group_key_add(hierarchy_of(view), id, key);
}

static void name_parent(struct counting *counting, struct parent *node, const struct value *parent)
{
    struct tallied_view *const view = counting->view;
    verify_hierarchy_key_of(view, parent, &counting->name);
    struct slice const key = buffer_slice(&counting->name);
    if (node->is_named && slice_compare(node->key, key) <= 0) return;
    node->is_named = true;
    node->key = arena_copy(&view->arena, key);
    node->value = *parent;
    if (parent->kind == VALUE_STRING) node->value.string = arena_copy(&view->arena, parent->string);
}

/* The first pass over a tree's events. */
static void learn(struct counting *counting, const struct value *id, const struct value *parent)
{
    if (id->kind == VALUE_NULL) return;
    verify_hierarchy_key_of(counting->view, id, &counting->key);
    if (counting_is_outside(counting)) return;
    struct parent *const node =
        verify_hierarchy_parent_of(counting->view, buffer_slice(&counting->key));
    node->is_node = true;
    counting_look_at_limit(counting);
    if (parent->kind == VALUE_NULL) return;
    name_parent(counting, node, parent);
    verify_count_link(counting->view, buffer_slice(&counting->key), buffer_slice(&counting->name));
}

/* Counts the event in a group's own half of the aggregates, or in that of its subtree. */
static void count_in(struct counting *counting, const struct value *id, bool own,
                     const struct value *fields)
{
    const struct view *const view = counting->view->view;
    size_t const half = view->aggregate_count / 2;
    bool const root = id->kind == VALUE_NULL;
    buffer_clear(&counting->key);
    if (!root) (void)group_key_add(view, id, &counting->key);
    struct tallied_group *const group =
        counting_group(counting, root ? 0 : 1, counting->key.length, id);
    counting->first = own ? 0 : half;
    counting->end = own ? half : view->aggregate_count;
    if (!own) group->event_count++;
    counting_add(counting, group, NULL, fields);
}

/* The second pass over a tree's events. */
static void count_links(struct counting *counting, struct value id, const struct value *fields)
{
    struct tallied_view *const view = counting->view;
    count_in(counting, &id, true, fields);
    /* a chain has no more nodes than there are, unless the store has a cycle */
    for (size_t left = view->parents.count + 1; id.kind != VALUE_NULL && left > 0; left--) {
        count_in(counting, &id, false, fields);
        verify_hierarchy_key_of(view, &id, &counting->key);
        const struct parent *const node =
            verify_hierarchy_parent_of(view, buffer_slice(&counting->key));
        bool const stands = node->is_named && verify_hierarchy_parent_of(view, node->key)->is_node;
        id = stands ? node->value : (struct value){.kind = VALUE_NULL};
    }
    count_in(counting, &(struct value){.kind = VALUE_NULL}, false, fields);
}

/* Where a path's segments end, with one separator between two, in PATH. */
static void verify_hierarchy_split(struct slice from, struct slice separator, struct buffer *path,
                                   struct buffer *ends)
{
    size_t start = 0;
    for (size_t at = 0; at <= from.length; at++) {
        struct slice const rest = slice_of(from.at + at, from.length - at);
        if (rest.length && !slice_starts(rest, separator)) continue;
        if (at > start) {
            if (path->length) buffer_add_slice(path, separator);
            buffer_add(path, from.at + start, at - start);
            buffer_add(ends, &path->length, sizeof path->length);
        }
        at += rest.length ? separator.length - 1 : 0;
        start = at + 1;
    }
}

static void count_path(struct counting *counting, const struct value *whole,
                       const struct value *fields)
{
    AUTO_BUFFER struct buffer path = {0}, ends = {0};
    struct tallied_view *const view = counting->view;
    struct value above;
    if (whole->kind == VALUE_STRING)
        verify_hierarchy_split(whole->string, view->view->hierarchy->separator, &path, &ends);
    size_t left = ends.length / sizeof(size_t);
    if (left > SCHEMA_SEGMENTS_MAX || path.length > SCHEMA_PATH_BYTES_MAX) left = 0;
    for (bool own = true;; own = false) {
        size_t end = 0;
        if (left > 0) memcpy(&end, ends.at + (left - 1) * sizeof end, sizeof end);
        above = (struct value){.kind = left > 0 ? VALUE_STRING : VALUE_NULL,
                               .string = slice_of(path.at, end)};
        if (own) count_in(counting, &above, true, fields);
        count_in(counting, &above, false, fields);
        if (left == 0) return;
        left--;
    }
}

/* The row of one node, DISTANCE above the event's own, in a breakdown. */
static void verify_hierarchy_count_row(struct counting *counting, struct value *dimensions,
                                       size_t distance, const struct value *fields)
{
    const struct view *const view = counting->view->view;
    for (size_t i = 1; i < view->dimension_count; i++) {
        if (view->dimensions[i].is_distance)
            dimensions[i].number = decimal_from_int(
                distance < SCHEMA_DISTANCE_MAX ? (int64_t)distance : SCHEMA_DISTANCE_MAX);
    }
    buffer_clear(&counting->key);
    (void)group_key_pack(view, dimensions, (unsigned)view->dimension_count, &counting->key);
    struct tallied_group *const group =
        counting_group(counting, (unsigned)view->dimension_count, counting->key.length, dimensions);
    group->event_count++;
    counting_add(counting, group, NULL, fields);
}

/* Counts the event in the rows of its node and of all above. */
static void count_breakdown(struct counting *counting, const struct value *id,
                            const struct value *fields)
{
    AUTO_BUFFER struct buffer path = {0}, ends = {0};
    struct tallied_view *const view = counting->view;
    const struct hierarchy_spec *const hierarchy = hierarchy_of(view)->hierarchy;
    struct value dimensions[SCHEMA_DIMENSIONS_MAX];
    size_t distance = 0, left = 0;
    for (size_t i = 1; i < view->view->dimension_count; i++)
        dimensions[i] = expr_dimension(view->view->dimensions[i].expr, fields, counting->zone);
    dimensions[0] = *id;
    if (hierarchy->kind == HIERARCHY_PATHS) {
        if (id->kind == VALUE_STRING)
            verify_hierarchy_split(id->string, hierarchy->separator, &path, &ends);
        left = ends.length / sizeof left;
        if (left > SCHEMA_SEGMENTS_MAX || path.length > SCHEMA_PATH_BYTES_MAX) left = 0;
    }
    for (;; distance++) {
        if (hierarchy->kind == HIERARCHY_PATHS) {
            size_t end = 0;
            if (left > 0) memcpy(&end, ends.at + (left - 1) * sizeof end, sizeof end);
            dimensions[0] = (struct value){.kind = left > 0 ? VALUE_STRING : VALUE_NULL,
                                           .string = slice_of(path.at, end)};
            if (left > 0) left--;
        }
        verify_hierarchy_count_row(counting, dimensions, distance, fields);
        if (dimensions[0].kind == VALUE_NULL ||
            distance > view->parents.count + SCHEMA_SEGMENTS_MAX)
            return;
        if (hierarchy->kind == HIERARCHY_PATHS) continue;
        verify_hierarchy_key_of(view, &dimensions[0], &counting->key);
        const struct parent *const node =
            verify_hierarchy_parent_of(view, buffer_slice(&counting->key));
        bool const stands = node->is_named && verify_hierarchy_parent_of(view, node->key)->is_node;
        dimensions[0] = stands ? node->value : (struct value){.kind = VALUE_NULL};
    }
}

/* The node that the event is of. PATH: what its id lives in. */
static struct value node_of(const struct counting *counting, const struct value *id,
                            struct buffer *path)
{
    AUTO_BUFFER struct buffer ends = {0};
    const struct hierarchy_spec *const hierarchy = hierarchy_of(counting->view)->hierarchy;
    if (hierarchy->kind == HIERARCHY_LINKS) return *id;
    if (id->kind == VALUE_STRING)
        verify_hierarchy_split(id->string, hierarchy->separator, path, &ends);
    size_t const segments = ends.length / sizeof(size_t);
    bool const root =
        segments == 0 || segments > SCHEMA_SEGMENTS_MAX || path->length > SCHEMA_PATH_BYTES_MAX;
    return (struct value){.kind = root ? VALUE_NULL : VALUE_STRING, .string = buffer_slice(path)};
}

/* Counts the event in its own node alone, where that is in the range. */
static void count_own(struct counting *counting, const struct value *id, const struct value *fields)
{
    AUTO_BUFFER struct buffer path = {0};
    const struct view *const view = counting->view->view;
    struct value dimensions[SCHEMA_DIMENSIONS_MAX] = {node_of(counting, id, &path)};
    /* the root is there as soon as there is an event */
    if (view->hierarchy && counting->portion->from.length == 0)
        (void)counting_group(counting, 0, 0, dimensions);
    buffer_clear(&counting->key);
    if (dimensions[0].kind != VALUE_NULL)
        verify_hierarchy_key_of(counting->view, &dimensions[0], &counting->key);
    if (counting_is_outside(counting)) return;
    if (view->hierarchy) {
        count_in(counting, &dimensions[0], true, fields);
        count_in(counting, &dimensions[0], false, fields);
    } else {
        for (size_t i = 1; i < view->dimension_count; i++)
            dimensions[i] = expr_dimension(view->dimensions[i].expr, fields, counting->zone);
        verify_hierarchy_count_row(counting, dimensions, 0, fields);
    }
    counting_look_at_limit(counting);
}

void verify_hierarchy_event(struct counting *counting, const struct value *fields)
{
    const struct view *const view = counting->view->view, *const owner =
                                                              hierarchy_of(counting->view);
    const struct hierarchy_spec *const hierarchy = owner->hierarchy;
    const struct view *const asked = counting->learns_parents ? owner : view;
    if (!expr_holds(asked->where, fields, counting->zone)) return;
    struct value const id = expr_dimension(hierarchy->id, fields, counting->zone);
    if (counting->learns_parents) {
        struct value const parent = expr_dimension(hierarchy->parent, fields, counting->zone);
        learn(counting, &id, &parent);
    } else if (counting->portion) {
        count_own(counting, &id, fields);
    } else if (view != owner) {
        count_breakdown(counting, &id, fields);
    } else if (hierarchy->kind == HIERARCHY_PATHS) {
        count_path(counting, &id, fields);
    } else {
        count_links(counting, id, fields);
    }
}

/* The path without its last segment. */
static bool path_above(const struct tallied_view *view, const struct tallied_group *node,
                       struct value *ret_parent)
{
    AUTO_BUFFER struct buffer path = {0}, ends = {0};
    struct slice const whole = node->dimensions[0].string;
    verify_hierarchy_split(whole, view->view->hierarchy->separator, &path, &ends);
    size_t const segments = ends.length / sizeof(size_t);
    size_t end;
    if (segments < 2) return false;
    memcpy(&end, ends.at + (segments - 2) * sizeof end, sizeof end);
    *ret_parent = (struct value){.kind = VALUE_STRING, .string = slice_of(whole.at, end)};
    return true;
}

bool verify_hierarchy_parent(const struct tallied_view *view, const struct tallied_group *node,
                             struct buffer *key, struct value *ret_parent)
{
    *ret_parent = (struct value){.kind = VALUE_NULL};
    if (view->view->hierarchy->kind == HIERARCHY_PATHS) {
        if (!path_above(view, node, ret_parent)) return false;
        verify_hierarchy_key_of(view, ret_parent, key);
        return true;
    }
    const struct parent *const named = hash_table_find_key(&view->parents, node->key);
    if (!named || !named->is_named) return false;
    buffer_set(key, named->key);
    *ret_parent = named->value;
    return true;
}
