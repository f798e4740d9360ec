/* A view that is too large to be counted at once. First the group that is the whole view is counted
 * alone, the values of uniq in as many parts as it takes; then the groups under a range of the
 * leading dimension, and the next range, each as large as fits:
 *
 *     events    ........................    each pass reads all of them
 *     groups    [a    b][c  d  e][f    ]    and keeps those of one range
 *     rows      ------> ------->  ---->     the file of all rows is compared piece by piece,
 *                                           as is the listing
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "schema/aggregate_table.h"
#include "verify/verify_ranges.h"
#include "verify/verify_stream.h"

enum { PARTS_MAX = 1 << 10 };

struct portions {
    struct check *check;
    const struct view *view;
    struct tallied_view uncounted; /* the view without groups, while no portion is at hand */
    struct verify_stream files[KIND_PROM]; /* of all rows */
    struct arena arena;                    /* of the listing's node */
    struct tree_listing *listing;
    bool lists_same;
    struct verify_ranges ranges;
};

static void portions_done(struct portions *portions)
{
    for (size_t i = 0; i < COUNT_OF(portions->files); i++)
        verify_stream_done(&portions->files[i]);
    tree_listing_close(&portions->listing);
    arena_done(&portions->arena);
    verify_ranges_done(&portions->ranges);
}

/* Adds to the distinct values those of another part. */
static void add_part(struct tallied_view *whole, const struct tallied_view *part)
{
    if (whole->levels[0].count == 0 || part->levels[0].count == 0) return;
    for (size_t i = 0; i < whole->view->aggregate_count; i++) {
        if (traits_of(&whole->view->aggregates[i])->multiset != MULTISET_SIZE) continue;
        whole->levels[0].groups[0].tallies[i].state.count +=
            part->levels[0].groups[0].tallies[i].state.count;
    }
}

/* In so many parts; *ret_fits: they were enough. */
static bool count_parts(struct portions *portions, struct verify_portion portion,
                        struct tallied_view *ret_whole, bool *ret_fits, struct error *err)
{
    const struct snapshot *const snapshot = portions->check->snapshot;
    struct tallied_view part;
    portion.part_at = 0;
    if (!tallied_portion_count(snapshot, portions->view, &portion, ret_whole, ret_fits, err))
        return false;
    for (portion.part_at = 1; *ret_fits && portion.part_at < portion.part_count;
         portion.part_at++) {
        bool const good =
            tallied_portion_count(snapshot, portions->view, &portion, &part, ret_fits, err);
        if (good && *ret_fits) {
            add_part(ret_whole, &part);
            tallied_view_done(&part);
            continue;
        }
        tallied_view_done(ret_whole);
        return good;
    }
    return true;
}

static bool count_whole(struct portions *portions, struct tallied_view *ret_whole,
                        struct error *err)
{
    struct verify_portion portion = {
        .limit_bytes = portions->check->memory_bytes / 2, .is_whole_only = true, .part_count = 1};
    bool fits = false;
    for (; portion.part_count <= PARTS_MAX; portion.part_count *= 2) {
        if (!count_parts(portions, portion, ret_whole, &fits, err)) return false;
        if (fits) return true;
    }
    /* it is other values than those of uniq */
    struct verify_portion const unlimited = {.is_whole_only = true};
    return count_parts(portions, unlimited, ret_whole, &fits, err);
}

/* The total, and what is compared piece by piece from here on. */
static bool begin(struct portions *portions, struct error *err)
{
    struct check *const check = portions->check;
    struct node node;
    struct node_stat stat;
    verify_set_path(check, NULL, 0);
    buffer_clear(&check->expected);
    verify_row(check, portions->view, KIND_TOTAL, &check->view->levels[0].groups[0], 0, 0,
               &check->expected);
    buffer_add_byte(&check->expected, '\n');
    if (!verify_file(check, verify_extension(KIND_TOTAL), err)) return false;
    for (enum kind kind = KIND_JSON; kind < KIND_PROM; kind++) {
        struct verify_stream *const file = &portions->files[kind];
        AUTO_BUFFER struct buffer path = {0};
        if (!portions->view->formats[kind]) continue;
        buffer_add_slice(&path, buffer_slice(&check->path));
        buffer_add_text(&path, verify_extension(kind));
        enum tree_answer const answer = tree_find(check->snapshot, buffer_slice(&path),
                                                  &file->arena, &file->node, &file->stat, err);
        if (!verify_stream_begin(check, file, answer, verify_extension(kind))) return false;
    }
    enum tree_answer const answer =
        tree_find(check->snapshot, buffer_slice(&check->path), &portions->arena, &node, &stat, err);
    if (answer == TREE_FAILED) return false;
    if (answer != TREE_FOUND) {
        verify_emit(check, "/", "is missing");
        return true;
    }
    return tree_list(check->snapshot, &node, &portions->listing, err) &&
           verify_next_name(portions->listing, slice_text(".total.json"), &portions->lists_same,
                            err);
}

/* The rows of the range in one of the files of all. */
static bool compare_rows(struct portions *portions, enum kind kind, struct error *err)
{
    struct check *const check = portions->check;
    struct verify_stream *const file = &portions->files[kind];
    unsigned const depth = (unsigned)portions->view->dimension_count;
    const struct tallied_level *const rows = &check->view->levels[depth];
    buffer_clear(&check->expected);
    for (size_t i = 0; i < rows->count && !file->is_told; i++) {
        bool const first = file->offset + check->expected.length == 0;
        if (first && kind == KIND_CSV) verify_header(portions->view, 0, &check->expected);
        if (kind == KIND_JSON) buffer_add_text(&check->expected, first ? "[" : ",\n");
        verify_row(check, portions->view, kind, &rows->groups[i], 0, depth, &check->expected);
        if (kind != KIND_JSON) buffer_add_byte(&check->expected, '\n');
        if (check->expected.length >= VERIFY_PIECE_BYTES && !verify_stream_piece(check, file, err))
            return false;
    }
    return verify_stream_piece(check, file, err);
}

/* The names of the range in the listing of all. */
static bool compare_names(struct portions *portions, struct error *err)
{
    struct check *const check = portions->check;
    const struct tallied_level *const level = &check->view->levels[1];
    bool const leaves = portions->view->dimension_count == 1;
    AUTO_BUFFER struct buffer name = {0};
    for (size_t i = 0; i < level->count && portions->lists_same; i++) {
        bool *const same = &portions->lists_same;
        buffer_clear(&name);
        verify_add_name(check, &level->groups[i], 1, &name);
        if (!leaves && !verify_next_name(portions->listing, buffer_slice(&name), same, err))
            return false;
        buffer_add_text(&name, ".json");
        if (*same && !verify_next_name(portions->listing, buffer_slice(&name), same, err))
            return false;
    }
    return true;
}

/* Counts the groups from where the range begins, as many as fit. */
static bool count_range(struct portions *portions, struct tallied_view *ret_range,
                        struct error *err)
{
    struct verify_ranges *const ranges = &portions->ranges;
    for (;; verify_ranges_halve(ranges)) {
        bool fits;
        if (!verify_ranges_find_end(ranges, err)) return false;
        struct verify_portion const portion =
            verify_ranges_portion(ranges, portions->check->memory_bytes / 2);
        if (!tallied_portion_count(portions->check->snapshot, portions->view, &portion, ret_range,
                                   &fits, err))
            return false;
        if (fits) return true;
    }
}

static bool check_range(struct portions *portions, bool proven, struct error *err)
{
    struct check *const check = portions->check;
    if (!verify_levels(check, 1, err)) return false;
    verify_set_path(check, NULL, 0);
    for (enum kind kind = KIND_JSON; kind < KIND_PROM && proven; kind++) {
        if (portions->view->formats[kind] && !compare_rows(portions, kind, err)) return false;
    }
    return !proven || compare_names(portions, err);
}

/* That nothing is left of the files of all. */
static bool check_ends(struct portions *portions, struct error *err)
{
    struct check *const check = portions->check;
    struct tree_entry surplus;
    verify_set_path(check, NULL, 0);
    for (enum kind kind = KIND_JSON; kind < KIND_PROM; kind++) {
        struct verify_stream *const file = &portions->files[kind];
        if (!portions->view->formats[kind] || file->is_told) continue;
        buffer_clear(&check->expected);
        if (kind == KIND_JSON) buffer_add_text(&check->expected, "]\n");
        if (!verify_stream_end(check, file, err)) return false;
    }
    if (!portions->listing) return true;
    enum tree_answer const answer =
        portions->lists_same ? tree_listing_next(portions->listing, &surplus, err) : TREE_FOUND;
    if (answer == TREE_FOUND) verify_emit(check, "/", "lists other names than the events give");
    return answer != TREE_FAILED;
}

static bool check_ranges(struct portions *portions, bool proven, struct error *err)
{
    if (!verify_ranges_count(&portions->ranges, err)) return false;
    do {
        struct tallied_view range;
        if (!count_range(portions, &range, err)) return false;
        portions->check->view = &range;
        bool const good = check_range(portions, proven, err);
        portions->check->view = &portions->uncounted;
        tallied_view_done(&range);
        if (!good) return false;
    } while (verify_ranges_next(&portions->ranges));
    return !proven || check_ends(portions, err);
}

bool verify_portions(struct check *check, const struct view *view, struct error *err)
{
    AUTO(portions_done)
    struct portions portions = {.check = check,
                                .view = view,
                                .uncounted = {.view = view},
                                .ranges = {.snapshot = check->snapshot, .view = view}};
    struct tallied_view whole;
    if (!count_whole(&portions, &whole, err)) return false;
    check->view = &whole;
    bool const proven = whole.dropped_before.kind == VALUE_NULL;
    bool good = true;
    if (view->dimension_count == 0)
        good = verify_levels(check, 0, err);
    else if (proven)
        good = begin(&portions, err);
    else
        check->result.unproven++;
    check->view = &portions.uncounted;
    tallied_view_done(&whole);
    good = good && (view->dimension_count == 0 || check_ranges(&portions, proven, err));
    check->view = NULL;
    return good;
}
