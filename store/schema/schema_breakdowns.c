/* "within" of a hierarchy: hidden views by the node and by dimensions of their own.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <strings.h>

#include "expr/expr_p.h"
#include "schema/schema_p.h"

enum { WITHIN_NAME_BYTES_MAX = 200 };

bool schema_read_distance(struct schema *schema, const struct view *view, struct slice text,
                          struct dimension *dimension)
{
    static const char call[] = "depth()";
    if (!view_is_breakdown(view) || text.length != sizeof call - 1 ||
        strncasecmp((const char *)text.at, call, text.length) != 0)
        return false;
    struct expr_parser maker = {.arena = &schema->arena};
    struct expr *const zero = expr_new(&maker, EXPR_LITERAL, VALUE_NUMBER);
    zero->literal = (struct value){.kind = VALUE_NUMBER};
    dimension->expr = zero;
    dimension->type = expr_type(zero);
    dimension->is_distance = true;
    if (dimension->name.length == 0) dimension->name = slice_text("depth");
    return true;
}

/* It stands behind a dot, beside .total.json and .node. */
static bool schema_breakdowns_check_name(const char *name, struct error *err)
{
    static const char letters[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-";
    size_t const length = strlen(name);
    if (length == 0 || length > WITHIN_NAME_BYTES_MAX || strspn(name, letters) != length)
        return error_set(err, ERROR_SCHEMA, "this name has letters, digits, _ and -, up to %d",
                         WITHIN_NAME_BYTES_MAX);
    if (strcmp(name, "total") == 0 || strcmp(name, "node") == 0)
        return error_set(err, ERROR_SCHEMA, "the names 'total' and 'node' are tallyfs's own");
    return true;
}

static struct view *schema_breakdowns_new_view(struct schema *schema, const struct view *owner,
                                               const char *name)
{
    struct view *const view = schema_hide_view(schema, owner, name);
    view->breakdown = arena_copy(&schema->arena, slice_text(name));
    memcpy(view->formats, owner->formats, sizeof view->formats);
    return view;
}

/* The node in front of the dimensions, and the owner's condition too. */
static void complete(struct schema *schema, struct view *view)
{
    struct expr_parser maker = {.arena = &schema->arena};
    const struct view *const owner = view->owner;
    size_t const count = view->dimension_count + 1;
    struct dimension *const dimensions = ARENA_ARRAY(&schema->arena, struct dimension, count);
    dimensions[0] =
        (struct dimension){.expr = owner->hierarchy->id, .type = owner->dimensions[0].type};
    memcpy(dimensions + 1, view->dimensions, view->dimension_count * sizeof *dimensions);
    view->dimensions = dimensions;
    view->dimension_count = count;
    if (!owner->where) return;
    view->where = view->where
                      ? expr_new_binary(&maker, EXPR_AND, VALUE_BOOL, owner->where, view->where)
                      : owner->where;
}

static bool schema_breakdowns_check_entities(const struct schema *schema, const struct view *view,
                                             struct error *err)
{
    for (size_t i = schema->view_count; i < schema->all_view_count; i++) {
        if (schema->views[i].owner == view)
            return error_set(err, ERROR_SCHEMA, "a tree has no measures over entities");
    }
    return true;
}

static bool read_one(struct schema *schema, const cJSON *json, const struct view *owner,
                     struct error *err)
{
    static const char *const keys[] = {"by", "where", "measures", NULL};
    if (!schema_breakdowns_check_name(json->string, err) || !json_is_object(json, keys, err))
        return false;
    struct view *const view = schema_breakdowns_new_view(schema, owner, json->string);
    if (!schema_read_by(schema, json_get(json, "by"), view, err)) return error_wrap_dot(err, "by");
    if (view->hierarchy) {
        (void)error_set(err, ERROR_SCHEMA, "a tree is not divided by another one");
        (void)error_remedy(err, "divide it by fields, or by depth()");
        return error_wrap_dot(err, "by");
    }
    if (view->dimension_count == 0 || view->dimension_count == SCHEMA_DIMENSIONS_MAX) {
        (void)error_set(err, ERROR_SCHEMA, "within a tree, \"by\" has 1 to %d dimensions",
                        SCHEMA_DIMENSIONS_MAX - 1);
        return error_wrap_dot(err, "by");
    }
    if (!schema_read_where(schema, json_get(json, "where"), view, err))
        return error_wrap_dot(err, "where");
    if (!schema_read_measures(schema, json_get(json, "measures"), view, err) ||
        !schema_breakdowns_check_entities(schema, view, err))
        return error_wrap_dot(err, "measures");
    complete(schema, view);
    schema_describe_rows(schema, view);
    return true;
}

bool schema_read_breakdown(struct schema *schema, const cJSON *json, struct view *owner,
                           struct error *err)
{
    const cJSON *entry;
    if (!json) return true;
    if (!owner->hierarchy)
        return error_set(err, ERROR_SCHEMA, "only a view by tree() or path() is divided within");
    if (!json_is_object(json, NULL, err)) return false;
    if (cJSON_GetArraySize(json) > SCHEMA_FEEDERS_MAX)
        return error_set(err, ERROR_SCHEMA, "more than %d breakdowns", SCHEMA_FEEDERS_MAX);
    cJSON_ArrayForEach(entry, json)
    {
        if (!read_one(schema, entry, owner, err)) return error_wrap_dot(err, entry->string);
    }
    return true;
}
