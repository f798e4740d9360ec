/* The files of a hierarchy: those of a node are looked up in the directory of its parent, so that a
 * deep one costs no more.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "tables/groups.h"
#include "types/file_name.h"
#include "verify/verify_check.h"

enum { ROOT_NAME_BYTES = 512 };

struct placed {
    const struct tallied_group *group;
    const struct placed *above; /* NULL: the root */
    struct placed *children;    /* in the order of their ids */
    size_t child_count;
    struct value parent; /* that the events name */
    struct node directory;
};

struct placing {
    struct check *check;
    struct tallied_view breakdowns[SCHEMA_FEEDERS_MAX]; /* counted again */
    size_t breakdown_count;
    struct arena arena;
    struct placed root;
    struct placed **queue; /* parents in front of children */
    size_t count;
};

static void verify_hierarchy_files_add_name(const struct check *check, const struct placed *node,
                                            bool whole, struct buffer *name)
{
    const struct view *const view = check->view->view;
    struct value id = node->group->dimensions[0];
    if (!whole && view->hierarchy->kind == HIERARCHY_PATHS && node->parent.kind == VALUE_STRING) {
        size_t const above = node->parent.string.length + view->hierarchy->separator.length;
        id.string = slice_of(id.string.at + above, id.string.length - above);
    }
    file_name_write(&id, view->dimensions[0].type, check->snapshot->schema->zone, name);
}

/* Of the nodes those whose parent, as far as it is one, is ABOVE. */
static void place_children(struct placing *placing, struct placed *above, struct placed *nodes,
                           const size_t *first, size_t place)
{
    above->children = &nodes[first[place]];
    above->child_count = first[place + 1] - first[place];
    for (size_t i = 0; i < above->child_count; i++) {
        above->children[i].above = above;
        placing->queue[placing->count++] = &above->children[i];
    }
}

static int compare_key(const void *key, const void *group)
{
    return slice_compare(*(const struct slice *)key, ((const struct tallied_group *)group)->key);
}

/* The number of the node's parent among the groups, from 1; 0 for the root. */
static size_t verify_hierarchy_files_find_parent(const struct tallied_view *view,
                                                 const struct tallied_group *group,
                                                 struct value *ret_parent)
{
    const struct tallied_level *const level = &view->levels[1];
    struct slice key;
    *ret_parent = (struct value){.kind = VALUE_NULL};
    if (!verify_hierarchy_parent(view, group->key, &key, ret_parent)) return 0;
    const struct tallied_group *const parent =
        bsearch(&key, level->groups, level->count, sizeof *level->groups, compare_key);
    return parent ? (size_t)(parent - level->groups) + 1 : 0;
}

/* Puts every node below its parent. */
static void place_all(struct placing *placing)
{
    const struct tallied_view *const view = placing->check->view;
    const struct tallied_level *const level = &view->levels[1];
    struct arena *const arena = &placing->arena;
    size_t const count = level->count;
    struct placed *const nodes = ARENA_ARRAY(arena, struct placed, count);
    struct value *const named = ARENA_ARRAY(arena, struct value, count);
    size_t *const parents = ARENA_ARRAY(arena, size_t, count);
    size_t *const first = ARENA_ARRAY(arena, size_t, count + 2);
    size_t *const next = ARENA_ARRAY(arena, size_t, count + 1);
    size_t *const place = ARENA_ARRAY(arena, size_t, count); /* of a group: its number as a node */
    for (size_t i = 0; i < count; i++) {
        parents[i] = verify_hierarchy_files_find_parent(view, &level->groups[i], &named[i]);
        first[parents[i] + 1]++;
    }
    for (size_t i = 0; i <= count; i++) {
        first[i + 1] += first[i];
        next[i] = first[i];
    }
    for (size_t i = 0; i < count; i++) {
        place[i] = next[parents[i]]++;
        nodes[place[i]] = (struct placed){.group = &level->groups[i], .parent = named[i]};
    }
    placing->queue = ARENA_ARRAY(arena, struct placed *, count + 1);
    placing->root.group = view->levels[0].groups;
    place_children(placing, &placing->root, nodes, first, 0);
    for (size_t i = 0; i < placing->count; i++) {
        struct placed *const node = placing->queue[i];
        place_children(placing, node, nodes, first, (size_t)(node->group - level->groups) + 1);
    }
}

/* The measures of one half: `"direct":{…}`, or cells. */
static void add_half(const struct check *check, enum kind kind, bool own,
                     const struct result *results, struct buffer *row)
{
    const struct view *const view = check->view->view;
    AUTO_BUFFER struct buffer json = {0};
    if (kind != KIND_CSV) buffer_add_text(row, own ? ",\"direct\":{" : ",\"subtree\":{");
    for (size_t i = 0; i < view->measure_count; i++) {
        const struct measure *const measure = &view->measures[i];
        struct result const result = formula_eval(measure->formula, results);
        buffer_clear(&json);
        result_json(&result, formula_type(measure->formula), check->snapshot->schema->zone, &json);
        verify_member(kind, measure->name, &json,
                      result.kind == RESULT_VALUE ? &result.value : NULL,
                      kind != KIND_CSV && i == 0, row);
    }
    if (kind != KIND_CSV) buffer_add_byte(row, '}');
}

static void verify_hierarchy_files_add_row(const struct check *check, enum kind kind,
                                           const struct placed *node, struct buffer *row)
{
    const struct view *const view = check->view->view;
    AUTO_BUFFER struct buffer json = {0};
    AUTO_ARENA struct arena arena = {0};
    struct result results[SCHEMA_AGGREGATES_MAX];
    struct value const root = {.kind = VALUE_NULL};
    const struct value *const ids[] = {node->above ? &node->group->dimensions[0] : &root,
                                       &node->parent};
    for (size_t i = 0; i < view->aggregate_count; i++)
        results[i] = aggregate_result(&view->aggregates[i], &node->group->tallies[i].state, &arena);
    if (kind != KIND_CSV) buffer_add_byte(row, '{');
    for (size_t i = 0; i < COUNT_OF(ids); i++) {
        buffer_clear(&json);
        value_json(ids[i], view->dimensions[0].type, check->snapshot->schema->zone, &json);
        verify_member(kind, slice_text(i == 0 ? "id" : "parent"), &json, ids[i], i == 0, row);
    }
    add_half(check, kind, true, results, row);
    add_half(check, kind, false, results + view->aggregate_count / 2, row);
    if (kind != KIND_CSV) buffer_add_byte(row, '}');
}

static void add_header(const struct view *view, struct buffer *text)
{
    static const char *const halves[] = {"direct.", "subtree."};
    buffer_add_text(text, "id,parent");
    for (size_t half = 0; half < COUNT_OF(halves); half++) {
        for (size_t i = 0; i < view->measure_count; i++) {
            AUTO_BUFFER struct buffer name = {0};
            buffer_add_text(&name, halves[half]);
            buffer_add_slice(&name, view->measures[i].name);
            buffer_add_byte(text, ',');
            verify_cell(buffer_slice(&name), text);
        }
    }
    buffer_add_byte(text, '\n');
}

/* The nodes below, LEVELS down: it calls itself for each level, of which there are few. */
static void verify_hierarchy_files_add_rows(const struct check *check, enum kind kind,
                                            const struct placed *above, unsigned levels,
                                            bool *first, struct buffer *text)
{
    for (size_t i = 0; i < above->child_count; i++) {
        if (kind == KIND_JSON && !*first) buffer_add_text(text, ",\n");
        *first = false;
        verify_hierarchy_files_add_row(check, kind, &above->children[i], text);
        if (kind != KIND_JSON) buffer_add_byte(text, '\n');
        if (levels > 1)
            verify_hierarchy_files_add_rows(check, kind, &above->children[i], levels - 1, first,
                                            text);
    }
}

static void verify_hierarchy_files_expect_rows(struct check *check, enum kind kind,
                                               const struct placed *node)
{
    struct buffer *const text = &check->expected;
    bool first = true;
    buffer_clear(text);
    if (kind == KIND_CSV) add_header(check->view->view, text);
    if (kind == KIND_JSON) buffer_add_byte(text, '[');
    verify_hierarchy_files_add_rows(check, kind, node, check->view->view->hierarchy->levels, &first,
                                    text);
    if (kind == KIND_JSON) buffer_add_text(text, "]\n");
}

static void expect_row(struct check *check, enum kind kind, const struct placed *node)
{
    struct buffer *const text = &check->expected;
    buffer_clear(text);
    if (kind == KIND_CSV) add_header(check->view->view, text);
    verify_hierarchy_files_add_row(check, kind, node, text);
    buffer_add_byte(text, '\n');
}

static bool verify_hierarchy_files_check_name(struct check *check, const struct node *directory,
                                              struct slice stem, const char *extension,
                                              struct error *err)
{
    AUTO_ARENA struct arena arena = {0};
    AUTO_BUFFER struct buffer name = {0};
    struct node node;
    struct node_stat stat;
    buffer_add_slice(&name, stem);
    buffer_add_text(&name, extension);
    enum tree_answer const answer =
        tree_lookup(check->snapshot, directory, buffer_slice(&name), &arena, &node, &stat, err);
    return verify_found(check, answer, &node, &stat, extension, err);
}

static const struct value *id_of(const struct placed *node)
{
    static const struct value root = {.kind = VALUE_NULL};
    return node->above ? &node->group->dimensions[0] : &root;
}

/* What the node is divided into. One that it has nothing of is not listed. */
static bool check_breakdowns(struct placing *placing, const struct placed *node, struct error *err)
{
    struct check *const check = placing->check;
    for (size_t i = 0; i < placing->breakdown_count; i++) {
        const struct tallied_view *const breakdown = &placing->breakdowns[i];
        AUTO_BUFFER struct buffer stem = {0};
        size_t count;
        const struct tallied_group *const rows =
            verify_breakdown_rows(breakdown, id_of(node), &count);
        buffer_add_byte(&stem, '.');
        buffer_add_slice(&stem, breakdown->view->breakdown);
        for (enum kind kind = KIND_JSON; kind <= KIND_CSV && count > 0; kind++) {
            if (!breakdown->view->formats[kind]) continue;
            verify_breakdown_expect(check, breakdown->view, kind, rows, count);
            if (!verify_hierarchy_files_check_name(check, &node->directory, buffer_slice(&stem),
                                                   verify_extension(kind), err))
                return false;
        }
    }
    return true;
}

static bool next_breakdowns(const struct placing *placing, const struct placed *node,
                            struct tree_listing *listing, bool *good, struct error *err)
{
    for (size_t i = 0; i < placing->breakdown_count && *good; i++) {
        AUTO_BUFFER struct buffer name = {0};
        size_t count;
        (void)verify_breakdown_rows(&placing->breakdowns[i], id_of(node), &count);
        if (count == 0) continue;
        buffer_add_byte(&name, '.');
        buffer_add_slice(&name, placing->breakdowns[i].view->breakdown);
        buffer_add_text(&name, ".json");
        if (!verify_next_name(listing, buffer_slice(&name), good, err)) return false;
    }
    return true;
}

/* The names in the node's directory. */
static bool verify_hierarchy_files_check_listing(struct placing *placing, const struct placed *node,
                                                 struct error *err)
{
    struct check *const check = placing->check;
    AUTO(tree_listing_close) struct tree_listing *listing = NULL;
    AUTO_BUFFER struct buffer name = {0};
    struct tree_entry surplus;
    bool good = true;
    if (!tree_list(check->snapshot, &node->directory, &listing, err) ||
        !verify_next_name(listing, slice_text(".total.json"), &good, err) ||
        !next_breakdowns(placing, node, listing, &good, err))
        return false;
    for (size_t i = 0; i < node->child_count && good; i++) {
        buffer_clear(&name);
        verify_hierarchy_files_add_name(check, &node->children[i], false, &name);
        if (!verify_next_name(listing, buffer_slice(&name), &good, err)) return false;
        buffer_add_text(&name, ".json");
        if (good && !verify_next_name(listing, buffer_slice(&name), &good, err)) return false;
    }
    enum tree_answer const end = good ? tree_listing_next(listing, &surplus, err) : TREE_FOUND;
    if (end == TREE_FAILED) return false;
    if (end != TREE_MISSING) verify_emit(check, "/", "lists other names than the events give");
    return true;
}

static void verify_hierarchy_files_set_path(struct check *check, const struct placed *node,
                                            size_t root_length)
{
    AUTO_BUFFER struct buffer chain = {0};
    check->path.length = root_length;
    for (; node->above; node = node->above)
        buffer_add(&chain, &node, sizeof node);
    while (chain.length) {
        chain.length -= sizeof node;
        memcpy(&node, chain.at + chain.length, sizeof node);
        buffer_add_byte(&check->path, '/');
        verify_hierarchy_files_add_name(check, node, false, &check->path);
    }
}

/* All that one node is. ABOVE: the directory that it is in; IDS: that of all nodes. */
static bool check_node(struct placing *placing, struct placed *node, struct slice stem,
                       const struct node *above, const struct node *ids, struct error *err)
{
    struct check *const check = placing->check;
    const struct view *const view = check->view->view;
    AUTO_BUFFER struct buffer id = {0};
    struct node_stat stat;
    if (node->above) verify_hierarchy_files_add_name(check, node, true, &id);
    for (enum kind kind = KIND_JSON; kind <= KIND_CSV; kind++) {
        if (!view->formats[kind]) continue;
        verify_hierarchy_files_expect_rows(check, kind, node);
        if (!verify_hierarchy_files_check_name(check, above, stem, verify_extension(kind), err))
            return false;
        expect_row(check, kind, node);
        if (node->above && !verify_hierarchy_files_check_name(check, ids, buffer_slice(&id),
                                                              verify_extension(kind), err))
            return false;
    }
    switch (
        tree_lookup(check->snapshot, above, stem, &placing->arena, &node->directory, &stat, err)) {
    case TREE_FOUND: break;
    case TREE_FAILED: return false;
    case TREE_MISSING:
    case TREE_NEVER:
    case TREE_UNKNOWN: verify_emit(check, "/", "is missing"); return true;
    }
    expect_row(check, KIND_TOTAL, node);
    return verify_hierarchy_files_check_name(check, &node->directory, slice_text(""), ".total.json",
                                             err) &&
           check_breakdowns(placing, node, err) &&
           verify_hierarchy_files_check_listing(placing, node, err);
}

/* The names of all nodes. */
static bool check_ids(struct check *check, const struct placing *placing, const struct node *ids,
                      struct error *err)
{
    const struct tallied_level *const level = &check->view->levels[1];
    AUTO(tree_listing_close) struct tree_listing *listing = NULL;
    struct tree_entry surplus;
    bool good = true;
    (void)placing;
    if (!tree_list(check->snapshot, ids, &listing, err)) return false;
    for (size_t i = 0; i < level->count && good; i++) {
        AUTO_BUFFER struct buffer name = {0};
        struct placed const node = {.group = &level->groups[i]};
        verify_hierarchy_files_add_name(check, &node, true, &name);
        buffer_add_text(&name, ".json");
        if (!verify_next_name(listing, buffer_slice(&name), &good, err)) return false;
    }
    enum tree_answer const end = good ? tree_listing_next(listing, &surplus, err) : TREE_FOUND;
    if (end == TREE_FAILED) return false;
    if (end != TREE_MISSING)
        verify_emit(check, "/.node/", "lists other names than the events give");
    return true;
}

static bool check_all(struct placing *placing, struct error *err)
{
    struct check *const check = placing->check;
    size_t const root_length = check->path.length;
    struct node const top = {.kind = NODE_ROOT};
    struct node const ids = {.kind = NODE_IDS, .view = check->view->view->id};
    STACK_BUFFER(stem, ROOT_NAME_BYTES);
    buffer_add_slice(&stem, buffer_slice(&check->path));
    if (!check_node(placing, &placing->root, buffer_slice(&stem), &top, &ids, err) ||
        !check_ids(check, placing, &ids, err))
        return false;
    for (size_t i = 0; i < placing->count; i++) {
        struct placed *const node = placing->queue[i];
        verify_hierarchy_files_set_path(check, node, root_length);
        buffer_clear(&stem);
        verify_hierarchy_files_add_name(check, node, false, &stem);
        /* below one that is missing all is */
        if (node->above->directory.kind != NODE_GROUP) continue;
        if (!check_node(placing, node, buffer_slice(&stem), &node->above->directory, &ids, err))
            return false;
    }
    return true;
}

static bool count_breakdowns(struct placing *placing, struct error *err)
{
    const struct snapshot *const snapshot = placing->check->snapshot;
    const struct schema *const schema = snapshot->schema;
    for (size_t i = schema->view_count; i < schema->all_view_count; i++) {
        const struct view *const view = &schema->views[i];
        if (view->owner != placing->check->view->view) continue;
        if (!tallied_view_count(snapshot, view, &placing->breakdowns[placing->breakdown_count],
                                err))
            return false;
        placing->breakdown_count++;
    }
    return true;
}

bool verify_hierarchy_files(struct check *check, struct error *err)
{
    struct placing placing = {.check = check};
    place_all(&placing);
    bool const good = count_breakdowns(&placing, err) && check_all(&placing, err);
    for (size_t i = 0; i < placing.breakdown_count; i++)
        tallied_view_done(&placing.breakdowns[i]);
    arena_done(&placing.arena);
    return good;
}
