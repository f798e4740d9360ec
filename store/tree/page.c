// SPDX-License-Identifier: Apache-2.0
#include "tree/page.h"

#include "render/rows.h"
#include "tree/tree_p.h"

/* A browser shows a hundred thousand rows at once, not millions. */
enum { PAGE_ROWS_BYTES_MAX = 16 << 20 };

const char page_name[] = "index.html";
const char page_no_rows[] = "null\n";

/* page/page.S */
extern const uint8_t page_head[];
extern const uint64_t page_head_bytes;

struct slice page_front(void)
{
    return slice_of(page_head, page_head_bytes);
}

bool page_has_rows(const struct group *view)
{
    return view->bytes[ROWS_JSON] <= PAGE_ROWS_BYTES_MAX;
}

static void add_member(const char *name, struct slice text, struct buffer *json)
{
    buffer_format(json, "\"%s\":", name);
    json_string(text, json);
}

/* What it is called, and what its files are. */
static void page_add_name(const struct snapshot *snapshot, const struct view *view,
                          struct buffer *json)
{
    STACK_BUFFER(file, NODE_ROOM_BYTES);
    tree_view_name(snapshot, view, &file);
    add_member("view", view->name, json);
    buffer_add_byte(json, ',');
    add_member("file", buffer_slice(&file), json);
}

static const char *type_name(struct value_type type)
{
    switch (type.kind) {
    case VALUE_BOOL: return "bool";
    case VALUE_NUMBER: return "decimal";
    case VALUE_FLOAT: return "float";
    case VALUE_TIME:
    case VALUE_BUCKET: return "time";
    case VALUE_NULL:
    case VALUE_UNRESOLVED:
    case VALUE_STRING: break;
    }
    return "string";
}

static void add_dimensions(const struct view *view, struct buffer *json)
{
    buffer_add_text(json, ",\"dimensions\":[");
    for (size_t i = 0; i < view->dimension_count; i++) {
        struct value_type const type = view->dimensions[i].type;
        buffer_add_text(json, i ? ",{" : "{");
        add_member("name", view->dimensions[i].name, json);
        buffer_format(json, ",\"type\":\"%s\"", type_name(type));
        if (type.kind == VALUE_BUCKET)
            buffer_format(json, ",\"bucket\":\"%s\"", bucket_unit_names[type.unit]);
        buffer_add_byte(json, '}');
    }
    buffer_add_byte(json, ']');
}

static void page_add_measures(const struct view *view, struct buffer *json)
{
    buffer_add_text(json, ",\"measures\":[");
    for (size_t i = 0; i < view->measure_count; i++) {
        const struct formula *const formula = view->measures[i].formula;
        buffer_add_text(json, i ? ",{" : "{");
        add_member("name", view->measures[i].name, json);
        buffer_add_byte(json, ',');
        add_member("text", view->measures[i].text, json);
        buffer_format(json, ",\"type\":\"%s\"}",
                      formula_is_list(formula) ? "list" : type_name(formula_type(formula)));
    }
    buffer_add_byte(json, ']');
}

static void add_formats(const struct view *view, struct buffer *json)
{
    buffer_add_text(json, ",\"formats\":[");
    for (unsigned i = 0; i < ROWS_FORMATS; i++) {
        if (!view->formats[i]) continue;
        buffer_format(json, "%s\"%s\"", i ? "," : "", rows_extensions[i] + 1); /* behind the dot */
    }
    buffer_add_byte(json, ']');
}

static void page_add_view(const struct view *view, const struct group *group, struct buffer *json)
{
    buffer_format(json, ",\"rows\":%llu", (unsigned long long)group->row_count);
    add_formats(view, json);
    add_dimensions(view, json);
    page_add_measures(view, json);
    buffer_add_text(json, ",\"total\":");
    if (group->text.length)
        buffer_add_slice(json, group->text);
    else
        buffer_add_text(json, "null");
    buffer_add_byte(json, '}');
}

/* The commit that the page is of. */
static bool add_version(const struct snapshot *snapshot, uint64_t version, struct buffer *json,
                        struct error *err)
{
    char time[CALENDAR_TEXT_BYTES];
    int64_t ns;
    if (!snapshot_commit_time(snapshot, version, &ns, err)) return false;
    buffer_format(json, "\"commit\":%llu,", (unsigned long long)version);
    add_member("time", slice_of(time, calendar_write(ns, snapshot->schema->zone, time)), json);
    return true;
}

static bool view_line(const struct snapshot *snapshot, const struct node *node, struct buffer *line,
                      struct error *err)
{
    const struct view *const view = tree_view(snapshot, node);
    struct group group;
    uint64_t version;
    if (page_version(snapshot, node, &version, err) != TREE_FOUND ||
        tree_whole_view(snapshot, view, &group, err) != DB_FOUND)
        return false;
    buffer_add_byte(line, '{');
    page_add_name(snapshot, view, line);
    buffer_add_byte(line, ',');
    if (!add_version(snapshot, version, line, err)) return false;
    page_add_view(view, &group, line);
    buffer_add_byte(line, '\n');
    return true;
}

static bool front_line(const struct snapshot *snapshot, struct buffer *line, struct error *err)
{
    uint64_t version;
    bool any = false;
    struct node const node = {.kind = NODE_FRONT_PAGE};
    if (page_version(snapshot, &node, &version, err) != TREE_FOUND) return false;
    buffer_add_byte(line, '{');
    if (!add_version(snapshot, version, line, err)) return false;
    buffer_add_text(line, ",\"views\":[");
    for (size_t i = 0; i < snapshot->schema->view_count; i++) {
        const struct view *const view = &snapshot->schema->views[i];
        struct group group = {0};
        if (view->hierarchy) continue; /* a hierarchy has no page */
        if (tree_whole_view(snapshot, view, &group, err) == DB_FAILED) return false;
        buffer_add_text(line, any ? ",{" : "{");
        any = true;
        page_add_name(snapshot, view, line);
        page_add_view(view, &group, line);
    }
    buffer_add_text(line, "]}\n");
    return true;
}

bool page_line(const struct snapshot *snapshot, const struct node *node, struct buffer *line,
               struct error *err)
{
    return node->kind == NODE_FRONT_PAGE ? front_line(snapshot, line, err)
                                         : view_line(snapshot, node, line, err);
}

static enum db_finding page_view_version(const struct snapshot *snapshot, const struct view *view,
                                         uint64_t *version, struct error *err)
{
    struct group group;
    enum db_finding const found = tree_whole_view(snapshot, view, &group, err);
    if (found != DB_FOUND) return found;
    if (*version < group.rows_commit_id) *version = group.rows_commit_id;
    if (*version < group.text_commit_id) *version = group.text_commit_id;
    return DB_FOUND;
}

enum tree_answer page_version(const struct snapshot *snapshot, const struct node *node,
                              uint64_t *ret_commit_id, struct error *err)
{
    uint64_t version = snapshot->schema_commit_id;
    if (node->kind == NODE_FRONT_PAGE) {
        if (version < snapshot->root_listing_commit_id) version = snapshot->root_listing_commit_id;
        for (size_t i = 0; i < snapshot->schema->view_count; i++) {
            if (page_view_version(snapshot, &snapshot->schema->views[i], &version, err) ==
                DB_FAILED)
                return TREE_FAILED;
        }
    } else {
        const struct view *const view = tree_view(snapshot, node);
        if (!view || view->dimension_count == 0 || view->hierarchy) return TREE_MISSING;
        switch (page_view_version(snapshot, view, &version, err)) {
        case DB_FOUND: break;
        case DB_MISSING: return TREE_MISSING;
        case DB_FAILED: return TREE_FAILED;
        }
    }
    *ret_commit_id = version;
    return TREE_FOUND;
}
