/* Rows as events: those of the view below, and of a view over entities those of its hidden views.
 * The latter are counted again. The former are read, so that none is held but the one at hand: all
 * that they show is proven with their own view, and verify_source proves that this is what they are
 * to others:
 *
 *     events ──counted──► rows of v ──read──► rows of w
 *                            │ compared           │ compared
 *                         files of v           files of w
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "verify/verify_check.h"
#include "verify/verify_nodes.h"

/* What a row is to the views over it: the first DEPTH dimensions, and the measures behind
 * the place of all. */
static void make_fields(const struct view *view, const struct tallied_group *row, unsigned depth,
                        struct value *ret_fields)
{
    AUTO_ARENA struct arena arena = {0};
    struct result *const results = ARENA_ARRAY(&arena, struct result, view->aggregate_count);
    size_t count = view->dimension_count;
    for (size_t i = 0; i < count; i++)
        ret_fields[i] = i < depth ? row->dimensions[i] : (struct value){.kind = VALUE_NULL};
    for (size_t i = 0; i < view->aggregate_count; i++)
        results[i] = aggregate_result(&view->aggregates[i], &row->tallies[i].state, &arena);
    for (size_t i = 0; i < view->measure_count; i++) {
        const struct formula *const formula = view->measures[i].formula;
        if (formula_is_list(formula)) continue;
        struct result const result = formula_eval(formula, results);
        ret_fields[count++] = result_value(&result, formula_type(formula));
    }
}

static struct value *new_fields(const struct view *view)
{
    return memory_alloc((view->dimension_count + view->measure_count) * sizeof(struct value));
}

/* Calls USE for each row of the view, until it wants no more. */
static bool read_rows(const struct snapshot *snapshot, const struct view *view,
                      bool (*use)(void *context, const struct tallied_group *row,
                                  struct slice text),
                      void *context, struct error *err)
{
    AUTO(groups_scan_close) struct groups_scan scan = {0};
    unsigned const depth = (unsigned)view->dimension_count;
    struct slice key;
    struct group group;
    enum db_finding found;
    bool more = true;
    if (!groups_scan_open(&scan, snapshot->txn, view, depth, (struct slice){0}, (struct slice){0},
                          err))
        return false;
    while (more && (found = groups_scan_next(&scan, &key, &group, err)) != DB_MISSING) {
        AUTO_ARENA struct arena arena = {0};
        struct tallied_group row;
        if (found == DB_FAILED || !verify_group_read(view, key, depth, &group, &arena, &row, err))
            return false;
        more = use(context, &row, group.text);
    }
    return true;
}

struct rows_counting {
    struct counting *counting;
    struct value *fields;
};

static bool count_row(void *context, const struct tallied_group *row, struct slice text)
{
    (void)text;
    const struct rows_counting *const rows = context;
    const struct view *const source = rows->counting->view->view->source;
    make_fields(source, row, (unsigned)source->dimension_count, rows->fields);
    counting_event(rows->counting, rows->fields, row->key);
    return !rows->counting->is_full;
}

bool verify_rows(struct counting *counting, const struct snapshot *snapshot, struct error *err)
{
    const struct view *const source = counting->view->view->source;
    AUTO_FREE struct value *const fields = new_fields(source);
    return read_rows(snapshot, source, count_row,
                     &(struct rows_counting){.counting = counting, .fields = fields}, err);
}

struct source_check {
    struct check *check;
    const struct view *view;
};

/* What a row is to the views over it is made of its states, what it shows is its text. */
static bool check_row(void *context, const struct tallied_group *row, struct slice text)
{
    const struct source_check *const source = context;
    struct check *const check = source->check;
    unsigned const depth = (unsigned)source->view->dimension_count;
    struct tallied_view const at = {.view = source->view};
    buffer_clear(&check->expected);
    verify_row(check, source->view, KIND_JSON, row, 0, depth, &check->expected);
    if (slice_equal(text, buffer_slice(&check->expected))) return true;
    check->view = &at;
    verify_set_path(check, row, depth);
    verify_emit(check, verify_extension(KIND_JSON), "is not what its own state gives");
    check->view = NULL;
    return true;
}

bool verify_source(struct check *check, const struct view *view, struct error *err)
{
    return read_rows(check->snapshot, view, check_row,
                     &(struct source_check){.check = check, .view = view}, err);
}

/* The entities of the groups of DEPTH are the groups of the hidden view one deeper. */
static void count_level(struct counting *counting, const struct tallied_view *hidden,
                        unsigned depth)
{
    const struct view *const view = counting->view->view;
    const struct tallied_level *const level = &hidden->levels[depth + 1];
    AUTO_FREE struct value *const fields = new_fields(hidden->view);
    for (size_t i = 0; i < level->count; i++) {
        const struct tallied_group *const entity = &level->groups[i];
        make_fields(hidden->view, entity, depth + 1, fields);
        buffer_clear(&counting->key);
        (void)group_key_pack(view, entity->dimensions + 1, depth, &counting->key);
        counting->own_key = entity->key;
        counting_add(counting,
                     counting_group(counting, depth, counting->key.length, entity->dimensions + 1),
                     hidden->view, fields);
    }
}

bool verify_entities(struct counting *counting, const struct snapshot *snapshot, struct error *err)
{
    const struct schema *const schema = snapshot->schema;
    const struct view *const view = counting->view->view;
    for (size_t i = schema->view_count; i < schema->all_view_count; i++) {
        struct tallied_view hidden;
        if (schema->views[i].owner != view || view->hierarchy) continue;
        if (!tallied_view_count(snapshot, &schema->views[i], &hidden, err)) return false;
        for (unsigned depth = 0; depth <= view->dimension_count; depth++)
            count_level(counting, &hidden, depth);
        tallied_view_done(&hidden);
    }
    return true;
}
