// SPDX-License-Identifier: Apache-2.0
#include "tables/groups.h"

#include "tables/format.h"
#include "tables/hierarchy_links.h"
#include "tables/multisets.h"
#include "types/pack.h"

enum { KEY_HEAD_BYTES = 2 + 1, KEY_ROOM_BYTES = KEY_HEAD_BYTES + DB_KEY_BYTES_MAX };
enum { GROUP_ROOM_BYTES = 1024 }; /* most groups are smaller */

bool group_key_add(const struct view *view, const struct value *dimension, struct buffer *key)
{
    /* a node and its parent share a key of the table of links */
    size_t const parts = view->hierarchy ? 2 : view->dimension_count;
    return pack_value(key, dimension, (DB_KEY_BYTES_MAX - KEY_HEAD_BYTES) / parts);
}

bool group_key_pack(const struct view *view, const struct value *dimensions, unsigned depth,
                    struct buffer *key)
{
    bool exact = true;
    for (unsigned i = 0; i < depth; i++) {
        if (!group_key_add(view, &dimensions[i], key)) exact = false;
    }
    return exact;
}

size_t group_key_prefix(struct slice key, unsigned depth)
{
    size_t end = 0;
    for (unsigned i = 0; i < depth; i++) {
        size_t const length = packed_length(slice_of(key.at + end, key.length - end));
        if (length == 0) return 0;
        end += length;
    }
    return end;
}

static bool groups_corrupt(struct error *err)
{
    (void)error_set(err, ERROR_CORRUPT, "an entry of a view cannot be read");
    (void)error_place(err, "groups");
    return error_remedy(err, "tally rebuild STORE");
}

bool group_dimensions(struct slice key, const struct group *group, unsigned depth,
                      struct arena *arena, struct value *ret_dimensions, struct error *err)
{
    struct slice rest = group->exact.length ? group->exact : key;
    for (unsigned i = 0; i < depth; i++) {
        if (unpack_value(&rest, arena, &ret_dimensions[i]) != UNPACKED) return groups_corrupt(err);
    }
    return rest.length == 0 || groups_corrupt(err);
}

bool group_states(const struct view *view, const struct group *group, struct arena *arena,
                  struct state *ret_states, struct error *err)
{
    if (aggregate_unpack(view->aggregates, view->aggregate_count, group->states, arena, ret_states))
        return true;
    (void)error_set(err, ERROR_VERSION, "view '%.*s' has states of another version",
                    (int)view->name.length, view->name.at);
    return error_remedy(err, "tally rebuild STORE");
}

void rows_delta_add(struct rows_delta *into, const struct rows_delta *more, int sign)
{
    into->count += sign * more->count;
    for (unsigned i = 0; i < ROWS_FORMATS; i++)
        into->bytes[i] += sign * more->bytes[i];
}

void group_add_rows(struct group *group, const struct rows_delta *rows)
{
    group->row_count += (uint64_t)rows->count;
    for (unsigned i = 0; i < ROWS_FORMATS; i++)
        group->bytes[i] += (uint64_t)rows->bytes[i];
}

static void groups_table_key(const struct view *view, unsigned depth, struct slice key,
                             struct buffer *into)
{
    pack_u16(into, view->id);
    buffer_add_byte(into, (uint8_t)depth);
    buffer_add_slice(into, key);
}

static bool group_unpack(struct slice value, bool leaf, struct group *ret_group)
{
    struct group group = {0};
    uint8_t version, flags;
    if (!unpack_byte(&value, &version) || version != GROUP_VERSION ||
        !unpack_byte(&value, &flags) || !unpack_varint(&value, &group.id) ||
        !unpack_varint(&value, &group.event_count) || !unpack_varint(&value, &group.text_commit_id))
        return false;
    if (!leaf && (!unpack_varint(&value, &group.rows_commit_id) ||
                  !unpack_varint(&value, &group.listing_commit_id) ||
                  !unpack_varint(&value, &group.row_count)))
        return false;
    for (unsigned i = 0; i < ROWS_FORMATS; i++) {
        if (!unpack_varint(&value, &group.bytes[i])) return false;
    }
    if ((flags & GROUP_EXACT) && !unpack_bytes(&value, &group.exact)) return false;
    if ((flags & GROUP_HIERARCHY) && !unpack_bytes(&value, &group.hierarchy)) return false;
    if (!unpack_bytes(&value, &group.states)) return false;
    group.text = value;
    if (leaf) group.row_count = 1;
    *ret_group = group;
    return true;
}

static void group_pack(const struct group *group, bool leaf, struct buffer *into)
{
    buffer_add_byte(into, GROUP_VERSION);
    buffer_add_byte(into, (uint8_t)((group->exact.length ? GROUP_EXACT : 0) |
                                    (group->hierarchy.length ? GROUP_HIERARCHY : 0)));
    pack_varint(into, group->id);
    pack_varint(into, group->event_count);
    pack_varint(into, group->text_commit_id);
    if (!leaf) {
        pack_varint(into, group->rows_commit_id);
        pack_varint(into, group->listing_commit_id);
        pack_varint(into, group->row_count);
    }
    for (unsigned i = 0; i < ROWS_FORMATS; i++)
        pack_varint(into, group->bytes[i]);
    if (group->exact.length) pack_bytes(into, group->exact);
    if (group->hierarchy.length) pack_bytes(into, group->hierarchy);
    pack_bytes(into, group->states);
    buffer_add_slice(into, group->text);
}

enum db_finding groups_get(const struct txn *txn, const struct view *view, unsigned depth,
                           struct slice key, struct group *ret_group, struct error *err)
{
    STACK_BUFFER(full, KEY_ROOM_BYTES);
    struct slice value;
    groups_table_key(view, depth, key, &full);
    if (full.length > DB_KEY_BYTES_MAX) return DB_MISSING; /* asked for a name that none can have */
    enum db_finding const answer = db_get(txn, TABLE_GROUPS, buffer_slice(&full), &value, err);
    if (answer != DB_FOUND) return answer;
    if (group_unpack(value, group_is_leaf(view, depth), ret_group)) return DB_FOUND;
    (void)groups_corrupt(err);
    return DB_FAILED;
}

bool groups_put(struct txn *txn, const struct view *view, unsigned depth, struct slice key,
                const struct group *group, struct error *err)
{
    STACK_BUFFER(full, KEY_ROOM_BYTES);
    STACK_BUFFER(value, GROUP_ROOM_BYTES);
    groups_table_key(view, depth, key, &full);
    group_pack(group, group_is_leaf(view, depth), &value);
    return db_put(txn, TABLE_GROUPS, buffer_slice(&full), buffer_slice(&value), err);
}

bool groups_drop(struct txn *txn, const struct view *view, unsigned depth, struct slice key,
                 struct error *err)
{
    STACK_BUFFER(full, KEY_ROOM_BYTES);
    groups_table_key(view, depth, key, &full);
    return db_drop(txn, TABLE_GROUPS, buffer_slice(&full), err);
}

bool groups_scan_open(struct groups_scan *scan, const struct txn *txn, const struct view *view,
                      unsigned depth, struct slice prefix, struct slice from, struct error *err)
{
    *scan = (struct groups_scan){.leaf = group_is_leaf(view, depth)};
    if (!cursor_open(txn, TABLE_GROUPS, &scan->cursor, err)) return false;
    groups_table_key(view, depth, prefix, &scan->prefix);
    groups_table_key(view, depth, from.length ? from : prefix, &scan->start);
    return true;
}

void groups_scan_close(struct groups_scan *scan)
{
    cursor_close(scan->cursor);
    buffer_done(&scan->prefix);
    buffer_done(&scan->start);
    *scan = (struct groups_scan){0};
}

enum db_finding groups_scan_next(struct groups_scan *scan, struct slice *ret_key,
                                 struct group *ret_group, struct error *err)
{
    struct db_entry entry;
    enum db_finding const answer =
        scan->started ? cursor_next(scan->cursor, &entry, err)
                      : cursor_seek(scan->cursor, buffer_slice(&scan->start), &entry, err);
    scan->started = true;
    if (answer != DB_FOUND) return answer;
    if (!slice_starts(entry.key, buffer_slice(&scan->prefix))) return DB_MISSING;
    if (!group_unpack(entry.value, scan->leaf, ret_group)) {
        (void)groups_corrupt(err);
        return DB_FAILED;
    }
    *ret_key = slice_of(entry.key.at + KEY_HEAD_BYTES, entry.key.length - KEY_HEAD_BYTES);
    return DB_FOUND;
}

/* Appends the ids of the view's groups at one depth. */
static bool list_ids(struct txn *txn, const struct view *view, unsigned depth, struct buffer *ids,
                     struct error *err)
{
    AUTO(groups_scan_close) struct groups_scan scan = {0};
    struct slice key;
    struct group group;
    if (!groups_scan_open(&scan, txn, view, depth, (struct slice){0}, (struct slice){0}, err))
        return false;
    enum db_finding answer;
    while ((answer = groups_scan_next(&scan, &key, &group, err)) == DB_FOUND)
        buffer_add(ids, &group.id, sizeof group.id);
    return answer == DB_MISSING;
}

static int compare_ids(const void *a, const void *b)
{
    uint64_t left, right;
    memcpy(&left, a, sizeof left);
    memcpy(&right, b, sizeof right);
    return (left > right) - (left < right);
}

bool groups_clear(struct txn *txn, const struct view *view, struct error *err)
{
    AUTO_BUFFER struct buffer prefix = {0}, ids = {0};
    for (unsigned depth = 0; depth <= view->dimension_count && view->multiset_count; depth++) {
        if (!list_ids(txn, view, depth, &ids, err)) return false;
    }
    size_t const count = ids.length / sizeof(uint64_t);
    if (count) qsort(ids.at, count, sizeof(uint64_t), compare_ids);
    pack_u16(&prefix, view->id);
    return multisets_clear(txn, (const uint64_t *)(const void *)ids.at, count, err) &&
           hierarchy_links_clear(txn, view, err) &&
           db_clear_prefix(txn, TABLE_GROUPS, buffer_slice(&prefix), err);
}
