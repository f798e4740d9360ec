/* Every event is counted in its group of every depth, each on its own: no group is the sum of others. A
 * hash set of (depth, group, aggregate, value) tells which values uniq has seen.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <xxhash.h>

#include "events.h"
#include "groups.h"
#include "pack.h"
#include "verify_p.h"

enum { SLOTS_FIRST = 1024 };

/* A set of byte strings, each with a pointer. */
struct entry {
    struct slice bytes;
    void *payload;
};

struct set {
    struct entry *entries;
    size_t capacity;
    size_t count;
};

struct counting {
    struct tallied_view *view;
    const struct zone *zone;
    struct set groups;
    struct set values;
    struct buffer key;
    struct buffer name; /* what is looked up */
};

static struct entry *find_slot(const struct set *set, struct slice bytes)
{
    size_t slot = XXH3_64bits(bytes.at, bytes.length) & (set->capacity - 1);
    while (set->entries[slot].bytes.at && !slice_equal(set->entries[slot].bytes, bytes))
        slot = (slot + 1) & (set->capacity - 1);
    return &set->entries[slot];
}

/* The entry of BYTES, new if its bytes are still to be set. */
static struct entry *set_find(struct set *set, struct slice bytes)
{
    if (set->count * 2 >= set->capacity) {
        struct set larger = {.capacity = set->capacity ? set->capacity * 2 : SLOTS_FIRST,
                             .count = set->count};
        larger.entries = memory_alloc(larger.capacity * sizeof *larger.entries);
        for (size_t i = 0; i < set->capacity; i++) {
            if (set->entries[i].bytes.at)
                *find_slot(&larger, set->entries[i].bytes) = set->entries[i];
        }
        free(set->entries);
        *set = larger;
    }
    return find_slot(set, bytes);
}

static struct value keep_value(struct arena *arena, struct value value)
{
    if (value.kind == VALUE_STRING) value.string = arena_copy(arena, value.string);
    return value;
}

/* The group of the first DEPTH dimensions, whose packed key counting->key begins with. */
static struct tallied_group *find_group(struct counting *counting, unsigned depth, size_t length,
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
        group->dimensions[i] = keep_value(&view->arena, dimensions[i]);
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

/* A string that rises with each event must not cost memory with each event: its room is used again, and
 * doubles when it is too small. */
static void keep_extreme(struct arena *arena, struct tally *tally, const struct value *value)
{
    tally->extreme = *value;
    if (value->kind != VALUE_STRING) return;
    size_t const length = value->string.length;
    if (length > tally->room_bytes) {
        tally->room_bytes = length > 2 * tally->room_bytes ? length : 2 * tally->room_bytes;
        tally->room = arena_alloc(arena, tally->room_bytes);
    }
    if (length) memcpy(tally->room, value->string.at, length);
    tally->extreme.string = slice_of(tally->room, length);
}

static void count_value(struct counting *counting, struct tallied_group *group, size_t index,
                        const struct value *value)
{
    const struct aggregate *const aggregate = &counting->view->view->aggregates[index];
    struct tally *const tally = &group->tallies[index];
    if (aggregate->kind == AGGREGATE_UNIQ && !is_first(counting, group, index, value)) return;
    tally->count++;
    if (aggregate->kind == AGGREGATE_SUM || aggregate->kind == AGGREGATE_AVG)
        exact_add(&tally->sum, &value->number, 1);
    if (aggregate->kind != AGGREGATE_MIN && aggregate->kind != AGGREGATE_MAX) return;
    int const order = value_compare(value, &tally->extreme);
    bool const none = tally->extreme.kind == VALUE_NULL;
    if (none || (aggregate->kind == AGGREGATE_MIN ? order < 0 : order > 0))
        keep_extreme(&counting->view->arena, tally, value);
}

static bool overflow(struct error *err)
{
    (void)error_set(err, ERROR_CORRUPT, "an expression over a stored event outgrows %d digits",
                    DECIMAL_DIGITS);
    return error_place(err, "events");
}

static bool count_group(struct counting *counting, struct tallied_group *group,
                        const struct value *fields, struct error *err)
{
    const struct view *const view = counting->view->view;
    group->event_count++;
    for (size_t i = 0; i < view->aggregate_count; i++) {
        const struct aggregate *const aggregate = &view->aggregates[i];
        struct value value = {.kind = VALUE_NULL};
        if (!expr_holds(aggregate->where, fields, counting->zone)) continue;
        if (aggregate->argument && !expr_eval(aggregate->argument, fields, counting->zone, &value))
            return overflow(err);
        if (aggregate->argument && value.kind == VALUE_NULL) continue;
        count_value(counting, group, i, &value);
    }
    return true;
}

static bool count_event(struct counting *counting, const struct value *fields, struct error *err)
{
    const struct view *const view = counting->view->view;
    struct value dimensions[SCHEMA_DIMENSIONS_MAX];
    counting->view->event_count++;
    if (!expr_holds(view->where, fields, counting->zone)) return true;
    buffer_clear(&counting->key);
    for (unsigned depth = 0; depth <= view->dimension_count; depth++) {
        if (depth > 0) {
            struct value *const value = &dimensions[depth - 1];
            if (!expr_eval(view->dimensions[depth - 1].expr, fields, counting->zone, value))
                return overflow(err);
            (void)group_key_add(view, value, &counting->key);
        }
        if (!count_group(counting, find_group(counting, depth, counting->key.length, dimensions),
                         fields, err))
            return false;
    }
    return true;
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

static bool count_events(struct counting *counting, const struct snapshot *snapshot,
                         struct error *err)
{
    const struct stream *const stream = counting->view->view->stream;
    AUTO_FREE struct value *const fields = memory_alloc(stream->field_count * sizeof *fields);
    struct events_walk *walk;
    struct event event;
    if (!events_walk_open(snapshot, stream, &walk, err)) return false;
    enum events_step step;
    bool good = true;
    while (good && (step = events_walk_next(walk, &event, err)) != EVENTS_END) {
        good = step == EVENTS_ONE;
        if (good && !event_unpack(stream, &event, fields)) {
            (void)error_set(err, ERROR_CORRUPT, "an event cannot be read");
            good = error_place(err, "events");
        }
        good = good && count_event(counting, fields, err);
    }
    events_walk_close(walk);
    return good;
}

bool tallied_view_count(const struct snapshot *snapshot, const struct view *view,
                        struct tallied_view *ret_view, struct error *err)
{
    *ret_view = (struct tallied_view){.view = view};
    struct counting counting = {.view = ret_view, .zone = snapshot->schema->zone};
    bool const good = count_events(&counting, snapshot, err);
    if (good) sort_levels(&counting);
    free(counting.groups.entries);
    free(counting.values.entries);
    buffer_done(&counting.key);
    buffer_done(&counting.name);
    if (!good) tallied_view_done(ret_view);
    return good;
}

void tallied_view_done(struct tallied_view *view)
{
    arena_done(&view->arena);
}
