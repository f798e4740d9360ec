// SPDX-License-Identifier: Apache-2.0
#include "tree.h"

#include <xxhash.h>

#include "documents.h"
#include "ledger.h"
#include "meta.h"
#include "names.h"
#include "pack.h"
#include "prom.h"
#include "rows.h"
#include "tree_p.h"

const struct system_name system_names[SYSTEM_NAMES] = {
    {"README", NODE_README},      {"generation", NODE_GENERATION}, {"status.json", NODE_STATUS},
    {"schema.json", NODE_SCHEMA}, {"views", NODE_VIEWS},           {"batches", NODE_BATCHES},
    {"rejects", NODE_REJECTS},
};

bool node_is_directory(const struct node *node)
{
    return node->kind == NODE_ROOT || node->kind == NODE_GROUP || node->kind == NODE_SYSTEM ||
           node->kind == NODE_VIEWS || node->kind == NODE_BATCHES || node->kind == NODE_REJECTS;
}

bool node_of_group(const struct node *node)
{
    return node->kind == NODE_GROUP || node->kind == NODE_ROWS || node->kind == NODE_LEAF ||
           node->kind == NODE_TOTAL;
}

void node_pack(const struct node *node, struct buffer *bytes)
{
    buffer_add_byte(bytes, (uint8_t)node->kind);
    buffer_add_byte(bytes, (uint8_t)node->format);
    buffer_add_byte(bytes, node->depth);
    pack_varint(bytes, node->view);
    pack_varint(bytes, node->batch);
    buffer_add_slice(bytes, node->key);
}

bool node_unpack(struct slice bytes, struct node *ret_node)
{
    uint8_t kind, format;
    uint64_t view;
    struct node node;
    if (!unpack_byte(&bytes, &kind) || kind > NODE_REJECT_FILE || !unpack_byte(&bytes, &format) ||
        format >= ROWS_FORMATS || !unpack_byte(&bytes, &node.depth) ||
        !unpack_varint(&bytes, &view) || view > UINT16_MAX || !unpack_varint(&bytes, &node.batch))
        return false;
    node.kind = (enum node_kind)kind;
    node.format = (enum rows_format)format;
    node.view = (uint16_t)view;
    node.key = bytes;
    *ret_node = node;
    return true;
}

const struct view *tree_view(const struct snapshot *snapshot, const struct node *node)
{
    return schema_view_of(snapshot->schema, node->view);
}

enum node_kind tree_file_kind(const struct view *view, unsigned depth)
{
    return depth == view->dimension_count ? NODE_LEAF : NODE_ROWS;
}

void tree_view_name(const struct snapshot *snapshot, const struct view *view, struct buffer *name)
{
    struct value const value = {.kind = VALUE_STRING, .string = view->name};
    struct value_type const type = {.kind = VALUE_STRING};
    names_write(&value, type, snapshot->schema->zone, name);
}

/* A directory's number is the path's alone, so that it keeps it for ever; a file's tells its version. */
static uint64_t inode_number(const struct node *node, const struct node_stat *stat)
{
    STACK_BUFFER(bytes, NODE_ROOM_BYTES);
    if (node->kind == NODE_ROOT) return 1;
    node_pack(node, &bytes);
    uint64_t const number =
        XXH3_64bits_withSeed(bytes.at, bytes.length, stat->directory ? 0 : stat->commit_id);
    return number > 1 ? number : number + 2;
}

static bool complete_stat(const struct snapshot *snapshot, const struct node *node,
                          struct node_stat *stat, struct error *err)
{
    stat->directory = node_is_directory(node);
    stat->ino = inode_number(node, stat);
    return snapshot_commit_time(snapshot, stat->commit_id, &stat->mtime_ns, err);
}

static uint64_t csv_header_bytes(const struct view *view)
{
    STACK_BUFFER(header, NODE_ROOM_BYTES);
    rows_csv_header(view, &header);
    return header.length + 1;
}

/* The size of a file of rows, from what its group knows: see tree_read.c for the text itself. */
static uint64_t rows_bytes(const struct view *view, const struct node *node,
                           const struct group *group)
{
    switch (node->format) {
    case ROWS_JSON:
        if (node->kind == NODE_LEAF) break;
        return 1 + group->json_bytes + 2 * (group->row_count - 1) + 2;
    case ROWS_NDJSON: break;
    case ROWS_CSV: return csv_header_bytes(view) + group->csv_bytes + group->row_count;
    case ROWS_PROM: return prom_heads_bytes(view) + group->prom_bytes;
    }
    return group->json_bytes + group->row_count;
}

bool tree_group_stat(const struct snapshot *snapshot, const struct node *node,
                     const struct group *group, struct node_stat *ret_stat, struct error *err)
{
    struct node_stat stat = {0};
    const struct view *const view = tree_view(snapshot, node);
    if (node->kind == NODE_GROUP) {
        stat.commit_id = group->listing_commit_id;
    } else if (node->kind == NODE_TOTAL) {
        stat.commit_id = group->text_commit_id;
        stat.size_bytes = group->text.length + 1;
    } else {
        stat.commit_id = node->kind == NODE_LEAF ? group->text_commit_id : group->rows_commit_id;
        stat.size_bytes = rows_bytes(view, node, group);
    }
    if (!complete_stat(snapshot, node, &stat, err)) return false;
    *ret_stat = stat;
    return true;
}

static enum tree_answer stat_group(const struct snapshot *snapshot, const struct node *node,
                                   struct node_stat *ret_stat, struct error *err)
{
    struct group group;
    const struct view *const view = tree_view(snapshot, node);
    if (!view || node->depth > view->dimension_count || !view->formats[node->format])
        return TREE_MISSING;
    switch (groups_get(snapshot->txn, view, node->depth, node->key, &group, err)) {
    case DB_FOUND: break;
    case DB_MISSING: return TREE_MISSING;
    case DB_FAILED: return TREE_FAILED;
    }
    return tree_group_stat(snapshot, node, &group, ret_stat, err) ? TREE_FOUND : TREE_FAILED;
}

static enum tree_answer stat_document(const struct snapshot *snapshot, const struct node *node,
                                      struct node_stat *ret_stat, struct error *err)
{
    AUTO_BUFFER struct buffer text = {0};
    struct node_stat stat = {0};
    enum tree_answer const answer = document_version(snapshot, node, &stat.commit_id, err);
    if (answer != TREE_FOUND) return answer;
    /* Missing is a file of refused records that its owner has taken away. */
    if (!document_render(snapshot, node, &text, err))
        return err->kind == ERROR_MISSING ? TREE_MISSING : TREE_FAILED;
    stat.size_bytes = text.length;
    if (!complete_stat(snapshot, node, &stat, err)) return TREE_FAILED;
    *ret_stat = stat;
    return TREE_FOUND;
}

enum tree_answer tree_stat(const struct snapshot *snapshot, const struct node *node,
                           struct node_stat *ret_stat, struct error *err)
{
    if (node_of_group(node)) return stat_group(snapshot, node, ret_stat, err);
    if (!node_is_directory(node)) return stat_document(snapshot, node, ret_stat, err);
    struct node_stat stat = {.commit_id = snapshot->schema_commit_id};
    if (node->kind == NODE_ROOT) stat.commit_id = snapshot->root_listing_commit_id;
    if (node->kind == NODE_BATCHES || node->kind == NODE_REJECTS)
        stat.commit_id = snapshot->commit_id; /* nearly every commit adds to them */
    if (!complete_stat(snapshot, node, &stat, err)) return TREE_FAILED;
    *ret_stat = stat;
    return TREE_FOUND;
}

static bool ends_in(struct slice name, const char *extension, struct slice *ret_stem)
{
    size_t const length = strlen(extension);
    if (name.length <= length || memcmp(name.at + name.length - length, extension, length) != 0)
        return false;
    *ret_stem = slice_of(name.at, name.length - length);
    return true;
}

/* Splits NAME into the stem and the kind of file; a directory has no extension. */
static bool split_name(struct slice name, struct slice *ret_stem, enum rows_format *ret_format)
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
    bool const file = split_name(name, &stem, &node->format);
    if (slice_is(name, ".tallyfs")) {
        node->kind = NODE_SYSTEM;
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

/* Whether TEXT is behind all that begin with PREFIX, as far as keys are in order whatever was cut. */
static bool is_beyond(struct slice text, struct slice prefix)
{
    size_t const kept = PACK_KEPT_LEAST - 1; /* a NUL at the cut takes two bytes */
    size_t const length = prefix.length < kept ? prefix.length : kept;
    return slice_compare(slice_of(text.at, text.length < length ? text.length : length),
                         slice_of(prefix.at, length)) > 0;
}

/* The child whose name is cut and hashed: one of those whose value begins with PREFIX. */
static enum tree_answer find_hashed(const struct snapshot *snapshot, const struct node *parent,
                                    struct slice stem, struct slice prefix, struct arena *arena,
                                    struct node *node, struct error *err)
{
    const struct view *const view = tree_view(snapshot, parent);
    const struct dimension *const dimension = &view->dimensions[parent->depth];
    AUTO(groups_walk_close) struct groups_walk walk = {0};
    AUTO_BUFFER struct buffer name = {0}, from = {0};
    struct value values[SCHEMA_DIMENSIONS_MAX];
    struct value const least = {.kind = VALUE_STRING, .string = prefix};
    struct slice key;
    struct group group;
    buffer_add_slice(&from, parent->key);
    size_t const start = from.length;
    (void)pack_value(&from, &least, PACK_LIMIT_LEAST);
    /* Behind the tag, the first bytes that no limit cuts: a key may have no more of the value. */
    from.length = start + 1 + PACK_KEPT_LEAST - 1;
    if (!groups_walk_open(&walk, snapshot->txn, view, parent->depth + 1u, parent->key,
                          buffer_slice(&from), err))
        return TREE_FAILED;
    enum db_finding found;
    while ((found = groups_walk_next(&walk, &key, &group, err)) == DB_FOUND) {
        if (!group_dimensions(key, &group, parent->depth + 1u, arena, values, err))
            return TREE_FAILED;
        const struct value *const value = &values[parent->depth];
        if (value->kind != VALUE_STRING || is_beyond(value->string, prefix)) break;
        if (!slice_starts(value->string, prefix)) continue;
        buffer_clear(&name);
        names_write(value, dimension->type, snapshot->schema->zone, &name);
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
    bool const file = split_name(name, &stem, &node->format);
    unsigned const depth = parent->depth + 1u;
    if (file ? !view->formats[node->format] : depth == view->dimension_count) return TREE_NEVER;
    node->kind = file ? tree_file_kind(view, depth) : NODE_GROUP;
    node->view = view->id;
    node->depth = (uint8_t)depth;
    struct value_type const type = view->dimensions[parent->depth].type;
    switch (names_read(stem, type, snapshot->schema->zone, arena, &value)) {
    case NAME_EXACT: break;
    case NAME_HASHED: return find_hashed(snapshot, parent, stem, value.string, arena, node, err);
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
    for (uint64_t id = 1; id <= ledger_last(snapshot); id++) {
        struct batch batch;
        switch (ledger_get(snapshot, id, arena, &batch, err)) {
        case LEDGER_FOUND: break;
        case LEDGER_MISSING: continue;
        case LEDGER_FAILED: return TREE_FAILED;
        }
        if (!slice_equal(batch.rejects, name)) continue;
        *node = (struct node){.kind = NODE_REJECT_FILE, .batch = id};
        return TREE_FOUND;
    }
    return TREE_UNKNOWN;
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
    if (!node_is_directory(parent)) return TREE_NEVER;
    if (parent->kind == NODE_ROOT)
        answer = lookup_root(snapshot, name, &node);
    else if (parent->kind == NODE_GROUP)
        answer = tree_view(snapshot, parent)
                     ? lookup_child(snapshot, parent, name, arena, &node, err)
                     : TREE_NEVER;
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

/* The files of rows that tell one group. */
static void see_formats(const struct view *view, struct node node, enum node_kind kind,
                        void (*see)(void *context, const struct node *node, bool replaced),
                        void *context)
{
    node.kind = kind;
    for (unsigned i = 0; i < ROWS_FORMATS; i++) {
        node.format = (enum rows_format)i;
        if (view->formats[i]) see(context, &node, true);
    }
}

void tree_change_nodes(const struct snapshot *snapshot, const struct change *change,
                       void (*see)(void *context, const struct node *node, bool replaced),
                       void *context)
{
    struct node node = {
        .kind = NODE_GROUP, .view = change->view, .depth = change->depth, .key = change->key};
    const struct view *const view = tree_view(snapshot, &node);
    bool const exists = change->flags & CHANGE_EXISTS;
    if (!view) return;
    if (exists && change->depth == 0) see(context, &(struct node){.kind = NODE_ROOT}, false);
    if (change->depth == view->dimension_count) {
        see_formats(view, node, NODE_LEAF, see, context);
        return;
    }
    if (exists || (change->flags & CHANGE_ROWS)) see_formats(view, node, NODE_ROWS, see, context);
    if (exists || (change->flags & CHANGE_LISTING)) see(context, &node, exists);
    node.kind = NODE_TOTAL;
    if (exists || (change->flags & CHANGE_TEXT)) see(context, &node, true);
}

void tree_commit_nodes(const struct snapshot *snapshot, uint64_t after,
                       void (*see)(void *context, const struct node *node, bool replaced),
                       void *context)
{
    struct error err; /* what cannot be read now is told when it is looked up */
    struct node node = {.kind = NODE_VIEW};
    see(context, &(struct node){.kind = NODE_GENERATION}, true);
    see(context, &(struct node){.kind = NODE_STATUS}, true);
    see(context, &(struct node){.kind = NODE_BATCHES}, false);
    see(context, &(struct node){.kind = NODE_REJECTS}, false);
    for (size_t i = 0; i < snapshot->schema->view_count; i++) {
        uint64_t version;
        node.view = snapshot->schema->views[i].id;
        if (document_version(snapshot, &node, &version, &err) == TREE_FOUND && version > after)
            see(context, &node, true);
    }
    for (uint64_t id = after + 1; id <= snapshot->commit_id; id++) {
        struct meta_commit commit;
        if (!meta_commit_load(snapshot->txn, id, &commit, &err) || commit.batch_id == 0) continue;
        see(context, &(struct node){.kind = NODE_BATCH, .batch = commit.batch_id}, true);
        see(context, &(struct node){.kind = NODE_REJECT_FILE, .batch = commit.batch_id}, true);
    }
}
