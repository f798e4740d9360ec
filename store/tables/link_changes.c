// SPDX-License-Identifier: Apache-2.0
#include "tables/link_changes.h"

#include "base/radix_sort.h"

struct link_change {
    struct slice key; /* of the table */
    int sign;
};

void link_changes_done(struct link_changes *changes)
{
    buffer_done(&changes->list);
}

void link_changes_clear(struct link_changes *changes)
{
    buffer_clear(&changes->list);
}

void link_changes_add(struct link_changes *changes, struct slice node, struct slice id, int sign)
{
    STACK_BUFFER(key, DB_KEY_BYTES_MAX + 1);
    hierarchy_links_key(changes->view, changes->kind, node, id, &key);
    struct link_change const change = {.key = arena_copy(changes->arena, buffer_slice(&key)),
                                       .sign = sign};
    buffer_add(&changes->list, &change, sizeof change);
}

static struct slice link_changes_key(const void *items, size_t i)
{
    return ((const struct link_change *)items)[i].key;
}

bool link_changes_apply(struct link_changes *changes, struct txn *txn, struct error *err)
{
    const struct link_change *const list = (const void *)changes->list.at;
    size_t const count = changes->list.length / sizeof *list;
    if (count == 0) return true;
    AUTO_FREE uint32_t *const order =
        radix_sort(list, link_changes_key, count, radix_sort_common(list, link_changes_key, count));
    for (size_t i = 0; i < count; i++) {
        const struct link_change *const change = &list[order[i]];
        if (change->sign > 0 ? !db_put(txn, TABLE_LINKS, change->key, (struct slice){0}, err)
                             : !db_drop(txn, TABLE_LINKS, change->key, err))
            return false;
    }
    link_changes_clear(changes);
    return true;
}
