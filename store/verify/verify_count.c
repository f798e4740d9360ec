/* Every event is counted in its group of every depth, each on its own: no group is the sum of others. A
 * hash set of (depth, group, aggregate, value) tells which values uniq has seen.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <xxhash.h>

#include "tables/event_scan.h"
#include "tables/events.h"
#include "tables/groups.h"
#include "tables/join.h"
#include "tables/meta.h"
#include "types/pack.h"
#include "verify/verify_p.h"
#include "write/stream_union.h"
#include "write/write_txn.h"

enum { SLOTS_FIRST = 1024 };

struct entry *set_slot(const struct set *set, struct slice bytes)
{
    size_t slot = XXH3_64bits(bytes.at, bytes.length) & (set->capacity - 1);
    while (set->entries[slot].bytes.at && !slice_equal(set->entries[slot].bytes, bytes))
        slot = (slot + 1) & (set->capacity - 1);
    return &set->entries[slot];
}

struct entry *set_find(struct set *set, struct slice bytes)
{
    if (set->count * 2 >= set->capacity) {
        struct set larger = {.capacity = set->capacity ? set->capacity * 2 : SLOTS_FIRST,
                             .count = set->count};
        larger.entries = memory_alloc(larger.capacity * sizeof *larger.entries);
        for (size_t i = 0; i < set->capacity; i++) {
            if (set->entries[i].bytes.at)
                *set_slot(&larger, set->entries[i].bytes) = set->entries[i];
        }
        free(set->entries);
        *set = larger;
    }
    return set_slot(set, bytes);
}

static struct value verify_count_keep_value(struct arena *arena, struct value value)
{
    if (value.kind == VALUE_STRING) value.string = arena_copy(arena, value.string);
    return value;
}

struct tallied_group *counting_group(struct counting *counting, unsigned depth, size_t length,
                                     const struct value *dimensions)
{
    struct tallied_view *const view = counting->view;
    struct tallied_level *const level = &view->levels[depth];
    buffer_clear(&counting->name);
    buffer_add_byte(&counting->name, (uint8_t)depth);
    buffer_add(&counting->name, counting->key.at, length);
    struct entry *const entry = set_find(&counting->groups, buffer_slice(&counting->name));
    if (entry->bytes.at) return entry->payload;
    struct tallied_group *const group = ARENA_NEW(&view->arena, struct tallied_group);
    entry->bytes = arena_copy(&view->arena, buffer_slice(&counting->name));
    entry->payload = group;
    counting->groups.count++;
    level->count++;
    group->key = slice_of(entry->bytes.at + 1, length);
    group->dimensions = ARENA_ARRAY(&view->arena, struct value, depth);
    for (unsigned i = 0; i < depth; i++)
        group->dimensions[i] = verify_count_keep_value(&view->arena, dimensions[i]);
    group->tallies = ARENA_ARRAY(&view->arena, struct tally, view->view->aggregate_count);
    return group;
}

static bool is_first(struct counting *counting, const struct tallied_group *group, size_t aggregate,
                     const struct value *value)
{
    buffer_clear(&counting->name);
    buffer_add(&counting->name, &group, sizeof group);
    buffer_add(&counting->name, &aggregate, sizeof aggregate);
    (void)pack_value(&counting->name, value, PACK_NO_LIMIT);
    struct entry *const entry = set_find(&counting->values, buffer_slice(&counting->name));
    if (entry->bytes.at) return false;
    entry->bytes = arena_copy(&counting->view->arena, buffer_slice(&counting->name));
    counting->values.count++;
    return true;
}

static struct value verify_count_eval(const struct counting *counting, const struct expr *expr,
                                      const struct value *fields)
{
    struct value value;
    if (!expr_eval(expr, fields, counting->zone, &value)) value.kind = VALUE_NULL;
    return value;
}

/* What is compared: of arg_min by what, of which event, and the value. false: not counted. */
static bool make_element(struct counting *counting, const struct aggregate *aggregate,
                         const struct value *fields, const struct value *value)
{
    struct value const key = {.kind = VALUE_STRING, .string = counting->own_key};
    buffer_clear(&counting->element);
    for (size_t i = 0; i < aggregate->order_count; i++) {
        struct value const rank = verify_count_eval(counting, aggregate->order[i], fields);
        if (i == 0 && rank.kind == VALUE_NULL) return false;
        (void)pack_value(&counting->element, &rank, PACK_NO_LIMIT);
    }
    if (aggregate->order_count) (void)pack_value(&counting->element, &key, PACK_NO_LIMIT);
    (void)pack_value(&counting->element, value, PACK_NO_LIMIT);
    return true;
}

/* What stands in the parentheses; false: something is null. */
static bool verify_count_eval_arguments(const struct counting *counting,
                                        const struct aggregate *aggregate,
                                        const struct value *fields,
                                        struct value values[AGGREGATE_VALUES_MAX])
{
    size_t const width = 1 + aggregate->other_count;
    for (size_t i = 0; i < width; i++) {
        values[i] = verify_count_eval(
            counting, i == 0 ? aggregate->argument : aggregate->others[i - 1], fields);
        if (values[i].kind == VALUE_NULL) return false;
    }
    if (aggregate->chosen) {
        values[width].kind = VALUE_BOOL;
        values[width].boolean = expr_holds(aggregate->chosen, fields, counting->zone);
    }
    return true;
}

void counting_add(struct counting *counting, struct tallied_group *group,
                  const struct view *entities, const struct value *fields)
{
    const struct view *const view = counting->view->view;
    for (size_t i = counting->first; i < counting->end; i++) {
        const struct aggregate *const aggregate = &view->aggregates[i];
        struct value values[AGGREGATE_VALUES_MAX] = {{.kind = VALUE_NULL}};
        if (aggregate->entities != entities) continue;
        if (!expr_holds(aggregate->where, fields, counting->zone)) continue;
        if (aggregate->argument &&
            (!verify_count_eval_arguments(counting, aggregate, fields, values) ||
             !make_element(counting, aggregate, fields, &values[0])))
            continue;
        if (aggregate->kind == AGGREGATE_UNIQ && !is_first(counting, group, i, &values[0]))
            continue;
        tally_value(counting, group, i, values);
    }
}

/* Whether the view has let go the group that the event would be in. */
static bool is_let_go(const struct counting *counting, const struct value *dimensions)
{
    const struct view *const view = counting->view->view;
    if (counting->retained.kind == VALUE_NULL) return false;
    const struct value *const time = &dimensions[view->time_dimension];
    return value_has_time(time) && value_compare(time, &counting->retained) < 0;
}

void counting_event(struct counting *counting, const struct value *fields, struct slice key)
{
    const struct view *const view = counting->view->view;
    struct value dimensions[SCHEMA_DIMENSIONS_MAX];
    counting->own_key = key;
    if (view->hierarchy || view_is_breakdown(view)) {
        verify_hierarchy_event(counting, fields);
        return;
    }
    if (!expr_holds(view->where, fields, counting->zone)) return;
    for (unsigned i = 0; i < view->dimension_count; i++)
        dimensions[i] = expr_dimension(view->dimensions[i].expr, fields, counting->zone);
    if (is_let_go(counting, dimensions)) return;
    buffer_clear(&counting->key);
    for (unsigned depth = 0; depth <= view->dimension_count; depth++) {
        if (depth > 0) (void)group_key_add(view, &dimensions[depth - 1], &counting->key);
        struct tallied_group *const group =
            counting_group(counting, depth, counting->key.length, dimensions);
        group->event_count++;
        counting_add(counting, group, NULL, fields);
    }
}

static void finish_groups(struct counting *counting)
{
    const struct view *const view = counting->view->view;
    for (unsigned depth = 0; depth <= view->dimension_count; depth++) {
        const struct tallied_level *const level = &counting->view->levels[depth];
        for (size_t i = 0; i < level->count; i++) {
            for (size_t j = 0; j < view->aggregate_count; j++)
                tally_finish(counting, &view->aggregates[j], &level->groups[i].tallies[j]);
        }
    }
}

static int compare_groups(const void *a, const void *b)
{
    return slice_compare(((const struct tallied_group *)a)->key,
                         ((const struct tallied_group *)b)->key);
}

/* From the set to sorted arrays. */
static void sort_levels(struct counting *counting)
{
    struct tallied_view *const view = counting->view;
    size_t filled[SCHEMA_DIMENSIONS_MAX + 1] = {0};
    for (unsigned depth = 0; depth <= view->view->dimension_count; depth++)
        view->levels[depth].groups =
            ARENA_ARRAY(&view->arena, struct tallied_group, view->levels[depth].count);
    for (size_t i = 0; i < counting->groups.capacity; i++) {
        const struct entry *const entry = &counting->groups.entries[i];
        if (!entry->bytes.at) continue;
        uint8_t const depth = entry->bytes.at[0];
        view->levels[depth].groups[filled[depth]++] = *(struct tallied_group *)entry->payload;
    }
    for (unsigned depth = 0; depth <= view->view->dimension_count; depth++) {
        if (view->levels[depth].count)
            qsort(view->levels[depth].groups, view->levels[depth].count,
                  sizeof(struct tallied_group), compare_groups);
    }
}

/* An event with all its values, as the view sees it. */
static void count_input(struct counting *counting, const struct view_input *input,
                        const struct value *values, const struct event *event)
{
    const struct view *const view = counting->view->view;
    AUTO_BUFFER struct buffer key = {0};
    if (!expr_holds(input->where, values, counting->zone)) return;
    stream_union_key(view, input, event_own_key(event), &key);
    if (!input->values) {
        counting_event(counting, values, buffer_slice(&key));
        return;
    }
    AUTO_FREE struct value *const fields = memory_alloc(view->stream->field_count * sizeof *fields);
    stream_union_map(input, view->stream, counting->zone, values, fields);
    counting_event(counting, fields, buffer_slice(&key));
}

static bool count_stream(struct counting *counting, const struct snapshot *snapshot,
                         const struct view_input *input, struct error *err)
{
    const struct stream *const stream = input->stream;
    AUTO_FREE struct value *const fields =
        memory_alloc(stream_value_count(stream) * sizeof *fields);
    AUTO_JOIN struct join *join = NULL;
    struct event_scan *scan;
    struct event event;
    if (!join_open(snapshot->txn, &join, err) ||
        !event_scan_open(snapshot->txn, stream, &scan, err))
        return false;
    enum event_step step;
    bool good = true;
    while (good && (step = event_scan_next(scan, &event, err)) != EVENT_END) {
        good = step == EVENT_ONE;
        if (good && !event_unpack(stream, &event, fields)) good = event_corrupt(err);
        good = good && join_fill(join, stream, fields, err);
        if (good) count_input(counting, input, fields, &event);
    }
    event_scan_close(scan);
    return good;
}

static bool count_events(struct counting *counting, const struct snapshot *snapshot,
                         struct error *err)
{
    const struct view *const view = counting->view->view;
    for (size_t i = 0; i < view->input_count; i++) {
        if (!count_stream(counting, snapshot, &view->inputs[i], err)) return false;
    }
    return true;
}

/* Whether what was dropped does not matter to the view: it was made when the events had gone, or has let their groups
 * go too. */
static bool misses_nothing(const struct counting *counting, const struct meta_view *stored)
{
    const struct view *const view = counting->view->view;
    const struct value *const dropped = &counting->view->dropped_before;
    const struct value *const retained = &counting->retained;
    if (dropped->kind == VALUE_NULL) return true;
    if (stored->missed_count == counting->dropped_count) return true;
    if (view->time_dimension < 0 || !view_dimension_is_time(view, (size_t)view->time_dimension))
        return false;
    if (retained->kind == VALUE_TIME) return value_compare(retained, dropped) >= 0;
    if (retained->kind != VALUE_BUCKET) return false;
    struct value const bucket = {
        .kind = VALUE_BUCKET,
        .bucket = calendar_bucket(
            dropped->time_ns, view->dimensions[view->time_dimension].type.unit, counting->zone)};
    return value_compare(retained, &bucket) > 0;
}

static bool load_limits(struct counting *counting, const struct snapshot *snapshot,
                        struct error *err)
{
    const struct view *const view = counting->view->view;
    struct meta_view stored;
    if (!meta_view_load(snapshot->txn, view->id, &stored, err)) return false;
    if (view->retain_seconds) counting->retained = stored.retained_from;
    if (view->source) return true;
    struct view_dropped dropped;
    if (!view_dropped(snapshot->txn, view, &dropped, err)) return false;
    counting->view->dropped_before = dropped.before;
    counting->dropped_count = dropped.count;
    if (misses_nothing(counting, &stored)) counting->view->dropped_before.kind = VALUE_NULL;
    return true;
}

bool tallied_view_count(const struct snapshot *snapshot, const struct view *view,
                        struct tallied_view *ret_view, struct error *err)
{
    *ret_view = (struct tallied_view){.view = view};
    const struct view *const hierarchy = view_is_breakdown(view) ? view->owner : view;
    struct counting counting = {.view = ret_view,
                                .zone = snapshot->schema->zone,
                                .end = view->aggregate_count,
                                .learns_parents = hierarchy->hierarchy &&
                                                  hierarchy->hierarchy->kind == HIERARCHY_LINKS};
    bool good = load_limits(&counting, snapshot, err);
    if (good && counting.learns_parents) {
        good = count_events(&counting, snapshot, err);
        counting.learns_parents = false;
    }
    if (good)
        good = view->source ? verify_rows(&counting, snapshot, err)
                            : count_events(&counting, snapshot, err);
    good = good && verify_entities(&counting, snapshot, err);
    if (good) {
        sort_levels(&counting);
        finish_groups(&counting);
    }
    free(counting.groups.entries);
    free(counting.values.entries);
    buffer_done(&counting.key);
    buffer_done(&counting.name);
    buffer_done(&counting.element);
    if (!good) tallied_view_done(ret_view);
    return good;
}

void tallied_view_done(struct tallied_view *view)
{
    free(view->parents.entries);
    arena_done(&view->arena);
}
