// SPDX-License-Identifier: Apache-2.0
#include "tables/hierarchy.h"

#include "types/pack.h"

enum { HIERARCHY_AT_TOP = 1 };

static const uint8_t packed_null[] = {1}; /* as pack_value has it */
const struct slice hierarchy_root = {.at = packed_null, .length = sizeof packed_null};

static bool hierarchy_corrupt(struct error *err)
{
    (void)error_set(err, ERROR_CORRUPT, "a node of a tree cannot be read");
    (void)error_place(err, "groups");
    return error_remedy(err, "tally rebuild STORE");
}

static bool unpack_rows(struct slice *from, struct rows_delta *ret_rows)
{
    uint64_t count, bytes;
    if (!unpack_varint(from, &count)) return false;
    ret_rows->count = (int64_t)count;
    for (unsigned i = 0; i < ROWS_FORMATS; i++) {
        if (!unpack_varint(from, &bytes)) return false;
        ret_rows->bytes[i] = (int64_t)bytes;
    }
    return true;
}

bool hierarchy_facts_unpack(const struct view *view, const struct group *group,
                            struct hierarchy_facts *ret_facts, struct rows_delta *ret_levels,
                            struct error *err)
{
    struct slice from = group->hierarchy;
    struct hierarchy_facts facts = {.own_events = 0};
    uint8_t flags;
    if (!unpack_varint(&from, &facts.own_events) || !unpack_byte(&from, &flags) ||
        !unpack_varint(&from, &facts.node_count) || !unpack_varint(&from, &facts.nodes_commit_id))
        return hierarchy_corrupt(err);
    for (unsigned i = 0; i < view->hierarchy->levels; i++) {
        struct rows_delta level;
        if (!unpack_rows(&from, &level)) return hierarchy_corrupt(err);
        if (ret_levels) ret_levels[i] = level;
    }
    facts.at_top = flags & HIERARCHY_AT_TOP;
    facts.parent = from;
    *ret_facts = facts;
    return true;
}

void hierarchy_facts_pack(const struct view *view, const struct hierarchy_facts *facts,
                          const struct rows_delta *levels, struct buffer *into)
{
    pack_varint(into, facts->own_events);
    buffer_add_byte(into, facts->at_top ? HIERARCHY_AT_TOP : 0);
    pack_varint(into, facts->node_count);
    pack_varint(into, facts->nodes_commit_id);
    for (unsigned i = 0; i < view->hierarchy->levels; i++) {
        pack_varint(into, (uint64_t)levels[i].count);
        for (unsigned j = 0; j < ROWS_FORMATS; j++)
            pack_varint(into, (uint64_t)levels[i].bytes[j]);
    }
    buffer_add_slice(into, facts->parent);
}

enum db_finding hierarchy_get(const struct txn *txn, const struct view *view, struct slice id,
                              struct group *ret_group, struct error *err)
{
    if (hierarchy_is_root(id)) return groups_get(txn, view, 0, (struct slice){0}, ret_group, err);
    return groups_get(txn, view, 1, id, ret_group, err);
}

bool hierarchy_key(const struct view *view, struct slice packed, struct buffer *key)
{
    AUTO_ARENA struct arena arena = {0};
    struct value value;
    if (unpack_value(&packed, &arena, &value) != UNPACKED) return false;
    (void)group_key_add(view, &value, key); /* a cut key is as good to find by */
    return true;
}

bool hierarchy_parent_key(const struct view *view, const struct hierarchy_facts *facts,
                          struct buffer *key)
{
    if (facts->parent.length && !facts->at_top) return hierarchy_key(view, facts->parent, key);
    buffer_add_slice(key, hierarchy_root);
    return true;
}

/* The place of the first separator, or the length. */
static size_t segment_length(const struct hierarchy_spec *spec, struct slice path)
{
    const struct slice separator = spec->separator;
    if (path.length == 0) return 0;
    const uint8_t *const found = memmem(path.at, path.length, separator.at, separator.length);
    return found ? (size_t)(found - path.at) : path.length;
}

bool hierarchy_normalise(const struct hierarchy_spec *spec, struct value *path,
                         struct buffer *scratch)
{
    struct slice rest = path->kind == VALUE_STRING ? path->string : (struct slice){0};
    size_t count = 0;
    path->kind = VALUE_NULL;
    buffer_clear(scratch);
    while (rest.length) {
        size_t const length = segment_length(spec, rest);
        if (length) {
            if (count++) buffer_add_slice(scratch, spec->separator);
            buffer_add(scratch, rest.at, length);
            if (count > SCHEMA_SEGMENTS_MAX || scratch->length > SCHEMA_PATH_BYTES_MAX)
                return false;
        }
        size_t const used = length < rest.length ? length + spec->separator.length : length;
        rest = slice_of(rest.at + used, rest.length - used);
    }
    if (count == 0) return true;
    *path = (struct value){.kind = VALUE_STRING, .string = buffer_slice(scratch)};
    return true;
}

struct slice hierarchy_path_name(const struct hierarchy_spec *spec, struct slice path)
{
    for (;;) {
        size_t const length = segment_length(spec, path);
        if (length == path.length) return path;
        size_t const used = length + spec->separator.length;
        path = slice_of(path.at + used, path.length - used);
    }
}

struct slice hierarchy_path_above(const struct hierarchy_spec *spec, struct slice path)
{
    size_t const name = hierarchy_path_name(spec, path).length;
    if (name == path.length) return (struct slice){0};
    return slice_of(path.at, path.length - name - spec->separator.length);
}
