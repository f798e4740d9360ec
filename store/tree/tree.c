// SPDX-License-Identifier: Apache-2.0
#include "tree/tree.h"

#include "render/rows_format.h"
#include "tables/meta.h"
#include "tree/documents.h"
#include "tree/page.h"
#include "tree/rejects_file.h"
#include "tree/tree_hierarchy.h"
#include "types/file_name.h"
#include "types/pack.h"

const struct system_name system_names[SYSTEM_NAMES] = {
    {"README", NODE_README},      {"generation", NODE_GENERATION}, {"status.json", NODE_STATUS},
    {"schema.json", NODE_SCHEMA}, {"views", NODE_VIEWS},           {"batches", NODE_BATCHES},
    {"rejects", NODE_REJECTS},
};

bool node_is_directory(const struct node *node)
{
    return node->kind == NODE_ROOT || node->kind == NODE_GROUP || node->kind == NODE_SYSTEM ||
           node->kind == NODE_VIEWS || node->kind == NODE_BATCHES || node->kind == NODE_REJECTS ||
           node->kind == NODE_IDS;
}

bool node_of_group(const struct node *node)
{
    return node->kind == NODE_GROUP || node->kind == NODE_ROWS || node->kind == NODE_LEAF ||
           node->kind == NODE_TOTAL || node->kind == NODE_BY_ID || node->kind == NODE_BREAKDOWN;
}

bool node_is_page(const struct node *node)
{
    return node->kind == NODE_FRONT_PAGE || node->kind == NODE_VIEW_PAGE;
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

enum db_finding tree_whole_view(const struct snapshot *snapshot, const struct view *view,
                                struct group *ret_group, struct error *err)
{
    return groups_get(snapshot->txn, view, 0, (struct slice){0}, ret_group, err);
}

enum tree_answer tree_batch(const struct snapshot *snapshot, const struct node *node,
                            struct arena *arena, struct batch *ret_batch, struct error *err)
{
    switch (batch_log_get(snapshot->txn, node->batch, arena, ret_batch, err)) {
    case BATCH_LOG_FOUND: break;
    case BATCH_LOG_MISSING: return TREE_MISSING;
    case BATCH_LOG_FAILED: return TREE_FAILED;
    }
    bool const absent = node->kind == NODE_REJECT_FILE && ret_batch->rejects.length == 0;
    return absent ? TREE_MISSING : TREE_FOUND;
}

enum node_kind tree_file_kind(const struct view *view, unsigned depth)
{
    return group_is_leaf(view, depth) ? NODE_LEAF : NODE_ROWS;
}

void tree_view_name(const struct snapshot *snapshot, const struct view *view, struct buffer *name)
{
    struct value const value = {.kind = VALUE_STRING, .string = view->name};
    struct value_type const type = {.kind = VALUE_STRING};
    file_name_write(&value, type, snapshot->schema->zone, name);
}

/* A directory's number is the path's alone, so that it keeps it for ever; a file's tells its
 * version. Programs take two files with one number for one file, so nobody may be able to choose
 * names that have one. */
static uint64_t inode_number(const struct snapshot *snapshot, const struct node *node,
                             const struct node_stat *stat)
{
    STACK_BUFFER(bytes, NODE_ROOM_BYTES);
    if (node->kind == NODE_ROOT) return 1;
    node_pack(node, &bytes);
    uint64_t const number = hash_bytes_with(&snapshot->secret, stat->directory ? 0 : stat->version,
                                            buffer_slice(&bytes));
    return number > 1 ? number : number + 2;
}

static bool complete_stat(const struct snapshot *snapshot, const struct node *node,
                          struct node_stat *stat, struct error *err)
{
    struct meta_commit commit;
    if (!meta_commit_load(snapshot->txn, stat->commit_id, &commit, err)) return false;
    stat->directory = node_is_directory(node);
    stat->mtime_ns = commit.ns;
    stat->version = commit.nonce;
    stat->ino = inode_number(snapshot, node, stat);
    return true;
}

/* The size of a file of rows, from what its group knows: see tree_read.c for the text itself. */
static uint64_t rows_bytes(const struct view *view, const struct node *node,
                           const struct group *group)
{
    return rows_file_bytes(node->format, view, node->kind != NODE_LEAF, group->row_count,
                           group->bytes[node->format]);
}

/* That of a hierarchy's node by its id. */
static uint64_t row_bytes(const struct snapshot *snapshot, const struct view *view,
                          const struct node *node, const struct group *group)
{
    uint64_t const content =
        rows_content_bytes(node->format, view, snapshot->schema->zone, group->text);
    return rows_file_bytes(node->format, view, false, 1, content);
}

bool tree_group_stat(const struct snapshot *snapshot, const struct node *node,
                     const struct group *group, struct node_stat *ret_stat, struct error *err)
{
    struct node_stat stat = {0};
    struct view const shown = view_shown(tree_view(snapshot, node)), *const view = &shown;
    if (node->kind == NODE_GROUP) {
        stat.commit_id = group->listing_commit_id;
    } else if (node->kind == NODE_TOTAL) {
        stat.commit_id = group->text_commit_id;
        stat.size_bytes = group->text.length + 1;
    } else if (node->kind == NODE_BY_ID) {
        stat.commit_id = group->text_commit_id;
        stat.size_bytes = row_bytes(snapshot, view, node, group);
    } else {
        stat.commit_id = node->kind == NODE_LEAF ? group->text_commit_id : group->rows_commit_id;
        stat.size_bytes = rows_bytes(view, node, group);
    }
    if (!complete_stat(snapshot, node, &stat, err)) return false;
    *ret_stat = stat;
    return true;
}

enum tree_answer tree_group(const struct snapshot *snapshot, const struct node *node,
                            struct group *ret_group, struct error *err)
{
    const struct view *const view = tree_view(snapshot, node);
    if (!view || node->depth > view->dimension_count || !view->formats[node->format])
        return TREE_MISSING;
    if (view->hierarchy) return tree_hierarchy_group(snapshot, node, ret_group, err);
    if (view_is_breakdown(view)) return tree_breakdown_group(snapshot, node, ret_group, err);
    switch (groups_get(snapshot->txn, view, node->depth, node->key, ret_group, err)) {
    case DB_FOUND: return TREE_FOUND;
    case DB_MISSING: return TREE_MISSING;
    case DB_FAILED: break;
    }
    return TREE_FAILED;
}

static enum tree_answer stat_group(const struct snapshot *snapshot, const struct node *node,
                                   struct node_stat *ret_stat, struct error *err)
{
    struct group group;
    enum tree_answer const answer = tree_group(snapshot, node, &group, err);
    if (answer != TREE_FOUND) return answer;
    return tree_group_stat(snapshot, node, &group, ret_stat, err) ? TREE_FOUND : TREE_FAILED;
}

/* What stands in a page behind its line. */
static bool page_rows_bytes(const struct snapshot *snapshot, const struct node *page,
                            uint64_t *ret_bytes, struct error *err)
{
    const struct view *const view = tree_view(snapshot, page);
    struct node const rows = {.kind = NODE_ROWS, .format = ROWS_JSON, .view = page->view};
    struct group group;
    *ret_bytes = 0;
    if (page->kind == NODE_FRONT_PAGE) return true;
    if (tree_whole_view(snapshot, view, &group, err) != DB_FOUND) return false;
    *ret_bytes = page_has_rows(&group) ? rows_bytes(view, &rows, &group) : strlen(page_no_rows);
    return true;
}

static bool document_bytes(const struct snapshot *snapshot, const struct node *node,
                           uint64_t *ret_bytes, struct error *err)
{
    AUTO_BUFFER struct buffer text = {0};
    uint64_t rows;
    if (node->kind == NODE_REJECT_FILE) return rejects_file_size(snapshot, node, ret_bytes, err);
    if (!document_render(snapshot, node, &text, err)) return false;
    *ret_bytes = text.length;
    if (!node_is_page(node)) return true;
    if (!page_rows_bytes(snapshot, node, &rows, err)) return false;
    *ret_bytes += page_front().length + rows;
    return true;
}

static enum tree_answer stat_document(const struct snapshot *snapshot, const struct node *node,
                                      struct node_stat *ret_stat, struct error *err)
{
    struct node_stat stat = {0};
    enum tree_answer const answer = document_version(snapshot, node, &stat.commit_id, err);
    if (answer != TREE_FOUND) return answer;
    /* Missing is a file of refused records that its owner has taken away. */
    if (!document_bytes(snapshot, node, &stat.size_bytes, err))
        return err->kind == ERROR_MISSING ? TREE_MISSING : TREE_FAILED;
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
    if (node->kind == NODE_IDS) {
        const struct view *const view = tree_view(snapshot, node);
        if (!view || !view->hierarchy) return TREE_MISSING;
        if (!tree_hierarchy_stat_ids(snapshot, node, &stat, err))
            return err->kind == ERROR_MISSING ? TREE_MISSING : TREE_FAILED;
    }
    if (node->kind == NODE_BATCHES || node->kind == NODE_REJECTS)
        stat.commit_id = snapshot->commit_id; /* nearly every commit adds to them */
    if (!complete_stat(snapshot, node, &stat, err)) return TREE_FAILED;
    *ret_stat = stat;
    return TREE_FOUND;
}

/* The files of rows that tell one group. */
static void visit_formats(const struct view *view, struct node node, enum node_kind kind,
                          void (*visit)(void *context, const struct node *node, bool replaced),
                          void *context)
{
    node.kind = kind;
    for (unsigned i = 0; i < ROWS_FORMATS; i++) {
        node.format = (enum rows_format)i;
        if (view->formats[i]) visit(context, &node, true);
    }
}

void tree_change_nodes(const struct snapshot *snapshot, const struct change *change,
                       void (*visit)(void *context, const struct node *node, bool replaced),
                       void *context)
{
    struct node node = {
        .kind = NODE_GROUP, .view = change->view, .depth = change->depth, .key = change->key};
    const struct view *const view = tree_view(snapshot, &node);
    bool const exists = change->flags & CHANGE_EXISTS;
    if (!view) return;
    if (exists && change->depth == 0) visit(context, &(struct node){.kind = NODE_ROOT}, false);
    if (view->hierarchy) tree_hierarchy_change(snapshot, view, change, visit, context);
    if (view_is_breakdown(view)) {
        visit_formats(view, node, NODE_BREAKDOWN, visit, context);
        return;
    }
    if (group_is_leaf(view, change->depth)) {
        visit_formats(view, node, NODE_LEAF, visit, context);
        return;
    }
    if (exists || (change->flags & CHANGE_ROWS))
        visit_formats(view, node, NODE_ROWS, visit, context);
    if (exists || (change->flags & CHANGE_LISTING)) visit(context, &node, exists);
    node.kind = NODE_TOTAL;
    if (exists || (change->flags & CHANGE_TEXT)) visit(context, &node, true);
}

void tree_commit_nodes(const struct snapshot *snapshot, uint64_t after,
                       void (*visit)(void *context, const struct node *node, bool replaced),
                       void *context)
{
    struct error err; /* what cannot be read now is told when it is looked up */
    visit(context, &(struct node){.kind = NODE_GENERATION}, true);
    visit(context, &(struct node){.kind = NODE_STATUS}, true);
    visit(context, &(struct node){.kind = NODE_BATCHES}, false);
    visit(context, &(struct node){.kind = NODE_REJECTS}, false);
    visit(context, &(struct node){.kind = NODE_FRONT_PAGE}, true);
    for (size_t i = 0; i < snapshot->schema->view_count; i++) {
        uint16_t const view = snapshot->schema->views[i].id;
        visit(context, &(struct node){.kind = NODE_VIEW, .view = view}, true);
        visit(context, &(struct node){.kind = NODE_VIEW_PAGE, .view = view}, true);
    }
    for (uint64_t id = after + 1; id <= snapshot->commit_id; id++) {
        struct meta_commit commit;
        if (!meta_commit_load(snapshot->txn, id, &commit, &err) || commit.batch_id == 0) continue;
        visit(context, &(struct node){.kind = NODE_BATCH, .batch = commit.batch_id}, true);
        visit(context, &(struct node){.kind = NODE_REJECT_FILE, .batch = commit.batch_id}, true);
    }
}
