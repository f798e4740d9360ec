/* What the store keeps to find events and nodes by: the tables of references and of links,
 * against the stored events. Of each side the hashes of the entries are added up, in whatever
 * order they come.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "base/digest.h"
#include "base/hash.h"
#include "lsm/lsm_cursor.h"
#include "tables/event_scan.h"
#include "tables/hierarchy_links.h"
#include "tables/join.h"
#include "types/pack.h"
#include "verify/verify_check.h"

static void verify_derived_tell(struct check *check, const char *what, struct slice name)
{
    buffer_clear(&check->path);
    buffer_format(&check->path, "%s of ", what);
    buffer_add_slice(&check->path, name);
    verify_emit(check, "", "are not those of the stored events");
}

/* As format.h has it. */
static uint64_t sum_of_event(const struct stream *stream, const struct event *event,
                             const struct value *values, struct buffer *key, struct buffer *target)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < stream->reference_count; i++) {
        if (!join_target_key(&stream->references[i], values, target)) continue;
        buffer_clear(key);
        pack_u16(key, stream->id);
        buffer_add_byte(key, (uint8_t)i);
        digest_add(buffer_slice(target), key);
        digest_add(event->key, key);
        buffer_add_slice(key, event->key);
        sum += hash_bytes(0, buffer_slice(key));
    }
    return sum;
}

static bool sum_of_events(const struct snapshot *snapshot, const struct stream *stream,
                          uint64_t *ret_sum, struct error *err)
{
    AUTO_FREE struct value *const values =
        memory_alloc(stream_value_count(stream) * sizeof *values);
    AUTO_BUFFER struct buffer key = {0}, target = {0};
    struct event_scan *scan;
    struct event event;
    enum event_step step;
    bool good = true;
    *ret_sum = 0;
    if (!event_scan_open(snapshot->txn, stream, &scan, err)) return false;
    while (good && (step = event_scan_unpack(scan, &event, values, err)) != EVENT_END) {
        good = step == EVENT_ONE;
        if (good) *ret_sum += sum_of_event(stream, &event, values, &key, &target);
    }
    event_scan_close(scan);
    return good;
}

static bool sum_of_references(const struct snapshot *snapshot, const struct stream *stream,
                              uint64_t *ret_sum, struct error *err)
{
    AUTO(auto_lsm_cursor) struct lsm_cursor *cursor = NULL;
    AUTO_BUFFER struct buffer prefix = {0}, entry = {0};
    struct db_entry at;
    *ret_sum = 0;
    pack_u16(&prefix, stream->id);
    if (!lsm_cursor_open(snapshot->txn, TABLE_REFERENCES, buffer_slice(&prefix), &cursor, err))
        return false;
    enum db_finding found = lsm_cursor_seek(cursor, buffer_slice(&prefix), prefix.length, &at, err);
    for (; found == DB_FOUND; found = lsm_cursor_next(cursor, &at, err)) {
        buffer_clear(&entry);
        buffer_add_slice(&entry, at.key);
        buffer_add_slice(&entry, at.value);
        *ret_sum += hash_bytes(0, buffer_slice(&entry));
    }
    return found != DB_FAILED;
}

bool verify_references(struct check *check, struct error *err)
{
    const struct schema *const schema = check->snapshot->schema;
    for (size_t i = 0; i < schema->stream_count; i++) {
        const struct stream *const stream = &schema->streams[i];
        uint64_t expected, found;
        if (stream->reference_count == 0) continue;
        if (!sum_of_events(check->snapshot, stream, &expected, err) ||
            !sum_of_references(check->snapshot, stream, &found, err))
            return false;
        if (found != expected) verify_derived_tell(check, "references", stream->name);
    }
    return true;
}

static uint64_t sum_of_link(struct slice first, struct slice second)
{
    return hash_bytes(hash_bytes(0, first), second);
}

void verify_count_link(struct tallied_view *view, struct slice id, struct slice parent)
{
    view->links += sum_of_link(id, parent);
}

struct links_sums {
    uint64_t parents;  /* one for each event that names the parent of a node */
    uint64_t pairs;    /* one for each node and parent that are named together */
    uint64_t children; /* the same, as it is found by the parent */
};

static bool verify_derived_add_links(const struct check *check, enum hierarchy_links_kind kind,
                                     struct links_sums *sums, struct error *err)
{
    AUTO(hierarchy_links_close) struct hierarchy_links links = {0};
    struct slice key, value, nothing = {0};
    enum db_finding found;
    if (!hierarchy_links_open(&links, check->snapshot->txn, check->view->view, kind, nothing,
                              nothing, err))
        return false;
    while ((found = hierarchy_links_next(&links, &key, &value, err)) == DB_FOUND) {
        size_t const length = packed_length(key);
        struct slice const first = slice_of(key.at, length),
                           second = slice_of(key.at + length, key.length - length);
        uint64_t weight = 0;
        if (kind == HIERARCHY_CHILDREN) {
            sums->children += sum_of_link(second, first);
        } else {
            if (!unpack_varint(&value, &weight)) weight = 0; /* which differs */
            sums->parents += weight * sum_of_link(first, second);
            sums->pairs += sum_of_link(first, second);
        }
    }
    return found == DB_MISSING;
}

bool verify_links(struct check *check, uint64_t counted, struct error *err)
{
    const struct view *const view = check->view->view;
    struct links_sums sums = {0};
    if (view->hierarchy->kind != HIERARCHY_LINKS) return true;
    if (!verify_derived_add_links(check, HIERARCHY_PARENTS, &sums, err) ||
        !verify_derived_add_links(check, HIERARCHY_CHILDREN, &sums, err))
        return false;
    if (sums.parents != counted || sums.children != sums.pairs)
        verify_derived_tell(check, "links", view->name);
    return true;
}
