// SPDX-License-Identifier: Apache-2.0
#include "tables/link_parents.h"

enum { FIRST_CAPACITY = 4 };

static bool is_less(const struct link_pair *a, const struct link_pair *b)
{
    return slice_compare(a->key, b->key) < 0;
}

static void push(struct link_parents *parents, struct link_pair *pair, struct arena *arena)
{
    if (parents->count == parents->capacity) {
        size_t const capacity = parents->capacity ? parents->capacity * 2 : FIRST_CAPACITY;
        struct link_pair **const heap = ARENA_ARRAY(arena, struct link_pair *, capacity);
        if (parents->count)
            memcpy(heap, parents->heap, parents->count * sizeof(struct link_pair *));
        parents->heap = heap;
        parents->capacity = capacity;
    }
    size_t at = parents->count++;
    for (; at > 0 && is_less(pair, parents->heap[(at - 1) / 2]); at = (at - 1) / 2)
        parents->heap[at] = parents->heap[(at - 1) / 2];
    parents->heap[at] = pair;
}

static void pop(struct link_parents *parents)
{
    struct link_pair *const last = parents->heap[--parents->count];
    size_t at = 0;
    for (size_t child = 1; child < parents->count; child = 2 * at + 1) {
        if (child + 1 < parents->count && is_less(parents->heap[child + 1], parents->heap[child]))
            child++;
        if (!is_less(parents->heap[child], last)) break;
        parents->heap[at] = parents->heap[child];
        at = child;
    }
    parents->heap[at] = last;
}

void link_parents_update(struct link_parents *parents, struct link_pair *pair, struct arena *arena)
{
    if (pair->weight <= 0 || pair->waits) return;
    pair->waits = true;
    push(parents, pair, arena);
}

struct link_node *link_parents_least(struct link_parents *parents)
{
    while (parents->count) {
        struct link_pair *const least = parents->heap[0];
        if (least->weight > 0) return least->parent;
        least->waits = false;
        pop(parents);
    }
    return NULL;
}
