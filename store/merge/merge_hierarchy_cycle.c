// SPDX-License-Identifier: Apache-2.0
#include "merge/merge_hierarchy_p.h"
#include "types/pack.h"

static void add_id(const struct hierarchy *hierarchy, const struct hierarchy_node *node,
                   struct buffer *text)
{
    AUTO_ARENA struct arena arena = {0};
    const struct view *const view = hierarchy->merge->view;
    struct slice packed =
        node->group.group.exact.length ? node->group.group.exact : node->group.key;
    struct value id;
    if (unpack_value(&packed, &arena, &id) == UNPACK_FAILED) return;
    value_text(&id, view->dimensions[0].type, hierarchy->merge->zone, text);
}

/* Of a node that is above itself: a -> b -> a. Returns false. */
static bool emit_cycle(struct hierarchy *hierarchy, struct hierarchy_node *first, struct error *err)
{
    enum { TOLD_BYTES = 200 };
    AUTO_BUFFER struct buffer path = {0};
    const struct view *const view = hierarchy->merge->view;
    struct hierarchy_node *node = first;
    do {
        add_id(hierarchy, node, &path);
        buffer_add_text(&path, " -> ");
        node = hierarchy_node_above(hierarchy, node, err);
        if (!node) return false;
    } while (node != first && path.length < TOLD_BYTES);
    add_id(hierarchy, node, &path);
    (void)error_set(err, ERROR_INPUT, "the parents of nodes are a cycle: %.*s", (int)path.length,
                    (const char *)path.at);
    (void)error_remedy(err, "give one of them another parent first, or delete it");
    return error_place(err, "views.%.*s", (int)view->name.length, (const char *)view->name.at);
}

enum cycle_finding hierarchy_find_cycle(struct hierarchy *hierarchy, struct error *err)
{
    for (size_t i = 0; i < hierarchy->touched_count; i++) {
        struct hierarchy_node *node = hierarchy->touched[i];
        if (!node->links_changed || !node->exists) continue;
        while (!hierarchy_is_root(node->group.key) && node->seen == 0) {
            node->seen = i + 1;
            node = hierarchy_node_above(hierarchy, node, err);
            if (!node) return CYCLE_FAILED;
        }
        if (hierarchy_is_root(node->group.key) || node->seen != i + 1) continue;
        (void)emit_cycle(hierarchy, node, err);
        return CYCLE_FOUND;
    }
    return CYCLE_NONE;
}
