// SPDX-License-Identifier: Apache-2.0
#include "verify/verify.h"

#include <stdio.h>

#include "kv/db.h"
#include "types/file_name.h"
#include "verify/verify_check.h"

const char *verify_extension(enum kind kind)
{
    return kind == KIND_TOTAL ? "/.total.json" : rows_extensions[kind];
}

void verify_emit(struct check *check, const char *extension, const char *what)
{
    AUTO_BUFFER struct buffer path = {0};
    if (check->locate) check->locate(check);
    buffer_add_slice(&path, buffer_slice(&check->path));
    buffer_add_text(&path, extension);
    buffer_add_byte(&path, '\0');
    check->result.differing++;
    check->differ(check->context, (char *)path.at, what);
}

/* The lines around the first difference. */
void verify_emit_difference(struct check *check, const char *extension, uint64_t from)
{
    enum { EXCERPT_BYTES = 60 };
    const struct buffer *const a = &check->found, *const b = &check->expected;
    AUTO_BUFFER struct buffer what = {0};
    size_t at = 0;
    while (at < a->length && at < b->length && a->at[at] == b->at[at])
        at++;
    size_t const start = at > EXCERPT_BYTES / 2 ? at - EXCERPT_BYTES / 2 : 0;
    int const left = (int)(a->length - start < EXCERPT_BYTES ? a->length - start : EXCERPT_BYTES);
    int const right = (int)(b->length - start < EXCERPT_BYTES ? b->length - start : EXCERPT_BYTES);
    buffer_format(&what, "differs at byte %llu: stored %.*s, recomputed %.*s",
                  (unsigned long long)from + at, left, (const char *)a->at + start, right,
                  (const char *)b->at + start);
    /* Values may hold anything, and a terminal may show this. */
    for (size_t i = 0; i < what.length; i++) {
        if (what.at[i] < 0x20 || what.at[i] == 0x7f) what.at[i] = '?';
    }
    buffer_add_byte(&what, '\0');
    verify_emit(check, extension, (char *)what.at);
}

bool verify_found(struct check *check, enum tree_answer answer, const struct node *node,
                  const struct node_stat *stat, const char *extension, struct error *err)
{
    AUTO(tree_reader_done) struct tree_reader reader = {0};
    check->result.files++;
    switch (answer) {
    case TREE_FOUND: break;
    case TREE_FAILED: return false;
    case TREE_MISSING:
    case TREE_NEVER:
    case TREE_UNKNOWN: verify_emit(check, extension, "is missing"); return true;
    }
    buffer_clear(&check->found);
    if (!tree_read(check->snapshot, node, &reader, 0, stat->size_bytes + 1, &check->found, err))
        return false;
    if (!slice_equal(buffer_slice(&check->found), buffer_slice(&check->expected)))
        verify_emit_difference(check, extension, 0);
    else if (stat->size_bytes != check->found.length)
        verify_emit(check, extension, "has another length than its size says");
    return true;
}

/* Compares check->expected with what the tree shows. */
bool verify_file(struct check *check, const char *extension, struct error *err)
{
    AUTO_ARENA struct arena arena = {0};
    AUTO_BUFFER struct buffer path = {0};
    struct node node;
    struct node_stat stat;
    buffer_add_slice(&path, buffer_slice(&check->path));
    buffer_add_text(&path, extension);
    enum tree_answer const answer =
        tree_find(check->snapshot, buffer_slice(&path), &arena, &node, &stat, err);
    return verify_found(check, answer, &node, &stat, extension, err);
}

/* How many groups of LEVEL from FIRST on begin with KEY. */
static size_t count_under(const struct tallied_level *level, size_t first, struct slice key)
{
    size_t count = 0;
    while (first + count < level->count && slice_starts(level->groups[first + count].key, key))
        count++;
    return count;
}

void verify_add_name(const struct check *check, const struct tallied_group *group, unsigned depth,
                     struct buffer *path)
{
    file_name_write(&group->dimensions[depth - 1], check->view->view->dimensions[depth - 1].type,
                    check->snapshot->schema->zone, path);
}

bool verify_next_name(struct tree_listing *listing, struct slice name, bool *good,
                      struct error *err)
{
    struct tree_entry entry;
    enum tree_answer const answer = tree_listing_next(listing, &entry, err);
    *good = answer == TREE_FOUND && slice_equal(entry.name, name);
    return answer != TREE_FAILED;
}

/* The names in the group's directory: its total, and what belongs to each of the
 * COUNT groups below. */
static bool verify_check_listing(struct check *check, unsigned depth, size_t first, size_t count,
                                 struct error *err)
{
    AUTO_ARENA struct arena arena = {0};
    AUTO(tree_listing_close) struct tree_listing *listing = NULL;
    AUTO_BUFFER struct buffer name = {0};
    struct node node;
    struct node_stat stat;
    bool good;
    bool const leaves = depth + 1 == check->view->view->dimension_count;
    enum tree_answer const answer =
        tree_find(check->snapshot, buffer_slice(&check->path), &arena, &node, &stat, err);
    if (answer == TREE_FAILED) return false;
    if (answer != TREE_FOUND) {
        verify_emit(check, "/", "is missing");
        return true;
    }
    if (!tree_list(check->snapshot, &node, &listing, err)) return false;
    if (!verify_next_name(listing, slice_text(".total.json"), &good, err)) return false;
    for (size_t i = 0; i < count && good; i++) {
        buffer_clear(&name);
        verify_add_name(check, &check->view->levels[depth + 1].groups[first + i], depth + 1, &name);
        if (!leaves && !verify_next_name(listing, buffer_slice(&name), &good, err)) return false;
        buffer_add_text(&name, ".json");
        if (good && !verify_next_name(listing, buffer_slice(&name), &good, err)) return false;
    }
    struct tree_entry surplus;
    if (good) {
        enum tree_answer const end = tree_listing_next(listing, &surplus, err);
        if (end == TREE_FAILED) return false;
        good = end == TREE_MISSING;
    }
    if (!good) verify_emit(check, "/", "lists other names than the events give");
    return true;
}

/* Everything of one group: *child and *leaf are where its children and leaves begin,
 * and are moved on. */
static bool verify_group(struct check *check, unsigned depth, const struct tallied_group *group,
                         size_t *child, size_t *leaf, struct error *err)
{
    const struct tallied_view *const view = check->view;
    unsigned const leaf_depth = (unsigned)view->view->dimension_count;
    size_t const leaves = count_under(&view->levels[leaf_depth], *leaf, group->key);
    for (enum kind kind = KIND_JSON; kind < KIND_TOTAL; kind++) {
        if (!view->view->formats[kind]) continue;
        verify_expect_rows(check, kind, *leaf, leaves, depth < leaf_depth);
        if (!verify_file(check, verify_extension(kind), err)) return false;
    }
    *leaf += leaves;
    if (depth == leaf_depth) return true;
    buffer_clear(&check->expected);
    verify_row(check, check->view->view, KIND_TOTAL, group, 0, depth, &check->expected);
    buffer_add_byte(&check->expected, '\n');
    if (!verify_file(check, verify_extension(KIND_TOTAL), err)) return false;
    size_t const children = count_under(&view->levels[depth + 1], *child, group->key);
    if (!verify_check_listing(check, depth, *child, children, err)) return false;
    *child += children;
    return true;
}

void verify_set_path(struct check *check, const struct tallied_group *group, unsigned depth)
{
    struct value const name = {.kind = VALUE_STRING, .string = check->view->view->name};
    struct value_type const type = {.kind = VALUE_STRING};
    buffer_clear(&check->path);
    file_name_write(&name, type, check->snapshot->schema->zone, &check->path);
    for (unsigned i = 1; i <= depth; i++) {
        buffer_add_byte(&check->path, '/');
        verify_add_name(check, group, i, &check->path);
    }
}

bool verify_absent(struct check *check, struct error *err)
{
    AUTO_ARENA struct arena arena = {0};
    AUTO_BUFFER struct buffer path = {0};
    struct node node;
    struct node_stat stat;
    verify_set_path(check, NULL, 0);
    buffer_add_slice(&path, buffer_slice(&check->path));
    buffer_add_text(&path, ".json");
    check->result.files++;
    enum tree_answer const answer =
        tree_find(check->snapshot, buffer_slice(&path), &arena, &node, &stat, err);
    if (answer == TREE_FOUND) verify_emit(check, ".json", "should not be there");
    return answer != TREE_FAILED;
}

/* Whether all events that the group ever counted are still there: it lies behind the time before
 * which events were dropped. */
static bool is_provable(const struct check *check, const struct tallied_group *group,
                        unsigned depth)
{
    const struct tallied_view *const view = check->view;
    const struct value *const dropped = &view->dropped_before;
    if (dropped->kind == VALUE_NULL) return true;
    for (unsigned i = 0; i < depth; i++) {
        const struct value *const value = &group->dimensions[i];
        if (!view_dimension_is_time(view->view, i)) continue;
        if (value->kind == VALUE_TIME) return value_compare(value, dropped) >= 0;
        if (value->kind != VALUE_BUCKET) return true; /* null: without a time nothing is dropped */
        struct value const first = {.kind = VALUE_BUCKET,
                                    .bucket = calendar_bucket(dropped->time_ns,
                                                              view->view->dimensions[i].type.unit,
                                                              check->snapshot->schema->zone)};
        return value_compare(value, &first) > 0;
    }
    return false;
}

static void skip_group(struct check *check, const struct tallied_group *group, unsigned depth,
                       size_t *child, size_t *leaf)
{
    const struct tallied_view *const view = check->view;
    unsigned const leaf_depth = (unsigned)view->view->dimension_count;
    *leaf += count_under(&view->levels[leaf_depth], *leaf, group->key);
    if (depth < leaf_depth) *child += count_under(&view->levels[depth + 1], *child, group->key);
    check->result.unproven++;
}

static bool check_view(struct check *check, struct error *err)
{
    const struct tallied_view *const view = check->view;
    bool const whole = view->dropped_before.kind == VALUE_NULL;
    if (whole && view->levels[0].count == 0) return verify_absent(check, err);
    return verify_levels(check, 0, err);
}

bool verify_levels(struct check *check, unsigned first, struct error *err)
{
    const struct tallied_view *const view = check->view;
    for (unsigned depth = first; depth <= view->view->dimension_count; depth++) {
        size_t child = 0, leaf = 0;
        for (size_t i = 0; i < view->levels[depth].count; i++) {
            const struct tallied_group *const group = &view->levels[depth].groups[i];
            if (!is_provable(check, group, depth)) {
                skip_group(check, group, depth, &child, &leaf);
                continue;
            }
            verify_set_path(check, group, depth);
            if (!verify_group(check, depth, group, &child, &leaf, err)) return false;
        }
    }
    return true;
}

/* A view whose files are made of rows one after the other: it need not be counted as a whole. */
static bool is_portioned(const struct schema *schema, const struct view *view)
{
    for (size_t i = schema->view_count; i < schema->all_view_count; i++) {
        if (schema->views[i].owner == view) return false;
    }
    return !view->formats[KIND_PROM];
}

static bool is_source(const struct schema *schema, const struct view *view)
{
    for (size_t i = 0; i < schema->all_view_count; i++) {
        if (schema->views[i].source == view) return true;
    }
    return false;
}

static bool compare_view(struct check *check, const struct view *view, struct error *err)
{
    struct tallied_view counted;
    bool fits;
    if (view->hierarchy) return verify_hierarchy(check, view, err);
    /* texts of files and what sorts the groups take the other half */
    struct verify_portion const all = {.limit_bytes = check->memory_bytes / 2};
    bool const portioned = is_portioned(check->snapshot->schema, view);
    if (!tallied_portion_count(check->snapshot, view, portioned ? &all : NULL, &counted, &fits,
                               err))
        return false;
    if (!fits) return verify_portions(check, view, err);
    check->view = &counted;
    bool const good = check_view(check, err);
    check->view = NULL;
    tallied_view_done(&counted);
    return good;
}

bool verify_view(struct check *check, const struct view *view, struct error *err)
{
    uint64_t const before = check->result.differing;
    if (!compare_view(check, view, err)) return false;
    /* of one that differs it is told already */
    return !is_source(check->snapshot->schema, view) || check->result.differing > before ||
           verify_source(check, view, err);
}
