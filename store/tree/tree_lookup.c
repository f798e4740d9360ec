// SPDX-License-Identifier: Apache-2.0
#include "render/rows.h"
#include "tree/page.h"
#include "tree/tree_hierarchy.h"
#include "types/file_name.h"
#include "types/pack.h"

static bool ends_in(struct slice name, const char *extension, struct slice *ret_stem)
{
    size_t const length = strlen(extension);
    if (name.length <= length || memcmp(name.at + name.length - length, extension, length) != 0)
        return false;
    *ret_stem = slice_of(name.at, name.length - length);
    return true;
}

bool tree_split_name(struct slice name, struct slice *ret_stem, enum rows_format *ret_format)
{
    for (unsigned i = 0; i < COUNT_OF(rows_extensions); i++) {
        if (!ends_in(name, rows_extensions[i], ret_stem)) continue;
        *ret_format = (enum rows_format)i;
        return true;
    }
    *ret_stem = name;
    return false;
}

static enum tree_answer lookup_root(const struct snapshot *snapshot, struct slice name,
                                    struct node *node)
{
    STACK_BUFFER(view_name, NODE_ROOM_BYTES);
    struct slice stem;
    bool const file = tree_split_name(name, &stem, &node->format);
    if (slice_is(name, ".tallyfs")) {
        node->kind = NODE_SYSTEM;
        return TREE_FOUND;
    }
    if (slice_is(name, page_name)) {
        node->kind = NODE_FRONT_PAGE;
        return TREE_FOUND;
    }
    for (size_t i = 0; i < snapshot->schema->view_count; i++) {
        const struct view *const view = &snapshot->schema->views[i];
        buffer_clear(&view_name);
        tree_view_name(snapshot, view, &view_name);
        if (!slice_equal(stem, buffer_slice(&view_name))) continue;
        if (file ? !view->formats[node->format] : view->dimension_count == 0) return TREE_NEVER;
        node->kind = file ? tree_file_kind(view, 0) : NODE_GROUP;
        node->view = view->id;
        return TREE_FOUND;
    }
    return TREE_NEVER;
}

void tree_hashed_from(struct slice prefix, struct buffer *from)
{
    struct value const least = {.kind = VALUE_STRING, .string = prefix};
    size_t const start = from->length;
    (void)pack_value(from, &least, PACK_LIMIT_LEAST);
    /* Behind the tag, the first bytes that no limit cuts: a key may have no more of the value. */
    from->length = start + 1 + PACK_KEPT_LEAST - 1;
}

bool tree_is_beyond(struct slice text, struct slice prefix)
{
    size_t const kept = PACK_KEPT_LEAST - 1; /* a NUL at the cut takes two bytes */
    size_t const length = prefix.length < kept ? prefix.length : kept;
    return slice_compare(slice_of(text.at, text.length < length ? text.length : length),
                         slice_of(prefix.at, length)) > 0;
}

/* The child whose name is cut and hashed: one of those whose value begins with PREFIX. */
static enum tree_answer tree_lookup_find_hashed(const struct snapshot *snapshot,
                                                const struct node *parent, struct slice stem,
                                                struct slice prefix, struct arena *arena,
                                                struct node *node, struct error *err)
{
    const struct view *const view = tree_view(snapshot, parent);
    const struct dimension *const dimension = &view->dimensions[parent->depth];
    AUTO(groups_scan_close) struct groups_scan scan = {0};
    AUTO_BUFFER struct buffer name = {0}, from = {0};
    struct value values[SCHEMA_DIMENSIONS_MAX];
    struct slice key;
    struct group group;
    buffer_add_slice(&from, parent->key);
    tree_hashed_from(prefix, &from);
    if (!groups_scan_open(&scan, snapshot->txn, view, parent->depth + 1u, parent->key,
                          buffer_slice(&from), err))
        return TREE_FAILED;
    enum db_finding found;
    while ((found = groups_scan_next(&scan, &key, &group, err)) == DB_FOUND) {
        if (!group_dimensions(key, &group, parent->depth + 1u, arena, values, err))
            return TREE_FAILED;
        const struct value *const value = &values[parent->depth];
        if (value->kind != VALUE_STRING || tree_is_beyond(value->string, prefix)) break;
        if (!slice_starts(value->string, prefix)) continue;
        buffer_clear(&name);
        file_name_write(value, dimension->type, snapshot->schema->zone, &name);
        if (!slice_equal(buffer_slice(&name), stem)) continue;
        node->key = arena_copy(arena, key);
        return TREE_FOUND;
    }
    return found == DB_FAILED ? TREE_FAILED : TREE_UNKNOWN;
}

static enum tree_answer lookup_child(const struct snapshot *snapshot, const struct node *parent,
                                     struct slice name, struct arena *arena, struct node *node,
                                     struct error *err)
{
    const struct view *const view = tree_view(snapshot, parent);
    struct slice stem;
    struct value value;
    if (slice_is(name, ".total.json")) {
        *node = *parent;
        node->kind = NODE_TOTAL;
        node->key = arena_copy(arena, parent->key);
        return TREE_FOUND;
    }
    if (parent->depth == 0 && slice_is(name, page_name)) {
        *node = (struct node){.kind = NODE_VIEW_PAGE, .view = parent->view};
        return TREE_FOUND;
    }
    bool const file = tree_split_name(name, &stem, &node->format);
    unsigned const depth = parent->depth + 1u;
    if (file ? !view->formats[node->format] : depth == view->dimension_count) return TREE_NEVER;
    node->kind = file ? tree_file_kind(view, depth) : NODE_GROUP;
    node->view = view->id;
    node->depth = (uint8_t)depth;
    struct value_type const type = view->dimensions[parent->depth].type;
    switch (file_name_read(stem, type, snapshot->schema->zone, arena, &value)) {
    case NAME_EXACT: break;
    case NAME_HASHED:
        return tree_lookup_find_hashed(snapshot, parent, stem, value.string, arena, node, err);
    case NAME_INVALID: return TREE_NEVER;
    }
    STACK_BUFFER(key, NODE_ROOM_BYTES);
    buffer_add_slice(&key, parent->key);
    (void)group_key_add(view, &value, &key); /* a cut key is as good to find by */
    node->key = arena_copy(arena, buffer_slice(&key));
    return TREE_FOUND;
}

static bool read_batch_name(struct slice name, uint64_t *ret_id)
{
    struct slice stem;
    uint64_t id = 0;
    if (!ends_in(name, ".json", &stem) || stem.length > 18 || stem.at[0] == '0') return false;
    for (size_t i = 0; i < stem.length; i++) {
        if (stem.at[i] < '0' || stem.at[i] > '9') return false;
        id = id * 10 + (uint64_t)(stem.at[i] - '0');
    }
    *ret_id = id;
    return true;
}

static enum tree_answer lookup_reject(const struct snapshot *snapshot, struct slice name,
                                      struct arena *arena, struct node *node, struct error *err)
{
    struct batch batch;
    if (name.length > NAME_BYTES_MAX) return TREE_UNKNOWN; /* and may be no key */
    switch (batch_log_find_rejects(snapshot->txn, name, arena, &batch, err)) {
    case BATCH_LOG_FOUND: break;
    case BATCH_LOG_MISSING: return TREE_UNKNOWN; /* a batch may bring it */
    case BATCH_LOG_FAILED: return TREE_FAILED;
    }
    *node = (struct node){.kind = NODE_REJECT_FILE, .batch = batch.id};
    return TREE_FOUND;
}

static enum tree_answer lookup_system(const struct snapshot *snapshot, const struct node *parent,
                                      struct slice name, struct arena *arena, struct node *node,
                                      struct error *err)
{
    AUTO_BUFFER struct buffer view_name = {0};
    if (parent->kind == NODE_REJECTS) return lookup_reject(snapshot, name, arena, node, err);
    if (parent->kind == NODE_BATCHES) {
        node->kind = NODE_BATCH;
        return read_batch_name(name, &node->batch) ? TREE_FOUND : TREE_NEVER;
    }
    if (parent->kind == NODE_VIEWS) {
        struct slice stem;
        node->kind = NODE_VIEW;
        if (!ends_in(name, ".json", &stem)) return TREE_NEVER;
        for (size_t i = 0; i < snapshot->schema->view_count; i++) {
            buffer_clear(&view_name);
            tree_view_name(snapshot, &snapshot->schema->views[i], &view_name);
            if (!slice_equal(stem, buffer_slice(&view_name))) continue;
            node->view = snapshot->schema->views[i].id;
            return TREE_FOUND;
        }
        return TREE_NEVER;
    }
    for (size_t i = 0; i < SYSTEM_NAMES; i++) {
        if (!slice_is(name, system_names[i].name)) continue;
        node->kind = system_names[i].kind;
        return TREE_FOUND;
    }
    return TREE_NEVER;
}

enum tree_answer tree_lookup(const struct snapshot *snapshot, const struct node *parent,
                             struct slice name, struct arena *arena, struct node *ret_node,
                             struct node_stat *ret_stat, struct error *err)
{
    struct node node = {0};
    enum tree_answer answer;
    bool const of_view = parent->kind == NODE_GROUP || parent->kind == NODE_IDS;
    const struct view *const view = of_view ? tree_view(snapshot, parent) : NULL;
    if (!node_is_directory(parent) || (of_view && !view)) return TREE_NEVER;
    if (parent->kind == NODE_ROOT)
        answer = lookup_root(snapshot, name, &node);
    else if (of_view)
        answer = view->hierarchy ? tree_hierarchy_lookup(snapshot, parent, name, arena, &node, err)
                                 : lookup_child(snapshot, parent, name, arena, &node, err);
    else
        answer = lookup_system(snapshot, parent, name, arena, &node, err);
    if (answer != TREE_FOUND) return answer;
    *ret_node = node;
    return tree_stat(snapshot, &node, ret_stat, err);
}

enum tree_answer tree_find(const struct snapshot *snapshot, struct slice path, struct arena *arena,
                           struct node *ret_node, struct node_stat *ret_stat, struct error *err)
{
    struct node node = {.kind = NODE_ROOT};
    enum tree_answer answer = tree_stat(snapshot, &node, ret_stat, err);
    while (answer == TREE_FOUND && path.length) {
        const uint8_t *const slash = memchr(path.at, '/', path.length);
        struct slice const name =
            slice_of(path.at, slash ? (size_t)(slash - path.at) : path.length);
        size_t const used = name.length + (slash ? 1 : 0);
        path = slice_of(path.at + used, path.length - used);
        if (name.length == 0) continue;
        struct node child;
        answer = tree_lookup(snapshot, &node, name, arena, &child, ret_stat, err);
        node = child;
    }
    if (answer == TREE_FOUND) *ret_node = node;
    return answer;
}
