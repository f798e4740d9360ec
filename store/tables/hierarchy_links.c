// SPDX-License-Identifier: Apache-2.0
#include "tables/hierarchy_links.h"

#include "base/arena.h"
#include "types/pack.h"

enum { KEY_ROOM_BYTES = DB_KEY_BYTES_MAX + 1 };
enum { VALUE_ROOM_BYTES = 64 }; /* a weight, and where a key is cut the parent */

static bool hierarchy_links_corrupt(struct error *err)
{
    (void)error_set(err, ERROR_CORRUPT, "a view has forgotten events that it counted");
    (void)error_place(err, "links");
    return error_remedy(err, "tally rebuild STORE");
}

void hierarchy_links_key(const struct view *view, enum hierarchy_links_kind kind,
                         struct slice first, struct slice second, struct buffer *key)
{
    buffer_clear(key);
    pack_u16(key, view->id);
    buffer_add_byte(key, (uint8_t)kind);
    buffer_add_slice(key, first);
    buffer_add_slice(key, second);
}

bool hierarchy_link_add(struct txn *txn, const struct view *view, struct slice id,
                        struct slice parent, struct slice whole, bool is_first, int64_t weight,
                        int *ret_sign, struct error *err)
{
    STACK_BUFFER(key, KEY_ROOM_BYTES);
    STACK_BUFFER(value, VALUE_ROOM_BYTES);
    struct slice known = {0};
    uint64_t old_weight = 0;
    hierarchy_links_key(view, HIERARCHY_PARENTS, id, parent, &key);
    enum db_finding const found =
        is_first ? DB_MISSING : db_get(txn, TABLE_LINKS, buffer_slice(&key), &known, err);
    if (found == DB_FAILED) return false;
    if (found == DB_FOUND && !unpack_varint(&known, &old_weight))
        return hierarchy_links_corrupt(err);
    int64_t const sum = (int64_t)old_weight + weight;
    if (sum < 0) return hierarchy_links_corrupt(err);
    *ret_sign = (sum > 0) - (old_weight > 0);
    if (weight == 0) return true;
    if (sum == 0) return db_drop(txn, TABLE_LINKS, buffer_slice(&key), err);
    pack_varint(&value, (uint64_t)sum);
    buffer_add_slice(&value, whole);
    return db_put(txn, TABLE_LINKS, buffer_slice(&key), buffer_slice(&value), err);
}

enum db_finding hierarchy_link_get(const struct txn *txn, const struct view *view, struct slice id,
                                   struct arena *arena, struct hierarchy_link *ret_link,
                                   struct error *err)
{
    struct slice parent, value;
    uint64_t weight;
    enum db_finding const found = hierarchy_links_first(txn, view, HIERARCHY_PARENTS, id,
                                                        (struct slice){0}, &parent, &value, err);
    if (found != DB_FOUND) return found;
    if (!unpack_varint(&value, &weight) || weight == 0) {
        (void)hierarchy_links_corrupt(err);
        return DB_FAILED;
    }
    ret_link->parent = arena_copy(arena, parent);
    ret_link->whole = value.length ? arena_copy(arena, value) : ret_link->parent;
    return DB_FOUND;
}

enum db_finding hierarchy_edge_get(const struct txn *txn, const struct view *view,
                                   struct slice parent, struct slice id, struct error *err)
{
    STACK_BUFFER(key, KEY_ROOM_BYTES);
    struct slice value;
    hierarchy_links_key(view, HIERARCHY_EDGES, parent, id, &key);
    if (key.length > DB_KEY_BYTES_MAX) return DB_MISSING;
    return db_get(txn, TABLE_LINKS, buffer_slice(&key), &value, err);
}

enum db_finding hierarchy_links_first(const struct txn *txn, const struct view *view,
                                      enum hierarchy_links_kind kind, struct slice node,
                                      struct slice from, struct slice *ret_id,
                                      struct slice *ret_value, struct error *err)
{
    STACK_BUFFER(key, KEY_ROOM_BYTES);
    struct db_entry entry;
    hierarchy_links_key(view, kind, node, from, &key);
    enum db_finding const found = db_seek(txn, TABLE_LINKS, buffer_slice(&key), &entry, err);
    if (found != DB_FOUND) return found;
    size_t const length = key.length - from.length; /* of what all of the node begin with */
    if (!slice_starts(entry.key, slice_of(key.at, length))) return DB_MISSING;
    *ret_id = slice_of(entry.key.at + length, entry.key.length - length);
    if (ret_value) *ret_value = entry.value;
    return DB_FOUND;
}

bool hierarchy_links_open(struct hierarchy_links *links, const struct txn *txn,
                          const struct view *view, enum hierarchy_links_kind kind,
                          struct slice node, struct slice from, struct error *err)
{
    *links = (struct hierarchy_links){.started = false};
    if (!cursor_open(txn, TABLE_LINKS, &links->cursor, err)) return false;
    hierarchy_links_key(view, kind, node, (struct slice){0}, &links->prefix);
    hierarchy_links_key(view, kind, node, from, &links->start);
    return true;
}

void hierarchy_links_close(struct hierarchy_links *links)
{
    cursor_close(links->cursor);
    buffer_done(&links->prefix);
    buffer_done(&links->start);
    *links = (struct hierarchy_links){.started = false};
}

enum db_finding hierarchy_links_next(struct hierarchy_links *links, struct slice *ret_id,
                                     struct slice *ret_value, struct error *err)
{
    struct db_entry entry;
    enum db_finding const found =
        links->started ? cursor_next(links->cursor, &entry, err)
                       : cursor_seek(links->cursor, buffer_slice(&links->start), &entry, err);
    links->started = true;
    if (found != DB_FOUND) return found;
    if (!slice_starts(entry.key, buffer_slice(&links->prefix))) return DB_MISSING;
    size_t const length = links->prefix.length;
    *ret_id = slice_of(entry.key.at + length, entry.key.length - length);
    if (ret_value) *ret_value = entry.value;
    return DB_FOUND;
}

bool hierarchy_links_clear(struct txn *txn, const struct view *view, struct error *err)
{
    AUTO_BUFFER struct buffer prefix = {0};
    if (!view->hierarchy) return true;
    pack_u16(&prefix, view->id);
    return db_clear_prefix(txn, TABLE_LINKS, buffer_slice(&prefix), err);
}
