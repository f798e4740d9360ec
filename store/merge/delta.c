/* Only leaves are folded: an inner group's delta is the sum of its leaves', which merge.c
 * takes when the batch is complete. So an event costs one look-up a view, however many
 * dimensions the view has.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "merge/delta.h"

#include "schema/aggregate_table.h"
#include "tables/hierarchy.h"
#include "tables/multisets.h"
#include "types/pack.h"

/* About what merging holds: of every leaf, to sort them; of a node of a hierarchy, whose delta is
 * merged as a whole; of a value in one group, beside its key. */
enum { MERGE_LEAF_BYTES = 64, MERGE_NODE_BYTES = 512, MERGE_VALUE_BYTES = 96 };
/* A leaf of a breakdown becomes a row of each node above it; how many these are
 * is known too late. */
enum { MERGE_BREAKDOWN_ROWS = 16, MERGE_DISTANCE_ROWS = 64 };

void delta_init(struct delta *delta, const struct schema *schema)
{
    *delta = (struct delta){.schema = schema,
                            .views = memory_alloc(schema->all_view_count * sizeof *delta->views)};
}

static void delta_view_done(struct delta_view *of)
{
    buffer_done(&of->leaves);
    buffer_done(&of->values);
    arena_done(&of->arena);
    buffer_done(&of->key);
    buffer_done(&of->exact);
    buffer_done(&of->element);
    buffer_done(&of->queue.keys);
    hash_table_done(&of->leaf_table);
    hash_table_done(&of->value_table);
}

void delta_done(struct delta *delta)
{
    for (size_t i = 0; delta->views && i < delta->schema->all_view_count; i++)
        delta_view_done(&delta->views[i]);
    free(delta->views);
    *delta = (struct delta){0};
}

static void delta_view_clear(struct delta_view *of)
{
    arena_reset(&of->arena);
    of->merge_bytes = 0;
    of->last = NULL;
    buffer_clear(&of->leaves);
    buffer_clear(&of->values);
    hash_table_clear(&of->leaf_table);
    hash_table_clear(&of->value_table);
    of->queue.count = 0;
    buffer_clear(&of->queue.keys);
}

void delta_clear(struct delta *delta)
{
    for (size_t i = 0; i < delta->schema->all_view_count; i++)
        delta_view_clear(&delta->views[i]);
}

/* What is in use: a cleared delta keeps its memory for the next one, and must not seem full. */
size_t delta_bytes(const struct delta *delta)
{
    size_t bytes = 0;
    for (size_t i = 0; i < delta->schema->all_view_count; i++) {
        const struct delta_view *const of = &delta->views[i];
        bytes += of->arena.used_bytes + of->merge_bytes +
                 (of->leaf_table.count + of->value_table.count) *
                     (sizeof(struct hash_slot) + sizeof(void *));
    }
    return bytes;
}

static struct delta_view *of_view(const struct delta *delta, const struct view *view)
{
    return &delta->views[view - delta->schema->views];
}

const struct delta_view *delta_view_of(const struct delta *delta, const struct view *view)
{
    return of_view(delta, view);
}

struct arena *delta_arena(struct delta *delta, const struct view *view)
{
    return &of_view(delta, view)->arena;
}

/* Whether merging takes a part of the view's groups at a time, see merge.c. */
static bool is_portioned(const struct view *view)
{
    return !view->hierarchy && !view_is_breakdown(view);
}

static size_t merge_bytes_of(const struct view *view)
{
    size_t rows = 1;
    if (is_portioned(view)) return MERGE_LEAF_BYTES;
    for (size_t i = 0; view_is_breakdown(view) && i < view->dimension_count; i++) {
        size_t const more =
            view->dimensions[i].is_distance ? MERGE_DISTANCE_ROWS : MERGE_BREAKDOWN_ROWS;
        if (rows < more) rows = more;
    }
    return rows * (MERGE_NODE_BYTES + view->aggregate_count * sizeof(struct state));
}

size_t delta_event_bytes(const struct view *view)
{
    size_t const element = sizeof(struct delta_value) + MERGE_VALUE_BYTES;
    return sizeof(struct delta_leaf) + view->aggregate_count * sizeof(struct state) +
           merge_bytes_of(view) + view->multiset_count * element;
}

static struct delta_leaf *new_leaf(struct delta_view *of, const struct delta_leaf *wanted,
                                   struct slice exact)
{
    const struct view *const view = wanted->view;
    struct delta_leaf *const leaf =
        arena_alloc(&of->arena, sizeof *leaf + view->aggregate_count * sizeof leaf->states[0]);
    leaf->view = view;
    leaf->depth = wanted->depth;
    leaf->number = of->leaf_table.count;
    leaf->key = arena_copy(&of->arena, wanted->key);
    if (exact.length) leaf->exact = arena_copy(&of->arena, exact);
    buffer_add(&of->leaves, &leaf, sizeof leaf);
    of->merge_bytes += merge_bytes_of(view);
    return leaf;
}

static bool is_leaf(const void *entry, const void *wanted)
{
    const struct delta_leaf *const leaf = entry, *const other = wanted;
    return leaf->depth == other->depth && slice_equal(leaf->key, other->key);
}

struct delta_leaf *delta_leaf_of(struct delta *delta, const struct view *view, unsigned depth,
                                 struct slice key, struct slice exact)
{
    struct delta_view *const of = of_view(delta, view);
    struct delta_leaf const wanted = {.view = view, .depth = depth, .key = key};
    uint64_t const hash = hash_bytes(depth, key);
    struct delta_leaf *leaf = hash_table_find(&of->leaf_table, hash, is_leaf, &wanted);
    if (leaf) return leaf;
    leaf = new_leaf(of, &wanted, exact);
    hash_table_add(&of->leaf_table, hash, leaf);
    return leaf;
}

static struct delta_value *new_value(struct delta_view *of, const struct delta_pending *pending,
                                     struct slice key)
{
    const struct view *const view = pending->leaf->view;
    struct delta_value *const value = arena_alloc(&of->arena, sizeof *value + key.length);
    value->leaf = pending->leaf;
    value->set = pending->set;
    value->key_length = (uint32_t)key.length; /* at most DB_KEY_BYTES_MAX */
    memcpy(value->key, key.at, key.length);
    hash_table_add(&of->value_table, pending->hash, value);
    value->older = pending->leaf->values;
    pending->leaf->values = value;
    pending->leaf->value_bytes += MERGE_VALUE_BYTES + key.length;
    buffer_add(&of->values, &value, sizeof value);
    if (!is_portioned(view))
        of->merge_bytes += (view->dimension_count + 1) * (MERGE_VALUE_BYTES + key.length);
    return value;
}

/* An element that is looked for. */
struct wanted_value {
    const struct delta_pending *pending;
    struct slice key;
};

static bool is_value(const void *entry, const void *wanted)
{
    const struct delta_value *const value = entry;
    const struct wanted_value *const other = wanted;
    return value->leaf == other->pending->leaf && value->set == other->pending->set &&
           slice_equal(delta_value_key(value), other->key);
}

static struct delta_value *delta_value_of(struct delta_view *of,
                                          const struct delta_pending *pending)
{
    struct slice const key = slice_of(of->queue.keys.at + pending->key_at, pending->key_length);
    struct wanted_value const wanted = {.pending = pending, .key = key};
    struct delta_value *const value =
        hash_table_find(&of->value_table, pending->hash, is_value, &wanted);
    return value ? value : new_value(of, pending, key);
}

static struct delta_pending *enqueue(struct delta_view *of, struct delta_leaf *leaf, uint8_t set,
                                     struct slice key, int64_t weight)
{
    struct delta_queue *const queue = &of->queue;
    struct delta_pending *const pending = &queue->pending[queue->count++];
    *pending = (struct delta_pending){
        .hash = hash_bytes(leaf->number << 8 | set, key),
        .leaf = leaf,
        .weight = weight,
        .key_at = queue->keys.length,
        .key_length = key.length,
        .set = set,
    };
    buffer_add_slice(&queue->keys, key);
    return pending;
}

static void delta_view_flush(struct delta_view *of)
{
    struct delta_queue *const queue = &of->queue;
    for (size_t i = 0; i < queue->count; i++)
        hash_table_touch(&of->value_table, queue->pending[i].hash);
    for (size_t i = 0; i < queue->count; i++)
        hash_table_touch_entry(&of->value_table, queue->pending[i].hash);
    for (size_t i = 0; i < queue->count; i++)
        delta_value_of(of, &queue->pending[i])->weight += queue->pending[i].weight;
    queue->count = 0;
    buffer_clear(&queue->keys);
}

void delta_flush(struct delta *delta)
{
    for (size_t i = 0; i < delta->schema->all_view_count; i++)
        delta_view_flush(&delta->views[i]);
}

void delta_add_value(struct delta *delta, struct delta_leaf *leaf, uint8_t set, struct slice key,
                     struct slice exact, int64_t weight)
{
    struct delta_view *const of = of_view(delta, leaf->view);
    const struct delta_pending *const pending = enqueue(of, leaf, set, key, weight);
    if (exact.length) {
        struct delta_value *const value = delta_value_of(of, pending);
        if (value->exact.length == 0) value->exact = arena_copy(&of->arena, exact);
    }
    if (of->queue.count == DELTA_QUEUE) delta_view_flush(of);
}

/* An event on its way into a leaf. */
struct fold {
    struct delta *delta;
    struct delta_view *of; /* the part of the delta that the leaf is of */
    const struct value *fields;
    struct slice key;
    int64_t weight;
    struct delta_leaf *leaf;
};

static struct value delta_eval(const struct fold *fold, const struct expr *expr)
{
    struct value value;
    if (!expr_eval(expr, fold->fields, fold->delta->schema->zone, &value)) value.kind = VALUE_NULL;
    return value;
}

/* Packs what stands for VALUE among the others: by what it is ordered, the event's key, the value.
 * false: without the first of what it is ordered by, it does not count. */
static bool pack_element(const struct fold *fold, const struct expr *const *order,
                         size_t order_count, const struct value *value)
{
    struct buffer *const element = &fold->of->element;
    buffer_clear(element);
    for (size_t i = 0; i < order_count; i++) {
        struct value const rank = delta_eval(fold, order[i]);
        if (i == 0 && rank.kind == VALUE_NULL) return false;
        (void)pack_value(element, &rank, PACK_NO_LIMIT);
    }
    if (order_count) {
        struct value const key = {.kind = VALUE_STRING, .string = fold->key};
        (void)pack_value(element, &key, PACK_NO_LIMIT);
    }
    (void)pack_value(element, value, PACK_NO_LIMIT);
    return true;
}

/* Puts the event's element into the multiset; false if it has none. */
static bool fold_multiset(const struct fold *fold, size_t index)
{
    struct buffer *const key = &fold->of->key;
    const struct multiset *const set = &fold->leaf->view->multisets[index];
    if (!expr_holds(set->where, fold->fields, fold->delta->schema->zone)) return false;
    struct value const value = delta_eval(fold, set->argument);
    if (value.kind == VALUE_NULL || !pack_element(fold, set->order, set->order_count, &value))
        return false;
    struct slice const element = buffer_slice(&fold->of->element);
    buffer_clear(key);
    bool const whole = multiset_key(element, key);
    delta_add_value(fold->delta, fold->leaf, (uint8_t)index, buffer_slice(key),
                    whole ? (struct slice){0} : element, fold->weight);
    return true;
}

/* The values of all arguments, as aggregate_apply wants them; false: one is null. */
static bool delta_eval_arguments(const struct fold *fold, const struct aggregate *aggregate,
                                 struct value values[AGGREGATE_VALUES_MAX])
{
    values[0] = (struct value){.kind = VALUE_NULL};
    if (!aggregate->argument) return true; /* count() */
    values[0] = delta_eval(fold, aggregate->argument);
    if (values[0].kind == VALUE_NULL) return false;
    for (size_t i = 0; i < aggregate->other_count; i++) {
        values[i + 1] = delta_eval(fold, aggregate->others[i]);
        if (values[i + 1].kind == VALUE_NULL) return false;
    }
    if (aggregate->chosen)
        values[aggregate->other_count + 1] = (struct value){
            .kind = VALUE_BOOL,
            .boolean = expr_holds(aggregate->chosen, fold->fields, fold->delta->schema->zone)};
    return true;
}

static void fold_aggregate(const struct fold *fold, size_t index)
{
    const struct aggregate *const aggregate = &fold->leaf->view->aggregates[index];
    struct value values[AGGREGATE_VALUES_MAX];
    if (!expr_holds(aggregate->where, fold->fields, fold->delta->schema->zone)) return;
    if (!delta_eval_arguments(fold, aggregate, values)) return;
    buffer_clear(&fold->of->element);
    if (traits_of(aggregate)->insert_only &&
        !pack_element(fold, aggregate->order, aggregate->order_count, &values[0]))
        return;
    struct aggregate_input const input = {.values = values,
                                          .element = buffer_slice(&fold->of->element),
                                          .weight = fold->weight,
                                          .secret = &fold->delta->secret};
    aggregate_apply(aggregate, &fold->leaf->states[index], &input, &fold->of->arena);
}

/* Whether the view has let the event's groups go. */
static bool delta_is_expired(const struct delta *delta, const struct view *view,
                             const struct value *dimensions)
{
    if (view->retain_seconds == 0 || !delta->cutoffs) return false;
    const struct value *const cutoff = &delta->cutoffs[view - delta->schema->views];
    const struct value *const time = &dimensions[view->time_dimension];
    return cutoff->kind != VALUE_NULL && value_has_time(time) && value_compare(time, cutoff) < 0;
}

/* The key of the group with the first DEPTH of DIMENSIONS, into the scratch of its part. */
static void pack_dimensions(struct delta_view *of, const struct view *view,
                            const struct value *dimensions, unsigned depth)
{
    buffer_clear(&of->key);
    buffer_clear(&of->exact);
    if (group_key_pack(view, dimensions, depth, &of->key)) return;
    for (size_t i = 0; i < depth; i++)
        (void)pack_value(&of->exact, &dimensions[i], PACK_NO_LIMIT);
}

/* What the event says of its node's parent. */
static void fold_link(const struct fold *fold)
{
    struct delta_view *const of = fold->of;
    const struct view *const view = fold->leaf->view;
    struct value const parent = delta_eval(fold, view->hierarchy->parent);
    if (parent.kind == VALUE_NULL) return;
    buffer_clear(&of->key);
    buffer_clear(&of->exact);
    if (!group_key_add(view, &parent, &of->key))
        (void)pack_value(&of->exact, &parent, PACK_NO_LIMIT);
    delta_add_value(fold->delta, fold->leaf, DELTA_LINKS, buffer_slice(&of->key),
                    buffer_slice(&of->exact), fold->weight);
}

/* Folds into the leaf what is over the rows of ENTITIES, or where that is NULL what is over
 * the view's events. */
static void fold_into(const struct fold *fold, const struct view *entities)
{
    bool present[SCHEMA_AGGREGATES_MAX];
    const struct view *const view = fold->leaf->view;
    for (size_t i = 0; i < view->multiset_count; i++)
        present[i] = view->multisets[i].entities == entities && fold_multiset(fold, i);
    for (size_t i = 0; i < view->aggregate_count; i++) {
        const struct aggregate *const aggregate = &view->aggregates[i];
        if (aggregate->entities != entities) continue;
        if (aggregate->multiset < 0)
            fold_aggregate(fold, i);
        else if (traits_of(aggregate)->multiset != MULTISET_SIZE && present[aggregate->multiset])
            fold->leaf->states[i].count += fold->weight; /* merge.c counts distinct values */
    }
}

void delta_fold(struct delta *delta, const struct view *view, const struct value *fields,
                struct slice key, int64_t weight)
{
    struct value dimensions[SCHEMA_DIMENSIONS_MAX];
    struct delta_view *const of = of_view(delta, view);
    struct fold fold = {.delta = delta, .of = of, .fields = fields, .key = key, .weight = weight};
    if (!expr_holds(view->where, fields, delta->schema->zone)) return;
    for (size_t i = 0; i < view->dimension_count; i++)
        dimensions[i] = expr_dimension(view->dimensions[i].expr, fields, delta->schema->zone);
    const struct hierarchy_spec *const hierarchy =
        view_is_breakdown(view) ? view->owner->hierarchy : view->hierarchy;
    if (hierarchy && hierarchy->kind == HIERARCHY_PATHS)
        (void)hierarchy_normalise(hierarchy, &dimensions[0], &of->element); /* else it is null */
    if (delta_is_expired(delta, view, dimensions)) return;
    pack_dimensions(of, view, dimensions, (unsigned)view->dimension_count);
    if (!of->last || !slice_equal(of->last->key, buffer_slice(&of->key)))
        of->last = delta_leaf_of(delta, view, (unsigned)view->dimension_count,
                                 buffer_slice(&of->key), buffer_slice(&of->exact));
    fold.leaf = of->last;
    fold.leaf->event_count += weight;
    if (view->hierarchy && view->hierarchy->kind == HIERARCHY_LINKS &&
        dimensions[0].kind != VALUE_NULL)
        fold_link(&fold);
    fold_into(&fold, NULL);
}

struct delta_leaf *delta_leaf_at(struct delta *delta, const struct view *view,
                                 const struct value *dimensions, unsigned depth)
{
    struct delta_view *const of = of_view(delta, view);
    pack_dimensions(of, view, dimensions, depth);
    return delta_leaf_of(delta, view, depth, buffer_slice(&of->key), buffer_slice(&of->exact));
}

void delta_fold_entity(struct delta *delta, struct delta_leaf *leaf, const struct view *entities,
                       const struct value *fields, struct slice key, int64_t weight)
{
    struct fold const fold = {.delta = delta,
                              .of = of_view(delta, leaf->view),
                              .fields = fields,
                              .key = key,
                              .weight = weight,
                              .leaf = leaf};
    fold_into(&fold, entities);
}
