// SPDX-License-Identifier: Apache-2.0
#include "tables/join.h"

#include "tables/event_lookup.h"
#include "tables/events.h"

struct join {
    struct event_lookup events;  /* taken in the order of their keys */
    struct event_lookup targets; /* anywhere */
    struct arena arena;          /* of the targets of the event at hand */
    struct buffer key;
};

struct join *join_open(const struct txn *txn)
{
    struct join *const join = memory_alloc(sizeof *join);
    join->events.txn = join->targets.txn = txn;
    return join;
}

void join_close(struct join *join)
{
    if (!join) return;
    event_lookup_done(&join->events);
    event_lookup_done(&join->targets);
    arena_done(&join->arena);
    buffer_done(&join->key);
    free(join);
}

bool join_target_key(const struct reference *reference, const struct value *values,
                     struct buffer *key)
{
    struct value parts[SCHEMA_KEY_FIELDS_MAX];
    bool any = false;
    for (size_t i = 0; i < reference->target->key_count; i++) {
        parts[i] = values[reference->fields[i]];
        any |= parts[i].kind != VALUE_NULL;
    }
    buffer_clear(key);
    if (any) event_key_pack(reference->target, parts, key);
    return any;
}

enum db_finding join_event(struct join *join, struct slice key, struct slice *ret_packed,
                           struct error *err)
{
    enum db_finding const found = event_lookup_find(&join->events, key, ret_packed, err);
    return found == DB_FOUND && !event_is_live(*ret_packed) ? DB_MISSING : found;
}

static bool fill(struct join *join, const struct stream *stream, struct value *values,
                 const bool *wanted, struct error *err);

/* The values of the event that one reference leads to, with those WANTED of what it
 * refers to itself. */
static enum db_finding load_target(struct join *join, const struct stream *target, struct slice key,
                                   const bool *wanted, struct value **ret_values, struct error *err)
{
    struct event event = {.key = arena_copy(&join->arena, key)};
    enum db_finding const found = event_lookup_find(&join->targets, key, &event.packed, err);
    if (found != DB_FOUND) return found;
    if (!event_is_live(event.packed)) return DB_MISSING;
    event.packed = arena_copy(&join->arena, event.packed);
    struct value *const values =
        ARENA_ARRAY(&join->arena, struct value, stream_value_count(target));
    if (!event_unpack(target, &event, &join->arena, values)) {
        (void)event_corrupt(err);
        return DB_FAILED;
    }
    *ret_values = values;
    return fill(join, target, values, wanted, err) ? DB_FOUND : DB_FAILED;
}

/* Which joined values of the target the values WANTED of the stream ask for by one reference;
 * false: none of them goes that way. */
static bool join_choose(const struct stream *stream, size_t reference, const bool *wanted,
                        bool *ret_wanted)
{
    size_t const own = stream->references[reference].target->field_count;
    bool any = false;
    for (size_t i = 0; i < stream->joins->count; i++) {
        const struct joined *const joined = &stream->joins->list[i];
        if (joined->reference != reference || (wanted && !wanted[i])) continue;
        any = true;
        if (joined->field >= own) ret_wanted[joined->field - own] = true;
    }
    return any;
}

static bool follow(struct join *join, const struct stream *stream, size_t reference,
                   struct value *values, const bool *wanted, struct error *err)
{
    const struct stream *const target = stream->references[reference].target;
    size_t const deeper = target->joins ? target->joins->count : 0;
    bool *const wanted_there = ARENA_ARRAY(&join->arena, bool, deeper + 1);
    struct value *found = NULL;
    struct value absent = {.kind = VALUE_NULL};
    if (!join_choose(stream, reference, wanted, wanted_there)) return true;
    if (join_target_key(&stream->references[reference], values, &join->key)) {
        absent.kind = VALUE_UNRESOLVED;
        if (load_target(join, target, buffer_slice(&join->key), wanted_there, &found, err) ==
            DB_FAILED)
            return false;
    }
    for (size_t i = 0; i < stream->joins->count; i++) {
        const struct joined *const joined = &stream->joins->list[i];
        if (joined->reference == reference && (!wanted || wanted[i]))
            values[stream->field_count + i] = found ? found[joined->field] : absent;
    }
    return true;
}

/* WANTED: which of the joined values; NULL: all. Calls itself once a step of the longest
 * chain in the schema. */
static bool fill(struct join *join, const struct stream *stream, struct value *values,
                 const bool *wanted, struct error *err)
{
    if (!stream->joins || stream->joins->count == 0) return true;
    for (size_t i = 0; i < stream->reference_count; i++) {
        if (!follow(join, stream, i, values, wanted, err)) return false;
    }
    return true;
}

bool join_fill(struct join *join, const struct stream *stream, struct value *values,
               struct error *err)
{
    arena_reset(&join->arena);
    return fill(join, stream, values, NULL, err);
}
