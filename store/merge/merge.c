/* How a delta becomes rows. For one view, with n dimensions:
 *
 *   1. The delta's leaves are sorted; every prefix of a key is an inner group, whose delta is the
 *      sum of its children's. So one batch touches each group once, in the order of the table.
 *   2. What the store has of each group is loaded; a new group gets an id. When that has grown to
 *      the size of a portion, the groups so far are merged first. The groups above the next leaf
 *      are then stored as they stand, without that leaf, even where they have no events for the
 *      moment, and loaded once more.
 *   3. The values of multisets are added to the table of values for the leaf and each of its
 *      prefixes, sorted. A weight that leaves or reaches zero changes the number of distinct values
 *      by one; what the aggregates over them show is found anew.
 *   4. From the leaves up, states are added and texts rendered. A text that came out as it was
 *      keeps its commit. What a group changes in its parent (rows, bytes, names) it hands up:
 *
 *        eu/2026-01-05 appears: row +1, bytes +62
 *                               -> "eu": 1 row more, its rows and listing changed
 *        "eu" was there before: -> view: 1 row more, its rows changed
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "merge/merge.h"

#include "merge/merge_hierarchy.h"
#include "merge/merge_p.h"
#include "merge/rollup_cascade.h"
#include "render/rows.h"

static void merge_tell(struct merge *merge, unsigned depth, const struct merge_group *group,
                       unsigned flags)
{
    if (flags == 0) return;
    struct change const change = {
        .view = merge->view->id, .depth = (uint8_t)depth, .key = group->key, .flags = flags};
    change_log_add(merge->log, &change);
}

/* The group's states, packed and rendered. */
static bool merge_render(struct merge *merge, unsigned depth, struct merge_group *group,
                         struct buffer *states, struct buffer *text, struct error *err)
{
    struct value dimensions[SCHEMA_DIMENSIONS_MAX];
    const struct view *const view = merge->view;
    if (!group_pack_states(merge, group, states, err) ||
        !group_dimensions(group->key, &group->group, depth, &merge->scratch, dimensions, err))
        return false;
    rows_text(view, merge->zone, dimensions, depth, group->states, text);
    return true;
}

static void merge_hand_up(struct merge_group *parent, const struct rows_delta *rows,
                          bool rows_changed, bool listing_changed)
{
    if (!parent) return;
    rows_delta_add(&parent->rows, rows, +1);
    parent->rows_changed |= rows_changed;
    parent->listing_changed |= listing_changed;
}

/* What a leaf that is stored has been to its parents. */
static struct rows_delta without(const struct group *leaf)
{
    struct rows_delta rows = {.count = -1};
    for (unsigned i = 0; i < ROWS_FORMATS; i++)
        rows.bytes[i] = -(int64_t)leaf->bytes[i];
    return rows;
}

/* What the views over this one see of a leaf that changed: the row as it was, the row as it is. */
static bool emit_dependents(struct merge *merge, const struct merge_group *group, bool gone,
                            struct error *err)
{
    struct value dimensions[SCHEMA_DIMENSIONS_MAX];
    const struct view *const view = merge->view;
    if (!merge->has_dependents) return true;
    if (!group_dimensions(group->key, &group->group, (unsigned)view->dimension_count,
                          &merge->scratch, dimensions, err))
        return false;
    if (group->existed) {
        struct state *const old = ARENA_ARRAY(&merge->scratch, struct state, view->aggregate_count);
        if (!group_states(view, &group->group, &merge->scratch, old, err)) return false;
        rollup_cascade_fold(merge->delta, view, NULL, dimensions, old, group->key, -1,
                            &merge->scratch);
    }
    if (!gone)
        rollup_cascade_fold(merge->delta, view, NULL, dimensions, group->states, group->key, +1,
                            &merge->scratch);
    return true;
}

/* A group without events is no group. */
static bool drop_group(struct merge *merge, unsigned depth, struct merge_group *group,
                       struct error *err)
{
    struct group const *const old = &group->group;
    bool const leaf = depth == merge->view->dimension_count;
    if (!group->existed) return true;
    if (leaf && !emit_dependents(merge, group, true, err)) return false;
    if (leaf) merge->meta->row_count--;
    if (depth == 0) merge->meta->root_listing_commit_id = merge->meta->commit_id;
    struct rows_delta const gone = leaf ? without(old) : group->rows;
    merge_hand_up(group->parent, &gone, true, true);
    merge_tell(merge, depth, group, CHANGE_EXISTS | CHANGE_TEXT | (leaf ? 0 : CHANGE_ROWS));
    return groups_drop(merge->txn, merge->view, depth, group->key, err);
}

static void count_leaf(struct merge *merge, struct merge_group *group, bool text_changed,
                       struct slice text)
{
    struct group *const stored = &group->group;
    struct rows_delta rows = {0}, row = {0};
    if (!text_changed) return;
    if (group->existed) rows = without(stored);
    merge_add_row(merge, &row, text, +1);
    for (unsigned i = 0; i < ROWS_FORMATS; i++)
        stored->bytes[i] = (uint64_t)row.bytes[i];
    rows_delta_add(&rows, &row, +1);
    merge_hand_up(group->parent, &rows, true, !group->existed);
    if (!group->existed) merge->meta->row_count++;
}

static void count_inner(struct merge *merge, struct merge_group *group)
{
    struct group *const stored = &group->group;
    uint64_t const commit_id = merge->meta->commit_id;
    group_add_rows(stored, &group->rows);
    if (group->rows_changed) stored->rows_commit_id = commit_id;
    if (group->listing_changed) stored->listing_commit_id = commit_id;
    merge_hand_up(group->parent, &group->rows, group->rows_changed, !group->existed);
}

/* Step 4 for one group. */
static bool merge_one(struct merge *merge, unsigned depth, struct merge_group *group,
                      struct buffer *states, struct buffer *text, struct error *err)
{
    struct group *const stored = &group->group;
    bool const leaf = depth == merge->view->dimension_count;
    int64_t const event_count = (int64_t)stored->event_count + group->event_count;
    if (event_count < 0) return merge_lost_count(err);
    if (event_count == 0 && !group->is_open) return drop_group(merge, depth, group, err);
    buffer_clear(states);
    buffer_clear(text);
    if (!merge_render(merge, depth, group, states, text, err)) return false;
    bool const text_changed = !group->existed || !slice_equal(stored->text, buffer_slice(text));
    if (leaf && text_changed && !emit_dependents(merge, group, false, err)) return false;
    if (text_changed) stored->text_commit_id = merge->meta->commit_id;
    if (leaf)
        count_leaf(merge, group, text_changed, buffer_slice(text));
    else
        count_inner(merge, group);
    if (!group->existed && depth == 0) merge->meta->root_listing_commit_id = merge->meta->commit_id;
    merge_tell(merge, depth, group,
               (text_changed ? CHANGE_TEXT : 0) | (group->existed ? 0 : CHANGE_EXISTS) |
                   (group->rows_changed ? CHANGE_ROWS : 0) |
                   (group->listing_changed ? CHANGE_LISTING : 0));
    return group_write(merge, depth, group->key, group, buffer_slice(states), buffer_slice(text),
                       err);
}

/* The owner of a hidden view sees the group's row as it was go, and as it is come. */
static bool emit_owner(struct merge *merge, unsigned depth, const struct merge_group *group,
                       bool gone, struct error *err)
{
    struct value dimensions[SCHEMA_DIMENSIONS_MAX];
    const struct view *const view = merge->view;
    struct arena *const scratch = &merge->scratch;
    struct state *old = NULL;
    if (depth == 0) return true; /* of no entity */
    if (!group_dimensions(group->key, &group->group, depth, scratch, dimensions, err)) return false;
    if (group->existed) {
        old = ARENA_ARRAY(scratch, struct state, view->aggregate_count);
        if (!group_states(view, &group->group, scratch, old, err)) return false;
    }
    rollup_cascade_change_entity(merge->delta, view, dimensions, depth, old,
                                 gone ? NULL : group->states, group->key, scratch);
    return true;
}

/* Step 4 for one group of a hidden view: nobody reads a text of it. */
static bool merge_hidden(struct merge *merge, unsigned depth, struct merge_group *group,
                         struct buffer *states, struct error *err)
{
    struct group *const stored = &group->group;
    int64_t const event_count = (int64_t)stored->event_count + group->event_count;
    if (event_count < 0) return merge_lost_count(err);
    bool const goes = event_count == 0 && !group->is_open;
    if (goes && !group->existed) return true;
    if (goes)
        return emit_owner(merge, depth, group, true, err) &&
               groups_drop(merge->txn, merge->view, depth, group->key, err);
    buffer_clear(states);
    if (!group_pack_states(merge, group, states, err)) return false;
    bool const same = group->existed && slice_equal(stored->states, buffer_slice(states));
    if (!same && !emit_owner(merge, depth, group, false, err)) return false;
    return group_write(merge, depth, group->key, group, buffer_slice(states), stored->text, err);
}

static bool merge_level(struct merge *merge, unsigned depth, struct error *err)
{
    AUTO_BUFFER struct buffer states = {0}, text = {0};
    for (struct merge_group *group = merge->levels[depth].first; group; group = group->next) {
        arena_reset(&merge->scratch);
        if (merge->view->owner ? !merge_hidden(merge, depth, group, &states, err)
                               : !merge_one(merge, depth, group, &states, &text, err))
            return false;
    }
    return true;
}

/* The rows that the view has before this commit. */
static bool merge_count_committed(const struct merge *merge, uint64_t *ret_count, struct error *err)
{
    AUTO_TXN struct txn *txn = NULL;
    struct group group = {0};
    if (!txn_begin_beside(merge->txn, &txn, err) ||
        groups_get(txn, merge->view, 0, (struct slice){0}, &group, err) == DB_FAILED)
        return false;
    *ret_count = group.row_count;
    return true;
}

bool merge_too_many_rows(const struct view *view, uint64_t count, struct error *err)
{
    (void)error_set(err, ERROR_FULL, "the view would have %llu rows, more than its max_rows %llu",
                    (unsigned long long)count, (unsigned long long)view->max_rows);
    (void)error_remedy(err, "if its dimensions are what was meant, give it a larger \"max_rows\" "
                            "with 'tally schema STORE --apply FILE' and run this again");
    return error_place(err, "views.%.*s", (int)view->name.length, view->name.at);
}

/* A view that is beyond a limit that was set later may stay as large as it is,
 * and be made again. */
static bool check_row_count(const struct merge *merge, struct error *err)
{
    const struct merge_group *const whole = merge->levels[0].first;
    const struct view *const view = merge->view;
    uint64_t committed;
    if (merge->rows_added <= 0 || whole->group.row_count <= view->max_rows) return true;
    if (!merge_count_committed(merge, &committed, err)) return false;
    return whole->group.row_count <= committed ||
           merge_too_many_rows(view, whole->group.row_count, err);
}

static bool merge_portion(struct merge *merge, struct error *err)
{
    if (!merge_values(merge, merge->values, merge->value_count, err)) return false;
    for (size_t above = merge->view->dimension_count + 1; above > 0; above--) {
        if (!merge_level(merge, (unsigned)above - 1, err)) return false;
    }
    merge->rows_added += merge->levels[0].first->rows.count;
    return true;
}

static bool merge_merge_view(struct merge *merge, struct error *err)
{
    enum portion_step step;
    bool any = false;
    if (merge->view->hierarchy) return merge_hierarchy(merge, err);
    if (view_is_breakdown(merge->view)) return true; /* with its owner */
    merge_collect(merge);
    while ((step = merge_next_portion(merge, err)) == PORTION_ONE) {
        if (!merge_portion(merge, err)) return false;
        any = true;
    }
    return step == PORTION_END && (!any || check_row_count(merge, err));
}

static void merge_done(struct merge *merge)
{
    arena_done(&merge->lists);
    arena_done(&merge->arena);
    arena_done(&merge->scratch);
    buffer_done(&merge->gathered);
}

bool merge_delta(struct txn *txn, struct delta *delta, struct meta *meta, struct change_log *log,
                 size_t portion_bytes, struct error *err)
{
    const struct schema *const schema = delta->schema;
    for (size_t i = 0; i < schema->all_view_count; i++) {
        struct merge merge = {.txn = txn,
                              .zone = schema->zone,
                              .view = schema->order[i],
                              .meta = meta,
                              .log = log,
                              .delta = delta,
                              .portion_bytes = portion_bytes,
                              .has_dependents = view_has_dependents(schema, schema->order[i])};
        delta_flush(delta); /* the rows of views merged before are among it */
        bool const good = merge_merge_view(&merge, err);
        merge_done(&merge);
        if (!good) return false;
    }
    return true;
}
