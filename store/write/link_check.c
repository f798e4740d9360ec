// SPDX-License-Identifier: Apache-2.0
#include "write/link_check.h"

#include "schema/view_input.h"
#include "tables/event_lookup.h"
#include "tables/link_graph.h"
#include "write/stream_union.h"
#include "write/upsert.h"

/* What the table of events will have for a key. */
struct known_event {
    struct slice key; /* first, see hash_table_entry */
    struct slice packed;
    bool is_loaded;
};

/* The link that an event is in one view; without a node: none. */
struct link {
    struct link_node *node;
    struct link_node *parent;
};

struct link_check {
    const struct schema *schema;
    const struct stream *stream;
    struct txn *txn;
    struct event_lookup events;
    struct link_graph *graphs; /* one a view with links */
    size_t graph_count;
    struct hash_table known;
    struct arena arena;
    struct arena texts; /* of `fields` */
    struct upsert upsert;
    struct value *fields;
    struct link *old, *new; /* of the record at hand, one a graph */
    struct buffer nodes;
};

static bool has_links(const struct view *view, const struct stream *stream)
{
    return view->hierarchy && view->hierarchy->kind == HIERARCHY_LINKS &&
           stream_union_counts(view, stream);
}

bool link_check_wanted(const struct schema *schema, const struct stream *stream)
{
    for (size_t i = 0; i < schema->view_count; i++) {
        if (has_links(&schema->views[i], stream)) return true;
    }
    return false;
}

bool link_check_open(struct store *store, const struct schema *schema, const struct stream *stream,
                     struct link_check **ret_check, struct error *err)
{
    struct link_check *const check = memory_alloc(sizeof *check);
    check->schema = schema;
    check->stream = stream;
    if (!txn_begin(store_db(store), false, &check->txn, err)) {
        link_check_close(check);
        return false;
    }
    check->events.txn = check->txn;
    upsert_init(&check->upsert, stream, schema->zone);
    check->fields = memory_alloc(stream_value_count(stream) * sizeof *check->fields);
    check->graphs = memory_alloc(schema->view_count * sizeof *check->graphs);
    check->old = memory_alloc(schema->view_count * sizeof *check->old);
    check->new = memory_alloc(schema->view_count * sizeof *check->new);
    for (size_t i = 0; i < schema->view_count; i++) {
        if (has_links(&schema->views[i], stream))
            link_graph_init(&check->graphs[check->graph_count++], &schema->views[i], check->txn);
    }
    *ret_check = check;
    return true;
}

void link_check_close(struct link_check *check)
{
    if (!check) return;
    for (size_t i = 0; i < check->graph_count; i++)
        link_graph_done(&check->graphs[i]);
    event_lookup_done(&check->events);
    txn_abort(check->txn);
    upsert_done(&check->upsert);
    free(check->graphs);
    free(check->fields);
    free(check->old);
    free(check->new);
    hash_table_done(&check->known);
    arena_done(&check->arena);
    arena_done(&check->texts);
    buffer_done(&check->nodes);
    free(check);
}

/* What is known of the record's key: by the records in front of it, else as it is stored. */
static bool find_known(struct link_check *check, struct slice key, struct known_event **ret_known,
                       struct error *err)
{
    struct known_event *const known =
        hash_table_entry(&check->known, key, sizeof *known, &check->arena, NULL);
    struct slice packed;
    *ret_known = known;
    if (known->is_loaded) return true;
    enum db_finding const found = event_lookup_find(&check->events, key, &packed, err);
    if (found == DB_FAILED) return false;
    if (found == DB_FOUND) known->packed = arena_copy(&check->arena, packed);
    known->is_loaded = true;
    return true;
}

bool link_check_load(struct link_check *check, const struct events_chunk *chunk, struct error *err)
{
    AUTO_FREE uint32_t *const order = events_chunk_order(chunk);
    struct known_event *known;
    if (check->stream->key_count == 0) return true;
    for (size_t i = 0; i < chunk->count; i++) {
        const struct event *const event = &chunk->events[order ? order[i] : i];
        if (!find_known(check, event->key, &known, err)) return false;
    }
    return true;
}

static const struct view_input *input_of(const struct link_check *check, const struct view *view)
{
    size_t i = 0;
    while (view->inputs[i].stream != check->stream)
        i++;
    return &view->inputs[i];
}

/* The link that the event in check->fields is in one view. */
static struct link find_link(const struct link_check *check, struct link_graph *graph)
{
    const struct view *const view = graph->view;
    const struct time_zone *const zone = check->schema->zone;
    const struct view_input *const input = input_of(check, view);
    const struct value *fields = check->fields;
    AUTO_FREE struct value *mapped = NULL;
    struct link none = {.node = NULL};
    if (!expr_holds(input->where, check->fields, zone)) return none;
    if (input->values) {
        mapped = memory_alloc(view->stream->field_count * sizeof *mapped);
        view_input_map(input, view->stream, zone, check->fields, mapped);
        fields = mapped;
    }
    if (!expr_holds(view->where, fields, zone)) return none;
    struct value const id = expr_dimension(view->hierarchy->id, fields, zone);
    struct value const parent = expr_dimension(view->hierarchy->parent, fields, zone);
    if (id.kind == VALUE_NULL || parent.kind == VALUE_NULL) return none;
    return (struct link){.node = link_graph_node(graph, &id),
                         .parent = link_graph_node(graph, &parent)};
}

/* The links that an event is, in each view. */
static bool find_links(struct link_check *check, struct slice key, struct slice packed,
                       struct link *links, struct error *err)
{
    struct event const event = {.key = key, .packed = packed};
    memset(links, 0, check->graph_count * sizeof *links);
    if (!event_is_live(packed)) return true;
    arena_reset(&check->texts);
    if (!event_unpack(check->stream, &event, &check->texts, check->fields))
        return event_corrupt(err);
    for (size_t i = 0; i < check->graph_count; i++)
        links[i] = find_link(check, &check->graphs[i]);
    return true;
}

static bool add_link(struct link_graph *graph, const struct link *link, int64_t weight,
                     struct error *err)
{
    return !link->node || link_graph_add(graph, link->node, link->parent, weight, err);
}

/* Puts the new link in the place of the old one, SIGN 1, or back. */
static bool change_link(struct link_graph *graph, const struct link *old, const struct link *new,
                        int sign, struct error *err)
{
    if (sign < 0) graph->moves++; /* depths may be those that it would have made */
    return add_link(graph, new, sign, err) && add_link(graph, old, -sign, err);
}

static enum link_verdict link_check_refuse(struct link_check *check, struct link_graph *graph,
                                           struct link_node *node, enum link_state state,
                                           struct link_fault *fault, struct error *err)
{
    const struct expr *const parent = graph->view->hierarchy->parent;
    buffer_clear(&check->nodes);
    *fault = (struct link_fault){.field = graph->view->stream->fields[expr_field(parent)].name,
                                 .what = state == LINK_CYCLE ? "closes a cycle"
                                                             : "the node would be too deep"};
    if (state == LINK_CYCLE &&
        !link_graph_write(graph, node, check->schema->zone, &check->nodes, err))
        return LINK_UNKNOWN;
    fault->nodes = buffer_slice(&check->nodes);
    return LINK_REFUSED;
}

static bool link_check_parent_of(struct link_graph *graph, struct link_node *node,
                                 struct link_node **ret_parent, struct error *err)
{
    *ret_parent = NULL;
    return !node || link_graph_parent(graph, node, ret_parent, err);
}

/* Changes one view's links, and puts them back where that may not be. */
static enum link_verdict judge_view(struct link_check *check, size_t index,
                                    struct link_fault *fault, struct error *err)
{
    struct link_graph *const graph = &check->graphs[index];
    const struct link *const old = &check->old[index], *const new = &check->new[index];
    struct link_node *old_before, *new_before, *old_after, *new_after, *changed[2], *bad;
    size_t count = 0;
    if (old->node == new->node && old->parent == new->parent) return LINK_TAKEN;
    if (!link_check_parent_of(graph, old->node, &old_before, err) ||
        !link_check_parent_of(graph, new->node, &new_before, err) ||
        !change_link(graph, old, new, +1, err) ||
        !link_check_parent_of(graph, old->node, &old_after, err) ||
        !link_check_parent_of(graph, new->node, &new_after, err))
        return LINK_UNKNOWN;
    if (old_before != old_after) changed[count++] = old->node;
    if (new_before != new_after && new->node != old->node) changed[count++] = new->node;
    enum link_state const state = link_graph_check(graph, changed, count, &bad, err);
    if (state == LINK_GOOD) return LINK_TAKEN;
    if (state == LINK_FAILED) return LINK_UNKNOWN;
    enum link_verdict const verdict = link_check_refuse(check, graph, bad, state, fault, err);
    return change_link(graph, old, new, -1, err) ? verdict : LINK_UNKNOWN;
}

static enum link_verdict link_check_judge(struct link_check *check, struct link_fault *fault,
                                          struct error *err)
{
    for (size_t i = 0; i < check->graph_count; i++) {
        enum link_verdict const verdict = judge_view(check, i, fault, err);
        if (verdict == LINK_TAKEN) continue;
        for (; verdict == LINK_REFUSED && i > 0; i--) {
            if (!change_link(&check->graphs[i - 1], &check->old[i - 1], &check->new[i - 1], -1,
                             err))
                return LINK_UNKNOWN;
        }
        return verdict;
    }
    return LINK_TAKEN;
}

enum link_verdict link_check_record(struct link_check *check, const struct event *record,
                                    struct link_fault *ret_fault, struct error *err)
{
    struct known_event keyless = {.is_loaded = true}, *known = &keyless;
    struct upsert_counts counts = {0};
    bool const has_key = check->stream->key_count > 0;
    if (has_key && !find_known(check, record->key, &known, err)) return LINK_UNKNOWN;
    struct slice now = has_key ? known->packed : record->packed;
    if (has_key && !upsert_apply(&check->upsert, record, &now, &counts)) {
        (void)event_corrupt(err);
        return LINK_UNKNOWN;
    }
    if (slice_equal(now, known->packed)) return LINK_TAKEN;
    if (!find_links(check, record->key, known->packed, check->old, err) ||
        !find_links(check, record->key, now, check->new, err))
        return LINK_UNKNOWN;
    enum link_verdict const verdict = link_check_judge(check, ret_fault, err);
    if (verdict == LINK_TAKEN && has_key) known->packed = arena_copy(&check->arena, now);
    return verdict;
}
