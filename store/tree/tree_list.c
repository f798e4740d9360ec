// SPDX-License-Identifier: Apache-2.0
#include "render/rows.h"
#include "tables/batch_log.h"
#include "tree/tree_hierarchy.h"
#include "types/file_name.h"
#include "types/pack.h"

/* A directory's entries come from one of four places: the groups of the table, the views of the
 * schema, fixed names, the ledger. Each child of a group has two entries, its directory and its
 * file, so that a step may leave one pending. */
struct tree_listing {
    const struct snapshot *snapshot;
    struct buffer directory_key;
    struct node directory;
    uint64_t index;          /* of the next entry */
    bool first_done;         /* the one name in front of a group's children, or of the views */
    bool file_pending;       /* the directory was told, its file comes next */
    bool prometheus_pending; /* the view's file was told, that for Prometheus comes next */
    size_t place;            /* next view, fixed name, batch or division */
    struct groups_scan scan;
    bool walking;
    struct tree_hierarchy_children nodes; /* instead of the scan, where the view is a hierarchy */
    struct arena arena;                   /* the current entry's dimensions */
    struct buffer stem;                   /* the current child's name without extension */
    struct buffer name;
    struct buffer key;
    struct group group; /* of the current child; borrows from the transaction */
};

bool tree_list(const struct snapshot *snapshot, const struct node *directory,
               struct tree_listing **ret_listing, struct error *err)
{
    if (!node_is_directory(directory)) return error_set(err, ERROR_INPUT, "not a directory");
    struct tree_listing *const listing = memory_alloc(sizeof *listing);
    listing->snapshot = snapshot;
    buffer_add_slice(&listing->directory_key, directory->key);
    listing->directory = *directory;
    listing->directory.key = buffer_slice(&listing->directory_key);
    *ret_listing = listing;
    return true;
}

static void start_over(struct tree_listing *listing)
{
    groups_scan_close(&listing->scan);
    tree_hierarchy_children_close(&listing->nodes);
    listing->walking = listing->first_done = false;
    listing->file_pending = listing->prometheus_pending = false;
    listing->index = listing->place = 0;
}

void tree_listing_free(struct tree_listing *listing)
{
    if (!listing) return;
    groups_scan_close(&listing->scan);
    tree_hierarchy_children_close(&listing->nodes);
    arena_done(&listing->arena);
    buffer_done(&listing->directory_key);
    buffer_done(&listing->stem);
    buffer_done(&listing->name);
    buffer_done(&listing->key);
    free(listing);
}

static enum tree_answer tree_list_tell(struct tree_listing *listing, struct tree_entry *entry)
{
    entry->name = buffer_slice(&listing->name);
    listing->index++;
    return TREE_FOUND;
}

static void name_is(struct tree_listing *listing, struct slice stem, const char *extension)
{
    buffer_clear(&listing->name);
    buffer_add_slice(&listing->name, stem);
    buffer_add_text(&listing->name, extension);
}

/* An entry that stands for something tree_stat knows; TREE_MISSING means: not at this commit. */
static enum tree_answer emit_node(struct tree_listing *listing, struct node node,
                                  struct tree_entry *entry, struct error *err)
{
    enum tree_answer const answer = tree_stat(listing->snapshot, &node, &entry->stat, err);
    if (answer != TREE_FOUND) return answer;
    entry->node = node;
    return tree_list_tell(listing, entry);
}

/* The directory or the file of the child that the scan stands at. */
static enum tree_answer emit_child(struct tree_listing *listing, bool file,
                                   struct tree_entry *entry, struct error *err)
{
    const struct view *const view = tree_view(listing->snapshot, &listing->directory);
    unsigned const depth = listing->directory.depth + 1u;
    entry->node = (struct node){.kind = file ? tree_file_kind(view, depth) : NODE_GROUP,
                                .view = view->id,
                                .depth = (uint8_t)depth,
                                .key = buffer_slice(&listing->key)};
    if (!tree_group_stat(listing->snapshot, &entry->node, &listing->group, &entry->stat, err))
        return TREE_FAILED;
    name_is(listing, buffer_slice(&listing->stem), file ? rows_extensions[ROWS_JSON] : "");
    return tree_list_tell(listing, entry);
}

/* What a node is divided into, in front of its children. */
static enum tree_answer next_breakdown(struct tree_listing *listing, struct tree_entry *entry,
                                       struct error *err)
{
    const struct snapshot *const snapshot = listing->snapshot;
    const struct view *const view = tree_view(snapshot, &listing->directory);
    const struct view *breakdown;
    while ((breakdown = tree_breakdown_next(snapshot, view, &listing->place))) {
        struct node node = listing->directory;
        node.kind = NODE_BREAKDOWN;
        node.view = breakdown->id;
        buffer_clear(&listing->name);
        buffer_add_byte(&listing->name, '.');
        buffer_add_slice(&listing->name, breakdown->breakdown);
        buffer_add_text(&listing->name, rows_extensions[ROWS_JSON]);
        enum tree_answer const answer = emit_node(listing, node, entry, err);
        if (answer != TREE_MISSING) return answer;
    }
    return TREE_MISSING;
}

/* The same for a node of a hierarchy: each child is a directory and a file. */
static enum tree_answer next_node(struct tree_listing *listing, struct tree_entry *entry,
                                  struct error *err)
{
    const struct node *const directory = &listing->directory;
    bool const ids = directory->kind == NODE_IDS, file = listing->file_pending;
    struct group whole;
    if (!ids && !listing->first_done) {
        listing->first_done = true;
        struct node node = *directory;
        node.kind = NODE_TOTAL;
        name_is(listing, slice_text(".total"), ".json");
        return emit_node(listing, node, entry, err);
    }
    enum tree_answer const division =
        ids || file ? TREE_MISSING : next_breakdown(listing, entry, err);
    if (division != TREE_MISSING) return division;
    if (!file) {
        /* Whoever is in a directory that has moved sees nothing. */
        enum tree_answer const there = listing->nodes.open || ids
                                           ? TREE_FOUND
                                           : tree_group(listing->snapshot, directory, &whole, err);
        if (there != TREE_FOUND) return there;
        enum tree_answer const answer =
            tree_hierarchy_children_next(&listing->nodes, listing->snapshot, directory,
                                         &listing->key, &listing->stem, &listing->group, err);
        if (answer != TREE_FOUND) return answer;
    }
    listing->file_pending = !file && !ids;
    entry->node = (struct node){.kind = ids    ? NODE_BY_ID
                                        : file ? NODE_ROWS
                                               : NODE_GROUP,
                                .view = directory->view,
                                .depth = 1,
                                .key = buffer_slice(&listing->key)};
    if (!tree_group_stat(listing->snapshot, &entry->node, &listing->group, &entry->stat, err))
        return TREE_FAILED;
    name_is(listing, buffer_slice(&listing->stem), file || ids ? rows_extensions[ROWS_JSON] : "");
    return tree_list_tell(listing, entry);
}

static enum tree_answer tree_list_next_child(struct tree_listing *listing, struct tree_entry *entry,
                                             struct error *err)
{
    const struct snapshot *const snapshot = listing->snapshot;
    const struct view *const view = tree_view(snapshot, &listing->directory);
    unsigned const depth = listing->directory.depth + 1u;
    struct value values[SCHEMA_DIMENSIONS_MAX];
    struct slice key;
    if (!view) return TREE_MISSING;
    if (!listing->first_done) {
        listing->first_done = true;
        struct node node = listing->directory;
        node.kind = NODE_TOTAL;
        name_is(listing, slice_text(".total"), ".json");
        return emit_node(listing, node, entry, err);
    }
    if (listing->file_pending) {
        listing->file_pending = false;
        return emit_child(listing, true, entry, err);
    }
    if (!listing->walking) {
        if (!groups_scan_open(&listing->scan, snapshot->txn, view, depth, listing->directory.key,
                              (struct slice){0}, err))
            return TREE_FAILED;
        listing->walking = true;
    }
    switch (groups_scan_next(&listing->scan, &key, &listing->group, err)) {
    case DB_FOUND: break;
    case DB_MISSING: return TREE_MISSING;
    case DB_FAILED: return TREE_FAILED;
    }
    arena_reset(&listing->arena);
    if (!group_dimensions(key, &listing->group, depth, &listing->arena, values, err))
        return TREE_FAILED;
    buffer_clear(&listing->key);
    buffer_add_slice(&listing->key, key);
    buffer_clear(&listing->stem);
    file_name_write(&values[depth - 1], view->dimensions[depth - 1].type, snapshot->schema->zone,
                    &listing->stem);
    bool const has_directory = depth < view->dimension_count;
    listing->file_pending = has_directory;
    return emit_child(listing, !has_directory, entry, err);
}

static enum tree_answer next_of_root(struct tree_listing *listing, struct tree_entry *entry,
                                     struct error *err)
{
    const struct schema *const schema = listing->snapshot->schema;
    if (!listing->first_done) {
        listing->first_done = true;
        name_is(listing, slice_text(".tallyfs"), "");
        return emit_node(listing, (struct node){.kind = NODE_SYSTEM}, entry, err);
    }
    while (listing->place < schema->view_count) {
        const struct view *const view = &schema->views[listing->place];
        bool const prom = listing->prometheus_pending;
        bool const file = prom || listing->file_pending || view->dimension_count == 0;
        struct node const node = {.kind = file ? tree_file_kind(view, 0) : NODE_GROUP,
                                  .format = prom ? ROWS_PROM : ROWS_JSON,
                                  .view = view->id};
        buffer_clear(&listing->stem);
        tree_view_name(listing->snapshot, view, &listing->stem);
        name_is(listing, buffer_slice(&listing->stem), file ? rows_extensions[node.format] : "");
        listing->file_pending = !file;
        /* A collector of metrics looks for them in one directory. */
        listing->prometheus_pending = file && !prom && view->formats[ROWS_PROM];
        if (file && !listing->prometheus_pending) listing->place++;
        enum tree_answer const answer = emit_node(listing, node, entry, err);
        if (answer != TREE_MISSING) return answer;
    }
    return TREE_MISSING;
}

static enum tree_answer next_of_system(struct tree_listing *listing, struct tree_entry *entry,
                                       struct error *err)
{
    if (listing->place == SYSTEM_NAMES) return TREE_MISSING;
    const struct system_name *const name = &system_names[listing->place++];
    name_is(listing, slice_text(name->name), "");
    return emit_node(listing, (struct node){.kind = name->kind}, entry, err);
}

static enum tree_answer next_of_views(struct tree_listing *listing, struct tree_entry *entry,
                                      struct error *err)
{
    const struct schema *const schema = listing->snapshot->schema;
    if (listing->place == schema->view_count) return TREE_MISSING;
    const struct view *const view = &schema->views[listing->place++];
    buffer_clear(&listing->stem);
    tree_view_name(listing->snapshot, view, &listing->stem);
    name_is(listing, buffer_slice(&listing->stem), ".json");
    return emit_node(listing, (struct node){.kind = NODE_VIEW, .view = view->id}, entry, err);
}

static enum tree_answer next_of_ledger(struct tree_listing *listing, struct tree_entry *entry,
                                       struct error *err)
{
    bool const rejects = listing->directory.kind == NODE_REJECTS;
    while (listing->place < batch_log_last(listing->snapshot)) {
        struct batch batch;
        arena_reset(&listing->arena);
        switch (batch_log_get(listing->snapshot, ++listing->place, &listing->arena, &batch, err)) {
        case BATCH_LOG_FOUND: break;
        case BATCH_LOG_MISSING: continue;
        case BATCH_LOG_FAILED: return TREE_FAILED;
        }
        if (rejects && batch.rejects.length == 0) continue;
        buffer_clear(&listing->name);
        if (rejects)
            buffer_add_slice(&listing->name, batch.rejects);
        else
            buffer_format(&listing->name, "%llu.json", (unsigned long long)batch.id);
        struct node const node = {.kind = rejects ? NODE_REJECT_FILE : NODE_BATCH,
                                  .batch = batch.id};
        enum tree_answer const answer = emit_node(listing, node, entry, err);
        if (answer != TREE_MISSING) return answer;
    }
    return TREE_MISSING;
}

enum tree_answer tree_listing_next(struct tree_listing *listing, struct tree_entry *ret_entry,
                                   struct error *err)
{
    enum node_kind const kind = listing->directory.kind;
    const struct view *const view = tree_view(listing->snapshot, &listing->directory);
    if (kind == NODE_IDS || (kind == NODE_GROUP && view && view->hierarchy))
        return view ? next_node(listing, ret_entry, err) : TREE_MISSING;
    if (kind == NODE_GROUP) return tree_list_next_child(listing, ret_entry, err);
    if (kind == NODE_ROOT) return next_of_root(listing, ret_entry, err);
    if (kind == NODE_SYSTEM) return next_of_system(listing, ret_entry, err);
    if (kind == NODE_VIEWS) return next_of_views(listing, ret_entry, err);
    return next_of_ledger(listing, ret_entry, err);
}

uint64_t tree_listing_index(const struct tree_listing *listing)
{
    return listing->index;
}

bool tree_listing_seek(struct tree_listing *listing, uint64_t index, struct error *err)
{
    struct tree_entry entry;
    if (index < listing->index) start_over(listing);
    while (listing->index < index) {
        switch (tree_listing_next(listing, &entry, err)) {
        case TREE_FOUND: break;
        case TREE_FAILED: return false;
        case TREE_MISSING:
        case TREE_NEVER:
        case TREE_UNKNOWN: return true; /* behind the end is the end */
        }
    }
    return true;
}
