/* The events that are folded again are found in rounds: those that changed themselves, those that
 * refer to them, and where a view follows a chain of references those that refer to these. How they
 * were is read from what is committed, by a second transaction: so it does not matter in which
 * order a chunk brings an event and what refers to it.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "write/propagation.h"

#include "tables/join.h"
#include "tables/reference_index.h"

struct propagation_event {
    const struct stream *stream;
    struct slice key;
    unsigned distance; /* 0: changed itself; 1: refers to one that did, and so on */
    bool was_there;    /* before the commit, perhaps; false: not */
};

void propagation_done(struct propagation *propagation)
{
    arena_done(&propagation->arena);
    free(propagation->events);
    *propagation = (struct propagation){0};
}

bool propagation_concerns(const struct stream *stream)
{
    return stream->is_target || (stream->joins && stream->joins->count);
}

static void add_propagation(struct propagation *propagation, const struct stream *stream,
                            struct slice key, unsigned distance, bool was_there)
{
    if (propagation->count == propagation->capacity) {
        propagation->capacity = propagation->capacity ? propagation->capacity * 2 : 256;
        propagation->events =
            memory_resize(propagation->events, propagation->capacity * sizeof *propagation->events);
    }
    propagation->events[propagation->count++] = (struct propagation_event){
        .stream = stream,
        .key = arena_copy(&propagation->arena, key),
        .distance = distance,
        .was_there = was_there,
    };
}

void propagation_add(struct propagation *propagation, const struct stream *stream, struct slice key,
                     bool was_there)
{
    add_propagation(propagation, stream, key, 0, was_there);
}

static void forget(struct propagation *propagation)
{
    arena_reset(&propagation->arena);
    propagation->count = 0;
}

/* One side of a change: the events before it, or after. */
struct side {
    bool is_before;
    struct join *join;
    struct buffer packed;
    struct arena texts;   /* of the values */
    struct value *values; /* for any stream of the schema */
    bool is_there;
};

static void side_done(struct side *side)
{
    join_close(side->join);
    buffer_done(&side->packed);
    arena_done(&side->texts);
    free(side->values);
}

static void side_open(const struct schema *schema, const struct txn *txn, bool is_before,
                      struct side *ret_side)
{
    size_t most = 1;
    for (size_t i = 0; i < schema->stream_count; i++) {
        size_t const count = stream_value_count(&schema->streams[i]);
        if (count > most) most = count;
    }
    *ret_side = (struct side){.is_before = is_before,
                              .join = join_open(txn),
                              .values = memory_alloc(most * sizeof *ret_side->values)};
}

/* The event's own fields. */
static bool side_load(struct side *side, const struct propagation_event *event, struct error *err)
{
    struct slice packed = {0};
    bool const absent =
        side->is_before && !event->was_there; /* looking for it would cost a block */
    enum db_finding const found =
        absent ? DB_MISSING : join_event(side->join, event->key, &packed, err);
    if (found == DB_FAILED) return false;
    side->is_there = found == DB_FOUND;
    buffer_set(&side->packed, packed);
    struct event const loaded = {.key = event->key, .packed = buffer_slice(&side->packed)};
    arena_reset(&side->texts);
    return !side->is_there || event_unpack(event->stream, &loaded, &side->texts, side->values) ||
           event_corrupt(err);
}

static bool side_fill(struct side *side, const struct propagation_event *event, struct error *err)
{
    return side_load(side, event, err) &&
           (!side->is_there || join_fill(side->join, event->stream, side->values, err));
}

static bool same_value(const struct side *old, const struct side *new, size_t value)
{
    return value_compare(&old->values[value], &new->values[value]) == 0;
}

/* Whether what STREAM asks for by REFERENCE is another value of the target by now. */
static bool shows_change(const struct stream *stream, size_t reference, const struct side *old,
                         const struct side *new)
{
    const struct stream *const target = stream->references[reference].target;
    if (!old->is_there || !new->is_there) return old->is_there != new->is_there;
    for (size_t i = 0; i < stream->joins->count; i++) {
        const struct joined *const joined = &stream->joins->list[i];
        if (joined->reference != reference) continue;
        if (joined->field < target->field_count) {
            if (!same_value(old, new, joined->field)) return true;
            continue;
        }
        const struct joined *const next = &target->joins->list[joined->field - target->field_count];
        const struct reference *const by = &target->references[next->reference];
        for (size_t j = 0; j < by->target->key_count; j++) {
            if (!same_value(old, new, by->fields[j])) return true;
        }
    }
    return false;
}

static bool has_chain_beyond(const struct stream *stream, size_t reference, unsigned distance)
{
    for (size_t i = 0; i < stream->joins->count; i++) {
        const struct joined *const joined = &stream->joins->list[i];
        if (joined->reference == reference && joined->length > distance) return true;
    }
    return false;
}

/* The events found to refer to another. */
struct finding {
    struct propagation *propagation;
    struct reference_lookup references;
    const struct stream *stream;
    unsigned distance;
};

static void finding_done(struct finding *finding)
{
    reference_lookup_done(&finding->references);
}

static void visit_referring(void *context, struct slice key)
{
    const struct finding *const finding = context;
    add_propagation(finding->propagation, finding->stream, key, finding->distance, true);
}

/* SIDES: the event before and after, or NULL where it goes for certain, or its
 * own fields stayed. */
static bool find_referring(const struct schema *schema, struct finding *finding,
                           const struct propagation_event *event, const struct side *sides,
                           struct error *err)
{
    finding->distance = event->distance + 1;
    for (size_t i = 0; i < schema->stream_count; i++) {
        const struct stream *const stream = &schema->streams[i];
        finding->stream = stream;
        for (size_t j = 0; j < stream->reference_count; j++) {
            if (stream->references[j].target != event->stream ||
                !has_chain_beyond(stream, j, event->distance))
                continue;
            if (sides && !shows_change(stream, j, &sides[0], &sides[1])) continue;
            if (!reference_lookup_find(&finding->references, stream, j, event->key, visit_referring,
                                       finding, err))
                return false;
        }
    }
    return true;
}

static int compare_events(const void *a, const void *b)
{
    const struct propagation_event *const left = a, *const right = b;
    int const order = slice_compare(left->key, right->key);
    return order ? order : (left->distance > right->distance) - (left->distance < right->distance);
}

/* In the order of the table, each once for each distance that it is found at: what refers to it by
 * a longer chain is found from the farther one. */
static void sort(struct propagation *propagation)
{
    size_t kept = 0;
    if (propagation->count == 0) return;
    qsort(propagation->events, propagation->count, sizeof *propagation->events, compare_events);
    for (size_t i = 0; i < propagation->count; i++) {
        if (kept && compare_events(&propagation->events[kept - 1], &propagation->events[i]) == 0) {
            propagation->events[kept - 1].was_there |= propagation->events[i].was_there;
            continue;
        }
        propagation->events[kept++] = propagation->events[i];
    }
    propagation->count = kept;
}

/* One round: what refers to the events at DISTANCE. SIDES as above, for events that
 * changed themselves. */
static bool find_round(const struct schema *schema, struct finding *finding, unsigned distance,
                       struct side *sides, struct error *err)
{
    struct propagation *const propagation = finding->propagation;
    size_t const count = propagation->count;
    for (size_t i = 0; i < count; i++) {
        struct propagation_event const event = propagation->events[i];
        bool const compares = sides && distance == 0;
        if (event.distance != distance || !event.stream->is_target) continue;
        if (compares && (!side_load(&sides[0], &event, err) || !side_load(&sides[1], &event, err)))
            return false;
        if (!find_referring(schema, finding, &event, compares ? sides : NULL, err)) return false;
    }
    return true;
}

static bool find_all(struct write_txn *write, struct propagation *propagation, struct side *sides,
                     struct error *err)
{
    AUTO(finding_done)
    struct finding finding = {.propagation = propagation, .references = {.txn = write->txn}};
    unsigned distance = 0;
    size_t before;
    bool good = true;
    sort(propagation);
    do {
        before = propagation->count;
        good = good && find_round(write->schema, &finding, distance++, sides, err);
        sort(propagation);
    } while (good && propagation->count > before);
    return good;
}

/* Whether the event's own fields are what they were. */
static bool stays(const struct side *sides)
{
    return sides[0].is_there == sides[1].is_there &&
           slice_equal(buffer_slice(&sides[0].packed), buffer_slice(&sides[1].packed));
}

static bool leads_to_same(const struct propagation_event *event, const struct side *sides)
{
    if (!sides[0].is_there) return true;
    for (size_t i = event->stream->field_count; i < stream_value_count(event->stream); i++) {
        if (!same_value(&sides[0], &sides[1], i)) return false;
    }
    return true;
}

static bool fold_side(struct write_txn *write, enum fold_views views,
                      const struct propagation_event *event, const struct side *side,
                      int64_t weight, struct error *err)
{
    struct event const own = {.key = event->key};
    return !side->is_there || write_txn_fold_values(write, views, event->stream, side->values,
                                                    event_own_key(&own), weight, err);
}

/* Whether the event stands in front, nearer. */
static bool is_repeat(const struct propagation *propagation, size_t i)
{
    return i > 0 && slice_equal(propagation->events[i - 1].key, propagation->events[i].key);
}

static bool fold_all(struct write_txn *write, const struct propagation *propagation,
                     struct side *sides, struct error *err)
{
    for (size_t i = 0; i < propagation->count; i++) {
        const struct propagation_event *const event = &propagation->events[i];
        if (is_repeat(propagation, i)) continue;
        if (!side_fill(&sides[0], event, err) || !side_fill(&sides[1], event, err)) return false;
        enum fold_views const views = stays(sides) ? VIEWS_FOLLOWING : VIEWS_ALL;
        if (views == VIEWS_FOLLOWING && leads_to_same(event, sides)) continue;
        if (!fold_side(write, views, event, &sides[0], -1, err) ||
            !fold_side(write, views, event, &sides[1], +1, err))
            return false;
    }
    return true;
}

bool propagation_fold(struct write_txn *write, struct propagation *propagation, struct error *err)
{
    AUTO_TXN struct txn *before = NULL;
    struct side sides[2];
    if (propagation->count == 0) return true;
    if (!txn_begin_beside(write->txn, &before, err)) return false;
    side_open(write->schema, before, true, &sides[0]);
    side_open(write->schema, write->txn, false, &sides[1]);
    bool const good =
        find_all(write, propagation, sides, err) && fold_all(write, propagation, sides, err);
    side_done(&sides[0]);
    side_done(&sides[1]);
    forget(propagation);
    return good;
}

/* Folds the events that refer to those added, but not those themselves. */
static bool fold_referring(struct write_txn *write, const struct propagation *propagation,
                           int64_t weight, struct error *err)
{
    struct side side;
    bool good = true;
    side_open(write->schema, write->txn, false, &side);
    for (size_t i = 0; i < propagation->count && good; i++) {
        const struct propagation_event *const event = &propagation->events[i];
        if (event->distance > 0 && !is_repeat(propagation, i))
            good = side_fill(&side, event, err) &&
                   fold_side(write, VIEWS_FOLLOWING, event, &side, weight, err);
    }
    side_done(&side);
    return good;
}

bool propagation_retract(struct write_txn *write, struct propagation *propagation,
                         struct error *err)
{
    return propagation->count == 0 ||
           (find_all(write, propagation, NULL, err) && fold_referring(write, propagation, -1, err));
}

bool propagation_put_back(struct write_txn *write, struct propagation *propagation,
                          struct error *err)
{
    bool const good = propagation->count == 0 || fold_referring(write, propagation, +1, err);
    forget(propagation);
    return good;
}
