/* Every event is counted in its group of every depth, each on its own: no group is the sum of
 * others. A hash set of (depth, group, aggregate, value) tells which values uniq has seen.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "schema/aggregate_table.h"
#include "schema/view_input.h"
#include "tables/event_scan.h"
#include "tables/events.h"
#include "tables/groups.h"
#include "tables/join.h"
#include "tables/meta.h"
#include "tables/view_history.h"
#include "types/pack.h"
#include "verify/verify_p.h"

/* Keys tell long values apart by digests. Here all of their bytes do, so that two values which the
 * store takes for one are seen. */
struct counted_group {
    struct slice name; /* [depth u8][key], and the whole dimensions where the key has cut one */
    struct tallied_group group;
};

static struct value verify_count_keep_value(struct arena *arena, struct value value)
{
    if (value.kind == VALUE_STRING) value.string = arena_copy(arena, value.string);
    return value;
}

static void name_group(struct counting *counting, unsigned depth, size_t length,
                       const struct value *dimensions)
{
    struct buffer *const name = &counting->name;
    buffer_clear(name);
    buffer_add_byte(name, (uint8_t)depth);
    buffer_add(name, counting->key.at, length);
    for (unsigned i = 0; i < depth; i++)
        (void)pack_value(name, &dimensions[i], PACK_NO_LIMIT);
    if (name->length == 1 + 2 * length) name->length = 1 + length; /* nothing is cut */
}

struct tallied_group *counting_group(struct counting *counting, unsigned depth, size_t length,
                                     const struct value *dimensions)
{
    struct tallied_view *const view = counting->view;
    bool is_new;
    name_group(counting, depth, length, dimensions);
    struct counted_group *const counted = hash_table_entry(
        &counting->groups, buffer_slice(&counting->name), sizeof *counted, &view->arena, &is_new);
    struct tallied_group *const group = &counted->group;
    if (!is_new) return group;
    view->levels[depth].count++;
    group->key = slice_of(counted->name.at + 1, length);
    group->dimensions = ARENA_ARRAY(&view->arena, struct value, depth);
    for (unsigned i = 0; i < depth; i++)
        group->dimensions[i] = verify_count_keep_value(&view->arena, dimensions[i]);
    group->tallies = ARENA_ARRAY(&view->arena, struct tally, view->view->aggregate_count);
    return group;
}

struct tallied_group *counting_find(struct counting *counting, unsigned depth, size_t length,
                                    const struct value *dimensions)
{
    name_group(counting, depth, length, dimensions);
    struct counted_group *const counted =
        hash_table_find_key(&counting->groups, buffer_slice(&counting->name));
    return counted ? &counted->group : NULL;
}

static bool is_first(struct counting *counting, const struct tallied_group *group, size_t aggregate,
                     const struct value *value)
{
    bool is_new;
    buffer_clear(&counting->name);
    buffer_add(&counting->name, &group, sizeof group);
    buffer_add(&counting->name, &aggregate, sizeof aggregate);
    (void)pack_value(&counting->name, value, PACK_NO_LIMIT);
    (void)hash_table_entry(&counting->values, buffer_slice(&counting->name), sizeof(struct slice),
                           &counting->view->arena, &is_new);
    return is_new;
}

/* Whether the value is counted with the part of the portion that is at hand. */
static bool is_of_part(struct counting *counting, const struct aggregate *aggregate,
                       const struct value *value)
{
    const struct verify_portion *const portion = counting->portion;
    if (!portion || portion->part_count == 0) return true;
    if (traits_of(aggregate)->multiset != MULTISET_SIZE) return portion->part_at == 0;
    buffer_clear(&counting->name);
    (void)pack_value(&counting->name, value, PACK_NO_LIMIT);
    uint64_t const hash = hash_bytes(1, buffer_slice(&counting->name));
    return hash % portion->part_count == portion->part_at;
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
        if (!is_of_part(counting, aggregate, &values[0])) continue;
        bool const distinct = traits_of(aggregate)->multiset == MULTISET_SIZE;
        if (distinct && !is_first(counting, group, i, &values[0])) continue;
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

bool counting_is_outside(const struct counting *counting)
{
    const struct verify_portion *const portion = counting->portion;
    if (!portion) return false;
    if (portion->is_whole_only) return true;
    if (!portion->is_range) return false;
    struct slice const key = buffer_slice(&counting->key);
    return slice_compare(key, portion->from) < 0 ||
           (portion->to.length && slice_compare(key, portion->to) >= 0);
}

/* A table that grows is there twice for a while, once larger. */
void counting_look_at_limit(struct counting *counting)
{
    if (!counting->portion || counting->portion->limit_bytes == 0) return;
    size_t const slots = 2 * (counting->groups.capacity + counting->values.capacity +
                              counting->view->parents.capacity);
    counting->is_full = counting->view->arena.used_bytes + slots * sizeof(struct hash_slot) >
                        counting->portion->limit_bytes;
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
        if (depth > 0 && counting_is_outside(counting)) break;
        if (depth == 0 && counting->portion && counting->portion->is_range) continue;
        struct tallied_group *const group =
            counting_group(counting, depth, counting->key.length, dimensions);
        group->event_count++;
        counting_add(counting, group, NULL, fields);
    }
    counting_look_at_limit(counting);
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

/* From the table to sorted arrays. */
static void sort_levels(struct counting *counting)
{
    struct tallied_view *const view = counting->view;
    size_t filled[SCHEMA_DIMENSIONS_MAX + 1] = {0};
    for (unsigned depth = 0; depth <= view->view->dimension_count; depth++)
        view->levels[depth].groups =
            ARENA_ARRAY(&view->arena, struct tallied_group, view->levels[depth].count);
    for (size_t i = 0; i < counting->groups.capacity; i++) {
        const struct counted_group *const counted = counting->groups.slots[i].entry;
        if (!counted) continue;
        uint8_t const depth = counted->name.at[0];
        view->levels[depth].groups[filled[depth]++] = counted->group;
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
    view_input_key(view, input, event_own_key(event), &key);
    if (!input->values) {
        counting_event(counting, values, buffer_slice(&key));
        return;
    }
    AUTO_FREE struct value *const fields = memory_alloc(view->stream->field_count * sizeof *fields);
    view_input_map(input, view->stream, counting->zone, values, fields);
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
    if (!event_scan_open(snapshot->txn, stream, &scan, err)) return false;
    join = join_open(snapshot->txn);
    enum event_step step;
    bool good = true;
    while (good && !counting->is_full &&
           (step = event_scan_unpack(scan, &event, fields, err)) != EVENT_END) {
        good = step == EVENT_ONE;
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

/* Whether what was dropped does not matter to the view: it was made when the events had gone, or
 * has let their groups go too. */
static bool misses_nothing(const struct view *view, const struct meta_view *stored,
                           const struct view_dropped *gone, const struct time_zone *zone)
{
    const struct value *const dropped = &gone->before, *const retained = &stored->retained_from;
    if (dropped->kind == VALUE_NULL) return true;
    if (stored->missed_count == gone->count) return true;
    if (view->time_dimension < 0 || !view_dimension_is_time(view, (size_t)view->time_dimension))
        return false;
    if (view->retain_seconds == 0) return false;
    if (retained->kind == VALUE_TIME) return value_compare(retained, dropped) >= 0;
    if (retained->kind != VALUE_BUCKET) return false;
    struct value const bucket = {
        .kind = VALUE_BUCKET,
        .bucket = calendar_bucket(dropped->time_ns,
                                  view->dimensions[view->time_dimension].type.unit, zone)};
    return value_compare(retained, &bucket) > 0;
}

/* Of a view over others: what those miss. */
static bool load_limits(struct counting *counting, const struct snapshot *snapshot,
                        struct error *err)
{
    const struct view *const view = counting->view->view, *const bottom = view_bottom(view);
    struct meta_view stored;
    struct view_dropped dropped;
    if (!meta_view_load(snapshot->txn, view->id, &stored, err)) return false;
    if (view->retain_seconds) counting->retained = stored.retained_from;
    if (!meta_view_load(snapshot->txn, bottom->id, &stored, err) ||
        !view_dropped(snapshot->txn, view, &dropped, err))
        return false;
    if (!misses_nothing(bottom, &stored, &dropped, counting->zone))
        counting->view->dropped_before = dropped.before;
    return true;
}

bool tallied_view_count(const struct snapshot *snapshot, const struct view *view,
                        struct tallied_view *ret_view, struct error *err)
{
    bool fits;
    return tallied_portion_count(snapshot, view, NULL, ret_view, &fits, err);
}

bool tallied_portion_count(const struct snapshot *snapshot, const struct view *view,
                           const struct verify_portion *portion, struct tallied_view *ret_view,
                           bool *ret_fits, struct error *err)
{
    *ret_view = (struct tallied_view){.view = view};
    const struct view *const hierarchy = view_is_breakdown(view) ? view->owner : view;
    struct counting counting = {.portion = portion,
                                .view = ret_view,
                                .zone = snapshot->schema->zone,
                                .secret = snapshot->secret,
                                .end = view->aggregate_count,
                                .learns_parents = hierarchy->hierarchy &&
                                                  hierarchy->hierarchy->kind == HIERARCHY_LINKS &&
                                                  !(portion && view != hierarchy)};
    bool good = load_limits(&counting, snapshot, err);
    if (good && counting.learns_parents) {
        good = count_events(&counting, snapshot, err);
        counting.learns_parents = false;
    }
    if (good)
        good = view->source ? verify_rows(&counting, snapshot, err)
                            : count_events(&counting, snapshot, err);
    good = good && verify_entities(&counting, snapshot, err) &&
           verify_children(&counting, snapshot, err);
    *ret_fits = !counting.is_full;
    if (good && *ret_fits) {
        sort_levels(&counting);
        finish_groups(&counting);
    }
    hash_table_done(&counting.groups);
    hash_table_done(&counting.values);
    buffer_done(&counting.key);
    buffer_done(&counting.name);
    buffer_done(&counting.element);
    if (!good || !*ret_fits) tallied_view_done(ret_view);
    return good;
}

void tallied_view_done(struct tallied_view *view)
{
    hash_table_done(&view->parents);
    arena_done(&view->arena);
}
